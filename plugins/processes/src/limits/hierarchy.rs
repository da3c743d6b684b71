//! Where this process stands in the cgroup hierarchies, version 1 or 2.

use std::path::{Path, PathBuf};

/// Controllers that limits need; a version 2 hierarchy must have all of them to be the one that is used.
pub(super) const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// The folders under which groups can be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// One folder for all controllers.
    Unified(PathBuf),
    /// One folder for each of [`CONTROLLERS`], where there is one.
    Separate([Option<PathBuf>; 3]),
}

/// A line of `mountinfo` that mounts a cgroup hierarchy.
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    unified: bool,
    options: &'a str,
}

impl Hierarchy {
    /// Of this process; none where there are no cgroups.
    pub(super) fn own() -> Option<Self> {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        Self::find(&mounts, &groups, |folder| {
            std::fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default()
        })
    }

    fn find(mounts: &str, groups: &str, controllers: impl Fn(&Path) -> String) -> Option<Self> {
        let mounts: Vec<Mount<'_>> = mounts.lines().filter_map(mount).collect();
        let unified = mounts.iter().find(|mount| mount.unified);
        if let Some(folder) = unified.and_then(|mount| folder(mount, group(groups, "")?)) {
            let offered = controllers(&folder);
            let offers = |name: &str| offered.split_whitespace().any(|offer| offer == name);
            if CONTROLLERS.iter().all(|name| offers(name)) {
                return Some(Self::Unified(folder));
            }
        }
        let separate = CONTROLLERS.map(|name| {
            let mount = mounts.iter().find(|mount| {
                !mount.unified && mount.options.split(',').any(|option| option == name)
            })?;
            folder(mount, group(groups, name)?)
        });
        separate.iter().any(Option::is_some).then_some(Self::Separate(separate))
    }
}

/// `24 23 0:21 /group /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`
fn mount(line: &str) -> Option<Mount<'_>> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let mut after = after.split(' ');
    let unified = match after.next()? {
        "cgroup2" => true,
        "cgroup" => false,
        _ => return None,
    };
    Some(Mount { root: before.next()?, point: before.next()?, unified, options: after.nth(1)? })
}

/// `4:memory:/path`, and `0::/path` for version 2.
fn group<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let names = parts.next()?;
        let matches = names.split(',').any(|name| name == controller);
        if matches { parts.next() } else { None }
    })
}

/// A mount may show only a part of the hierarchy (a container's).
fn folder(mount: &Mount<'_>, group: &str) -> Option<PathBuf> {
    let below = Path::new(group)
        .strip_prefix(mount.root)
        .ok()
        .or_else(|| Path::new(group).strip_prefix("/").ok())?;
    Some(Path::new(mount.point).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIFIED: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";
    const HYBRID: &str = "31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
        32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        33 30 0:29 /docker/a /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";

    fn check(mounts: &str, groups: &str, controllers: &str, expected: Option<Hierarchy>) {
        assert_eq!(Hierarchy::find(mounts, groups, |_| controllers.to_owned()), expected);
    }

    #[test]
    fn version_2_is_used_where_it_has_the_controllers() {
        let expected = Hierarchy::Unified("/sys/fs/cgroup/system.slice/s.service".into());
        let groups = "0::/system.slice/s.service\n";
        check(UNIFIED, groups, "cpuset cpu io memory pids", Some(expected));
        check(UNIFIED, groups, "hugetlb", None);
    }

    #[test]
    fn otherwise_version_1_serves_with_what_it_has() {
        let groups = "4:memory:/a/b\n2:cpu,cpuacct:/docker/a/x\n1:name=systemd:/\n0::/\n";
        let expected = Hierarchy::Separate([
            Some("/sys/fs/cgroup/memory/a/b".into()),
            None,
            Some("/sys/fs/cgroup/cpu/x".into()),
        ]);
        check(HYBRID, groups, "hugetlb", Some(expected));
    }

    #[test]
    fn without_mounts_there_are_none() {
        check("1 2 0:3 / / rw - ext4 /dev/sda rw\n", "0::/\n", "", None);
    }
}
