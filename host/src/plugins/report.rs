//! Layout errors in a few lines: the raw report of abi_stable has hundreds.

/// How many differences are named.
const MOST: usize = 3;

/// The leaves of a layout report: each `Error:` with what was expected and found, repeated ones once.
pub(crate) fn shorten(report: &str) -> String {
    let lines: Vec<&str> = report.lines().map(str::trim).collect();
    let mut leaves: Vec<String> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(error) = line.strip_prefix("Error:") else { continue };
        let mut leaf = error.trim().to_owned();
        for (label, value) in details(&lines[index + 1..]) {
            leaf.push_str(&format!(" {label} {value}"));
        }
        if !leaf.is_empty() && !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }
    let more = leaves.len().saturating_sub(MOST);
    leaves.truncate(MOST);
    let mut text = leaves.join("; ");
    if text.is_empty() {
        text = lines.iter().find(|line| !line.is_empty()).copied().unwrap_or("unknown").to_owned();
    }
    text = text.chars().take(600).collect();
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// `Expected:` and `Found:` with the line that follows each.
fn details<'a>(lines: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let until = lines.iter().position(|line| line.starts_with("Error:")).unwrap_or(lines.len());
    let near = &lines[..until.min(12)];
    let after = |label: &str| {
        let at = near.iter().position(|line| line.starts_with(label))?;
        let rest = near[at][label.len()..].trim();
        if rest.is_empty() { near.get(at + 1).copied() } else { Some(rest) }
    };
    let mut found = Vec::new();
    if let Some(value) = after("Expected:") {
        found.push(("expected", value));
    }
    if let Some(value) = after("Found:") {
        found.push(("found", value));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn only_the_leaves_are_kept() {
        let report = "Compared <this>:\n --- Type Layout ---\n lots\n\nTo <this>:\n lots\n\nError:incompatible type size\nExpected:\n  72\nFound:\n  80\n\nError:incompatible type size\nExpected:\n  72\nFound:\n  80\n";
        assert_eq!(shorten(report), "incompatible type size expected 72 found 80");
    }

    #[test]
    fn a_report_without_leaves_is_its_first_line() {
        assert_eq!(shorten("\n  odd\nmore"), "odd");
    }
}
