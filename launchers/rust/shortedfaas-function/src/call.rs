//! A call as the program holds it: what the host sent, what the function has set.

use crate::json::{decode, member, members, push_string};

/// Names and values.
type Texts = Box<[(Box<str>, Box<str>)]>;
/// Two texts that need not be UTF-8.
type TwoBytes = (Box<[u8]>, Box<[u8]>);

/// What the function is handed as its opaque request.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// Header and body of the frame.
    pub(crate) frame: Vec<u8>,
    pub(crate) header_bytes: usize,
    /// Read when somebody asks.
    pub(crate) texts: [Option<Box<str>>; 10],
    pub(crate) pairs: [Option<Texts>; 3],
    pub(crate) code: Option<i32>,
    pub(crate) answer_headers: Vec<TwoBytes>,
    pub(crate) kind: i32,
    /// The output, behind room for the frame's first bytes.
    pub(crate) reply: Vec<u8>,
    pub(crate) streaming: bool,
    pub(crate) failure: Option<TwoBytes>,
}

/// A buffer that grew beyond it is not kept for the next call.
const MOST_KEPT_BYTES: usize = 1 << 20;

impl Call {
    pub(crate) fn header(&self) -> &str {
        std::str::from_utf8(&self.frame[..self.header_bytes]).unwrap_or_default()
    }

    pub(crate) fn input(&self) -> &[u8] {
        &self.frame[self.header_bytes..]
    }

    pub(crate) fn is_asynchronous(&self) -> bool {
        member(self.header(), "asynchronous") == Some("true")
    }

    /// Ready for the next one; buffers stay.
    pub(crate) fn reset(&mut self) {
        let (mut frame, mut reply) =
            (std::mem::take(&mut self.frame), std::mem::take(&mut self.reply));
        for buffer in [&mut frame, &mut reply] {
            buffer.clear();
            if buffer.capacity() > MOST_KEPT_BYTES {
                *buffer = Vec::new();
            }
        }
        *self = Self { frame, reply, ..Self::default() };
    }

    /// The header of the answer's first frame; empty where nothing was set.
    pub(crate) fn answer_header(&self) -> String {
        let mut parts = Vec::new();
        if let Some(code) = self.code {
            parts.push(format!("\"code\":{code}"));
        }
        if !self.answer_headers.is_empty() {
            parts.push(format!("\"headers\":{{{}}}", self.headers_json()));
        }
        match parts.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", parts.join(",")),
        }
    }

    /// Values of one name together, where the first stands.
    fn headers_json(&self) -> String {
        let mut json = String::new();
        for (index, (name, _)) in self.answer_headers.iter().enumerate() {
            let same = |other: &&TwoBytes| other.0.eq_ignore_ascii_case(name);
            if self.answer_headers[..index].iter().any(|other| same(&other)) {
                continue;
            }
            json.push_str(if json.is_empty() { "" } else { "," });
            push_string(&mut json, name);
            json.push_str(":[");
            for (number, (_, value)) in self.answer_headers.iter().filter(same).enumerate() {
                json.push_str(if number == 0 { "" } else { "," });
                push_string(&mut json, value);
            }
            json.push(']');
        }
        json
    }
}

/// The text of a member.
pub(crate) fn text(object: &str, name: &str) -> Box<str> {
    decode(member(object, name).unwrap_or_default()).into()
}

/// The texts of a member that is an object.
pub(crate) fn texts(object: &str, name: &str) -> Texts {
    let inner = member(object, name).unwrap_or_default();
    members(inner).map(|(key, value)| (decode(key).into(), decode(value).into())).collect()
}
