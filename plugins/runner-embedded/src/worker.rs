//! A worker: a state with the function's handler in it, which runs one call at a time.

use crate::environment::Environment;
use crate::function::Function;
use crate::interrupt::Interrupt;
use crate::output::encode;
use crate::sandbox::{Prints, state};
use mlua::chunk::ChunkMode;
use mlua::thread::ThreadStatus;
use mlua::{AnyUserData, Lua, MultiValue, Table, Thread, Value};
use plugin_api::{End, Error, ErrorKind, Invocation, Outcome, Reply, Request, Result, tokio};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names of the handler where run.json gives none.
const USUAL_NAMES: [&str; 2] = ["lambda", "handler"];
/// How long loading may take.
const LONGEST_LOAD: Duration = Duration::from_secs(30);

/// How long code runs on a thread that serves connections.
const SHORT_SLICE: Duration = Duration::from_millis(1);
/// And how long elsewhere until it is asked whether it is still wanted.
const LONG_SLICE: Duration = Duration::from_millis(10);

/// A state that takes calls.
pub struct Worker {
    lua: Lua,
    handler: mlua::Function,
    interrupt: Interrupt,
    prints: Prints,
    variables: Arc<BTreeMap<String, String>>,
}

/// How a piece of code ended.
enum Ended {
    Returned(MultiValue),
    Raised(mlua::Error),
    Late,
}

impl Worker {
    /// Makes a state and loads the handler.
    pub(crate) async fn start(function: &Function) -> Result<Self> {
        let (prints, interrupt) = (Prints::default(), Interrupt::default());
        let lua = state(function, &prints, &interrupt)
            .map_err(|error| Error::plugin(format!("no state of Lua can be made: {error}")))?;
        let broken = |text: String| Error::new(ErrorKind::Broken, text);
        let chunk = lua.load(function.source.as_slice()).set_name(format!("@{}", function.file));
        let chunk = chunk.set_mode(ChunkMode::Text).into_function();
        let chunk = chunk.map_err(|error| broken(format!("syntax: {}", words(&error))))?;
        let deadline = Instant::now() + function.timeout.min(LONGEST_LOAD);
        let returned = match run(&lua, &interrupt, &chunk, (), deadline).await {
            Ended::Returned(values) => values.into_iter().next().unwrap_or(Value::Nil),
            Ended::Raised(error) => return Err(broken(format!("load: {}", words(&error)))),
            Ended::Late => return Err(broken("load: it does not come to an end".to_owned())),
        };
        let handler = find(&lua, returned, function).map_err(broken)?;
        Ok(Self {
            lua,
            handler,
            interrupt,
            prints,
            variables: Arc::new(function.variables.clone()),
        })
    }

    /// One call. Dropped in the middle it leaves the state unusable, which the host then stops.
    pub(crate) async fn invoke(
        &self,
        function: &Function,
        invocation: Invocation,
    ) -> Result<Reply> {
        let input = invocation.body.bytes(u64::MAX).await?;
        let request = Arc::new(invocation.request);
        let deadline = Instant::now() + request.remaining();
        self.prints.belong_to(Some(Arc::clone(&request)));
        let reply = self.call(&request, &input, function, deadline).await;
        self.prints.belong_to(None);
        let failed = |error: mlua::Error| Error::plugin(error.to_string());
        reply.map_err(failed)
    }

    async fn call(
        &self,
        request: &Arc<Request>,
        input: &[u8],
        function: &Function,
        deadline: Instant,
    ) -> mlua::Result<Reply> {
        let environment = Environment::new(Arc::clone(request), Arc::clone(&self.variables));
        let environment = self.lua.create_userdata(environment)?;
        let arguments = (self.lua.create_string(input)?, environment.clone());
        let ended = run(&self.lua, &self.interrupt, &self.handler, arguments, deadline).await;
        Ok(match ended {
            Ended::Late => Reply::ended(End { outcome: Outcome::TimedOut, ..End::default() }),
            Ended::Raised(error) => Reply::ended(End::failed(words(&error))),
            Ended::Returned(values) => {
                let value = values.into_iter().next().unwrap_or(Value::Nil);
                self.reply(value, &environment, function)?
            }
        })
    }

