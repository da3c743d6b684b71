//! What is sent to a contender, and what has to come back.

/// Length of the body that is echoed.
pub(super) const BODY_BYTES: usize = 1024;

/// A request and its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// As titles call it.
    pub(super) name: &'static str,
    /// Path of the route.
    pub(super) path: &'static str,
    /// Type of the body.
    pub(super) content_type: &'static str,
    /// The body.
    pub(super) body: &'static str,
    answer: Answer,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Same,
    Json(&'static str),
    Nothing,
}

static LETTERS: [u8; BODY_BYTES] = letters();

/// Text that comes back as it was.
pub(super) const ECHO: Load = Load {
    name: "1 KiB of text echoed",
    path: "/f/echo",
    content_type: "text/plain",
    body: match str::from_utf8(&LETTERS) {
        Ok(text) => text,
        Err(_) => panic!("letters are text"),
    },
    answer: Answer::Same,
};

/// Two numbers in, their sum out, both as JSON.
pub(super) const ADD: Load = Load {
    name: "two numbers added, JSON in and out",
    path: "/f/add",
    content_type: "application/json",
    body: r#"{"a":3,"b":5}"#,
    answer: Answer::Json(r#"{"sum":8}"#),
};

/// For a program that neither reads nor writes.
pub(super) const UNREAD: Load = Load { answer: Answer::Nothing, ..ECHO };

impl Load {
    /// True when this is the right answer. White space in JSON is the contender's own affair.
    pub(super) fn is_answered_by(&self, status: u16, body: &[u8]) -> bool {
        let right = match self.answer {
            Answer::Same => body == self.body.as_bytes(),
            Answer::Json(json) => {
                body.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(json.as_bytes())
            }
            Answer::Nothing => body.is_empty(),
        };
        status == 200 && right
    }
}

/// Not one letter over and over: what comes back shifted or doubled is noticed.
const fn letters() -> [u8; BODY_BYTES] {
    let mut letters = [0; BODY_BYTES];
    let mut at = 0;
    while at < BODY_BYTES {
        letters[at] = b'a' + (at % 26) as u8;
        at += 1;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::{ADD, ECHO, Load, UNREAD};

    fn check(load: Load, status: u16, body: &str, expected: bool) {
        assert_eq!(load.is_answered_by(status, body.as_bytes()), expected, "{load:?} {body:?}");
    }

    #[test]
    fn only_the_right_answer_counts() {
        check(ECHO, 200, ECHO.body, true);
        check(ECHO, 500, ECHO.body, false);
        check(ECHO, 200, &ECHO.body[1..], false);
        check(ADD, 200, "{\"sum\": 8}\n", true);
        check(ADD, 200, "{\"sum\": 9}", false);
        check(UNREAD, 200, "", true);
        check(UNREAD, 200, "x", false);
    }
}
