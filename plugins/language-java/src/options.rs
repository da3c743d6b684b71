//! What the virtual machine is told, below what the function or the operator tells it.

use plugin_api::serde::Deserialize;
use plugin_api::{FunctionSpec, Result};

/// Keys of the manifest that the machine should know of.
#[derive(Deserialize, Default)]
#[serde(crate = "plugin_api::serde", default)]
struct Keys {
    scaling: Scaling,
    limits: Limits,
}

#[derive(Deserialize, Default)]
#[serde(crate = "plugin_api::serde", default)]
struct Scaling {
    mode: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(crate = "plugin_api::serde", default)]
struct Limits {
    memory_bytes: Option<u64>,
}

/// Options for a function; `given` are the words that come after them.
pub(crate) fn of(function: &FunctionSpec, given: &[String]) -> Result<Vec<String>> {
    let keys: Keys = function.manifest()?;
    let starts_for_one_call =
        function.kind == "interpreted" && keys.scaling.mode.as_deref() == Some("cold");
    Ok(choose(starts_for_one_call, keys.limits.memory_bytes, given))
}

fn choose(starts_for_one_call: bool, memory_bytes: Option<u64>, given: &[String]) -> Vec<String> {
    let is_given = |start: &str, end: &str| {
        given.iter().any(|word| word.starts_with(start) && word.ends_with(end))
    };
    // No file in /tmp for each process, and one encoding for all.
    let mut options = vec!["-XX:-UsePerfData".to_owned(), "-Dfile.encoding=UTF-8".to_owned()];
    // Two collectors are a mistake to the machine. This one starts fastest and has no threads.
    if !is_given("-XX:+Use", "GC") {
        options.push("-XX:+UseSerialGC".to_owned());
    }
    // The second compiler seldom pays within one call of a handler.
    if starts_for_one_call {
        options.push("-XX:TieredStopAtLevel=1".to_owned());
    }
    // Without a word the heap would be a quarter of the machine's memory. The other half is for code, classes and stacks.
    if let Some(bytes) = memory_bytes.filter(|_| !is_given("-Xmx", "")) {
        options.push(format!("-Xmx{}k", bytes / 2 / 1024));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn options_follow_the_mode_the_memory_and_what_is_given() {
        let check = |cold, memory_bytes, given: &str, expected: &str| {
            let given: Vec<String> = given.split_whitespace().map(str::to_owned).collect();
            let options = choose(cold, memory_bytes, &given).join(" ");
            assert_eq!(options, format!("-XX:-UsePerfData -Dfile.encoding=UTF-8{expected}"));
        };
        check(false, None, "", " -XX:+UseSerialGC");
        check(true, None, "", " -XX:+UseSerialGC -XX:TieredStopAtLevel=1");
        check(false, Some(64 << 20), "", " -XX:+UseSerialGC -Xmx32768k");
        check(false, Some(64 << 20), "-Xmx10m -XX:+UseParallelGC", "");
    }
}
