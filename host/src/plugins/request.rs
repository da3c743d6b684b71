//! A request of the host's as plugins see it: accessors over the shared data, nothing copied.

use crate::invocation::Request;
use abi_stable::std_types::{ROption, RSlice, RStr};
use plugin_abi::{HeaderVisitorV1, RequestTableV1, RequestV1, field, number};
use std::ffi::c_void;
use std::sync::Arc;

/// Whether the plugin may see credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Viewer {
    Auth,
    Runner,
}

/// One more reference to the request, for a plugin.
pub(crate) fn share(request: &Arc<Request>, viewer: Viewer) -> RequestV1 {
    let table = match viewer {
        Viewer::Auth => &AUTH_TABLE,
        Viewer::Runner => &RUNNER_TABLE,
    };
    RequestV1 { context: Arc::into_raw(Arc::clone(request)).cast(), table }
}

static AUTH_TABLE: RequestTableV1 = RequestTableV1 {
    get: get_with_credentials,
    number: number_of,
    header: header_with_credentials,
    each_header: each_header_with_credentials,
    log: log_nothing,
    drop: release,
};

static RUNNER_TABLE: RequestTableV1 =
    RequestTableV1 { get, number: number_of, header, each_header, log, drop: release };

/// The request behind a context. Its data is immutable or locked, and the caller's reference keeps it alive.
fn request<'a>(context: *const c_void) -> &'a Request {
    // SAFETY: `context` came from `Arc::into_raw` in `share`, and the plugin holds that reference until it calls `release`.
    // What is returned from here is handed out with the documented lifetime "until the request is dropped".
    unsafe { &*context.cast::<Request>() }
}

extern "C" fn release(context: *const c_void) {
    // SAFETY: called exactly once for the reference that `share` gave away.
    drop(unsafe { Arc::from_raw(context.cast::<Request>()) });
}

extern "C" fn get(context: *const c_void, wanted: u32) -> RStr<'static> {
    let request = request(context);
    RStr::from_str(match wanted {
        field::ID => request.id.as_str(),
        field::FUNCTION => &request.function,
        field::METHOD => request.parts.method.as_str(),
        field::PATH => request.path(),
        field::PATH_INFO => request.path_info(),
        field::SCRIPT_NAME => request.script_name(),
        field::QUERY_STRING => request.parts.uri.query().unwrap_or_default(),
        field::IDENTITY => request.identity().map_or("", |identity| identity.name.as_str()),
        field::AUTH_TYPE => request.identity().map_or("", |identity| identity.scheme.as_str()),
        field::REMOTE_ADDRESS => request.remote_address(),
        field::SERVER_NAME => request.server_name(),
        field::PROTOCOL => match request.parts.version {
            http::Version::HTTP_10 => "HTTP/1.0",
            http::Version::HTTP_2 => "HTTP/2",
            _ => "HTTP/1.1",
        },
        field::TRIGGER => request.trigger.name(),
        _ => "",
    })
}

extern "C" fn get_with_credentials(context: *const c_void, wanted: u32) -> RStr<'static> {
    let request = request(context);
    match wanted {
        field::AUTH_SCHEME => RStr::from_str(request.authorization.scheme()),
        field::AUTH_CREDENTIALS => RStr::from_str(request.authorization.credentials()),
        _ => get(context, wanted),
    }
}

extern "C" fn number_of(context: *const c_void, wanted: u32) -> u64 {
    let request = request(context);
    match wanted {
        number::DEADLINE_UNIX_MS => request.deadline_unix_ms(),
        number::REMOTE_PORT => request.remote.port().into(),
        number::SERVER_PORT => request.local.port().into(),
        number::REMAINING_MS => request
            .remaining()
            .map_or(0, |left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        _ => 0,
    }
}

extern "C" fn header(
    context: *const c_void,
    name: RStr<'_>,
    nth: u32,
) -> ROption<RSlice<'static, u8>> {
    if request(context).is_credential(name.as_str()) {
        return ROption::RNone;
    }
    header_with_credentials(context, name, nth)
}

extern "C" fn header_with_credentials(
    context: *const c_void,
    name: RStr<'_>,
    nth: u32,
) -> ROption<RSlice<'static, u8>> {
    let mut values = request(context).parts.headers.get_all(name.as_str()).iter();
    values
        .nth(usize::try_from(nth).unwrap_or(usize::MAX))
        .map(|value| RSlice::from_slice(value.as_bytes()))
        .into()
}

extern "C" fn each_header(context: *const c_void, visitor: HeaderVisitorV1) {
    let request = request(context);
    for (name, value) in &request.parts.headers {
        if !request.is_credential(name.as_str()) {
            visit(visitor, name, value);
        }
    }
}

extern "C" fn each_header_with_credentials(context: *const c_void, visitor: HeaderVisitorV1) {
    for (name, value) in &request(context).parts.headers {
        visit(visitor, name, value);
    }
}

fn visit(visitor: HeaderVisitorV1, name: &http::HeaderName, value: &http::HeaderValue) {
    let (name, value) = (RStr::from_str(name.as_str()), RSlice::from_slice(value.as_bytes()));
    (visitor.visit)(visitor.context, name, value);
}

extern "C" fn log(context: *const c_void, _stream: u32, bytes: RSlice<'_, u8>) {
    request(context).print(bytes.as_slice());
}

extern "C" fn log_nothing(_: *const c_void, _: u32, _: RSlice<'_, u8>) {}
