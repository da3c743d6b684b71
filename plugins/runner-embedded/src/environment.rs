//! `environment`: what a handler knows of its call and may set for the answer.

use mlua::{Lua, MetaMethod, Table, UserData, UserDataMethods, Value};
use plugin_api::Request;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The call, as long as it runs; afterwards every attribute is nil.
pub(crate) struct Environment {
    request: Arc<Request>,
    variables: Arc<BTreeMap<String, String>>,
    pub(crate) code: Value,
    pub(crate) response_headers: Option<Table>,
    /// Made when first asked for.
    headers: Option<Table>,
    query: Option<Table>,
}

impl Environment {
    pub(crate) fn new(request: Arc<Request>, variables: Arc<BTreeMap<String, String>>) -> Self {
        let code = Value::Integer(if request.asynchronous() { 202 } else { 200 });
        Self { request, variables, code, response_headers: None, headers: None, query: None }
    }

    fn get(&mut self, lua: &Lua, name: &str) -> mlua::Result<Value> {
        let request = &*self.request;
        let header = |name: &str| {
            request.header(name).map(String::from_utf8_lossy).unwrap_or_default().into_owned()
        };
        let text = |text: &str| lua.create_string(text).map(Value::String);
        match name {
            "code" => Ok(self.code.clone()),
            "response_headers" => made(&mut self.response_headers, || lua.create_table()),
            "headers" => made(&mut self.headers, || headers(lua, request)),
            "query" => made(&mut self.query, || query(lua, request.query_string())),
            "method" => text(request.method()),
            "path" => text(request.path()),
            "path_info" => text(request.path_info()),
            "query_string" => text(request.query_string()),
            "content_type" => text(&header("content-type")),
            "accept" => text(&header("accept")),
            "function" => text(request.function()),
            "id" => text(request.id()),
            "identity" => text(request.identity()),
            "deadline" => Ok(Value::Integer(request.deadline_unix_ms().cast_signed())),
            "asynchronous" => Ok(Value::Boolean(request.asynchronous())),
            "variables" => lua
                .create_table_from(
                    self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())),
                )
                .map(Value::Table),
            _ => Ok(Value::Nil),
        }
    }

    fn set(&mut self, name: &str, value: Value) -> mlua::Result<()> {
        match (name, value) {
            ("code", value) => self.code = value,
            ("response_headers", Value::Table(headers)) => self.response_headers = Some(headers),
            (name, value) => {
                return Err(mlua::Error::runtime(format!(
                    "environment.{name} cannot be set to a {}: `code` and `response_headers` can",
                    value.type_name()
                )));
            }
        }
        Ok(())
    }
}

impl UserData for Environment {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method_mut(MetaMethod::Index, |lua, this, name: mlua::LuaString| {
            this.get(lua, &name.to_str()?)
        });
        methods.add_meta_method_mut(
            MetaMethod::NewIndex,
            |_, this, (name, value): (mlua::LuaString, Value)| this.set(&name.to_str()?, value),
        );
    }
}

fn made(
    slot: &mut Option<Table>,
    make: impl FnOnce() -> mlua::Result<Table>,
) -> mlua::Result<Value> {
    if slot.is_none() {
        *slot = Some(make()?);
    }
    Ok(slot.clone().map_or(Value::Nil, Value::Table))
}

/// Values of one name are joined, as HTTP allows.
fn headers(lua: &Lua, request: &Request) -> mlua::Result<Table> {
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    request.each_header(|name, value| {
        let separator: &[u8] = if name == "cookie" { b"; " } else { b"," };
        let joined = all.entry(name.to_owned()).or_default();
        if !joined.is_empty() {
            joined.extend_from_slice(separator);
        }
        joined.extend_from_slice(value);
    });
    let table = lua.create_table()?;
    for (name, value) in all {
        table.raw_set(name, lua.create_string(value)?)?;
    }
    Ok(table)
}

/// Last value wins.
fn query(lua: &Lua, text: &str) -> mlua::Result<Table> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).collect::<Vec<u8>>()
    };
    let table = lua.create_table()?;
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        table.raw_set(lua.create_string(decode(name))?, lua.create_string(decode(value))?)?;
    }
    Ok(table)
}
