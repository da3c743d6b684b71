//! How many workers, how much of everything, how often again: the nested objects of a manifest.

use super::Defaults;
use super::fields::{Fields, usable_text};
use super::problems::shown;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// From a moment to a day, as everything that an invocation can wait for.
pub(super) const UP_TO_A_DAY: RangeInclusive<Duration> = Duration::from_millis(1)..=DAY;
/// More workers or invocations than this is a slip of the finger.
pub(super) const MOST_AT_ONCE: u64 = 100_000;
/// Workers outlive the pauses between two clicks, not a lunch break.
const DEFAULT_IDLE: Duration = Duration::from_secs(5 * 60);

/// Where a function's workers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One for each invocation.
    Cold,
    /// Started at the first invocation, kept while used.
    Warm,
    /// Started with the function.
    Hot,
    /// As many as the load asks for.
    Scalable,
}

impl Mode {
    const NAMES: [(&'static str, Self); 4] = [
        ("cold", Self::Cold),
        ("warm", Self::Warm),
        ("hot", Self::Hot),
        ("scalable", Self::Scalable),
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Hot => "hot",
            Self::Scalable => "scalable",
        }
    }
}

/// `scaling`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scaling {
    pub(crate) mode: Mode,
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) idle: Duration,
    /// Invocations after which a worker is replaced.
    pub(crate) recycle_after: Option<u64>,
}

impl Scaling {
    /// The answer's second part: whether `max` is a decision of the author's or the type's, and so bounds concurrency.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        has_workers: bool,
        defaults: &Defaults,
    ) -> (Self, bool) {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let usual = if has_workers { Mode::Warm } else { Mode::Cold };
        let usual_max = if has_workers { 2 * cores } else { defaults.concurrency };
        let mut scaling =
            Self { mode: usual, min: 0, max: usual_max, idle: DEFAULT_IDLE, recycle_after: None };
        let Some(mut inner) = fields.object("scaling") else { return (scaling, has_workers) };
        scaling.mode = inner.choice("mode", &Mode::NAMES).unwrap_or(usual);
        let min = inner.whole("min", 0..=MOST_AT_ONCE).map(at_once);
        let max = inner.whole("max", 1..=MOST_AT_ONCE).map(at_once);
        scaling.idle = inner.duration("idle", UP_TO_A_DAY).unwrap_or(DEFAULT_IDLE);
        scaling.recycle_after = inner.whole("recycle_after", 1..=u64::MAX);
        scaling.min = min.unwrap_or(0);
        // A minimum above the usual most raises it; only two given numbers can contradict each other.
        scaling.max = max.unwrap_or(usual_max.max(scaling.min));
        if !has_workers && scaling.mode != Mode::Cold {
            let mode = scaling.mode.name();
            inner.problem("mode", &format!(
                "is {mode:?}: this type keeps no workers, each invocation starts anew; write \"cold\" or leave it out"
            ));
        } else if scaling.mode == Mode::Cold && scaling.min > 0 {
            inner.problem(
                "min",
                &format!("is {}: cold keeps no workers; write 0 or another mode", scaling.min),
            );
        }
        if scaling.min > scaling.max {
            let (min, max) = (scaling.min, scaling.max);
            inner.problem("min", &format!("is {min}, more than `scaling.max`, which is {max}"));
        }
        inner.finish();
        (scaling, has_workers || max.is_some())
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "mode": self.mode.name(), "min": self.min, "max": self.max,
            "idle_ms": millis(self.idle), "recycle_after": self.recycle_after,
        })
    }
}

/// `limits`; `None` where there is none. Sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    pub(crate) memory: Option<u64>,
    /// Processors, in parts of one.
    pub(crate) cpu: Option<f64>,
    pub(crate) processes: Option<u64>,
    pub(crate) open_files: u64,
    pub(crate) output: u64,
    pub(crate) body: u64,
}

