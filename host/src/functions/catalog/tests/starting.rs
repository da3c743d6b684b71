//! What is there when the catalog opens, under which names.

use super::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn everything_has_been_examined_when_it_opens() {
    let world = World::start(|deploy| {
        write(&deploy.join("good"), "hello");
        write(&deploy.join("warns"), "warn take care");
        write(&deploy.join("fails"), "fail no such interpreter");
        write(&deploy.join("panics"), "panic");
        write(&deploy.join(".hidden"), "hello");
        fs::create_dir(deploy.join("empty")).expect("made");
        fs::write(deploy.join("README.md"), "no function").expect("written");
    })
    .await;
    let check = |name: &str, expected: &str| assert_eq!(world.sees(name), expected, "{name}");
    check("good", "hello");
    check("warns", "warn take care (take care)");
    check("fails", "broken: no such interpreter");
    check("panics", "broken: preparing it panicked: the log says where");
    check("empty", "broken: no run.json in folder `empty`");
    check(".hidden", "none");
    check("README.md", "none");
    let names: Vec<_> =
        world.catalog.all().iter().map(|function| function.name.to_string()).collect();
    assert_eq!(names, ["empty", "fails", "good", "panics", "warns"]);
    assert_eq!(world.catalog.count(), 5);
}

#[tokio::test]
async fn a_generation_knows_where_it_comes_from() {
    let world = World::start(|deploy| {
        write(&deploy.join("one"), "same");
        write(&deploy.join("two"), "same");
        write(&deploy.join("three"), "other");
    })
    .await;
    let generation = |name: &str| match &*world.catalog.get(name).expect("there").state() {
        State::Ready { generation, .. } => Arc::clone(generation),
        _ => panic!("{name} is not ready"),
    };
    let (one, two, three) = (generation("one"), generation("two"), generation("three"));
    assert_eq!(one.version.len(), 12);
    assert_eq!(one.version, two.version);
    assert_ne!(one.version, three.version);
    assert_ne!(one.number, two.number);
    assert_eq!(world.catalog.get("one").expect("there").gate.limit(), 64);
}

#[tokio::test]
async fn a_name_that_cannot_be_one_is_listed_with_the_reason() {
    let world = World::start(|deploy| {
        for raw in ["a b", "new\nline", "-x", "ä"] {
            write(&deploy.join(raw), "hello");
        }
        write(&deploy.join("n".repeat(200)), "hello");
        write(&deploy.join(OsStr::from_bytes(b"a\xff")), "hello");
    })
    .await;
    let check = |name: &str, expected: &str| {
        let seen = world.sees(name);
        assert!(seen.contains(expected), "{name}: {seen}");
    };
    check("a b", "broken: the folder's name holds ' '");
    check("new\nline", "broken: the folder's name holds '\\n'");
    check("-x", "broken: the folder's name starts wrongly");
    check("ä", "broken: the folder's name holds 'ä'");
    check(&"n".repeat(200), "broken: the folder's name has 200 characters");
    check("a\u{fffd}", "broken: the folder's name is not UTF-8");
    fs::rename(world.deploy("a b"), world.deploy("ab")).expect("renamed");
    world.until("ab", "hello").await;
    world.until("a b", "none").await;
}

#[tokio::test]
async fn a_link_is_followed_inside_the_deploy_folder_only() {
    let world = World::start(|deploy| {
        write(&deploy.join(".releases/1"), "one");
        write(&deploy.join(".releases/2"), "two");
        symlink(".releases/1", deploy.join("linked")).expect("linked");
        symlink("/etc", deploy.join("out")).expect("linked");
        symlink("nowhere", deploy.join("dangling")).expect("linked");
        symlink(".", deploy.join("itself")).expect("linked");
        symlink("/etc/passwd", deploy.join("file")).expect("linked");
        write(&deploy.join("inner"), "hello");
        symlink("/etc/passwd", deploy.join("inner/users")).expect("linked");
        write(&deploy.join("virtual"), "hello");
        fs::create_dir_all(deploy.join("virtual/.venv/bin")).expect("made");
        symlink("/bin/sh", deploy.join("virtual/.venv/bin/python")).expect("linked");
    })
    .await;
    let check = |name: &str, expected: &str| {
        let seen = world.sees(name);
        assert!(seen.contains(expected), "{name}: {seen}");
    };
    check("linked", "one");
    check("out", "broken: symbolic link `out` leads out of the deploy folder, to `/etc`");
    check("dangling", "broken: its symbolic link leads to nothing");
    check("itself", "broken: symbolic link `itself` leads out");
    check(
        "inner",
        "broken: symbolic link `users` leads out of the deploy folder, to `/etc/passwd`",
    );
    check("virtual", "hello");
    // As `ln -sfn` does it.
    symlink(".releases/2", world.deploy(".new")).expect("linked");
    fs::rename(world.deploy(".new"), world.deploy("linked")).expect("renamed");
    world.until("linked", "two").await;
    fs::write(world.deploy("linked/content"), "three").expect("written");
    world.until("linked", "three").await;
    fs::remove_file(world.deploy("inner/users")).expect("removed");
    world.until("inner", "hello").await;
}

#[tokio::test]
async fn names_that_differ_by_case_both_work_with_a_warning() {
    let world = World::start(|deploy| {
        write(&deploy.join("Echo"), "one");
        write(&deploy.join("echo"), "two");
    })
    .await;
    assert_eq!(
        world.sees("Echo"),
        "one (function `echo` differs from this one by case only: rename one of them)"
    );
    assert!(world.sees("echo").starts_with("two (function `Echo` differs"));
    fs::remove_dir_all(world.deploy("Echo")).expect("removed");
    world.until("Echo", "none").await;
    assert_eq!(world.sees("echo"), "two");
}

#[tokio::test]
async fn a_deploy_folder_that_cannot_be_read_is_named() {
    let open = Catalog::open(
        Path::new("/nowhere/deploy"),
        SETTLE,
        Defaults::for_tests(),
        Arc::new(StandIn::default()),
    );
    let error = open.await.err().expect("no folder").to_string();
    assert!(
        error.starts_with("deploy folder `/nowhere/deploy` cannot be read: No such file"),
        "{error}"
    );
}
