//! Durations, sizes and names as people write them, shared by `shortedfaas.toml`, `run.json` and the command line.

mod duration;
mod nearest;
mod size;

pub(crate) use duration::{format_duration, parse_duration};
pub(crate) use nearest::nearest;
pub(crate) use size::{format_size, parse_size};

/// The digits of `number` as a whole number of `1 / scale` parts of its unit; `None`: no number, or finer than one part.
///
/// Exact where a float would not be: `"1.5"` with a unit of 1000 parts is 1500, and `"0.1"` is 100.
fn scaled(number: &str, parts_per_unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole_parts = digits(whole)?.checked_mul(parts_per_unit)?;
    if fraction.is_empty() {
        return None;
    }
    let significant = fraction.trim_end_matches('0');
    if significant.is_empty() {
        return Some(whole_parts);
    }
    let divisor = 10_u128.checked_pow(u32::try_from(significant.len()).ok()?)?;
    let product = digits(significant)?.checked_mul(parts_per_unit)?;
    let fraction_parts = product.is_multiple_of(divisor).then_some(product / divisor)?;
    whole_parts.checked_add(fraction_parts)
}

/// Decimal digits and nothing else: no sign, no space, not empty.
fn digits(text: &str) -> Option<u128> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `"1.5GiB"` into `("1.5", "GiB")`.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: &str, parts_per_unit: u128, expected: Option<u128>) {
        assert_eq!(scaled(number, parts_per_unit), expected, "{number} x {parts_per_unit}");
    }

    #[test]
    fn decimal_numbers_are_scaled_exactly_or_not_at_all() {
        check("1.5", 1000, Some(1500));
        check("0.1", 1000, Some(100));
        check("3", 1000, Some(3000));
        check("3.000", 1, Some(3));
        check("0.5", 1, None);
        check("1.", 1000, None);
        check(".5", 1000, None);
        check("", 1000, None);
        check("1.2.3", 1000, None);
        check("+1", 1000, None);
        check("340282366920938463463374607431768211456", 1, None);
        check("0.0000000000000000000000000000000000000000000000000000001", 1000, None);
    }
}
