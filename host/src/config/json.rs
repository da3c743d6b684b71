//! Turns the settings of a plugin from TOML into the JSON that plugins take.

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeValue};

/// What JSON cannot hold, where it stands (bytes from the beginning) and its path.
pub(super) struct Unsuitable {
    pub(super) offset: usize,
    pub(super) path: String,
    pub(super) message: String,
}

/// `value` as JSON: dates become RFC 3339 text; what JSON cannot hold is added to `unsuitable` and becomes null.
///
/// By hand, because `toml::Value` through serde turns dates into a private map and `nan` silently into null.
pub(super) fn to_json(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    unsuitable: &mut Vec<Unsuitable>,
) -> Value {
    let converted = match value.get_ref() {
        DeValue::String(text) => Ok(Value::String(text.clone().into_owned())),
        DeValue::Boolean(value) => Ok(Value::Bool(*value)),
        DeValue::Datetime(value) => Ok(Value::String(value.to_string())),
        DeValue::Integer(integer) => integer_to_json(integer),
        DeValue::Float(float) => float_to_json(float),
        DeValue::Array(items) => Ok(Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| to_json(item, &format!("{path}[{index}]"), unsuitable))
                .collect(),
        )),
        DeValue::Table(table) => Ok(Value::Object(
            table
                .iter()
                .map(|(key, item)| {
                    let key = key.get_ref();
                    (key.to_string(), to_json(item, &format!("{path}.{key}"), unsuitable))
                })
                .collect::<Map<_, _>>(),
        )),
    };
    converted.unwrap_or_else(|message| {
        let offset = value.span().start;
        unsuitable.push(Unsuitable { offset, path: path.to_owned(), message });
        Value::Null
    })
}

fn integer_to_json(integer: &DeInteger<'_>) -> Result<Value, String> {
    let (text, radix) = (integer.as_str(), integer.radix());
    let number = i64::from_str_radix(text, radix)
        .map(Number::from)
        .or_else(|_| u64::from_str_radix(text, radix).map(Number::from));
    number
        .map(Value::Number)
        .map_err(|_| format!("the integer {integer} has more than 64 bits: write it as a string"))
}

fn float_to_json(float: &DeFloat<'_>) -> Result<Value, String> {
    let number = float.as_str().parse().ok().and_then(Number::from_f64);
    number
        .map(Value::Number)
        .ok_or_else(|| format!("{float} is no number that JSON, the language of plugins, can hold"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn convert(text: &str) -> (Value, Vec<String>) {
        let value = DeValue::parse(text).expect(text);
        let mut unsuitable = Vec::new();
        let json = to_json(&value, "x", &mut unsuitable);
        let unsuitable = unsuitable.into_iter();
        (json, unsuitable.map(|it| format!("{} {}: {}", it.offset, it.path, it.message)).collect())
    }

    fn check(text: &str, expected: Value) {
        assert_eq!(convert(text), (expected, Vec::new()), "{text}");
    }

    #[test]
    fn every_value_keeps_its_meaning() {
        check("'a'", json!("a"));
        check("-5", json!(-5));
        check("0xff", json!(255));
        check("1_000", json!(1000));
        check("18446744073709551615", json!(u64::MAX));
        check("1.5", json!(1.5));
        check("+1e3", json!(1000.0));
        check("true", json!(true));
        check("[1, ['b'], {c = 2}]", json!([1, ["b"], {"c": 2}]));
    }

    #[test]
    fn dates_become_text() {
        check("1979-05-27T07:32:00Z", json!("1979-05-27T07:32:00Z"));
        check("1979-05-27 07:32:00.5+01:00", json!("1979-05-27T07:32:00.5+01:00"));
        check("1979-05-27", json!("1979-05-27"));
        check("07:32:00", json!("07:32:00"));
    }

    #[test]
    fn what_json_cannot_hold_is_named_by_its_path() {
        let (_, unsuitable) =
            convert("{a = nan, b = [1, -inf], c = 1e999, d = 99999999999999999999}");
        assert_eq!(
            unsuitable,
            [
                "5 x.a: nan is no number that JSON, the language of plugins, can hold",
                "18 x.b[1]: -inf is no number that JSON, the language of plugins, can hold",
                "29 x.c: 1e999 is no number that JSON, the language of plugins, can hold",
                "40 x.d: the integer 99999999999999999999 has more than 64 bits: write it as a string",
            ]
        );
    }
}
