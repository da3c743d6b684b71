//! Adds two numbers; JSON in and out by hand, as no crate is needed for that.

use shortedfaas_function::{Environment, Reply, function};

function!(lambda);

fn lambda(input: &str, _environment: &mut Environment) -> Result<Reply, &'static str> {
    let sum = number(input, "\"a\"").zip(number(input, "\"b\"")).map(|(a, b)| a + b);
    let sum = sum.ok_or("a and b are missing")?;
    Ok(Reply::json(format!("{{\"sum\":{sum}}}")))
}

fn number(json: &str, name: &str) -> Option<i64> {
    let (_, rest) = json.split_once(name)?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = value.find(|letter: char| letter != '-' && !letter.is_ascii_digit());
    value[..end.unwrap_or(value.len())].parse().ok()
}
