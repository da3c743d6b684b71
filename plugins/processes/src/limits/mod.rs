//! What bounds a process beyond its own limits: cgroups, Landlock, seccomp.

mod cgroup;
mod hierarchy;
mod landlock;
mod seccomp;

pub(crate) use cgroup::{Cgroup, Cgroups, Wanted};
pub(crate) use landlock::{Landlock, rulesets_are_known};
pub(crate) use seccomp::without_network;
