//! `deploy/` as the host sees it: each folder's `run.json`, and the catalog that follows the folders.

mod catalog;
mod manifest;

pub(crate) use catalog::{
    Alarm, Candidate, Catalog, Function, Generation, Later, Preparer, State, Trial, Unready,
    check_name,
};
pub(crate) use manifest::{Defaults, Limits, Manifest, Mode, load_manifest};
