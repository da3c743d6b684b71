//! Greets whoever calls.

use shortedfaas_function::{Environment, function};

function!(lambda);

fn lambda(input: &str, _environment: &mut Environment) -> String {
    format!("Hello, {input}!\n")
}
