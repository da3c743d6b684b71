//! `deploy/` as the host sees it: each folder's `run.json`, and the catalog that follows the folders.

mod catalog;
mod manifest;

pub(crate) use catalog::{Candidate, Catalog, Function, Generation, Preparer, State};
pub(crate) use manifest::{Defaults, Limits, Manifest};
