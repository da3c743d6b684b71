//! From hyper's request to an invocation and back: functions directly, the host's own routes through axum.

use super::body::ResponseBody;
use super::connection::Connection;
use super::receive::Unread;
use super::respond::{problem, respond, time_whole};
use super::serve::Server;
use crate::app::App;
use crate::invocation::{Rejection, Request};
use crate::pipeline;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use smol_str::SmolStr;
use std::sync::Arc;

/// Where functions are called.
const PREFIX: &str = "/f/";

/// Answers one request.
pub(super) async fn answer(
    server: &'static Server,
    connection: Arc<Connection>,
    request: http::Request<Incoming>,
) -> http::Response<ResponseBody> {
    let app = server.app;
    let open = connection.request();
    let (parts, incoming) = request.into_parts();
    match function(parts.uri.path()) {
        None => {
            let request = heed(app, &connection, parts, (SmolStr::default(), 0));
            let body = Unread::new(incoming, &request.parts.headers);
            server.routes.answer(app, request, body).await
        }
        Some(Err(rejection)) => {
            let request = heed(app, &connection, parts, (SmolStr::default(), 0));
            drop(Unread::new(incoming, &request.parts.headers));
            let mut response = problem(&rejection, None);
            time_whole(response.headers_mut(), request.received.elapsed());
            response
        }
        Some(Ok(name)) => {
            let request = heed(app, &connection, parts, name);
            let id = request.id;
            let body = Unread::new(incoming, &request.parts.headers);
            let entrance = server.entrance();
            respond(pipeline::run(app, request, body, entrance).await, &id, open)
        }
    }
}

/// The request as the host holds it.
fn heed(
    app: &'static App,
    connection: &Connection,
    parts: http::request::Parts,
    function: (SmolStr, usize),
) -> Arc<Request> {
    let credential_headers = app.plugins.active().credential_headers;
    let addresses = (connection.remote, connection.local);
    Arc::new(Request::new(parts, addresses, function, credential_headers, app.hot().history_bytes))
}

/// The function's name, decoded, and where in the path it ends; none for a path that is not under `/f/`.
fn function(path: &str) -> Option<Result<(SmolStr, usize), Rejection>> {
    let rest = path.strip_prefix(PREFIX)?;
    let raw = &rest[..memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len())];
    if raw.is_empty() {
        return Some(Err(Rejection::NoSuchRoute(path.to_owned())));
    }
    let end = PREFIX.len() + raw.len();
    if memchr::memchr(b'%', raw.as_bytes()).is_none() {
        return Some(Ok((raw.into(), end)));
    }
    let decoded = percent_decode_str(raw).decode_utf8();
    Some(match decoded {
        Ok(name) => Ok((name.into(), end)),
        Err(_) => Err(Rejection::Malformed(format!("the function's name `{raw}` is not UTF-8"))),
    })
}

#[cfg(test)]
mod tests {
    use super::{Rejection, function};

    fn check(path: &str, expected: Option<Result<(&str, usize), ()>>) {
        let found = function(path).map(|found| found.map_err(|_: Rejection| ()));
        let expected = expected.map(|expected| expected.map(|(name, end)| (name.into(), end)));
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn the_name_is_the_first_segment() {
        check("/f/jq", Some(Ok(("jq", 5))));
        check("/f/jq/a/b", Some(Ok(("jq", 5))));
        check("/f/a%20b/", Some(Ok(("a b", 8))));
        check("/f/..", Some(Ok(("..", 5))));
        check("/f/", Some(Err(())));
        check("/f/%ff", Some(Err(())));
        check("/list", None);
        check("/f", None);
    }
}