impl Limits {
    pub(super) fn read(fields: &mut Fields<'_>, defaults: &Defaults) -> Self {
        let mut limits = defaults.limits.clone();
        let Some(mut inner) = fields.object("limits") else { return limits };
        limits.memory = inner.size("memory", 64 * 1024).or(limits.memory);
        limits.cpu = inner.positive("cpu", 1024.0).or(limits.cpu);
        limits.processes = inner.whole("processes", 1..=u64::from(u32::MAX)).or(limits.processes);
        // Below 8 not even a shell starts.
        limits.open_files = inner.whole("open_files", 8..=1 << 30).unwrap_or(limits.open_files);
        limits.output = inner.size("output", 0).unwrap_or(limits.output);
        limits.body = inner.size("body", 0).unwrap_or(limits.body);
        inner.finish();
        limits
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "memory_bytes": self.memory, "cpu": self.cpu, "processes": self.processes,
            "open_files": self.open_files, "output_bytes": self.output, "body_bytes": self.body,
        })
    }
}

/// `async`: how a failed asynchronous call is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) retries: u32,
    pub(crate) backoff: Duration,
    pub(crate) max_age: Duration,
}

impl Retry {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let usual = Self {
            retries: 2,
            backoff: Duration::from_secs(1),
            max_age: Duration::from_secs(6 * 60 * 60),
        };
        let Some(mut inner) = fields.object("async") else { return usual };
        let retries =
            inner.whole("retries", 0..=1000).and_then(|number| u32::try_from(number).ok());
        let retry = Self {
            retries: retries.unwrap_or(usual.retries),
            backoff: inner.duration("backoff", UP_TO_A_DAY).unwrap_or(usual.backoff),
            max_age: inner
                .duration("max_age", Duration::from_secs(1)..=365 * DAY)
                .unwrap_or(usual.max_age),
        };
        inner.finish();
        retry
    }
}

/// One entry of `schedule`; its form is checked here, its meaning by what serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) cron: String,
    pub(crate) timezone: Option<String>,
    pub(crate) body: String,
}

impl Schedule {
    pub(super) fn read_all(fields: &mut Fields<'_>) -> Box<[Self]> {
        let entries = match fields.take("schedule") {
            None => return Box::default(),
            Some(Value::Array(entries)) => entries,
            Some(other) => {
                fields.problem("schedule", &format!("is {}: it must be an array", shown(&other)));
                return Box::default();
            }
        };
        let problems = fields.problems;
        let entry = |(number, value)| match value {
            Value::Object(values) => {
                Self::read(Fields::new(&format!("schedule.{number}."), values, problems))
            }
            other => {
                let text = || format!("is {}: it must be an object", shown(&other));
                problems.add(&format!("schedule.{number}"), text);
                None
            }
        };
        entries.into_iter().enumerate().filter_map(entry).collect()
    }

    fn read(mut fields: Fields<'_>) -> Option<Self> {
        if !fields.has("cron") {
            fields.problem("cron", "missing: write five fields such as \"0 4 * * *\"");
        }
        let cron = fields.typed("cron", "five or six fields such as \"0 4 * * *\"", |value| {
            let text = usable_text(value, 1)?;
            let words = text.split_whitespace().count();
            (matches!(words, 5 | 6) || text.starts_with('@') && words == 1).then_some(text)
        });
        let timezone = fields.text("timezone");
        let body = fields.typed("body", "a text", |value| value.as_str().map(str::to_owned));
        fields.finish();
        Some(Self { cron: cron?, timezone, body: body.unwrap_or_default() })
    }
}

/// `allow`: what a process of the function may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allow {
    read: Vec<String>,
    write: Vec<String>,
    net: bool,
    exec: bool,
}

impl Allow {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Box<Self>> {
        let mut inner = fields.object("allow")?;
        let allow = Self {
            read: inner.texts("read").unwrap_or_default(),
            write: inner.texts("write").unwrap_or_default(),
            net: inner.boolean("net").unwrap_or(false),
            exec: inner.boolean("exec").unwrap_or(false),
        };
        inner.finish();
        Some(Box::new(allow))
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "read": self.read, "write": self.write, "net": self.net, "exec": self.exec })
    }
}

pub(super) fn at_once(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
