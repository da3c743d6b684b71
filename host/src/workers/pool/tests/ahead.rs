//! Calls that are put behind others, on the plain state: when, behind whom, and what becomes of them.

use super::super::slots::{Turn, Verdict};
use super::super::state::{Effects, Grant, Moment, State};
use super::*;

const MICRO: Duration = Duration::from_micros(1);

/// A state with workers `0..`, and a clock that is moved by hand.
struct Bench {
    state: State<u32, &'static str>,
    gate: Gate,
    now: Instant,
    lane: u16,
    stopped: Vec<u32>,
    granted: Vec<(&'static str, u32)>,
}

impl Bench {
    fn new(workers: u32, ahead: u32) -> Self {
        let now = Instant::now();
        let policy = Policy { ahead, ..warm(workers as usize) };
        let mut bench = Self {
            state: State::new(policy.checked(), now),
            gate: Gate::new(workers as usize),
            now,
            lane: 0,
            stopped: Vec::new(),
            granted: Vec::new(),
        };
        for worker in 0..workers {
            bench.act(|state, at, effects| {
                state.starting += 1;
                state.started(worker, MILLISECOND, at, effects);
            });
        }
        bench
    }

    fn act<R>(
        &mut self,
        act: impl FnOnce(
            &mut State<u32, &'static str>,
            &Moment<'_>,
            &mut Effects<u32, &'static str>,
        ) -> R,
    ) -> R {
        let mut effects = Effects::default();
        let at = Moment { gate: &self.gate, lane: self.lane, now: self.now };
        let result = act(&mut self.state, &at, &mut effects);
        self.stopped.append(&mut effects.stops);
        self.granted.extend(effects.grants.into_iter().map(|(token, grant)| (token, grant.worker)));
        result
    }

    /// A worker with room or a place behind others, on a lane.
    fn take(&mut self, lane: u16) -> Option<Grant<u32>> {
        self.lane = lane;
        self.act(|state, at, effects| state.take(at).or_else(|| state.take_behind(at, effects)))
    }

    fn leave(&mut self, turn: Turn, verdict: &Verdict) {
        self.act(|state, at, effects| state.give_back(turn, verdict, at, effects));
    }

    /// So many calls one after the other, each as long as this.
    fn serve(&mut self, count: usize, takes: Duration) {
        for _ in 0..count {
            let grant = self.take(0).expect("free");
            self.now += takes;
            self.leave(grant.turn, &Verdict::Good);
        }
    }

