//! Reads replies, and waits for things: what the tests of both runners of processes need.

use plugin_api::abi::abi_stable::std_types::ROption;
use plugin_api::abi::{AbiError, BodyV1, FfiBytes, ReplyV1, chunk_kind};
use std::time::Duration;

/// Reads a reply's body to its end; the end that a stream brings replaces the reply's.
pub async fn whole(reply: &mut ReplyV1) -> Result<Vec<u8>, AbiError> {
    let BodyV1 { first, rest, .. } = std::mem::replace(&mut reply.body, empty());
    let mut bytes = first.as_slice().to_vec();
    let ROption::RSome(stream) = rest else { return Ok(bytes) };
    while let ROption::RSome(item) = (stream.next)(stream.context).await {
        let chunk = item.into_result()?;
        bytes.extend_from_slice(chunk.data.as_slice());
        if chunk.kind == chunk_kind::END
            && let ROption::RSome(end) = chunk.end
        {
            reply.end = end;
        }
    }
    Ok(bytes)
}

pub fn empty() -> BodyV1 {
    BodyV1 { size_hint: 0, first: FfiBytes::empty(), rest: ROption::RNone }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = plugin_api::tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

/// Waits with patience for something to become true.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// True while a process of that id exists and is no zombie.
pub fn lives(id: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    !matches!(state.flatten(), None | Some('Z' | 'X'))
}
