//! Header fields of an answer, as far as a program may set them.

/// About the connection, which is the server's business.
const OF_THE_SERVER: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// True for a field, in lower case, that no program sets.
#[must_use]
pub fn is_the_servers(name: &str) -> bool {
    OF_THE_SERVER.contains(&name)
}

/// True for what may be the name of a field.
#[must_use]
pub fn is_header_name(name: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_token)
}

/// True for what may be its value.
#[must_use]
pub fn is_header_value(value: &[u8]) -> bool {
    !value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}
