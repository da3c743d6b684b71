//! Workers that die or cannot be started.

use super::*;

/// Until the function is reported as broken, or so many calls were made.
async fn calls_until_broken(world: &World, verdict: Verdict) -> usize {
    for call in 0..30 {
        if !world.broken().is_empty() {
            return call;
        }
        let terms = Terms { patience: 60 * SECOND, ..TERMS };
        world.call_that(terms, MILLISECOND, verdict.clone()).await;
    }
    panic!("never broken: {} started", world.started());
}

#[test]
fn the_call_after_a_death_has_another_worker_at_once() {
    run(async {
        let world = World::new(warm(2));
        let died = Verdict::Died("signal 11".into());
        world.call_that(TERMS, MILLISECOND, died).await;
        let began = Instant::now();
        assert_eq!(world.call(MILLISECOND).await, Came::Cold(1));
        assert!(began.elapsed() < START + 5 * MILLISECOND);
        assert_eq!(world.stopped(), [0]);
    });
}

#[test]
fn deaths_in_a_row_make_pauses_and_in_the_end_the_function_is_broken() {
    run(async {
        let world = World::new(warm(2));
        let began = Instant::now();
        let calls = calls_until_broken(&world, Verdict::Died("signal 11".into())).await;
        assert_eq!(calls, 6);
        let pauses: u64 = [100, 200, 400, 800].iter().sum();
        assert!(began.elapsed() >= Duration::from_millis(pauses), "{:?}", began.elapsed());
        assert_eq!(world.broken(), ["its workers failed 6 times in a row: signal 11"]);
        world.is_quiet();
    });
}

#[test]
fn a_success_in_between_forgets_the_deaths() {
    run(async {
        let world = World::new(warm(2));
        for _ in 0..20 {
            let died = Verdict::Died("signal 11".into());
            world.call_that(TERMS, MILLISECOND, died).await;
            assert!(matches!(world.call(MILLISECOND).await, Came::Cold(_)));
        }
        assert_eq!(world.broken(), Vec::<String>::new());
    });
}

#[test]
fn a_start_that_fails_is_one_calls_failure_and_the_next_ones_wait_for_the_pause() {
    run(async {
        let world = World::new(warm(2));
        world.fails_with(Some("no memory"));
        let refused = Came::Refused(Refused::Start("no memory".into()));
        assert_eq!(world.call(MILLISECOND).await, refused);
        world.fails_with(None);
        let began = Instant::now();
        assert_eq!(world.call(MILLISECOND).await, Came::Cold(1));
        let waited = began.elapsed();
        assert!(waited >= Duration::from_millis(100), "{waited:?}");
        assert!(world.broken().is_empty());
        world.is_quiet();
    });
}

#[test]
fn who_would_wait_too_long_is_told_when_to_come_again() {
    run(async {
        let world = World::new(warm(2));
        world.fails_with(Some("no memory"));
        for _ in 0..5 {
            let terms = Terms { patience: 60 * SECOND, ..TERMS };
            world.call_that(terms, MILLISECOND, Verdict::Good).await;
        }
        // The fifth pause is 1.6 s, longer than this call may wait.
        let began = Instant::now();
        let Came::Refused(Refused::Paused { reason, retry_after }) = world.call(MILLISECOND).await
        else {
            panic!("not refused")
        };
        assert_eq!((reason.as_str(), retry_after.as_millis()), ("no memory", 1_600));
        assert!(began.elapsed().is_zero());
        world.fails_with(None);
        sleep(retry_after).await;
        all_succeed(&[world.call(MILLISECOND).await]);
    });
}

#[test]
fn starts_that_fail_again_and_again_make_it_broken() {
    run(async {
        let world = World::new(warm(2));
        world.fails_with(Some("no memory"));
        assert_eq!(calls_until_broken(&world, Verdict::Good).await, 6);
        assert_eq!(world.broken(), ["its workers failed 6 times in a row: no memory"]);
    });
}

#[test]
fn a_handler_that_cannot_be_loaded_is_told_to_all_who_wait() {
    run(async {
        for cold in [false, true] {
            let world = World::new(Policy { cold, ..warm(4) });
            world.fails_with(Some("final: no module named x"));
            let came = world.calls(10, MILLISECOND).await;
            let expected = Came::Refused(Refused::Start("final: no module named x".into()));
            assert_eq!(came, vec![expected; 10]);
            world.is_quiet();
        }
    });
}

#[test]
fn starts_that_fail_beside_workers_that_serve_fail_nobody() {
    run(async {
        let world = World::new(warm(4));
        world.call(MILLISECOND).await;
        world.fails_with(Some("final: half-written"));
        let terms = Terms { patience: 60 * SECOND, ..TERMS };
        let calls = (0..4).map(|_| world.call_that(terms, SECOND, Verdict::Good));
        let came = futures_util::future::join_all(calls).await;
        assert_eq!(came, vec![Came::Warm(0); 4]);
        assert!(world.broken().is_empty());
    });
}

#[test]
fn a_hot_pool_tries_on_without_being_called() {
    run(async {
        let world = World::new(Policy { least: 1, ..warm(1) });
        world.pool.warm_up(0).await.expect("started");
        world.fails_with(Some("no memory"));
        world.call_that(TERMS, MILLISECOND, Verdict::Spoilt).await;
        sleep(SECOND).await;
        world.has(0, 0, 0);
        world.fails_with(None);
        sleep(5 * SECOND).await;
        world.has(1, 0, 0);
        assert_eq!(world.started(), 2);
    });
}

#[test]
fn what_cannot_begin_says_why() {
    run(async {
        let world = World::new(Policy { least: 2, ..warm(4) });
        world.fails_with(Some("final: syntax error"));
        assert_eq!(world.pool.warm_up(1).await, Err("final: syntax error".to_owned()));
        world.has(0, 0, 0);
    });
}
