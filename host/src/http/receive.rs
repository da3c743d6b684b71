//! Reads a request's body: within its limit, within its time, and to the end or not at all.

use crate::invocation::{Rejection, Request};
use crate::patience::within;
use crate::pipeline::Receive;
use crate::plugins::{InputBody, InputStream};
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Duration;

/// How much of a body that nobody wants is still read, so that the caller gets to see the answer.
const DRAIN_BYTES: usize = 32 << 20;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A body on the wire. Dropped unread, it is read to its end in the background within bounds.
pub(crate) struct Unread {
    incoming: Option<Incoming>,
    length: Option<u64>,
    /// The caller waits for our word before it sends: reading the body would be that word.
    asks_first: bool,
}

impl Unread {
    pub(crate) fn new(incoming: Incoming, headers: &http::HeaderMap) -> Self {
        let length = incoming.size_hint().exact();
        let asks_first = headers.contains_key(http::header::EXPECT);
        let incoming = (!incoming.is_end_stream()).then_some(incoming);
        Self { incoming, length, asks_first }
    }

    fn take(&mut self) -> Option<Incoming> {
        self.incoming.take()
    }
}

impl Receive for Unread {
    fn length(&self) -> Option<u64> {
        self.length
    }

    fn is_empty(&self) -> bool {
        self.incoming.is_none()
    }

    async fn receive(mut self, limit_bytes: u64, patience: Duration) -> Result<Bytes, Rejection> {
        let Some(mut incoming) = self.take() else { return Ok(Bytes::new()) };
        let received = within(patience, collect(&mut incoming, limit_bytes, self.length)).await;
        let received = received.unwrap_or(Err(Rejection::BodyTimeout(patience)));
        if matches!(received, Err(Rejection::BodyTooLarge { .. })) {
            drain(incoming);
        }
        received
    }

    fn stream(mut self, patience: Duration, request: &Arc<Request>) -> InputBody {
        let Some(incoming) = self.take() else { return InputBody::Whole(Bytes::new()) };
        let late = Box::pin(tokio::time::sleep(patience));
        let state = (incoming, late, Arc::clone(request));
        let chunks = futures_util::stream::unfold(
            state,
            move |(mut incoming, mut late, request)| async move {
                let chunk = tokio::select! {
                    chunk = next(&mut incoming) => chunk.map(|chunk| chunk.map_err(cut_off)),
                    () = &mut late => Some(Err(Rejection::BodyTimeout(patience))),
                };
                let chunk = chunk.map(|chunk| {
                    chunk.map_err(|rejection| {
                        let detail = rejection.detail();
                        let _ = request.body_fault.set(rejection);
                        detail
                    })
                });
                chunk.map(|chunk| (chunk, (incoming, late, request)))
            },
        );
        let stream: InputStream = Box::pin(chunks);
        InputBody::Stream { size_hint: self.length, stream }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take().filter(|_| !self.asks_first) {
            drain(incoming);
        }
    }
}

/// The next bytes of a body.
async fn next(incoming: &mut Incoming) -> Option<Result<Bytes, String>> {
    loop {
        match incoming.frame().await? {
            Ok(frame) => match frame.into_data() {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Some(Ok(bytes)),
                Err(_trailers) => {}
            },
            Err(error) => return Some(Err(error.to_string())),
        }
    }
}

/// The caller ended it early, or it is not what its head says.
fn cut_off(error: String) -> Rejection {
    Rejection::Malformed(format!("the body was cut off or malformed: {error}"))
}

/// The whole body; the first piece itself where there is only one.
async fn collect(
    incoming: &mut Incoming,
    limit_bytes: u64,
    length: Option<u64>,
) -> Result<Bytes, Rejection> {
    let too_large = Rejection::BodyTooLarge { limit_bytes };
    let Some(first) = next(incoming).await else { return Ok(Bytes::new()) };
    let first = first.map_err(cut_off)?;
    if first.len() as u64 > limit_bytes {
        return Err(too_large);
    }
    if incoming.is_end_stream() || length == Some(first.len() as u64) {
        return Ok(first);
    }
    let expected = usize::try_from(length.unwrap_or(0).min(limit_bytes)).unwrap_or(0);
    let mut whole = BytesMut::with_capacity(expected.max(first.len() * 2));
    whole.extend_from_slice(&first);
    while let Some(bytes) = next(incoming).await {
        let bytes = bytes.map_err(cut_off)?;
        if (whole.len() + bytes.len()) as u64 > limit_bytes {
            return Err(too_large);
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

/// Reads on for a while: closing a connection with unread bytes would reset it, and the answer with it.
fn drain(mut incoming: Incoming) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let all = async {
            let mut seen = 0;
            while let Some(Ok(bytes)) = next(&mut incoming).await {
                seen += bytes.len();
                if seen > DRAIN_BYTES {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(DRAIN_TIME, all).await;
    });
}
