//! Which content types a function takes.

use super::fields::Fields;
use super::problems::short;
use std::fmt;

/// The `accept` of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Accept {
    /// Whatever comes.
    #[default]
    All,
    /// What one of these takes.
    Ranges(Box<[Range]>),
}

/// `image/png`, or `image/*` without a subtype; in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    main: Box<str>,
    sub: Option<Box<str>>,
}

impl fmt::Display for Accept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Ranges(ranges) = self else { return formatter.write_str("anything") };
        for (index, range) in ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{}/{}", range.main, range.sub.as_deref().unwrap_or("*"))?;
        }
        Ok(())
    }
}

impl Accept {
    /// Whether there is nothing to check.
    pub(crate) fn takes_everything(&self) -> bool {
        *self == Self::All
    }

    /// Whether a body of this type is taken. A body without a type counts as bytes, as RFC 9110 suggests.
    pub(crate) fn takes(&self, content_type: Option<&str>) -> bool {
        let Self::Ranges(ranges) = self else { return true };
        let named = content_type.unwrap_or("application/octet-stream");
        let named = named.split(';').next().unwrap_or_default().trim();
        let Some((main, sub)) = named.split_once('/') else { return false };
        ranges.iter().any(|range| {
            range.main.eq_ignore_ascii_case(main)
                && range.sub.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(sub))
        })
    }

    /// The same for a request without a body, which needs no type.
    pub(crate) fn takes_without_body(&self, content_type: Option<&str>) -> bool {
        content_type.is_none() || self.takes(content_type)
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let Some(texts) = fields.texts("accept") else { return Self::All };
        if texts.is_empty() {
            fields.problem("accept", "is empty: name a type such as \"application/json\"");
        }
        let mut ranges = Vec::with_capacity(texts.len());
        for text in &texts {
            match parse(text) {
                Some(None) => return Self::All,
                Some(Some(range)) => ranges.push(range),
                None => fields.problem(
                    "accept",
                    &format!(
                        "{:?} is not a MIME type: write \"text/plain\" or \"image/*\"",
                        short(text)
                    ),
                ),
            }
        }
        Self::Ranges(ranges.into())
    }
}

/// A range; `Some(None)` is `*/*`, `None` nothing that could be one. Parameters are dropped.
fn parse(text: &str) -> Option<Option<Range>> {
    let lower = text.split(';').next()?.trim().to_ascii_lowercase();
    match lower.split_once('/')? {
        ("*", "*") => Some(None),
        (main, "*") if is_token(main) => Some(Some(Range { main: main.into(), sub: None })),
        (main, sub) if is_token(main) && is_token(sub) => {
            Some(Some(Range { main: main.into(), sub: Some(sub.into()) }))
        }
        _ => None,
    }
}

/// RFC 6838 names; a `*` inside one would be read as a wildcard by people and as a letter by us.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::manifest::problems::Problems;
    use serde_json::json;

    fn accept(ranges: &[&str]) -> Result<Accept, String> {
        let problems = Problems::default();
        let values = json!({ "accept": ranges }).as_object().cloned().expect("an object");
        let accept = Accept::read(&mut Fields::new("", values, &problems));
        if problems.is_empty() { Ok(accept) } else { Err(problems.reason()) }
    }

    fn check(ranges: &[&str], content_type: Option<&str>, expected: bool) {
        let accept = accept(ranges).expect("good ranges");
        assert_eq!(accept.takes(content_type), expected, "{ranges:?} takes {content_type:?}");
    }

    #[test]
    fn a_type_is_taken_when_a_range_names_it_whatever_its_case_and_parameters() {
        check(&["application/json"], Some("application/json"), true);
        check(&["application/json"], Some("Application/JSON; charset=utf-8"), true);
        check(&["application/json;q=1"], Some("application/json"), true);
        check(&["application/json"], Some("text/json"), false);
        check(&["image/*"], Some("image/svg+xml"), true);
        check(&["image/*"], Some("images/png"), false);
        check(&["a/b", "*/*"], Some("text/plain"), true);
        check(&["image/*"], Some("image"), false);
        check(&["image/*"], Some(""), false);
    }

    #[test]
    fn a_missing_type_is_bytes_and_needs_none_without_a_body() {
        check(&["application/json"], None, false);
        check(&["application/octet-stream"], None, true);
        check(&["application/*"], None, true);
        assert!(Accept::All.takes(None));
        assert!(accept(&["application/json"]).expect("good").takes_without_body(None));
        assert!(!accept(&["application/json"]).expect("good").takes_without_body(Some("text/a")));
    }

    #[test]
    fn a_range_that_could_never_match_is_a_problem() {
        for range in ["json", "*/json", "application/*+json", "a/", "/b", "a b/c", "a/b/c"] {
            let reason = accept(&[range]).expect_err(range);
            assert!(reason.contains("is not a MIME type"), "{reason}");
        }
        assert!(accept(&[]).expect_err("empty").contains("is empty"));
    }
}
