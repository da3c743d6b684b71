//! The crate `shortedfaas-function`, carried along.

use languages::LauncherFile;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(LauncherFile {
            name: $name,
            content: include_bytes!(concat!("../../../launchers/rust/shortedfaas-function/", $name)),
        }),+]
    };
}

pub(crate) const FILES: &[LauncherFile] = files![
    "Cargo.toml",
    "src/abi.rs",
    "src/call.rs",
    "src/environment.rs",
    "src/frames.rs",
    "src/json.rs",
    "src/lib.rs",
    "src/reply.rs",
    "src/run.rs",
    "src/serve.rs",
    "src/table.rs",
];

#[cfg(test)]
mod tests {
    use super::FILES;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_crate_is_carried_along() {
        let sources =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../launchers/rust/shortedfaas-function/src");
        let there = std::fs::read_dir(sources).unwrap().flatten();
        let there: BTreeSet<String> =
            there.map(|entry| format!("src/{}", entry.file_name().to_string_lossy())).collect();
        let carried = FILES.iter().map(|file| file.name.to_owned());
        let carried: BTreeSet<String> = carried.filter(|name| name != "Cargo.toml").collect();
        assert_eq!(carried, there);
    }
}
