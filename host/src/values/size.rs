//! Sizes in bytes as people write them: `256MiB`, `6MB`, `1024`.

use super::{scaled, split_unit};

/// Unit and its bytes; binary ones first, so that they win where both are equally short.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Reads `"256MiB"` (1024 based), `"6MB"` (1000 based), `"1.5GiB"` or `"1024"` (bytes).
///
/// # Errors
/// A text that names the value and the form, when it is anything else or no whole number of bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let malformed = || {
        format!(
            "`{text}` is not a size: write bytes, or a number and one of KiB, MiB, GiB, kB, MB, GB, such as \"256MiB\""
        )
    };
    let (number, unit) = split_unit(text);
    let unit = match unit {
        "" => "B",
        "KB" => "kB",
        other => other,
    };
    let (_, bytes) = UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(malformed)?;
    let total = scaled(number, u128::from(*bytes)).ok_or_else(malformed)?;
    u64::try_from(total)
        .map_err(|_| format!("`{text}` is too large: the largest size is {} bytes", u64::MAX))
}

/// Writes a size exactly, in its shortest form: `256MiB`, `6MB`, `1025`.
pub(crate) fn format_size(bytes: u64) -> String {
    UNITS
        .iter()
        .filter(|(unit, size)| *unit != "B" && bytes > 0 && bytes.is_multiple_of(*size))
        .map(|(unit, size)| format!("{}{unit}", bytes / size))
        .chain([bytes.to_string()])
        .min_by_key(String::len)
        .expect("the plain number is always among them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: u64, written: &str) {
        assert_eq!(parse_size(text), Ok(expected), "{text}");
        assert_eq!(format_size(expected), written, "{text}");
        assert_eq!(parse_size(written), Ok(expected), "{written}");
    }

    #[test]
    fn sizes_are_read_and_written_exactly() {
        check("256MiB", 256 << 20, "256MiB");
        check("6MB", 6_000_000, "6MB");
        check("1024", 1024, "1KiB");
        check("16KiB", 16 << 10, "16KiB");
        check("2GiB", 2 << 30, "2GiB");
        check("1.5GiB", 1536 << 20, "1536MiB");
        check("3TiB", 3 << 40, "3TiB");
        check("1KB", 1000, "1kB");
        check("1kB", 1000, "1kB");
        check("12B", 12, "12");
        check("0", 0, "0");
        check("1025", 1025, "1025");
        check("18446744073709551615", u64::MAX, "18446744073709551615");
    }

    #[test]
    fn anything_else_is_refused_with_the_value_and_the_form() {
        for text in [
            "", "MiB", "-1", "+1", "1 MiB", "256M", "256mib", "0.5", "1.0001kB", "1e6", "0x10", "١",
        ] {
            let message = parse_size(text).expect_err(text);
            assert!(message.starts_with(&format!("`{text}` is not a size")), "{message}");
        }
        assert_eq!(
            parse_size("16777216TiB"),
            Err("`16777216TiB` is too large: the largest size is 18446744073709551615 bytes"
                .to_owned())
        );
    }
}
