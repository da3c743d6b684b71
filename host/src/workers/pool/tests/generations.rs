//! Pools of one function's generations, one after the other.

use super::*;

#[test]
fn an_old_pool_stops_who_is_idle_at_once_and_who_is_busy_when_done() {
    run(async {
        let world = World::new(Policy { least: 1, ..warm(2) });
        world.pool.warm_up(2).await.expect("started");
        let busy = tokio::spawn(world.call(SECOND));
        yields().await;
        world.has(1, 1, 0);
        world.pool.retire();
        world.has(0, 1, 0);
        assert!(matches!(busy.await.ok(), Some(Came::Warm(_))));
        world.has(0, 0, 0);
        assert_eq!(world.stopped().len(), 2);
        sleep(10 * SECOND).await;
        assert_eq!(world.started(), 2);
    });
}

#[test]
fn a_call_that_comes_too_late_for_the_old_pool_is_served_all_the_same() {
    run(async {
        let world = World::new(warm(2));
        world.call(MILLISECOND).await;
        world.pool.retire();
        assert_eq!(world.call(MILLISECOND).await, Came::Cold(1));
        assert_eq!(world.stopped(), [0, 1]);
        world.is_quiet();
    });
}

#[test]
fn who_waits_in_an_old_pool_is_served_by_it() {
    run(async {
        let world = World::new(warm(1));
        let calls: Vec<_> = (0..5).map(|_| tokio::spawn(world.call(SECOND / 10))).collect();
        yields().await;
        world.pool.retire();
        for call in calls {
            assert!(matches!(call.await.ok(), Some(Came::Warm(0) | Came::Cold(0))));
        }
        assert_eq!(world.stopped(), [0]);
    });
}

#[test]
fn two_generations_together_run_no_more_than_the_function_may() {
    run(async {
        let gate = Arc::new(Gate::new(1));
        let (old, new) = (World::with_gate(warm(1), &gate), World::with_gate(warm(1), &gate));
        new.pool.warm_up(1).await.expect("started");
        let first = tokio::spawn(old.call(SECOND / 2));
        sleep(2 * START).await;
        old.pool.retire();
        let began = Instant::now();
        assert_eq!(new.call(MILLISECOND).await, Came::Warm(0));
        assert!(began.elapsed() >= SECOND / 3, "{:?}", began.elapsed());
        assert_eq!(first.await.ok(), Some(Came::Cold(0)));
        // And a call of a generation without workers waits as well.
        let busy = tokio::spawn(new.call(SECOND / 2));
        yields().await;
        assert!(gate.enter(SECOND).await);
        assert!(busy.is_finished());
        let waits = tokio::spawn(new.call(MILLISECOND));
        yields().await;
        assert!(!waits.is_finished());
        gate.leave();
        assert_eq!(waits.await.ok(), Some(Came::Warm(0)));
        new.is_quiet();
    });
}

#[test]
fn an_idle_worker_beside_a_full_gate_starts_no_other() {
    run(async {
        let gate = Arc::new(Gate::new(1));
        let world = World::with_gate(warm(8), &gate);
        world.pool.warm_up(1).await.expect("started");
        assert!(gate.try_enter());
        let came = world.call(MILLISECOND).await;
        assert_eq!(came, Came::Refused(Refused::AtLimit));
        gate.leave();
        assert_eq!(world.started(), 1);
        world.is_quiet();
    });
}

#[test]
fn a_trial_is_kept_or_stopped_again() {
    run(async {
        let world = World::new(warm(2));
        world.pool.warm_up(1).await.expect("started");
        world.has(1, 0, 0);
        world.pool.dismiss_idle();
        world.has(0, 0, 0);
        let world = World::new(Policy { cold: true, ..warm(2) });
        world.pool.warm_up(5).await.expect("started");
        world.has(0, 0, 0);
        assert_eq!((world.started(), world.stopped()), (1, vec![0]));
    });
}
