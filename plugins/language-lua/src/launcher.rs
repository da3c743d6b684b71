//! The launcher of Lua and of LuaJIT.

use languages::LauncherFile;

/// Its files.
pub(crate) const FILES: &[LauncherFile] = &[
    LauncherFile {
        name: "launcher.lua",
        content: include_bytes!("../../../launchers/lua/launcher.lua"),
    },
    LauncherFile { name: "json.lua", content: include_bytes!("../../../launchers/lua/json.lua") },
    LauncherFile { name: "aws.lua", content: include_bytes!("../../../launchers/lua/aws.lua") },
];
