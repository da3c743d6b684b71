//! Bodies that cross the boundary as streams. Pitfalls 15 and 23.

use crate::support::patience::settled;
use crate::support::{Setup, until};

/// Pitfall 15: a body is shared, not copied, in both directions.
#[test]
fn a_body_crosses_the_boundary_without_a_copy() {
    let body = bytes::Bytes::from(vec![7_u8; 1_000_000]);
    let (place, length) = (body.as_ptr(), body.len());
    let there = bytes::Bytes::from_owner(plugin_abi::FfiBytes::from_owner(body));
    let and_back = bytes::Bytes::from_owner(plugin_abi::FfiBytes::from_owner(there));
    assert_eq!((and_back.as_ptr(), and_back.len()), (place, length));
}

#[test]
fn a_stream_of_a_plugin_is_the_answer() {
    let host = Setup::new().with_probe("", "").start();
    host.post("/f/probe/stream?5", "").expect(200, "1 2 3 4 5 ");
    let answer = host.post("/f/probe/stream?0", "");
    answer.expect(200, "");
    assert_eq!(host.history_of(&answer)["outcome"], "succeeded");
}

#[test]
fn a_body_reaches_a_plugin_piece_by_piece() {
    let big = crate::support::probe::probed().with("limits", serde_json::json!({"body": "64MiB"}));
    for executor in ["host", "own"] {
        let host = Setup::new()
            .with_probe(&format!("executor = \"{executor}\""), "")
            .function("big", &big)
            .start();
        host.post("/f/big/drain", vec![b'x'; 30_000_000]).expect(200, "30000000");
        let mut connection = host.connect();
        let head = "POST /f/big/drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        connection.write(head).unwrap();
        for _ in 0..100 {
            connection.write("3\r\nabc\r\n").unwrap();
        }
        connection.write("0\r\n\r\n").unwrap();
        connection.read_answer("POST").unwrap().expect(200, "300");
    }
}

/// Pitfall 23: nobody produces what nobody reads, and who hangs up ends the producer.
#[test]
fn a_stream_that_nobody_reads_is_not_produced_and_one_that_is_left_is_dropped() {
    let endless =
        crate::support::probe::probed().with("limits", serde_json::json!({"output": "100GiB"}));
    let host = Setup::new().with_probe("", "").function("endless", &endless).start();
    let mut connection = host.connect();
    let head = "POST /f/endless/endless HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    connection.write(head).unwrap();
    connection.read_head().unwrap().expect_status(200);
    let produced = || host.post("/f/probe/produced", "").text().parse::<u64>().unwrap();
    let held_back = settled("the producer waits", produced);
    assert!(held_back < 32 * 1024 * 1024, "{held_back} bytes were produced for nobody");
    let mut read_bytes = 0;
    while read_bytes < held_back + 10_000_000 {
        read_bytes += connection.read_chunk().unwrap().expect("there is always more").len() as u64;
    }
    assert!(produced() > held_back);
    drop(connection);
    host.recorded("stream dropped");
    let at_end = produced();
    until("it is recorded", || {
        host.invocations_of("endless").first().is_some_and(|one| one["outcome"] == "cancelled")
    });
    assert_eq!(produced(), at_end);
}
