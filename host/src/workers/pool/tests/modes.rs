//! Cold, warm, hot, scalable; idle workers and worn ones.

use super::*;

#[test]
fn a_warm_worker_is_started_on_demand_used_again_and_stopped_when_idle_for_long() {
    run(async {
        let world = World::new(warm(4));
        world.has(0, 0, 0);
        assert_eq!(world.call(MILLISECOND).await, Came::Cold(0));
        for _ in 0..5 {
            assert_eq!(world.call(MILLISECOND).await, Came::Warm(0));
        }
        world.has(1, 0, 0);
        sleep(IDLE - SECOND).await;
        world.has(1, 0, 0);
        sleep(2 * SECOND).await;
        world.has(0, 0, 0);
        assert_eq!(world.stopped(), [0]);
        assert_eq!(world.call(MILLISECOND).await, Came::Cold(1));
        world.is_quiet();
    });
}

#[test]
fn an_idle_time_begins_anew_with_each_call() {
    run(async {
        let world = World::new(warm(4));
        for _ in 0..5 {
            all_succeed(&[world.call(MILLISECOND).await]);
            sleep(IDLE / 2).await;
        }
        assert_eq!((world.started(), world.stopped().len()), (1, 0));
    });
}

#[test]
fn cold_workers_are_never_used_again_and_never_more_than_the_most() {
    run(async {
        let world = World::new(Policy { cold: true, ..warm(3) });
        let began = Instant::now();
        let came = world.calls(9, SECOND / 10).await;
        let workers: Vec<u32> = came
            .iter()
            .map(|came| match came {
                Came::Cold(worker) => *worker,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(workers, (0..9).collect::<Vec<_>>());
        // Three rounds of three.
        assert_eq!(began.elapsed().as_millis() / 10, 3 * (100 + 40) / 10);
        assert_eq!(world.stopped().len(), 9);
        world.has(0, 0, 0);
        world.is_quiet();
    });
}

#[test]
fn a_cold_worker_whose_call_has_gone_is_for_nobody_else_but_who_waits() {
    run(async {
        let world = World::new(Policy { cold: true, ..warm(1) });
        let gone = tokio::spawn(world.call(MILLISECOND));
        yields().await;
        gone.abort();
        sleep(2 * START).await;
        assert_eq!((world.started(), world.stopped()), (1, vec![0]));
        let gone = tokio::spawn(world.call(MILLISECOND));
        yields().await;
        let waits = tokio::spawn(world.call(MILLISECOND));
        yields().await;
        gone.abort();
        assert_eq!(waits.await.ok(), Some(Came::Cold(1)));
        world.is_quiet();
    });
}

#[test]
fn hot_workers_are_there_before_the_first_call_and_stay() {
    run(async {
        let world = World::new(Policy { least: 2, ..warm(2) });
        world.pool.warm_up(0).await.expect("started");
        world.has(2, 0, 0);
        sleep(10 * IDLE).await;
        world.has(2, 0, 0);
        assert!(matches!(world.call(MILLISECOND).await, Came::Warm(_)));
        // One dies: replaced without anybody asking.
        let died = Verdict::Died("why".into());
        world.call_that(TERMS, MILLISECOND, died).await;
        world.has(1, 0, 1);
        sleep(2 * START).await;
        world.has(2, 0, 0);
        assert_eq!((world.started(), world.stopped().len()), (3, 1));
    });
}

#[test]
fn scalable_pools_grow_with_the_load_and_shrink_to_the_least() {
    run(async {
        let world = World::new(Policy { least: 1, ..warm(6) });
        world.pool.warm_up(0).await.expect("started");
        world.has(1, 0, 0);
        all_succeed(&world.calls(6, 10 * SECOND).await);
        world.has(6, 0, 0);
        sleep(2 * IDLE).await;
        world.has(1, 0, 0);
        assert_eq!((world.started(), world.stopped().len()), (6, 5));
    });
}

#[test]
fn a_worker_is_replaced_after_its_number_of_invocations() {
    run(async {
        let world = World::new(Policy { recycle_after: Some(3), ..warm(1) });
        let mut came = Vec::new();
        for _ in 0..7 {
            came.push(world.call(MILLISECOND).await);
        }
        let expected = [0, 0, 0, 1, 1, 1, 2].map(|worker| {
            let is_first = came.iter().filter(|came| **came == Came::Cold(worker)).count() == 1;
            assert!(is_first, "{came:?}");
            worker
        });
        let workers: Vec<u32> = came
            .iter()
            .filter_map(|came| match came {
                Came::Cold(worker) | Came::Warm(worker) => Some(*worker),
                Came::Refused(_) => None,
            })
            .collect();
        assert_eq!((workers, world.stopped()), (expected.to_vec(), vec![0, 1]));
    });
}

#[test]
fn the_capacity_of_a_worker_is_shared() {
    run(async {
        let world = World::new(Policy { capacity: 4, ..warm(2) });
        let came = world.calls(8, SECOND / 10).await;
        all_succeed(&came);
        assert_eq!(world.started(), 2);
        world.has(2, 0, 0);
        // One call that is dropped takes no other with it.
        let stays = tokio::spawn(world.call(SECOND));
        let goes = tokio::spawn(world.call(SECOND));
        yields().await;
        goes.abort();
        assert!(matches!(stays.await.ok(), Some(Came::Warm(_))));
        assert_eq!(world.stopped().len(), 1);
        world.is_quiet();
    });
}

#[test]
fn all_workers_end_with_the_pool() {
    run(async {
        let World { source, pool, .. } = World::new(Policy { least: 3, ..warm(3) });
        pool.warm_up(0).await.expect("started");
        drop(pool);
        assert_eq!(locked(&source.stopped).len(), 3);
    });
}
