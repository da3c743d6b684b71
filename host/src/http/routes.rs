//! The host's own routes, behind axum's router: `/list`, `/history`, `/healthz`, `/readyz`, `/metrics`.

use super::body::ResponseBody;
use super::connection::Connections;
use super::receive::Unread;
use super::respond::{problem, time_whole};
use super::{history_views, list_views, metrics};
use crate::app::{App, Phase};
use crate::invocation::{InvocationId, Rejection, Request};
use crate::pipeline::authenticate;
use axum::Router;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tower_service::Service;

/// Routes that ask nobody who calls: orchestrators probe them without credentials.
const OPEN: &[&str] = &["/healthz", "/readyz"];

/// The router.
pub(super) struct Routes {
    router: Router,
}

/// What the handlers see.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) app: &'static App,
    pub(super) connections: Arc<Connections>,
}

/// A refusal as axum's response.
struct Refused(Rejection);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        problem(&self.0, None).map(axum::body::Body::new)
    }
}

impl Routes {
    pub(super) fn new(app: &'static App, connections: Arc<Connections>) -> Self {
        let router = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/list", get(list))
            .route("/history", get(history))
            .route("/history/{id}", get(invocation))
            .route("/metrics", get(measure))
            .fallback(async |OriginalUri(uri): OriginalUri| {
                Refused(Rejection::NoSuchRoute(uri.path().into()))
            })
            .method_not_allowed_fallback(async |method: axum::http::Method| {
                Refused(Rejection::MethodNotAllowed {
                    method: method.to_string(),
                    allow: "GET, HEAD".into(),
                })
            })
            .with_state(Seen { app, connections });
        Self { router }
    }

    /// Answers a request for one of the host's own routes.
    pub(super) async fn answer(
        &self,
        app: &'static App,
        request: Arc<Request>,
        body: Unread,
    ) -> http::Response<ResponseBody> {
        drop(body);
        let received = request.received;
        let mut response = self.respond(app, &request).await;
        time_whole(response.headers_mut(), received.elapsed());
        response
    }

    async fn respond(
        &self,
        app: &'static App,
        request: &Arc<Request>,
    ) -> http::Response<ResponseBody> {
        let open = OPEN.contains(&request.path());
        if !open && let Err(rejection) = authenticate(app, request).await {
            return problem(&rejection, None);
        }
        let mut bare = http::Request::new(axum::body::Body::empty());
        *bare.method_mut() = request.parts.method.clone();
        *bare.uri_mut() = request.parts.uri.clone();
        let answered = self.router.clone().call(bare).await;
        answered.unwrap_or_else(|never| match never {}).map(ResponseBody::Routed)
    }
}

async fn ready(State(seen): State<Seen>) -> Response {
    match seen.app.phase() {
        Phase::Serving => "ready\n".into_response(),
        Phase::Draining => Refused(Rejection::Draining).into_response(),
        Phase::Starting => {
            let what = "the host is starting".to_owned();
            let retry_after = std::time::Duration::from_secs(1);
            Refused(Rejection::Unavailable { what, retry_after }).into_response()
        }
    }
}

async fn list(State(seen): State<Seen>) -> Response {
    axum::Json(list_views::list(seen.app)).into_response()
}

async fn history(
    State(seen): State<Seen>,
    query: Result<Query<history_views::Question>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let question = query.map_err(|error| error.body_text());
    match question.and_then(|Query(question)| question.filter()) {
        Ok(filter) => axum::Json(history_views::page(seen.app, &filter)).into_response(),
        Err(reason) => Refused(Rejection::Malformed(reason)).into_response(),
    }
}

async fn invocation(State(seen): State<Seen>, Path(id): Path<String>) -> Response {
    let record = InvocationId::parse(&id).and_then(|id| seen.app.history.get(&id));
    match record {
        Some(record) => axum::Json(history_views::detail(&record)).into_response(),
        None => Refused(Rejection::NoSuchInvocation(id)).into_response(),
    }
}

async fn measure(State(seen): State<Seen>) -> Response {
    let text = metrics::text(seen.app, &seen.connections);
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
        .into_response()
}
