//! What the kernel says of a server: its processes, the processor time that they and their reaped children used, their memory.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::time::Duration;

/// Linux counts processor time for users in hundredths of a second, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

/// Number of the signal that tells of a child's end.
const SIGCHLD: u32 = 17;

/// One process as `/proc/PID/stat` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// Its number.
    pub(super) pid: u32,
    /// Its program's name, as the kernel cuts it.
    pub(super) name: String,
    /// When it started, in ticks since boot: a pid that comes again is another process.
    pub(super) started: u64,
    parent: u32,
    /// User and system time, its own and that of the children it has reaped.
    ticks: u64,
}

/// Memory of some processes, in KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// Shared pages divided among those who share them.
    pub(super) pss_kib: u64,
    /// All resident pages.
    pub(super) rss_kib: u64,
}

/// The leaders and everything below them that lives.
pub(super) fn family(leaders: &[u32]) -> Vec<Process> {
    let all: HashMap<u32, Process> =
        all_processes().map(|process| (process.pid, process)).collect();
    let belongs = |process: &Process| {
        let mut pid = process.pid;
        while let Some(process) = all.get(&pid) {
            if leaders.contains(&pid) {
                return true;
            }
            pid = process.parent;
        }
        false
    };
    let mut family: Vec<Process> =
        all.values().filter(|process| belongs(process)).cloned().collect();
    family.sort_by_key(|process| process.pid);
    family
}

/// Processor time of a family so far.
pub(super) fn processor_time(leaders: &[u32]) -> Duration {
    let ticks: u64 = family(leaders).iter().map(|process| process.ticks).sum();
    TICK * u32::try_from(ticks).expect("a benchmark ends within a year")
}

/// Memory of these processes together; one that has ended counts nothing.
pub(super) fn memory(processes: &[Process]) -> Memory {
    let mut sum = Memory::default();
    for process in processes {
        let path = format!("/proc/{}/smaps_rollup", process.pid);
        let one = memory_from(&fs::read_to_string(path).unwrap_or_default());
        sum.pss_kib += one.pss_kib;
        sum.rss_kib += one.rss_kib;
    }
    sum
}

/// Who lives in a family now beside the server's own processes: names and how many.
pub(super) fn children(leaders: &[u32], own: &[Process]) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for process in family(leaders) {
        if !own.iter().any(|server| server.pid == process.pid) {
            *names.entry(process.name).or_default() += 1;
        }
    }
    names
}

/// Memory of the leaders themselves, and of the largest process below them.
pub(super) fn shares(leaders: &[u32]) -> (Memory, Memory) {
    let (own, below): (Vec<_>, Vec<_>) =
        family(leaders).into_iter().partition(|process| leaders.contains(&process.pid));
    let each = below.iter().map(|process| memory(std::slice::from_ref(process)));
    (memory(&own), each.max_by_key(|memory| memory.pss_kib).unwrap_or_default())
}

/// True when the kernel reaps a process's children for it: their processor time is then counted nowhere.
pub(super) fn ignores_its_children(process: &Process) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    ignores_sigchld(&status)
}

/// True while this very process, and not one with its number, is there.
pub(super) fn lives(process: &Process) -> bool {
    read(process.pid).is_some_and(|now| now.started == process.started)
}

fn all_processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?))
}

fn read(pid: u32) -> Option<Process> {
    process_from(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name stands in parentheses and may hold any character, parentheses too; what follows is numbers from field 3 on.
fn process_from(stat: &str) -> Option<Process> {
    let (front, back) = stat.rsplit_once(')')?;
    let (pid, name) = front.split_once(" (")?;
    let fields: Vec<&str> = back.split_whitespace().collect();
    // A zombie's time is its parent's as soon as it is reaped; nobody waits for it to be counted before.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)? + field(15)? + field(16)? + field(17)?;
    let parent = u32::try_from(field(4)?).ok()?;
    Some(Process { pid: pid.parse().ok()?, name: name.into(), started: field(22)?, parent, ticks })
}

fn ignores_sigchld(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (SIGCHLD - 1)) != 0)
}

fn memory_from(rollup: &str) -> Memory {
    let value = |key: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    Memory { pss_kib: value("Pss:"), rss_kib: value("Rss:") }
}

#[cfg(test)]
mod tests {
    use super::{Memory, family, ignores_sigchld, memory_from, process_from};

    #[test]
    fn a_stat_line_with_parentheses_in_its_name_is_read() {
        let line = "17 (a) (b) S 5 17 17 0 -1 4194560 1 2 0 0 10 20 300 4000 20 0 1 0 99 1 2";
        let process = process_from(line).expect("the line is whole");
        assert_eq!((process.pid, process.parent, process.started), (17, 5, 99));
        assert_eq!((process.name.as_str(), process.ticks), ("a) (b", 4330));
    }

    #[test]
    fn memory_is_the_sums_of_the_rollup() {
        let rollup =
            "55d0-7ffc ---p 0 00:00 0 [rollup]\nRss:   900 kB\nPss:   700 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(memory_from(rollup), Memory { pss_kib: 700, rss_kib: 900 });
        assert_eq!(memory_from(""), Memory::default());
    }

    #[test]
    fn an_ignored_sigchld_shows_in_the_mask() {
        assert!(ignores_sigchld("SigBlk:\t0000000000000000\nSigIgn:\t0000000000010006\n"));
        assert!(!ignores_sigchld("SigIgn:\t0000000000001006\n"));
    }

    #[test]
    fn a_process_belongs_to_its_own_family() {
        let pid = std::process::id();
        assert!(family(&[pid]).iter().any(|process| process.pid == pid));
    }
}
