//! The program around compiled functions: loads one, answers calls until it is told to stop.

use crate::abi::{self, Entry, Function};
use crate::call::{text, Call};
use crate::frames;
use crate::json::push_string;
use crate::table::{HOST, LOADED};
use std::process;

/// Used by `function!`: the program's `main`. Does not return.
#[doc(hidden)]
pub fn serve(entries: &[Entry]) {
    frames::keep_from_children();
    let process = process::id();
    let mut call = Call::default();
    let mut function = None;
    // An error is the end of descriptor 3, one way or another.
    while let Ok((kind, header_bytes)) = frames::receive(&mut call.frame) {
        call.header_bytes = header_bytes;
        match (kind, function) {
            (b'L', None) => function = Some(load(entries, call.header())),
            (b'I', Some(function)) => invoke(function, &mut call, process),
            (b'S', _) => break,
            _ => {}
        }
        call.reset();
    }
    process::exit(0);
}

fn load(entries: &[Entry], header: &str) -> Function {
    let header = LOADED.get_or_init(|| header.to_owned());
    let handler = text(header, "handler");
    let name = handler.rsplit('.').next().unwrap_or_default();
    let wanted = if name.is_empty() { "lambda" } else { name };
    let named = entries.iter().find(|entry| entry.name == wanted);
    let only = entries.first().filter(|_| name.is_empty() && entries.len() == 1);
    let Some(entry) = named.or(only) else {
        let known: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        let message = format!(
            "the handler `{wanted}` is not in the program: name it in function!(…), which has {}",
            known.join(", ")
        );
        give_up(&frames::send(b'B', &two("kind", b"missing", message.as_bytes()), b""));
        process::exit(1);
    };
    call_process(&text(header, "function"));
    let version = option_env!("SHORTEDFAAS_COMPILER").unwrap_or_default();
    let mut hello =
        format!("{{\"protocol\":1,\"pid\":{},\"language\":\"rust\",\"version\":", process::id());
    push_string(&mut hello, version.as_bytes());
    hello.push('}');
    give_up(&frames::send(b'H', hello.as_bytes(), b""));
    entry.function
}

/// What `ps` calls the process: the function, not the file that was executed.
fn call_process(name: &str) {
    extern "C" {
        fn prctl(option: i32, ...) -> i32;
    }
    const PR_SET_NAME: i32 = 15;
    let mut title = [0_u8; 16];
    let length = name.len().min(title.len() - 1);
    title[..length].copy_from_slice(&name.as_bytes()[..length]);
    // SAFETY: a call of the system that reads a text with a zero at its end.
    unsafe { prctl(PR_SET_NAME, title.as_ptr()) };
}

fn invoke(function: Function, call: &mut Call, process: u32) {
    let request = std::ptr::from_mut(call).cast();
    // SAFETY: what `function!` exports takes exactly this, and the call lasts until it returns.
    let answer = unsafe { function(&HOST, request) };
    if process::id() != process {
        end_child();
    }
    let sent = match (&call.failure, answer) {
        (None, 0) => send_reply(call),
        (Some((kind, message)), _) => frames::send(b'E', &two("type", kind, message), b""),
        (None, code) => {
            let message = format!("the function returned {code}");
            frames::send(b'E', &two("type", b"error", message.as_bytes()), b"")
        }
    };
    give_up(&sent);
}

/// A forked child that comes back from the function answers nobody; what it would tidy up is its parent's.
fn end_child() -> ! {
    extern "C" {
        fn _exit(status: i32) -> !;
    }
    // SAFETY: a call of the system that ends the process.
    unsafe { _exit(0) }
}

fn send_reply(call: &mut Call) -> std::io::Result<()> {
    let body = call.reply.get(frames::PREFIX_BYTES..).unwrap_or_default();
    let kind = match call.kind {
        abi::JSON => b'J',
        abi::TEXT if std::str::from_utf8(body).is_ok() => b'T',
        _ => b'O',
    };
    let header = if call.streaming { String::new() } else { call.answer_header() };
    match header.is_empty() && !call.reply.is_empty() {
        true => frames::send_whole(kind, &mut call.reply),
        false => frames::send(kind, header.as_bytes(), body),
    }
}

/// Without the host there is nobody to tell.
fn give_up(sent: &std::io::Result<()>) {
    if sent.is_err() {
        process::exit(70);
    }
}

/// The header of a frame that says what went wrong.
fn two(key: &str, kind: &[u8], message: &[u8]) -> Vec<u8> {
    let mut json = format!("{{\"{key}\":");
    push_string(&mut json, kind);
    json.push_str(",\"message\":");
    push_string(&mut json, message);
    json.push_str(",\"trace\":\"\"}");
    json.into_bytes()
}
