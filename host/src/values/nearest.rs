//! The known name that somebody probably meant.

/// The name among `known` that `wanted` is probably a misspelling of, if one is close enough to be worth naming.
pub(crate) fn nearest<'a>(
    wanted: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = fold(wanted);
    // One slip in a short word, two in six letters: more, and the hint would be noise.
    let most_slips = (folded.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &fold(name)), name))
        .filter(|(slips, name)| *slips <= most_slips && *slips < name.chars().count())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// `maxWait`, `MAX-WAIT` and `max_wait` are one name spelt by different habits.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, expected: Option<&str>) {
        let known =
            ["listen", "threads", "body_timeout", "idle_timeout", "max_wait", "cpu", "type", "log"];
        assert_eq!(nearest(wanted, known), expected, "{wanted}");
    }

    #[test]
    fn a_slip_or_another_habit_finds_the_name() {
        check("lsiten", Some("listen"));
        check("thread", Some("threads"));
        check("bodyTimeout", Some("body_timeout"));
        check("MAX-WAIT", Some("max_wait"));
        check("idle_timout", Some("idle_timeout"));
        check("cpus", Some("cpu"));
        check("tpye", Some("type"));
    }

    #[test]
    fn a_name_that_resembles_nothing_gets_no_hint() {
        check("colour", None);
        check("", None);
        check("x", None);
        check("memory", None);
    }
}
