//! The path of a request: authenticate, route, receive, admit, run, record. The whole story is in `run`.

mod answer;
mod authenticate;
mod call;
mod conclude;
mod ledger;
mod run;
mod stream;

pub(crate) use answer::{Answer, AnswerBody, Timings};
pub(crate) use authenticate::authenticate;
pub(crate) use run::{Receive, run};
pub(crate) use stream::AnswerStream;
