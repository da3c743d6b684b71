//! Interleaved rounds: A B C A B C ..., so that whatever else the machine does hits everybody alike.

use super::processes::{self, Memory};
use super::server::Server;
use super::tools::Workshop;
use super::wrk::{self, Cores, Measurement};
use std::collections::BTreeMap;
use std::time::Duration;

/// How a section measures.
pub(super) struct Plan {
    /// How often everybody has its turn; odd, so that there is a median.
    pub(super) rounds: usize,
    /// Kept connections.
    pub(super) connections: &'static [usize],
    /// Length of one measurement.
    pub(super) length: Duration,
    /// Where everybody runs.
    pub(super) cores: Cores,
}

/// Everything measured of one contender.
pub(super) struct Results {
    /// As the table calls it.
    pub(super) name: String,
    /// Memory of its processes before the load.
    pub(super) idle: Memory,
    /// True when the processor time of its children cannot be counted, because nobody reaps them.
    pub(super) loses_children: bool,
    measurements: BTreeMap<usize, Vec<Measurement>>,
}

/// Checks that all answer rightly, then measures them in turns.
pub(super) fn measure(
    workshop: &Workshop,
    servers: &mut [Server],
    plan: &Plan,
) -> Result<Vec<Results>, String> {
    let mut results = Vec::new();
    let mut own = Vec::new();
    for server in servers.iter_mut() {
        server.check()?;
        let processes = server.processes();
        let (name, idle) = (server.name.clone(), processes::memory(&processes));
        let loses_children = processes.iter().any(processes::ignores_its_children);
        results.push(Results { name, idle, loses_children, measurements: BTreeMap::new() });
        own.push(processes);
    }
    for round in 1..=plan.rounds {
        for &connections in plan.connections {
            eprintln!("round {round} of {}, c = {connections}", plan.rounds);
            for (index, server) in servers.iter().enumerate() {
                let directory = &workshop.directory;
                let measured = wrk::measure(server, &own[index], connections, plan, directory)?;
                results[index].measurements.entry(connections).or_default().push(measured);
            }
        }
    }
    Ok(results)
}

impl Results {
    /// The median of one figure over the rounds.
    pub(super) fn median(&self, connections: usize, figure: impl Fn(&Measurement) -> f64) -> f64 {
        median(self.rounds(connections).iter().map(figure).collect())
    }

    /// The median over the rounds of a figure as a multiple of what `other` had in the same round.
    pub(super) fn ratio(
        &self,
        other: &Self,
        connections: usize,
        figure: impl Fn(&Measurement) -> f64,
    ) -> f64 {
        let pairs = self.rounds(connections).iter().zip(other.rounds(connections));
        median(pairs.map(|(one, other)| figure(one) / figure(other)).collect())
    }

    /// The median over the rounds of what a figure is above what `other` had in the same round.
    pub(super) fn difference(
        &self,
        other: &Self,
        connections: usize,
        figure: impl Fn(&Measurement) -> f64,
    ) -> f64 {
        let pairs = self.rounds(connections).iter().zip(other.rounds(connections));
        median(pairs.map(|(one, other)| figure(one) - figure(other)).collect())
    }

    /// The most children seen at one moment, by name.
    pub(super) fn children(&self) -> BTreeMap<&str, usize> {
        let mut most = BTreeMap::new();
        for measurement in self.measurements.values().flatten() {
            for (name, count) in &measurement.children {
                let seen: &mut usize = most.entry(name.as_str()).or_default();
                *seen = (*seen).max(*count);
            }
        }
        most
    }

    fn rounds(&self, connections: usize) -> &[Measurement] {
        self.measurements.get(&connections).map_or(&[], Vec::as_slice)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert!(median(Vec::new()).is_nan());
    }
}
