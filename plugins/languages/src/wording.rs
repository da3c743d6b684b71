//! Lists of names as a sentence has them.

/// `` `a`, `b` or `c` ``.
pub(crate) fn alternatives(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::alternatives;

    #[test]
    fn the_last_name_is_joined_with_or() {
        let check = |names: &[&str], expected| assert_eq!(alternatives(names), expected);
        check(&[], "nothing");
        check(&["a"], "`a`");
        check(&["a", "b", "c"], "`a`, `b` or `c`");
    }
}
