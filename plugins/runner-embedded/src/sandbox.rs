//! A state: the interpreter with what the code may use.

use crate::files::read_within;
use crate::function::Function;
use crate::interrupt::Interrupt;
use mlua::{Lua, LuaOptions, LuaString, StdLib};
use plugin_api::Request;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

const PRELUDE: &str = include_str!("prelude.lua");
/// What is printed while no call runs is kept for the next, up to this.
const LONGEST_UNCLAIMED_BYTES: usize = 64 << 10;

/// Where prints go: to the call that runs, else to the next one.
#[derive(Clone, Default)]
pub(crate) struct Prints(Arc<Mutex<Destination>>);

#[derive(Default)]
struct Destination {
    request: Option<Arc<Request>>,
    unclaimed: Vec<u8>,
}

impl Prints {
    /// From now on prints belong to this call; none: to the next one.
    pub(crate) fn belong_to(&self, request: Option<Arc<Request>>) {
        let mut destination = self.lock();
        if let Some(request) = &request
            && !destination.unclaimed.is_empty()
        {
            request.log_stdout(&destination.unclaimed);
            destination.unclaimed = Vec::new();
        }
        destination.request = request;
    }

    fn print(&self, stream: u8, bytes: &[u8]) {
        let mut destination = self.lock();
        match &destination.request {
            Some(request) if stream == 2 => request.log_stderr(bytes),
            Some(request) => request.log_stdout(bytes),
            None => {
                let room = LONGEST_UNCLAIMED_BYTES.saturating_sub(destination.unclaimed.len());
                destination.unclaimed.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Destination> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a state for a function.
pub(crate) fn state(
    function: &Function,
    prints: &Prints,
    interrupt: &Interrupt,
) -> mlua::Result<Lua> {
    let libraries = StdLib::COROUTINE
        | StdLib::TABLE
        | StdLib::STRING
        | StdLib::UTF8
        | StdLib::MATH
        | StdLib::OS
        | StdLib::PACKAGE;
    let lua = Lua::new_with(libraries, LuaOptions::new())?;
    lua.set_memory_limit(function.memory_bytes)?;
    let folder = function.folder.clone();
    let read_file = lua.create_function(move |lua, name: LuaString| {
        let name = PathBuf::from(&*name.to_str()?);
        match read_within(&folder, &name) {
            Ok(bytes) => Ok((Some(lua.create_string(bytes)?), None)),
            Err(problem) => Ok((None, Some(problem))),
        }
    })?;
    let prints = prints.clone();
    let out = lua.create_function(move |_, (stream, text): (u8, LuaString)| {
        prints.print(stream, &text.as_bytes());
        Ok(())
    })?;
    let variables = function.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let variables = lua.create_table_from(variables)?;
    let (asked, forgets) = (interrupt.clone(), interrupt.clone());
    let gave_way = lua.create_function(move |_, ()| Ok(asked.gave_way()))?;
    let forget = lua.create_function(move |_, ()| {
        forgets.forget();
        Ok(())
    })?;
    let given = (read_file, out, variables, gave_way, forget);
    lua.load(PRELUDE).set_name("=prelude").call::<()>(given)?;
    interrupt.install(&lua)?;
    Ok(lua)
}