    fn reply(
        &self,
        value: Value,
        environment: &AnyUserData,
        function: &Function,
    ) -> mlua::Result<Reply> {
        let failed = |text: String| Ok(Reply::ended(End::failed(text)));
        let (body, usual_type) = match encode(&self.lua, value) {
            Ok(encoded) => encoded,
            Err(problem) => return failed(format!("what the handler returned {problem}")),
        };
        if body.len() as u64 > function.output_bytes {
            return failed(format!("output larger than {} bytes", function.output_bytes));
        }
        let environment = environment.borrow::<Environment>()?;
        let code = match environment.code {
            Value::Integer(code) if (200..=599).contains(&code) => u16::try_from(code).ok(),
            Value::Number(code) if (200.0..=599.0).contains(&code) && code.fract() == 0.0 => {
                // Checked to be a small whole number.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Some(code as u16)
            }
            _ => None,
        };
        let Some(code) = code else {
            return failed(format!("the code {:?} is not one from 200 to 599", environment.code));
        };
        let mut headers = Vec::new();
        if let Some(table) = &environment.response_headers
            && let Err(problem) = read_headers(table, &mut headers)
        {
            return failed(problem);
        }
        if !headers.iter().any(|(name, _)| name == "content-type") && !body.is_empty() {
            headers.push(("content-type".to_owned(), usual_type.as_bytes().to_vec()));
        }
        Ok(Reply { status: Some(code), headers, ..Reply::succeeded(body) })
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// Runs a function to its end: the first millisecond at once, what takes longer on a thread for such.
async fn run(
    lua: &Lua,
    interrupt: &Interrupt,
    function: &mlua::Function,
    arguments: impl mlua::IntoLuaMulti,
    deadline: Instant,
) -> Ended {
    let thread: Thread = match lua.create_thread(function.clone()) {
        Ok(thread) => thread,
        Err(error) => return Ended::Raised(error),
    };
    interrupt.begin_slice(SHORT_SLICE, deadline);
    let result = thread.resume::<MultiValue>(arguments);
    if let Some(ended) = conclude(&thread, result, deadline) {
        return ended;
    }
    // Dropped with this future: then nobody wants the result any more.
    let wanted = Arc::new(());
    let (interest, interrupt) = (Arc::downgrade(&wanted), interrupt.clone());
    let rest = tokio::task::spawn_blocking(move || {
        while interest.strong_count() > 0 {
            interrupt.begin_slice(LONG_SLICE, deadline);
            let result = thread.resume::<MultiValue>(());
            if let Some(ended) = conclude(&thread, result, deadline) {
                return ended;
            }
        }
        Ended::Late
    });
    let ended = rest.await;
    drop(wanted);
    ended.unwrap_or_else(|error| Ended::Raised(mlua::Error::runtime(error.to_string())))
}

/// None when it has given way and is to go on.
fn conclude(thread: &Thread, result: mlua::Result<MultiValue>, deadline: Instant) -> Option<Ended> {
    let is_late = Instant::now() >= deadline;
    match result {
        Err(_) if is_late => Some(Ended::Late),
        Err(error) => Some(Ended::Raised(error)),
        Ok(values) if thread.status() != ThreadStatus::Resumable => Some(Ended::Returned(values)),
        Ok(_) => is_late.then_some(Ended::Late),
    }
}

/// The handler: what the file returned, a member of the table that it returned, or a global.
fn find(
    lua: &Lua,
    returned: Value,
    function: &Function,
) -> std::result::Result<mlua::Function, String> {
    let members: Option<&Table> = match &returned {
        Value::Function(handler) => return Ok(handler.clone()),
        Value::Table(members) => Some(members),
        _ => None,
    };
    let globals = lua.globals();
    let named: Vec<&str> = match &function.handler {
        Some(name) => vec![name.rsplit_once('.').map_or(name.as_str(), |(_, last)| last)],
        None => USUAL_NAMES.to_vec(),
    };
    for name in &named {
        for place in members.into_iter().chain([&globals]) {
            if let Ok(Value::Function(handler)) = place.raw_get::<Value>(*name) {
                return Ok(handler);
            }
        }
    }
    let names = named.join("` or `");
    Err(format!(
        "missing: `{}` has no function `{names}`: return it, or a table with it, or define it globally",
        function.file
    ))
}

fn read_headers(
    table: &Table,
    headers: &mut Vec<(String, Vec<u8>)>,
) -> std::result::Result<(), String> {
    for pair in table.pairs::<Value, Value>() {
        let (name, value) = pair.map_err(|error| words(&error))?;
        let name = name.to_string().map_err(|error| words(&error))?.to_ascii_lowercase();
        let values = match value {
            Value::Table(several) => {
                several.sequence_values::<Value>().collect::<mlua::Result<Vec<_>>>()
            }
            one => Ok(vec![one]),
        };
        for value in values.map_err(|error| words(&error))? {
            let text = value.to_string().map_err(|error| words(&error))?;
            let is_token =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_token) || text.contains(['\r', '\n', '\0']) {
                return Err(format!(
                    "the response header `{}` cannot be sent",
                    name.escape_debug()
                ));
            }
            headers.push((name.clone(), text.into_bytes()));
        }
    }
    Ok(())
}

/// An error as the history shows it: the message and the traceback.
fn words(error: &mlua::Error) -> String {
    error.to_string()
}
