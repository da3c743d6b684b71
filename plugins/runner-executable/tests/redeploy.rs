//! A folder that is replaced or taken away while its function is called.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod support;

use plugin_api::abi::{error_kind, outcome};
use std::sync::atomic::{AtomicBool, Ordering};
use support::request::Call;
use support::{Deploy, Plugin};

const REPLACEMENTS: usize = 150;

#[test]
fn a_folder_replaced_under_load_fails_no_call_but_with_gone() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", "cat data");
    deploy.program("f", "data", b"old");
    let function = plugin.prepare(&deploy, "f", r#"{"command": "run"}"#).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let (mut answers, mut gone) = (0, 0);
                    while !done.load(Ordering::Relaxed) || answers == 0 {
                        match function.invoke(&Call::new("")) {
                            Ok(answer) => {
                                answer.check(outcome::SUCCEEDED, Some(0), "");
                                answers += 1;
                            }
                            Err(error) if error.kind == error_kind::GONE => gone += 1,
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                    (answers, gone)
                })
            })
            .collect();
        for number in 0..REPLACEMENTS {
            deploy.script("next", "cat data");
            deploy.program("next", "data", format!("new {number}").as_bytes());
            std::fs::rename(deploy.folder("f"), deploy.folder("old")).unwrap();
            std::fs::rename(deploy.folder("next"), deploy.folder("f")).unwrap();
            std::fs::remove_dir_all(deploy.folder("old")).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for caller in callers {
            let (answers, _gone) = caller.join().unwrap();
            assert!(answers > 0);
        }
    });
}

#[test]
fn a_folder_or_program_that_is_gone_says_so() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", "true");
    let function = plugin.prepare(&deploy, "f", r#"{"command": "run"}"#).unwrap();
    let check = |part: &str| {
        let error = function.invoke(&Call::new("")).err().unwrap();
        assert_eq!(error.kind, error_kind::GONE, "{error:?}");
        assert!(error.message.contains(part), "{error:?}");
    };
    std::fs::remove_file(deploy.folder("f").join("run")).unwrap();
    check("cannot execute `./run`");
    std::fs::remove_dir(deploy.folder("f")).unwrap();
    check("cannot enter the function's folder");
}

#[test]
fn a_program_that_fails_by_itself_is_not_gone() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", "exit 1");
    let function = plugin.prepare(&deploy, "f", r#"{"command": "run"}"#).unwrap();
    function.call("").check(outcome::FAILED, Some(1), "exited with code 1");
}

#[test]
fn a_program_that_loses_its_folder_while_it_starts_is_gone() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    deploy.script("f", "mv ../f ../taken; cat missing");
    let function = plugin.prepare(&deploy, "f", r#"{"command": "run"}"#).unwrap();
    let error = function.invoke(&Call::new("")).err().unwrap();
    assert_eq!(error.kind, error_kind::GONE, "{error:?}");
}

#[test]
fn a_program_that_is_still_being_written_is_waited_for() {
    let (plugin, deploy) = (Plugin::new(), Deploy::new());
    let program = support::echo::build(&deploy.folder("f"));
    let function = plugin.prepare(&deploy, "f", r#"{"command": "echo"}"#).unwrap();
    let writer = std::fs::OpenOptions::new().append(true).open(program).unwrap();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| function.call("hello").text());
        std::thread::yield_now();
        drop(writer);
        assert_eq!(caller.join().unwrap(), "hello");
    });
}
