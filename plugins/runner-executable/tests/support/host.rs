//! A host whose log is standard error.

use plugin_api::abi::abi_stable::std_types::RStr;
use plugin_api::abi::{CreateV1, Extra, HostV1, RawInterface, executor, level};
use std::ffi::c_void;

extern "C" fn max_level(_context: *const c_void) -> u32 {
    level::WARN
}

extern "C" fn log(
    _context: *const c_void,
    _level: u32,
    target: RStr<'_>,
    message: RStr<'_>,
    fields: RStr<'_>,
    _id: RStr<'_>,
) {
    eprintln!("{target}: {message} {fields}");
}

extern "C" fn query(_context: *const c_void, _id: RStr<'_>) -> RawInterface {
    RawInterface::none()
}

/// What `create` is given.
pub fn create(config_json: &str) -> CreateV1 {
    CreateV1 {
        host: HostV1 { context: std::ptr::null(), max_level, log, query },
        name: "executable".into(),
        config_json: config_json.into(),
        executor: executor::HOST,
        extra: Extra::new(),
    }
}
