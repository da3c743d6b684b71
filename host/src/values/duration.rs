//! Durations as people write them: `30s`, `200ms`, `1.5h`.

use super::{scaled, split_unit};
use std::time::Duration;

const NANOSECONDS_PER_SECOND: u128 = 1_000_000_000;

/// The longest duration that is taken: 100 years, far from where adding one to a clock overflows.
const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);

/// Unit and its nanoseconds, longest first.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400 * NANOSECONDS_PER_SECOND),
    ("h", 3_600 * NANOSECONDS_PER_SECOND),
    ("m", 60 * NANOSECONDS_PER_SECOND),
    ("s", NANOSECONDS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads `"30s"`, `"200ms"`, `"1.5h"`: a number and one unit.
///
/// # Errors
/// A text that names the value and the form, when it is anything else or longer than 100 years.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let malformed = || {
        format!(
            "`{text}` is not a duration: write a number and one of us, ms, s, m, h, d, such as \"30s\" or \"1.5h\""
        )
    };
    let (number, unit) = split_unit(text);
    let (_, nanoseconds) = UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(malformed)?;
    let total = scaled(number, *nanoseconds).ok_or_else(malformed)?;
    if total > LONGEST.as_nanos() {
        return Err(format!(
            "`{text}` is too long: the longest duration is {}",
            format_duration(LONGEST)
        ));
    }
    let seconds = u64::try_from(total / NANOSECONDS_PER_SECOND).expect("bounded by LONGEST");
    let nanoseconds = u32::try_from(total % NANOSECONDS_PER_SECOND).expect("less than a second");
    Ok(Duration::new(seconds, nanoseconds))
}

/// Writes a duration in its largest unit, exactly: `2m`, `90s`, `1.5s`, `200ms`.
pub(crate) fn format_duration(duration: Duration) -> String {
    let total = duration.as_nanos();
    let whole_seconds = total.is_multiple_of(NANOSECONDS_PER_SECOND);
    let fits = |nanoseconds: u128| match whole_seconds {
        true => total.is_multiple_of(nanoseconds),
        // A broken second reads better as 1.5s than as 1500ms.
        false => nanoseconds <= NANOSECONDS_PER_SECOND && total >= nanoseconds,
    };
    match UNITS.iter().find(|(_, nanoseconds)| total > 0 && fits(*nanoseconds)) {
        Some((unit, nanoseconds)) => format!("{}{unit}", decimal(total, *nanoseconds)),
        None => "0s".to_owned(),
    }
}

/// `total / unit` as a decimal number without trailing zeros; `unit` is a power of ten wherever it does not divide evenly.
fn decimal(total: u128, unit: u128) -> String {
    match total % unit {
        0 => (total / unit).to_string(),
        rest => {
            let places = unit.ilog10() as usize;
            format!("{}.{}", total / unit, format!("{rest:0places$}").trim_end_matches('0'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Duration, written: &str) {
        assert_eq!(parse_duration(text), Ok(expected), "{text}");
        assert_eq!(format_duration(expected), written, "{text}");
        assert_eq!(parse_duration(written), Ok(expected), "{written}");
    }

    #[test]
    fn durations_are_read_and_written_exactly() {
        check("30s", Duration::from_secs(30), "30s");
        check("200ms", Duration::from_millis(200), "200ms");
        check("5m", Duration::from_secs(300), "5m");
        check("90s", Duration::from_secs(90), "90s");
        check("6h", Duration::from_secs(21_600), "6h");
        check("24h", Duration::from_secs(86_400), "1d");
        check("500us", Duration::from_micros(500), "500us");
        check("1.5s", Duration::from_millis(1500), "1.5s");
        check("1.5h", Duration::from_secs(5_400), "90m");
        check("0.000001s", Duration::from_micros(1), "1us");
        check("1000.25ms", Duration::from_micros(1_000_250), "1.00025s");
        check("0m", Duration::ZERO, "0s");
        check("7ns", Duration::from_nanos(7), "7ns");
        check("36500d", LONGEST, "36500d");
    }

    #[test]
    fn anything_else_is_refused_with_the_value_and_the_form() {
        for text in [
            "", "30", "s", "-1s", "+1s", " 30s", "30 s", "30S", "1m30s", "1e3s", "1.s", ".5s",
            "0.5ns", "30sec", "٣s",
        ] {
            let message = parse_duration(text).expect_err(text);
            assert!(message.starts_with(&format!("`{text}` is not a duration")), "{message}");
        }
        assert_eq!(
            parse_duration("36501d"),
            Err("`36501d` is too long: the longest duration is 36500d".to_owned())
        );
        assert!(parse_duration("99999999999999999999999999999999999999d").is_err());
    }

    #[test]
    fn the_longest_possible_duration_can_be_written() {
        assert_eq!(format_duration(Duration::MAX), "18446744073709551615.999999999s");
    }
}
