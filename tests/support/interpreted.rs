//! Hosts for function code, and functions of it.

use super::languages::with_tools;
use super::{Folder, Host, Setup, until};
use serde_json::json;

/// A host that runs function code of these languages.
pub(crate) fn speaking(languages: &[&str]) -> Setup {
    let tables: Vec<String> =
        languages.iter().map(|name| format!("[languages.{name}]\n")).collect();
    with_tools(Setup::new().config_with(&format!("[runners.process]\n{}", tables.concat())))
}

/// A Python function as the contract shows one: `lambda.py`, whose name is a keyword.
pub(crate) fn python(code: &str) -> Folder {
    Folder::new(&json!({
        "type": "interpreted", "language": "python", "command": "python3", "arguments": "lambda.py",
    }))
    .file("lambda.py", code)
}

/// A function of Node, `lambda.js`.
pub(crate) fn node(code: &str) -> Folder {
    Folder::new(&json!({"type": "interpreted", "language": "node", "arguments": "lambda.js"}))
        .file("lambda.js", code)
}

/// A function in Lua, `lambda.lua`.
pub(crate) fn lua(code: &str) -> Folder {
    Folder::new(&json!({"type": "interpreted", "language": "lua", "arguments": "lambda.lua"}))
        .file("lambda.lua", code)
}

impl Setup {
    /// Starts it, and waits until no function is being prepared any more: interpreters may answer slowly, and functions be many.
    #[track_caller]
    pub(crate) fn start_all(self) -> Host {
        let host = self.start();
        let mut left = unprepared(&host);
        while left > 0 {
            let before = left;
            until("functions are prepared", || {
                left = unprepared(&host);
                left < before
            });
        }
        host
    }
}

fn unprepared(host: &Host) -> usize {
    let list = host.get("/list").json();
    let functions = list["functions"].as_array().expect("functions is a list");
    functions.iter().filter(|function| function["state"] == "building").count()
}
