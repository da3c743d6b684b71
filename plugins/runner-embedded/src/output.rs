//! What a handler returned, as the answer's body and its content type.

use mlua::{Lua, LuaSerdeExt, Value};

/// Content types of what is returned.
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// The body and its content type.
///
/// # Errors
/// The value is neither text nor can it be JSON; the text says why.
pub(crate) fn encode(lua: &Lua, value: Value) -> Result<(Vec<u8>, &'static str), String> {
    match value {
        Value::Nil => Ok((Vec::new(), TEXT)),
        Value::String(text) => {
            let bytes = text.as_bytes().to_vec();
            let kind = if std::str::from_utf8(&bytes).is_ok() { TEXT } else { BYTES };
            Ok((bytes, kind))
        }
        Value::Table(_) | Value::Integer(_) | Value::Number(_) | Value::Boolean(_) => {
            let value: serde_json::Value =
                lua.from_value(value).map_err(|error| format!("cannot be JSON: {error}"))?;
            Ok((value.to_string().into_bytes(), JSON))
        }
        other => Err(format!("a {} is neither text nor can it be JSON", other.type_name())),
    }
}
