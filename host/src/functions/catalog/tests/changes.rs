//! Folders that come, change and go while the host runs.

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

#[tokio::test]
async fn a_folder_becomes_a_function_and_ceases_to_be_one() {
    let world = World::start(|_| {}).await;
    write(&world.deploy("new"), "hello");
    world.until("new", "hello").await;
    fs::write(world.deploy("new/content"), "hello again").expect("written");
    world.until("new", "hello again").await;
    fs::remove_dir_all(world.deploy("new")).expect("removed");
    world.until("new", "none").await;
    // By `mv`, complete at once, and away again.
    write(&world.beside("moved"), "moved");
    fs::rename(world.beside("moved"), world.deploy("moved")).expect("renamed");
    world.until("moved", "moved").await;
    fs::rename(world.deploy("moved"), world.beside("moved")).expect("renamed");
    world.until("moved", "none").await;
}

#[tokio::test]
async fn a_folder_that_is_being_copied_is_left_alone_until_it_is_complete() {
    let world = World::start(|_| {}).await;
    fs::create_dir_all(world.deploy("slow/lib/deep")).expect("made");
    // Each step within the settle time of the last one; the whole takes longer than it.
    let mut pause = tokio::time::interval(SETTLE / 4);
    let mut last = Instant::now();
    for step in 0..7 {
        pause.tick().await;
        let seen = world.sees("slow");
        // On a busy machine a step may come so late that the folder has settled.
        assert!(seen == "none" || last.elapsed() > SETTLE / 2, "{seen}");
        fs::write(world.deploy(&format!("slow/lib/deep/{step}")), "part").expect("written");
        last = Instant::now();
    }
    write(&world.deploy("slow"), "complete");
    world.until("slow", "complete").await;
    assert_eq!(world.prepared(), 1);
}

#[tokio::test]
async fn a_change_in_a_sub_directory_or_of_a_mode_counts() {
    let world = World::start(|deploy| {
        write(&deploy.join("f"), "one");
        fs::create_dir_all(deploy.join("f/a/b")).expect("made");
    })
    .await;
    let mut last = world.prepared();
    let mut changed = async |what: &str| {
        let started = Instant::now();
        while world.prepared() == last {
            assert!(started.elapsed() < PATIENCE, "{what} was not noticed");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        world.catalog.quiet().await;
        assert_eq!(world.prepared(), last + 1, "{what}");
        last += 1;
    };
    fs::write(world.deploy("f/a/b/x"), "1").expect("written");
    changed("a file in a sub-directory").await;
    fs::create_dir(world.deploy("f/c")).expect("made");
    fs::write(world.deploy("f/c/y"), "1").expect("written");
    changed("a new sub-directory").await;
    fs::write(world.deploy("f/c/y"), "22").expect("written");
    changed("a file in the new sub-directory").await;
    fs::set_permissions(world.deploy("f/content"), fs::Permissions::from_mode(0o755)).expect("set");
    changed("a mode").await;
    fs::remove_dir_all(world.deploy("f/a")).expect("removed");
    changed("a removal").await;
}

fn make_old(path: &Path) {
    let file = fs::File::options().append(true).open(path);
    file.and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH)).expect("set");
}

#[tokio::test]
async fn what_means_nothing_makes_no_generation() {
    let world = World::start(|deploy| {
        write(&deploy.join("f"), "one");
        // What has just been written is examined again at any notice.
        make_old(&deploy.join("f/content"));
        make_old(&deploy.join("f/run.json"));
    })
    .await;
    for litter in [
        "f/.content.swp",
        "f/content~",
        "f/out.log",
        "f/__pycache__/x.pyc",
        "f/node_modules/a/b.js",
    ] {
        let path = world.deploy(litter);
        fs::create_dir_all(path.parent().expect("one")).expect("made");
        fs::write(path, "x").expect("written");
    }
    // Written once more with the same content and time: told by the kernel, but nothing has changed.
    fs::write(world.deploy("f/content"), "one").expect("written");
    make_old(&world.deploy("f/content"));
    // A later change elsewhere has been taken: the earlier notices have been dealt with.
    write(&world.deploy("g"), "two");
    world.until("g", "two").await;
    world.catalog.quiet().await;
    assert_eq!(world.prepared(), 2);
}

#[tokio::test]
async fn a_folder_without_rest_is_taken_all_the_same() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    let started = Instant::now();
    let mut pause = tokio::time::interval(SETTLE / 10);
    let mut round = 0;
    while world.sees("f") == "one" {
        assert!(started.elapsed() < PATIENCE, "never taken");
        pause.tick().await;
        round += 1;
        fs::write(world.deploy("f/content"), format!("round-{round}")).expect("written");
    }
    world.until("f", &format!("round-{round}")).await;
}

#[tokio::test]
async fn the_deploy_folder_itself_may_be_replaced() {
    let world = World::start(|deploy| {
        write(&deploy.join("f"), "one");
        write(&deploy.join("old"), "old");
    })
    .await;
    write(&world.beside("next/f"), "two");
    fs::rename(world.beside("deploy"), world.beside("gone")).expect("renamed");
    fs::rename(world.beside("next"), world.beside("deploy")).expect("renamed");
    world.until("f", "two").await;
    world.until("old", "none").await;
    write(&world.deploy("g"), "new");
    world.until("g", "new").await;
}

#[tokio::test]
async fn new_defaults_and_new_runners_reach_who_they_concern() {
    let world = World::start(|deploy| {
        write(&deploy.join("f"), "one");
        write(&deploy.join("g"), "two");
        fs::write(
            deploy.join("g/run.json"),
            r#"{"type":"launched","command":"content","concurrency":3}"#,
        )
        .expect("written");
    })
    .await;
    let number = |name: &str| match &*world.catalog.get(name).expect("there").state() {
        State::Ready { generation, .. } => (generation.number, generation.manifest.concurrency),
        _ => panic!("{name} is not ready"),
    };
    let (f, g) = (number("f").0, number("g").0);
    let mut defaults = Defaults::for_tests();
    defaults.concurrency = 7;
    world.catalog.set_defaults(defaults.clone());
    world.catalog.quiet().await;
    assert!(number("f").0 > f && number("f").1 == 7);
    // A cold function's scaling follows the default too, so `g` reads differently although its concurrency is its own.
    assert_eq!(number("g").1, 3);
    let f = number("f").0;
    world.catalog.set_defaults(defaults.clone());
    world.catalog.quiet().await;
    assert_eq!(number("f").0, f);
    world.catalog.prepare_again(&["launched".to_owned()], &[]);
    world.catalog.quiet().await;
    assert!(number("f").0 == f && number("g").0 > g);
    defaults.types = vec!["executable".to_owned()];
    world.catalog.set_defaults(defaults);
    world.catalog.quiet().await;
    assert_eq!(
        world.sees("g"),
        "broken: no runner for type `launched` is enabled: add [runners.executable] to shortedfaas.toml"
    );
    assert_eq!(number("f").0, f);
}

#[tokio::test]
async fn without_notices_of_the_kernel_everything_is_found_all_the_same() {
    let world = World::start_with(Watch::blind(), |deploy| {
        write(&deploy.join("f"), "one");
        write(&deploy.join("g"), "one");
    })
    .await;
    assert_eq!(world.sees("f"), "one");
    fs::write(world.deploy("f/content"), "two, longer").expect("written");
    fs::remove_dir_all(world.deploy("g")).expect("removed");
    write(&world.deploy("h"), "three");
    world.until("f", "two").await;
    world.until("g", "none").await;
    world.until("h", "three").await;
}
