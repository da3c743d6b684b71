//! Many calls at once: how many workers they get, in which order, and how long they wait.

use super::*;

#[test]
fn a_burst_of_a_hundred_short_calls_does_not_start_a_worker_each() {
    run(async {
        for known in [false, true] {
            let world = World::new(warm(50));
            if known {
                for _ in 0..10 {
                    world.call(MILLISECOND).await;
                }
            }
            let began = Instant::now();
            all_succeed(&world.calls(100, MILLISECOND).await);
            assert!(world.started() <= 5, "{} started", world.started());
            assert!(began.elapsed() < 4 * START, "{:?}", began.elapsed());
            world.is_quiet();
        }
    });
}

#[test]
fn a_second_burst_finds_the_workers_of_the_first() {
    run(async {
        let world = World::new(warm(50));
        for _ in 0..20 {
            all_succeed(&world.calls(100, MILLISECOND).await);
            sleep(SECOND).await;
        }
        assert!(world.started() <= 5, "{} started", world.started());
    });
}

#[test]
fn long_calls_run_side_by_side_up_to_the_most() {
    run(async {
        for start in [START, SECOND] {
            let world = World::new(warm(8));
            world.start_takes(start);
            let began = Instant::now();
            all_succeed(&world.calls(8, 10 * SECOND).await);
            let took = began.elapsed();
            assert!(took < 11 * SECOND + 2 * start, "{took:?} where a start takes {start:?}");
            world.has(8, 0, 0);
        }
    });
}

#[test]
fn who_comes_first_is_served_first() {
    run(async {
        let world = World::new(warm(1));
        let order = Arc::new(Mutex::new(Vec::new()));
        let calls = (0..20).map(|number| {
            let (call, order) = (world.call(MILLISECOND), Arc::clone(&order));
            async move {
                let came = call.await;
                locked(&order).push(number);
                came
            }
        });
        all_succeed(&futures_util::future::join_all(calls).await);
        assert_eq!(*locked(&order), (0..20).collect::<Vec<_>>());
        assert_eq!(world.started(), 1);
    });
}

#[test]
fn a_lasting_load_grows_to_the_most() {
    run(async {
        let world = World::new(warm(4));
        let until = Instant::now() + 5 * SECOND;
        let clients = (0..16).map(|_| async {
            while Instant::now() < until {
                all_succeed(&[world.call(3 * MILLISECOND).await]);
            }
        });
        futures_util::future::join_all(clients).await;
        assert_eq!(world.started(), 4);
    });
}

#[test]
fn two_callers_that_meet_now_and_then_share_a_worker() {
    run(async {
        let world = World::new(warm(4));
        for round in 0..200 {
            let (one, other) = (world.call(MILLISECOND), world.call(MILLISECOND));
            if round % 8 == 0 {
                let (one, other) = tokio::join!(one, other);
                all_succeed(&[one, other]);
            } else {
                all_succeed(&[one.await, other.await]);
            }
        }
        assert!(world.started() <= 2, "{} started", world.started());
    });
}

#[test]
fn who_waits_for_a_busy_worker_is_refused_in_time() {
    run(async {
        let world = World::new(warm(1));
        let long = tokio::spawn(world.call(10 * SECOND));
        sleep(2 * START).await;
        let began = Instant::now();
        let came = world.calls(3, MILLISECOND).await;
        assert_eq!(came, vec![Came::Refused(Refused::AtLimit); 3]);
        assert_eq!(began.elapsed().as_millis(), 1_000);
        assert_eq!(long.await.ok(), Some(Came::Cold(0)));
        world.is_quiet();
    });
}

#[test]
fn the_time_that_the_function_has_does_not_shorten_the_wait_for_a_busy_worker() {
    run(async {
        let world = World::new(warm(1));
        let long = tokio::spawn(world.call(SECOND / 2));
        sleep(2 * START).await;
        let terms = Terms { limit: SECOND / 10, ..TERMS };
        let came = world.call_that(terms, MILLISECOND, Verdict::Good).await;
        assert_eq!(came, Came::Warm(0));
        all_succeed(&[long.await.expect("it ends")]);
    });
}

#[test]
fn who_waits_for_a_slow_start_is_not_refused() {
    run(async {
        let world = World::new(warm(2));
        world.start_takes(5 * SECOND);
        all_succeed(&world.calls(2, MILLISECOND).await);
        let limit = 3 * SECOND;
        let world = World::new(warm(2));
        world.start_takes(5 * SECOND);
        let terms = Terms { limit, ..TERMS };
        let came = world.call_that(terms, MILLISECOND, Verdict::Good).await;
        assert_eq!(came, Came::Refused(Refused::Late));
        // It was started all the same, for the next one.
        sleep(3 * SECOND).await;
        world.has(1, 0, 0);
        assert_eq!(world.call(MILLISECOND).await, Came::Warm(0));
        world.is_quiet();
    });
}

#[test]
fn a_start_that_never_ends_is_given_up() {
    run(async {
        let world = World::new(Policy { start_limit: 2 * SECOND, ..warm(2) });
        world.start_takes(1_000 * SECOND);
        let came = world.call(MILLISECOND).await;
        assert_eq!(came, Came::Refused(Refused::Start("later than 2s".into())));
        world.is_quiet();
    });
}

#[test]
fn the_start_is_told_apart_from_the_wait() {
    run(async {
        let world = World::new(warm(1));
        let lease = world.pool.lease(TERMS).await.expect("a worker");
        assert_eq!((lease.start, lease.is_first()), (Some(START), true));
        let pool = Arc::clone(&world.pool);
        let waits = tokio::spawn(async move {
            let lease = pool.lease(TERMS).await.expect("a worker");
            (lease.start, lease.is_first())
        });
        sleep(SECOND / 10).await;
        let mut lease = lease;
        lease.judge(Verdict::Good);
        drop(lease);
        assert_eq!(waits.await.ok(), Some((None, false)));
    });
}
