//! An HTTP answer, and what tests ask of it.

use serde_json::Value;

/// Status, headers and whole body.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: String = self.text().chars().take(1_000).collect();
        write!(formatter, "{} {:?} {shown:?}", self.status, self.headers)
    }
}

impl Answer {
    /// First value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {} {}", self.status, self.text()))
    }

    /// The invocation's id.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.header("x-invocation-id")
            .unwrap_or_else(|| panic!("no X-Invocation-Id in {self:?}"))
            .to_owned()
    }

    /// It has this status and body.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &str) -> &Self {
        assert_eq!((self.status, self.text().as_str()), (status, body), "{:?}", self.headers);
        self
    }

    /// It has this status.
    #[track_caller]
    pub(crate) fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text());
        self
    }

    /// It is a refusal of the host's, in the form of RFC 9457, and says whose fault it is.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, component: &str) -> String {
        self.expect_status(status);
        let content_type = self.header("content-type").unwrap_or_default();
        assert_eq!(content_type, "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["component"], component, "{problem}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }
}
