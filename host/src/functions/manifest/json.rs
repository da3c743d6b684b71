//! Reads `run.json` as JSON, stricter than serde_json: no duplicate keys, bounded depth, an object at the top.

use super::problems::{Problems, short};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// No key of the contract needs more than four; serde_json itself would take 128.
const DEEPEST: usize = 32;

/// Reads a file's bytes. Duplicate keys are noted as problems, and the first value of each stays.
///
/// # Errors
/// The bytes are no JSON object; the text follows `run.json `.
pub(super) fn read_object(bytes: &[u8], problems: &Problems) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!("is not UTF-8 from byte {} on: save it as UTF-8", error.valid_up_to())
    })?;
    // Editors on Windows write a byte order mark; RFC 8259 lets a reader ignore it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("is empty: write at least {\"type\": \"…\", \"command\": \"…\"}".to_owned());
    }
    let mut reading = Reading { path: Vec::new(), problems };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { reading: &mut reading }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| format!("is not JSON: {error}"))?;
    match value {
        Value::Object(members) => Ok(members),
        Value::Array(_) => Err("is an array: it must be an object".to_owned()),
        other => {
            Err(format!("is {other}: it must be an object", other = short(&other.to_string())))
        }
    }
}

struct Reading<'p> {
    path: Vec<String>,
    problems: &'p Problems,
}

struct Node<'r, 'p> {
    reading: &'r mut Reading<'p>,
}

impl<'p> Node<'_, 'p> {
    fn child<E: Error>(&mut self, key: String) -> Result<Node<'_, 'p>, E> {
        if self.reading.path.len() + 1 >= DEEPEST {
            return Err(E::custom(format!("nested deeper than {DEEPEST} levels")));
        }
        self.reading.path.push(key);
        Ok(Node { reading: self.reading })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let child = self.child(array.len().to_string())?;
            let item = items.next_element_seed(child)?;
            self.reading.path.pop();
            match item {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.child(key.clone())?)?;
            if object.contains_key(&key) {
                let path = self.reading.path.join(".");
                self.reading.problems.add(&path, || "given more than once: keep one of them");
            } else {
                object.insert(key, value);
            }
            self.reading.path.pop();
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let problems = Problems::default();
        let answer = match read_object(bytes, &problems) {
            Err(error) => error,
            Ok(_) if !problems.is_empty() => problems.reason(),
            Ok(members) => Value::Object(members).to_string(),
        };
        assert!(answer.contains(expected), "{answer} does not contain {expected}");
    }

    #[test]
    fn an_object_is_read_as_it_is() {
        check(
            br#"{"a":[1,-2,1.5,null,true,{"b":"c"}]}"#,
            r#"{"a":[1,-2,1.5,null,true,{"b":"c"}]}"#,
        );
        check(b"\xef\xbb\xbf{}", "{}");
    }

    #[test]
    fn what_is_no_object_is_named() {
        check(b"", "is empty");
        check(b" \n ", "is empty");
        check(b"[]", "is an array");
        check(b"\"x\"", "is \"x\": it must be an object");
        check(b"null", "is null");
        check(b"{", "is not JSON: EOF while parsing an object at line 1");
        check(b"{} {}", "is not JSON: trailing characters at line 1 column 4");
        check(b"{\"a\": \"\xff\"}", "is not UTF-8 from byte 7 on");
    }

    #[test]
    fn every_duplicate_key_is_named_with_its_path() {
        check(br#"{"a":1,"a":2}"#, "`a`: given more than once");
        check(br#"{"l":{"m":1,"m":2},"x":1,"x":1}"#, "`l.m`: given more than once");
        check(br#"{"l":{"m":1,"m":2},"x":1,"x":1}"#, "`x`: given more than once");
        check(br#"{"a":1,"\u0061":2}"#, "`a`: given more than once");
    }

    #[test]
    fn deep_nesting_is_refused_long_before_the_stack_ends() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        check(nested(20).as_bytes(), "{\"a\":[[");
        check(nested(40).as_bytes(), "nested deeper than 32 levels");
        check(nested(100_000).as_bytes(), "nested deeper than 32 levels");
    }
}
