//! Callers who go away, wherever they stand.

use super::*;

#[test]
fn who_goes_while_waiting_leaves_no_trace() {
    run(async {
        let world = World::new(warm(1));
        let long = tokio::spawn(world.call(SECOND / 2));
        sleep(2 * START).await;
        let [first, second, third] = [(); 3].map(|()| tokio::spawn(world.call(MILLISECOND)));
        yields().await;
        assert_eq!(world.gate.waiting(), 3);
        second.abort();
        yields().await;
        assert_eq!(world.gate.waiting(), 2);
        for call in [long, first, third] {
            assert!(matches!(call.await.ok(), Some(Came::Warm(0) | Came::Cold(0))));
        }
        world.is_quiet();
        assert_eq!((world.started(), world.stopped().len()), (1, 0));
    });
}

#[test]
fn a_worker_whose_caller_has_gone_while_it_started_is_kept() {
    run(async {
        let world = World::new(warm(4));
        let gone = tokio::spawn(world.call(MILLISECOND));
        yields().await;
        world.has(0, 0, 1);
        gone.abort();
        sleep(2 * START).await;
        world.has(1, 0, 0);
        assert_eq!(world.call(MILLISECOND).await, Came::Warm(0));
        world.is_quiet();
    });
}

#[test]
fn a_worker_that_nobody_takes_any_more_goes_to_the_next() {
    run(async {
        let world = World::new(warm(1));
        let mut lease = world.pool.lease(TERMS).await.expect("a worker");
        lease.judge(Verdict::Good);
        let [gone, next] = [(); 2].map(|()| tokio::spawn(world.call(MILLISECOND)));
        yields().await;
        // Handed to the first, which is dropped before it has seen it.
        drop(lease);
        gone.abort();
        assert_eq!(next.await.ok(), Some(Came::Warm(0)));
        world.is_quiet();
        // It had never begun with it.
        assert_eq!(world.stopped(), [0; 0]);
    });
}

#[test]
fn a_worker_left_in_the_middle_of_a_call_is_stopped() {
    run(async {
        let world = World::new(warm(1));
        let gone = tokio::spawn(world.call(10 * SECOND));
        sleep(2 * START).await;
        world.has(0, 1, 0);
        let next = tokio::spawn(world.call(MILLISECOND));
        yields().await;
        gone.abort();
        assert_eq!(next.await.ok(), Some(Came::Cold(1)));
        assert_eq!(world.stopped(), [0]);
        world.is_quiet();
        assert!(world.broken().is_empty());
    });
}

#[test]
fn a_beginning_that_is_cut_off_leaves_nothing_starting() {
    run(async {
        let world = World::new(Policy { least: 2, ..warm(2) });
        let cut = tokio::time::timeout(START / 2, world.pool.warm_up(0)).await;
        assert!(cut.is_err());
        world.has(0, 0, 0);
    });
}
