//! HTTP: the only room that names hyper and axum.

mod body;
mod connection;
mod history_views;
mod lanes;
mod list_views;
mod metrics;
mod receive;
mod refusal;
mod respond;
mod routes;
mod serve;
mod service;
mod worker_metrics;

pub(crate) use serve::{Server, bind};
