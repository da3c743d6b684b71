//! What every case needs: a host of its own, an HTTP client that can misbehave, fixtures, and patience.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod client;
pub(crate) mod compiled;
pub(crate) mod conformance;
pub(crate) mod finished;
pub(crate) mod fixtures;
pub(crate) mod folder;
pub(crate) mod host;
pub(crate) mod interpreted;
pub(crate) mod languages;
pub(crate) mod library;
pub(crate) mod load;
pub(crate) mod patience;
pub(crate) mod probe;
pub(crate) mod processes;
pub(crate) mod setup;
pub(crate) mod signatures;

pub(crate) use answer::Answer;
pub(crate) use client::Connection;
pub(crate) use folder::{Folder, cat, shell};
pub(crate) use host::Host;
pub(crate) use patience::{PATIENCE, eventually, until};
pub(crate) use setup::Setup;
