//! Functions that cannot be prepared, and how they recover.

use super::*;

#[tokio::test]
async fn an_earlier_generation_serves_on_with_a_warning_until_the_cause_is_mended() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    fs::write(world.deploy("f/run.json"), r#"{"type":"executable","comand":"x"}"#)
        .expect("written");
    world.until("f", "one (an earlier version serves on, the folder's cannot: run.json: ").await;
    assert!(world.sees("f").contains("`comand`: unknown key; did you mean `command`?"));
    fs::write(world.deploy("f/run.json"), MANIFEST).expect("written");
    fs::write(world.deploy("f/content"), "fail no interpreter").expect("written");
    world
        .until("f", "one (an earlier version serves on, the folder's cannot: no interpreter)")
        .await;
    fs::write(world.deploy("f/content"), "two").expect("written");
    world.until("f", "two").await;
    assert_eq!(world.sees("f"), "two");
}

#[tokio::test]
async fn a_broken_function_says_what_is_known_of_it_and_recovers() {
    let world = World::start(|deploy| {
        write(&deploy.join("f"), "hello");
        fs::write(deploy.join("f/run.json"), r#"{"type":"launched","language":"ruby"}"#)
            .expect("written");
    })
    .await;
    let function = world.catalog.get("f").expect("listed");
    match &*function.state() {
        State::Broken { reason, kind, language } => {
            assert!(reason.contains("no interpreter for language `ruby`"), "{reason}");
            assert_eq!((kind.as_deref(), language.as_deref()), (Some("launched"), Some("ruby")));
        }
        _ => panic!("not broken"),
    }
    fs::write(world.deploy("f/run.json"), MANIFEST).expect("written");
    world.until("f", "hello").await;
    // The same function: its gate has counted on.
    assert!(Arc::ptr_eq(&function, &world.catalog.get("f").expect("listed")));
}

#[tokio::test]
async fn one_that_hangs_keeps_nobody_waiting() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    write(&world.deploy("hangs"), "hang");
    world.until("hangs", "building").await;
    fs::write(world.deploy("f/content"), "two").expect("written");
    world.until("f", "two").await;
    write(&world.deploy("g"), "three");
    world.until("g", "three").await;
    assert_eq!(world.sees("hangs"), "building");
}

#[tokio::test]
async fn a_refresh_tries_again_what_the_folder_does_not_explain() {
    let world = World::start(|deploy| {
        write(&deploy.join("f"), "one");
        fs::remove_file(deploy.join("f/content")).expect("removed");
        // Where no notice comes from: the stand-in for an interpreter that is installed later.
        std::os::unix::fs::symlink("../.outside/content", deploy.join("f/content"))
            .expect("linked");
    })
    .await;
    assert_eq!(world.sees("f"), "broken: no content");
    fs::create_dir(world.deploy(".outside")).expect("made");
    fs::write(world.deploy(".outside/content"), "mended").expect("written");
    world.catalog.refresh("f").await;
    assert_eq!(world.sees("f"), "mended");
    world.catalog.refresh("nobody").await;
}

#[tokio::test]
async fn a_refresh_does_not_return_before_the_folder_has_been_examined() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    for round in 0..20 {
        let next = world.beside("next");
        write(&next, &format!("round-{round}"));
        fs::rename(world.deploy("f"), world.beside("old")).expect("renamed");
        let refreshed = world.catalog.refresh("f");
        let replaced = async {
            tokio::task::yield_now().await;
            fs::rename(&next, world.deploy("f")).expect("renamed");
            fs::remove_dir_all(world.beside("old")).expect("removed");
        };
        tokio::join!(refreshed, replaced);
        assert_eq!(world.sees("f"), format!("round-{round}"));
    }
    fs::remove_dir_all(world.deploy("f")).expect("removed");
    world.catalog.refresh("f").await;
    assert_eq!(world.sees("f"), "none");
}
