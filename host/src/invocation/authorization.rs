//! The Authorization header of a request, taken apart once.

use http::{HeaderMap, HeaderValue, header};

/// Scheme and credentials; empty where there are none or the header is not text.
#[derive(Debug, Default)]
pub(crate) struct Authorization {
    value: Option<HeaderValue>,
    scheme_end: usize,
    credentials_start: usize,
    count: usize,
}

impl Authorization {
    /// Finds the first Authorization header.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        // A request has a handful of headers: walking them costs less than hashing the name.
        for (name, value) in headers {
            if name == header::AUTHORIZATION {
                found.count += 1;
                if found.count == 1
                    && let Ok(text) = value.to_str()
                {
                    found.scheme_end = memchr::memchr(b' ', text.as_bytes()).unwrap_or(text.len());
                    let rest = &text.as_bytes()[found.scheme_end..];
                    let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
                    found.credentials_start = found.scheme_end + blanks;
                    found.value = Some(value.clone());
                }
            }
        }
        found
    }

    /// How many Authorization headers there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// `SharedSecret`, as it came.
    pub(crate) fn scheme(&self) -> &str {
        &self.text()[..self.scheme_end]
    }

    /// What follows the scheme.
    pub(crate) fn credentials(&self) -> &str {
        &self.text()[self.credentials_start..]
    }

    /// The header as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.value.as_ref().map_or(&[][..], HeaderValue::as_bytes)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&'static str], scheme: &str, credentials: &str) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        let found = Authorization::of(&headers);
        assert_eq!((found.scheme(), found.credentials()), (scheme, credentials));
        assert_eq!(found.count(), values.len());
    }

    #[test]
    fn scheme_and_credentials_are_parted_by_blanks() {
        check(&[], "", "");
        check(&["SharedSecret x"], "SharedSecret", "x");
        check(&["Bearer   a b"], "Bearer", "a b");
        check(&["Alone"], "Alone", "");
        check(&["Alone  "], "Alone", "");
        check(&["First 1", "Second 2"], "First", "1");
    }
}
