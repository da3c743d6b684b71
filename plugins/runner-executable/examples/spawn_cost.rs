//! What one process costs: through the plugin's boundary, and by posix_spawn as a plain server would do it.
//!
//! `cargo run --release -p runner-executable --example spawn_cost [plugin] [inline] [threads] [young=4]`
#![allow(clippy::unwrap_used, reason = "tests may")]
#![allow(unsafe_code, reason = "posix_spawn and getrusage take pointers")]

#[path = "../tests/support/mod.rs"]
mod support;

use plugin_api::tokio;
use std::ffi::CString;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::request::Call;
use support::{Deploy, Plugin};

const BODY_BYTES: usize = 1024;
const SECONDS: u64 = 2;

fn main() {
    let deploy = Deploy::new();
    let program = support::echo::build(&deploy.folder("f"));
    let program = CString::new(program.to_str().unwrap()).unwrap();
    // Never dropped: the tasks of the runtime need it for ever.
    let young =
        std::env::args().find_map(|argument| argument.strip_prefix("young=").map(str::to_owned));
    let config = young.map(|number| format!("{{\"young_threads\": {number}}}"));
    let plugin = Plugin::with(config.as_deref().unwrap_or("{}"));
    let plugin: &Plugin = Box::leak(Box::new(plugin));
    let function = plugin.prepare(&deploy, "f", r#"{"command": "echo"}"#).unwrap();
    let function: &support::Function<'_> = Box::leak(Box::new(function));
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part));
    println!("{:<28}{:>10}{:>12}{:>14}", "", "callers", "calls/s", "CPU µs/call");
    for round in 0..3 {
        for callers in [1, 16] {
            if wants("plugin") {
                measure(round, "plugin", callers, || through_plugin(function, callers));
            }
            if wants("inline") {
                measure(round, "posix_spawn, inline", callers, || inline(&program, callers));
            }
            if wants("threads") {
                measure(round, "posix_spawn, 4 threads", callers, || {
                    threads(&program, callers.min(4))
                });
            }
        }
    }
}

fn measure(round: usize, name: &str, callers: usize, run: impl FnOnce() -> u64) {
    let (cpu, begun) = (cpu_time(), Instant::now());
    let calls = run() as f64;
    let cpu_us = (cpu_time() - cpu).as_secs_f64() * 1e6 / calls;
    let rate = calls / begun.elapsed().as_secs_f64();
    println!("{:<28}{callers:>10}{rate:>12.0}{cpu_us:>14.1}", format!("{round} {name}"));
}

fn through_plugin(function: &'static support::Function<'static>, callers: usize) -> u64 {
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let call = Call::new(vec![b'x'; BODY_BYTES]);
    runtime().block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..callers {
            let call = call.clone();
            tasks.push(tokio::spawn(async move {
                let mut calls = 0;
                while Instant::now() < end {
                    let reply = function.start(&call).await.into_result().unwrap();
                    assert_eq!(reply.body.first.len, BODY_BYTES);
                    calls += 1;
                }
                calls
            }));
        }
        let mut all = 0;
        for task in tasks {
            all += task.await.unwrap();
        }
        all
    })
}

/// Each call holds a worker of the server until its process has ended.
fn inline(program: &CString, callers: usize) -> u64 {
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let program = Arc::new(program.clone());
    runtime().block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..callers {
            let program = Arc::clone(&program);
            tasks.push(tokio::spawn(async move {
                let mut calls = 0;
                while Instant::now() < end {
                    posix_spawn_once(&program);
                    calls += 1;
                    tokio::task::yield_now().await;
                }
                calls
            }));
        }
        let mut all = 0;
        for task in tasks {
            all += task.await.unwrap();
        }
        all
    })
}

fn threads(program: &CString, count: usize) -> u64 {
    let end = Instant::now() + Duration::from_secs(SECONDS);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    let mut calls = 0;
                    while Instant::now() < end {
                        posix_spawn_once(program);
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn posix_spawn_once(program: &CString) {
    let (mut our_input, their_output) = std::io::pipe().unwrap();
    let (their_input, mut our_output) = std::io::pipe().unwrap();
    let arguments = [program.as_ptr().cast_mut(), std::ptr::null_mut()];
    let environment = [c"A=b".as_ptr().cast_mut(), std::ptr::null_mut()];
    let mut id = 0;
    // SAFETY: as POSIX wants it; everything that is pointed to outlives the calls.
    unsafe {
        let mut actions = std::mem::MaybeUninit::uninit();
        libc::posix_spawn_file_actions_init(actions.as_mut_ptr());
        libc::posix_spawn_file_actions_adddup2(actions.as_mut_ptr(), their_input.as_raw_fd(), 0);
        libc::posix_spawn_file_actions_adddup2(actions.as_mut_ptr(), their_output.as_raw_fd(), 1);
        let (path, actions_pointer) = (program.as_ptr(), actions.as_ptr());
        let (argv, envp) = (arguments.as_ptr(), environment.as_ptr());
        let result =
            libc::posix_spawn(&mut id, path, actions_pointer, std::ptr::null(), argv, envp);
        assert_eq!(result, 0);
        libc::posix_spawn_file_actions_destroy(actions.as_mut_ptr());
    }
    drop((their_input, their_output));
    our_output.write_all(&[b'x'; BODY_BYTES]).unwrap();
    drop(our_output);
    let mut answer = Vec::new();
    our_input.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), BODY_BYTES);
    let mut status = 0;
    // SAFETY: a place to write to.
    unsafe { libc::waitpid(id, &mut status, 0) };
}

fn cpu_time() -> Duration {
    let of = |who| {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: a place to write to.
        let usage = unsafe {
            libc::getrusage(who, usage.as_mut_ptr());
            usage.assume_init()
        };
        let time = |time: libc::timeval| {
            Duration::from_micros((time.tv_sec * 1_000_000 + time.tv_usec).cast_unsigned())
        };
        time(usage.ru_utime) + time(usage.ru_stime)
    };
    of(libc::RUSAGE_SELF) + of(libc::RUSAGE_CHILDREN)
}
