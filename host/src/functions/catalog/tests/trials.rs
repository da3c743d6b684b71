//! What is started of a new generation before it serves, and generations that cannot start workers.

use super::*;

impl World {
    fn trials(&self) -> Vec<(String, Trial)> {
        self.preparer.trials.lock().expect("whole").clone()
    }

    /// Writes other content and waits until it has been examined.
    async fn change(&self, content: &str, expected: &str) {
        fs::write(self.deploy("f/content"), content).expect("written");
        self.until("f", expected).await;
        self.catalog.quiet().await;
    }

    fn number(&self) -> u64 {
        match &*self.catalog.get("f").expect("there").state() {
            State::Ready { generation, .. } => generation.number,
            _ => panic!("not ready"),
        }
    }
}

/// Writes a function that nobody could think is still being written.
fn write_old(folder: &Path, content: &str) {
    write(folder, content);
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    for path in [&folder.join("content"), &folder.join("run.json"), folder] {
        let file = fs::File::open(path).expect("there");
        file.set_modified(long_ago).expect("changed");
    }
}

fn tried(content: &str, trial: Trial) -> (String, Trial) {
    (content.to_owned(), trial)
}

#[tokio::test]
async fn the_first_version_starts_nothing_and_later_ones_are_tried() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    assert_eq!(world.trials(), [tried("one", Trial::None)]);
    world.change("two", "two").await;
    world.preparer.in_use.store(3, Ordering::SeqCst);
    world.change("three", "three").await;
    let expected =
        [tried("one", Trial::None), tried("two", Trial::Kept(1)), tried("three", Trial::Kept(3))];
    assert_eq!(world.trials(), expected);
    assert_eq!(*world.preparer.retired.lock().expect("whole"), ["one", "two"]);
}

#[tokio::test]
async fn the_same_content_prepared_again_is_tried_only_where_it_is_in_use() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    for (in_use, expected) in [(0, Trial::None), (2, Trial::Kept(2))] {
        world.preparer.in_use.store(in_use, Ordering::SeqCst);
        world.catalog.prepare_again(&["executable".to_owned()], &[]);
        world.catalog.quiet().await;
        assert_eq!(world.trials().pop(), Some(tried("one", expected)));
    }
}

#[tokio::test]
async fn a_version_that_cannot_be_loaded_never_replaces_one_that_serves() {
    let world = World::start(|deploy| write(&deploy.join("f"), "one")).await;
    let expected = "one (an earlier version serves on, the folder's cannot: syntax error)";
    world.change("unloadable syntax error", expected).await;
    world.change("two", "two").await;
    assert_eq!(world.sees("f"), "two");
}

#[tokio::test]
async fn one_that_is_found_out_when_it_is_called_is_broken_until_it_is_mended() {
    let world = World::start(|deploy| write_old(&deploy.join("f"), "unloadable x")).await;
    assert_eq!(world.sees("f"), "unloadable x");
    let number = world.number();
    world.catalog.failed("f", number, "no module named x").await;
    assert_eq!(world.sees("f"), "broken: no module named x");
    // Said of a generation that is no longer there, it changes nothing.
    world.catalog.failed("f", number, "another").await;
    assert_eq!(world.sees("f"), "broken: no module named x");
    assert_eq!(*world.preparer.retired.lock().expect("whole"), ["unloadable x"]);
    // Looked at again, it is tried: it must not look well until the next call.
    world.catalog.refresh("f").await;
    assert_eq!(world.sees("f"), "broken: x");
    world.change("two", "two").await;
    assert_eq!(world.trials().pop(), Some(tried("two", Trial::Kept(1))));
}

#[tokio::test]
async fn what_has_changed_meanwhile_is_taken_instead() {
    let world = World::start(|deploy| write(&deploy.join("f"), "unloadable x")).await;
    fs::write(world.deploy("f/content"), "two").expect("written");
    world.catalog.failed("f", world.number(), "no module named x").await;
    assert_eq!(world.sees("f"), "two");
    fs::write(world.deploy("f/content"), "unloadable y").expect("written");
    world.catalog.failed("f", world.number(), "its files are gone").await;
    world.until("f", "broken: y").await;
}

#[tokio::test]
async fn an_alarm_breaks_the_function_without_anybody_waiting() {
    let world = World::start(|deploy| write_old(&deploy.join("f"), "one")).await;
    let alarm = world.preparer.alarms.lock().expect("whole").pop().expect("prepared");
    alarm.raise("its workers failed 6 times in a row: why");
    world.until("f", "broken: its workers failed 6 times in a row: why").await;
    // It may have been no fault of its own.
    world.catalog.refresh("f").await;
    assert_eq!(world.sees("f"), "one");
    alarm.raise("too late");
    world.catalog.quiet().await;
    assert_eq!(world.sees("f"), "one");
}
