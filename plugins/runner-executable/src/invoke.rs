//! One invocation, from the request to the reply.

use crate::cgi;
use crate::ended::{end_of, end_of_lost, timed_out};
use crate::grown::{Cause, Grown, Step};
use crate::launch::Launch;
use crate::manifest::Response;
use crate::output;
use crate::program::Program;
use crate::running::Ended;
use crate::young::Young;
use bytes::{Bytes, BytesMut};
use plugin_api::{Body, End, Error, Invocation, Outcome, Reply, Request, Result};
use processes::Pool;
use std::sync::Arc;
use std::time::Instant;

/// So much of a body that comes in pieces is gathered before anything is started for it: a slow caller holds no process.
const GATHERED_BYTES: usize = 64 << 10;

/// Runs the program once.
pub(crate) async fn invoke(
    pool: &Pool<Launch, Young>,
    program: &Arc<Program>,
    invocation: Invocation,
) -> Result<Reply> {
    let Invocation { request, mut body } = invocation;
    let deadline = Instant::now() + request.remaining();
    let length = body.size_hint();
    let (input, rest) = gather(&mut body, program.response).await?.into_parts(body);
    let length = length.or_else(|| rest.is_none().then_some(input.len() as u64));
    if Instant::now() >= deadline {
        let error = timed_out(program);
        return Ok(Reply::ended(End { outcome: Outcome::TimedOut, error, ..End::default() }));
    }
    let launch = Launch {
        program: Arc::clone(program),
        environment: program.environment.of_call(&request, length)?,
        input,
        more_input: rest.is_some(),
        deadline,
    };
    let young = pool.run(launch).await?;
    match young.map_err(|error| error.into_error(&program.blueprint.path.to_string_lossy()))? {
        Young::Ended(ended) => {
            if !ended.errors.is_empty() {
                request.log_stderr(&ended.errors);
            }
            let printed_bytes = ended.output.len() as u64;
            reply(program, ended, Cause::Itself, printed_bytes)
        }
        Young::Grown(running) => {
            let grown = Grown::new(running, rest, deadline)?;
            match program.response {
                Response::Stream => output::reply(grown, request).await,
                Response::Buffered | Response::Cgi => buffered(grown, &request).await,
            }
        }
    }
}

async fn buffered(mut grown: Grown, request: &Request) -> Result<Reply> {
    loop {
        match grown.advance(request).await {
            Step::Output => {}
            Step::Ended(ended, cause) => {
                return reply(grown.program(), ended, cause, grown.read_bytes());
            }
            Step::Lost(cause) => return Ok(Reply::ended(end_of_lost(grown.program(), cause)?)),
        }
    }
}

/// What a program that failed has printed is nobody's answer.
fn reply(program: &Program, ended: Ended, cause: Cause, printed_bytes: u64) -> Result<Reply> {
    let end = end_of(program, &ended, cause, printed_bytes)?;
    if end.outcome != Outcome::Succeeded {
        return Ok(Reply::ended(end));
    }
    let output = Bytes::from(ended.output);
    if program.response != Response::Cgi {
        return Ok(Reply { end, ..Reply::succeeded(output) });
    }
    Ok(match cgi::parse(&output) {
        Ok(head) => Reply {
            status: head.status,
            headers: head.headers,
            body: output.slice(head.length..).into(),
            end,
        },
        Err(error) => Reply::ended(End { outcome: Outcome::BadProtocol, error, ..end }),
    })
}

/// What has been read of a body, and whether there is more.
struct Gathered {
    input: Bytes,
    complete: bool,
}

impl Gathered {
    fn into_parts(self, body: Body) -> (Bytes, Option<Body>) {
        (self.input, (!self.complete).then_some(body))
    }
}

async fn gather(body: &mut Body, response: Response) -> Result<Gathered, Error> {
    if body.is_whole() {
        let input = body.chunk().await.transpose()?.unwrap_or_default();
        return Ok(Gathered { input, complete: true });
    }
    // A streaming program may answer before its caller has said all.
    if response == Response::Stream {
        return Ok(Gathered { input: Bytes::new(), complete: false });
    }
    let mut input = BytesMut::new();
    while input.len() < GATHERED_BYTES {
        match body.chunk().await.transpose()? {
            Some(bytes) => input.extend_from_slice(&bytes),
            None => return Ok(Gathered { input: input.freeze(), complete: true }),
        }
    }
    Ok(Gathered { input: input.freeze(), complete: false })
}
