//! Gives the text back.

use shortedfaas_function::{Environment, function};

function!(lambda);

fn lambda(input: &str, _environment: &mut Environment) -> String {
    input.to_owned()
}
