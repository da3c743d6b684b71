//! The handlers of launchers/conformance/README.md in Rust.

use shortedfaas_function::{function, Environment, Reply};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

function!(
    echo, echo_bytes, map, list, number, boolean, nothing, code, headers, cookies, bad_header, code_out_of_range,
    environment, deadline, relative_file, raise_error, exit_inside, killed, endless_loop, recursion, huge_output,
    print_during, print_and_raise, print_much, print_after, print_by_a_child, thread_left, fork_inside,
    descriptors_of_a_child, read_stdin, close_fd3, scribble_fd4, count,
);

extern "C" {
    fn fork() -> i32;
    fn kill(process: i32, signal: i32) -> i32;
    fn close(descriptor: i32) -> i32;
    fn write(descriptor: i32, bytes: *const u8, length: usize) -> isize;
}

const CALM: &str = "calm";

fn echo<'call>(input: &'call str, _: &mut Environment) -> &'call str {
    input
}

fn echo_bytes<'call>(input: &'call [u8], _: &mut Environment) -> &'call [u8] {
    input
}

fn map(_: &[u8], _: &mut Environment) -> Reply {
    Reply::json(r#"{"a": 1, "b": [true, null, "ü"]}"#)
}

fn list(_: &[u8], _: &mut Environment) -> Reply {
    Reply::json("[1, 2, 3]")
}

fn number(_: &[u8], _: &mut Environment) -> Reply {
    Reply::json("42")
}

fn boolean(_: &[u8], _: &mut Environment) -> Reply {
    Reply::json("true")
}

fn nothing(_: &[u8], _: &mut Environment) {}

fn code(input: &str, environment: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    environment.set_code(201);
    "created"
}

fn headers(input: &str, environment: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    environment.set_header("content-type", "text/csv");
    environment.set_header("x-case", "yes");
    "a,b"
}

fn cookies(_: &str, environment: &mut Environment) -> &'static str {
    environment.set_header("set-cookie", "a=1");
    environment.set_header("Set-Cookie", "b=2");
    "two"
}

fn bad_header(input: &str, environment: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    environment.set_header("x-bad", "a\r\nx-evil: 1");
    "bad"
}

fn code_out_of_range(input: &str, environment: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    environment.set_code(999);
    "out of range"
}

/// What is in these requests is quoted by Rust as JSON quotes it, but for `\'`.
fn quoted(text: &str) -> String {
    format!("{text:?}").replace("\\'", "'")
}

fn object<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let members: Vec<String> = pairs.map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
    format!("{{{}}}", members.join(", "))
}

fn environment(_: &[u8], environment: &mut Environment) -> Reply {
    let mut members = vec![
        ("code", environment.code().to_string()),
        ("response_headers", "{}".to_owned()),
        ("deadline", environment.deadline().to_string()),
        ("asynchronous", environment.asynchronous().to_string()),
        ("headers", object(environment.headers())),
        ("query", object(environment.queries())),
        ("variables", object(environment.variables())),
        ("process_variable", quoted(&std::env::var("COLOUR").unwrap_or_default())),
    ];
    members.extend([
        ("method", quoted(environment.method())),
        ("path", quoted(environment.path())),
        ("path_info", quoted(environment.path_info())),
        ("query_string", quoted(environment.query_string())),
        ("content_type", quoted(environment.content_type())),
        ("accept", quoted(environment.accept())),
        ("function", quoted(environment.function())),
        ("id", quoted(environment.id())),
        ("identity", quoted(environment.identity())),
    ]);
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    Reply::json(format!("{{{}}}", members.join(", ")))
}

fn deadline(_: &[u8], environment: &mut Environment) -> Reply {
    Reply::json(environment.remaining().as_millis().to_string())
}

fn relative_file(_: &[u8], _: &mut Environment) -> std::io::Result<String> {
    std::fs::read_to_string("data.txt")
}

fn raise_error(input: &str, _: &mut Environment) -> Result<&'static str, &'static str> {
    if input == CALM { Ok(CALM) } else { Err("deliberate") }
}

fn exit_inside(input: &str, _: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    std::process::exit(3)
}

fn killed(input: &str, _: &mut Environment) -> &'static str {
    if input != CALM {
        // SAFETY: a call of the system.
        unsafe { kill(i32::try_from(std::process::id()).expect("they are small"), 9) };
    }
    CALM
}

fn endless_loop(input: &str, _: &mut Environment) -> &'static str {
    while input != CALM {
        std::hint::spin_loop();
    }
    CALM
}

#[allow(unconditional_recursion)]
fn deeper(above: &[u8; 1024]) -> u32 {
    let here = std::hint::black_box([above[0]; 1024]);
    deeper(&here) + u32::from(here[1])
}

fn recursion(input: &str, _: &mut Environment) -> String {
    if input == CALM {
        return CALM.to_owned();
    }
    deeper(&[1; 1024]).to_string()
}

fn huge_output(input: &str, _: &mut Environment) -> String {
    if input == CALM { CALM.to_owned() } else { "x".repeat(20_000_000) }
}

fn print_during(input: &str, _: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    print!("printed by the handler");
    eprint!("and to stderr");
    "quiet"
}

fn print_and_raise(_: &[u8], _: &mut Environment) {
    print!("printed by the handler");
    panic!("deliberate");
}

fn print_much(input: &str, _: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    for line in 0..20_000 {
        println!("{line:99}");
        eprintln!("{line:99}");
    }
    "quiet"
}

fn print_after(_: &[u8], _: &mut Environment) -> &'static str {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(50));
        println!("printed later");
    });
    "quiet"
}

fn print_by_a_child(_: &[u8], _: &mut Environment) -> std::io::Result<&'static str> {
    Command::new("sh").args(["-c", "echo printed by a child"]).status()?;
    Ok("quiet")
}

fn thread_left(_: &[u8], _: &mut Environment) -> &'static str {
    std::thread::spawn(|| std::thread::sleep(Duration::from_secs(60)));
    "left"
}

fn fork_inside(_: &[u8], _: &mut Environment) -> Result<&'static str, &'static str> {
    // SAFETY: the program has one thread.
    match unsafe { fork() } {
        -1 => Err("no child"),
        _ => Ok("forked"),
    }
}

fn descriptors_of_a_child(_: &[u8], _: &mut Environment) -> std::io::Result<Vec<u8>> {
    let test = "if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi";
    Ok(Command::new("sh").args(["-c", test]).stderr(Stdio::inherit()).output()?.stdout)
}

fn read_stdin(_: &[u8], _: &mut Environment) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(format!("stdin: {}", bytes.len()))
}

fn close_fd3(input: &str, _: &mut Environment) -> &'static str {
    if input == CALM {
        return CALM;
    }
    // SAFETY: nothing of ours uses it.
    unsafe { close(3) };
    "closed"
}

fn scribble_fd4(input: &str, _: &mut Environment) -> &'static str {
    if input != CALM {
        let scribble = b"this is not a frame!";
        // SAFETY: the bytes are there.
        unsafe { write(4, scribble.as_ptr(), scribble.len()) };
        let _ = std::io::stdout().flush();
    }
    while input != CALM {
        std::hint::spin_loop();
    }
    CALM
}

fn count(_: &[u8], _: &mut Environment) -> String {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    (CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}