    fn enqueue(&mut self, name: &'static str) -> u64 {
        let entry = (super::super::super::queue::End::Last, SECOND);
        self.act(|state, at, effects| state.enqueue(entry, name, at, effects)).expect("no pause")
    }
}

#[test]
fn only_quick_functions_have_calls_behind_others() {
    for (seen, slowest, expected) in [
        (0, 10 * MICRO, false),
        (31, 10 * MICRO, false),
        (32, 10 * MICRO, true),
        (40, 2 * MILLISECOND, false),
    ] {
        let mut bench = Bench::new(1, 2);
        bench.serve(seen, slowest);
        assert!(bench.take(0).is_some());
        assert_eq!(bench.take(0).is_some(), expected, "{seen} of {slowest:?}");
    }
}

#[test]
fn never_more_than_the_runner_says_and_never_behind_a_call_that_runs_for_long() {
    let mut bench = Bench::new(1, 2);
    bench.serve(40, 10 * MICRO);
    assert!(bench.take(0).is_some() && bench.take(0).is_some() && bench.take(0).is_some());
    assert!(bench.take(0).is_none());
    let mut bench = Bench::new(1, 2);
    bench.serve(40, 10 * MICRO);
    assert!(bench.take(0).is_some());
    bench.now += MILLISECOND + MICRO;
    assert!(bench.take(0).is_none());
    // Without a word from the runner there is none at all.
    let mut bench = Bench::new(1, 0);
    bench.serve(40, 10 * MICRO);
    assert!(bench.take(0).is_some() && bench.take(0).is_none());
}

#[test]
fn free_workers_come_first_then_the_shortest_of_ones_own() {
    let mut bench = Bench::new(2, 4);
    bench.serve(40, 10 * MICRO);
    let (one, other) = (bench.take(1).expect("free"), bench.take(2).expect("free"));
    assert_ne!(one.worker, other.worker);
    let behind: Vec<u32> = (0..4).filter_map(|_| bench.take(1)).map(|grant| grant.worker).collect();
    // Its own, until that has more by three than the other thread's.
    assert_eq!(behind, [one.worker, one.worker, one.worker, other.worker]);
}

#[test]
fn a_thread_gets_the_worker_back_that_it_used_last() {
    let mut bench = Bench::new(4, 0);
    let grants: Vec<Grant<u32>> = (0..4).filter_map(|lane| bench.take(lane)).collect();
    for grant in grants.iter().rev() {
        bench.leave(grant.turn, &Verdict::Good);
    }
    for (lane, grant) in (0..4).zip(&grants) {
        assert_eq!(bench.take(lane).map(|again| again.worker), Some(grant.worker), "{lane}");
    }
}

#[test]
fn a_call_behind_another_takes_over_its_place_at_the_gate() {
    let mut bench = Bench::new(1, 2);
    bench.serve(40, 10 * MICRO);
    let calls: Vec<Grant<u32>> = (0..3).filter_map(|_| bench.take(0)).collect();
    for (call, running) in calls.iter().zip([1, 1, 0]) {
        assert_eq!(bench.gate.running(), 1);
        bench.now += 10 * MICRO;
        bench.leave(call.turn, &Verdict::Good);
        assert_eq!(bench.gate.running(), running);
    }
    // What it waited inside the worker does not count as its own time: it is quick still.
    assert!(bench.state.pace.is_quick());
}

#[test]
fn who_waits_in_the_host_moves_up_as_soon_as_there_is_room_behind() {
    let mut bench = Bench::new(1, 1);
    bench.serve(40, 10 * MICRO);
    let (first, _second) = (bench.take(0).expect("free"), bench.take(0).expect("behind"));
    for name in ["a", "b"] {
        bench.enqueue(name);
    }
    assert_eq!(bench.take(0).map(|grant| grant.worker), None);
    bench.leave(first.turn, &Verdict::Good);
    assert_eq!(bench.granted, [("a", 0)]);
}

#[test]
fn a_call_that_goes_before_its_turn_takes_nobody_with_it() {
    let mut bench = Bench::new(1, 2);
    bench.serve(40, 10 * MICRO);
    let calls: Vec<Grant<u32>> = (0..3).filter_map(|_| bench.take(0)).collect();
    // The second one has gone: the worker ends what it has and takes no more.
    bench.leave(calls[1].turn, &Verdict::Abandoned);
    assert_eq!((bench.stopped.clone(), bench.gate.running()), (vec![], 1));
    assert!(bench.take(0).is_none());
    bench.leave(calls[0].turn, &Verdict::Good);
    assert!(bench.stopped.is_empty());
    bench.leave(calls[2].turn, &Verdict::Good);
    assert_eq!((bench.stopped.clone(), bench.gate.running()), (vec![0], 0));
}

#[test]
fn a_worker_that_dies_is_stopped_once_and_its_places_come_back() {
    let mut bench = Bench::new(1, 2);
    bench.serve(40, 10 * MICRO);
    let calls: Vec<Grant<u32>> = (0..3).filter_map(|_| bench.take(0)).collect();
    bench.leave(calls[0].turn, &Verdict::Died("why".into()));
    assert_eq!(bench.stopped, [0]);
    for call in &calls[1..] {
        bench.leave(call.turn, &Verdict::Spoilt);
    }
    assert_eq!((bench.stopped.clone(), bench.gate.running()), (vec![0], 0));
    // They are tried again, and find another worker on its way.
    assert_eq!(bench.state.counts(), Counts { starting: 1, ..Counts::default() });
}

#[test]
fn nobody_is_put_behind_the_last_call_of_a_worker() {
    let mut bench = Bench::new(1, 4);
    bench.state.policy.recycle_after = Some(42);
    bench.serve(40, 10 * MICRO);
    let (last_but_one, last) = (bench.take(0).expect("free"), bench.take(0).expect("behind"));
    assert!(bench.take(0).is_none());
    bench.leave(last_but_one.turn, &Verdict::Good);
    bench.leave(last.turn, &Verdict::Good);
    assert_eq!(bench.stopped, [0]);
}

#[test]
fn a_short_wait_behind_ones_own_is_better_than_another_threads_free_worker() {
    let mut bench = Bench::new(2, 7);
    bench.serve(40, 10 * MICRO);
    let (one, other) = (bench.take(1).expect("free"), bench.take(2).expect("free"));
    bench.leave(other.turn, &Verdict::Good);
    // Ten calls of 10 µs are a short wait; the runner takes seven beyond the one that runs.
    let behind: Vec<u32> = (0..8).filter_map(|_| bench.take(1)).map(|grant| grant.worker).collect();
    assert_eq!(behind, [&[one.worker; 7][..], &[other.worker]].concat());
    // What runs for longer already is left alone.
    let mut bench = Bench::new(2, 7);
    bench.serve(40, 10 * MICRO);
    let (one, other) = (bench.take(1).expect("free"), bench.take(2).expect("free"));
    bench.leave(other.turn, &Verdict::Good);
    bench.now += 101 * MICRO;
    assert_ne!(bench.take(1).map(|grant| grant.worker), Some(one.worker));
    // Nobody waits so for calls that take longer.
    let mut bench = Bench::new(2, 7);
    bench.serve(40, 200 * MICRO);
    let (one, other) = (bench.take(1).expect("free"), bench.take(2).expect("free"));
    bench.leave(other.turn, &Verdict::Good);
    assert_ne!(bench.take(1).map(|grant| grant.worker), Some(one.worker));
}
