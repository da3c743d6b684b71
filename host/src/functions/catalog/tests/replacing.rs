//! Folders that are replaced over and over while they are called.

use super::*;
use std::sync::atomic::AtomicBool;

/// Reads the catalog without pause until told to stop; the answer: how often the function was missing or not ready.
fn caller(
    catalog: Arc<Catalog<StandIn>>,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<(usize, usize)> {
    std::thread::spawn(move || {
        let (mut calls, mut misses) = (0, 0);
        while !stop.load(Ordering::Relaxed) {
            let function = catalog.get("f");
            let ready =
                function.is_some_and(|function| matches!(&*function.state(), State::Ready { .. }));
            calls += 1;
            misses += usize::from(!ready);
            std::thread::yield_now();
        }
        (calls, misses)
    })
}

#[tokio::test]
async fn five_hundred_replacements_by_two_renames_never_miss_and_end_with_the_newest() {
    let mut world = World::start(|deploy| write(&deploy.join("f"), "version-0")).await;
    let stop = Arc::new(AtomicBool::new(false));
    let catalog = Arc::new(world.catalog);
    let callers = [0, 1].map(|_| caller(Arc::clone(&catalog), Arc::clone(&stop)));
    for version in 1..=500 {
        let (deploy, next, old) = (
            world.folder.path().join("deploy/f"),
            world.folder.path().join("next"),
            world.folder.path().join("old"),
        );
        write(&next, &format!("version-{version}"));
        fs::rename(&deploy, &old).expect("renamed");
        fs::rename(&next, &deploy).expect("renamed");
        fs::remove_dir_all(&old).expect("removed");
        if version % 100 == 0 {
            // Some of them come to rest, others do not.
            catalog.quiet().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        let (calls, misses) = caller.join().expect("no panic");
        assert!(calls > 0 && misses == 0, "{misses} of {calls} calls missed");
    }
    world.catalog = Arc::into_inner(catalog).expect("the callers have ended");
    world.until("f", "version-500").await;
    assert_eq!(world.sees("f"), "version-500");
}

#[tokio::test]
async fn replacements_inside_the_deploy_folder_end_with_the_newest_too() {
    let world = World::start(|deploy| write(&deploy.join("f"), "version-0")).await;
    for version in 1..=100 {
        // The next one and the old one are folders of `deploy/`, and so functions for a moment.
        write(&world.deploy("f.next"), &format!("version-{version}"));
        fs::rename(world.deploy("f"), world.deploy("f.old")).expect("renamed");
        fs::rename(world.deploy("f.next"), world.deploy("f")).expect("renamed");
        fs::remove_dir_all(world.deploy("f.old")).expect("removed");
    }
    world.until("f", "version-100").await;
    world.until("f.next", "none").await;
    world.until("f.old", "none").await;
    fs::write(world.deploy("f/content"), "after").expect("written");
    world.until("f", "after").await;
}

#[tokio::test]
async fn an_old_generation_ends_with_its_last_holder() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    let held = match &*world.catalog.get("f").expect("there").state() {
        State::Ready { generation, .. } => Arc::clone(generation),
        _ => panic!("not ready"),
    };
    fs::write(world.deploy("f/content"), "two").expect("written");
    world.until("f", "two").await;
    world.catalog.quiet().await;
    assert_eq!((held.prepared.as_str(), Arc::strong_count(&held)), ("one", 1));
}
