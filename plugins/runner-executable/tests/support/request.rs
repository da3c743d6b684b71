//! A request made of what a test says, and a body in one piece or many.
#![allow(unsafe_code, reason = "stands in for the host's side of the boundary")]

use plugin_api::abi::abi_stable::std_types::{ROption, RResult, RSlice, RStr};
use plugin_api::abi::async_ffi::{FfiFuture, FutureExt};
use plugin_api::abi::{
    AbiError, BodyV1, ChunkV1, Extra, FfiBytes, HeaderVisitorV1, RequestTableV1, RequestV1,
    StreamV1, chunk_kind, error_kind, field, number,
};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One call. Its log can be read while it runs.
#[derive(Clone)]
pub struct Call {
    data: Arc<Data>,
    body: Vec<Piece>,
}

struct Data {
    texts: Vec<(u32, String)>,
    headers: Vec<(String, Vec<u8>)>,
    deadline: Instant,
    stderr: Mutex<Vec<u8>>,
}

#[derive(Clone)]
enum Piece {
    Bytes(Vec<u8>),
    Fails,
}

impl Call {
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { data: Arc::new(Data::new()), body: vec![Piece::Bytes(body.into())] }
    }

    /// A body that comes in pieces, of unknown length.
    pub fn pieces(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut body = vec![Piece::Bytes(Vec::new())];
        body.extend(pieces.into_iter().map(Piece::Bytes));
        Self { data: Arc::new(Data::new()), body }
    }

    /// The body breaks off.
    pub fn breaking_off(mut self) -> Self {
        self.body.push(Piece::Fails);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.edit(|data| data.headers.push((name.to_owned(), value.as_bytes().to_vec())));
        self
    }

    pub fn text(mut self, field: u32, value: &str) -> Self {
        self.edit(|data| data.texts.insert(0, (field, value.to_owned())));
        self
    }

    pub fn within(mut self, time: Duration) -> Self {
        self.edit(|data| data.deadline = Instant::now() + time);
        self
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.data.stderr.lock().unwrap()).into_owned()
    }

    pub fn request(&self) -> RequestV1 {
        RequestV1 { context: Arc::into_raw(Arc::clone(&self.data)).cast(), table: &TABLE }
    }

    pub fn body(&self) -> BodyV1 {
        let mut pieces: VecDeque<Piece> = self.body.iter().cloned().collect();
        let Some(Piece::Bytes(first)) = pieces.pop_front() else { return super::empty() };
        let size_hint = if pieces.is_empty() { first.len() as u64 } else { u64::MAX };
        let rest = (!pieces.is_empty()).then(|| StreamV1 {
            context: Arc::into_raw(Arc::new(Mutex::new(pieces))).cast(),
            next,
            drop: drop_pieces,
        });
        BodyV1 { size_hint, first: FfiBytes::from_owner(first), rest: rest.into() }
    }

    fn edit<T>(&mut self, change: impl FnOnce(&mut Data) -> T) {
        change(Arc::get_mut(&mut self.data).expect("a call is made before it is used"));
    }
}

impl Data {
    fn new() -> Self {
        let texts = [
            (field::ID, "0198-id"),
            (field::FUNCTION, "f"),
            (field::METHOD, "POST"),
            (field::PATH, "/f/f/a%20b"),
            (field::PATH_INFO, "/a%20b"),
            (field::SCRIPT_NAME, "/f/f"),
            (field::QUERY_STRING, "x=1"),
            (field::REMOTE_ADDRESS, "127.0.0.1"),
            (field::SERVER_NAME, "localhost"),
            (field::PROTOCOL, "HTTP/1.1"),
            (field::TRIGGER, "http"),
        ];
        Self {
            texts: texts.iter().map(|(field, text)| (*field, (*text).to_owned())).collect(),
            headers: Vec::new(),
            deadline: Instant::now() + Duration::from_secs(60),
            stderr: Mutex::default(),
        }
    }
}

static TABLE: RequestTableV1 =
    RequestTableV1 { get, number: number_of, header, each_header, log, drop: drop_request };

fn data(context: *const c_void) -> &'static Data {
    // SAFETY: of `Call::request`; alive until `drop_request`, after which nobody asks.
    unsafe { &*context.cast::<Data>() }
}

extern "C" fn get(context: *const c_void, field: u32) -> RStr<'static> {
    let found = data(context).texts.iter().find(|(known, _)| *known == field);
    found.map_or(RStr::from_str(""), |(_, text)| RStr::from_str(text))
}

extern "C" fn number_of(context: *const c_void, wanted: u32) -> u64 {
    match wanted {
        number::DEADLINE_UNIX_MS => 1_700_000_000_000,
        number::REMOTE_PORT => 50_000,
        number::SERVER_PORT => 8080,
        number::REMAINING_MS => {
            let remaining = data(context).deadline.saturating_duration_since(Instant::now());
            u64::try_from(remaining.as_millis()).unwrap()
        }
        _ => 0,
    }
}

extern "C" fn header(
    context: *const c_void,
    name: RStr<'_>,
    nth: u32,
) -> ROption<RSlice<'static, u8>> {
    let values = data(context).headers.iter().filter(|(known, _)| known == name.as_str());
    values.map(|(_, value)| RSlice::from_slice(value)).nth(nth as usize).into()
}

extern "C" fn each_header(context: *const c_void, visitor: HeaderVisitorV1) {
    for (name, value) in &data(context).headers {
        (visitor.visit)(visitor.context, RStr::from_str(name), RSlice::from_slice(value));
    }
}

extern "C" fn log(context: *const c_void, _stream: u32, bytes: RSlice<'_, u8>) {
    /// As much as a host may keep.
    const LIMIT: usize = 1 << 20;
    let mut log = data(context).stderr.lock().unwrap();
    if log.len() < LIMIT {
        log.extend_from_slice(bytes.as_slice());
    }
}

extern "C" fn drop_request(context: *const c_void) {
    // SAFETY: the reference that `Call::request` gave away.
    drop(unsafe { Arc::from_raw(context.cast::<Data>()) });
}

type Pieces = Mutex<VecDeque<Piece>>;

extern "C" fn next(context: *const c_void) -> FfiFuture<ROption<RResult<ChunkV1, AbiError>>> {
    // SAFETY: of `Call::body`; alive until `drop_pieces`.
    let pieces = unsafe { &*context.cast::<Pieces>() };
    // Taken only when polled: a future that is dropped before that loses nothing.
    async move {
        match pieces.lock().unwrap().pop_front() {
            None => ROption::RNone,
            Some(Piece::Fails) => ROption::RSome(RResult::RErr(AbiError {
                kind: error_kind::CANCELLED,
                retry_after_ms: 0,
                message: "the client has gone".into(),
                path: "".into(),
                extra: Extra::new(),
            })),
            Some(Piece::Bytes(bytes)) => ROption::RSome(RResult::ROk(ChunkV1 {
                kind: chunk_kind::DATA,
                data: FfiBytes::from_owner(bytes),
                end: ROption::RNone,
            })),
        }
    }
    .into_ffi()
}

extern "C" fn drop_pieces(context: *const c_void) {
    // SAFETY: the reference that `Call::body` gave away.
    drop(unsafe { Arc::from_raw(context.cast::<Pieces>()) });
}
