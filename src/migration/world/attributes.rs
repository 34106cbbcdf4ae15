//! What a copy takes over beside its content: time, mode and, where it may, owner.

use std::fs::{File, FileTimes, Metadata};
use std::path::Path;

use super::walk::{stamp, time};

/// Gives a copy its source's owner, mode and time; `false` where the destination did not take all of them. Shares have rights of
/// their own, and a copy is not worth less for it.
pub(super) fn keep(copy: &File, source: &Metadata) -> bool {
    let like = rights(copy, source);
    let times = time(stamp(source).written).map(|written| FileTimes::new().set_modified(written));
    like & times.is_some_and(|times| copy.set_times(times).is_ok())
}

#[cfg(unix)]
fn rights(copy: &File, source: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Ok(now) = copy.metadata() else { return false };
    let mut like = true;
    // First the owner: changing it may take bits of the mode away.
    if (now.uid(), now.gid()) != (source.uid(), source.gid()) {
        like &= fchown(copy, Some(source.uid()), Some(source.gid())).is_ok();
    }
    let mode = std::fs::Permissions::from_mode(source.mode() & 0o777);
    like & copy.set_permissions(mode).is_ok()
}

#[cfg(not(unix))]
fn rights(_copy: &File, _source: &Metadata) -> bool {
    true
}

/// Gives a folder that we made its source's owner and mode. What it inherited from the folder above it stays: the group that a
/// share gives to all that is made in it.
#[cfg(unix)]
pub(super) fn keep_of_folder(source: &Path, copy: &Path) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let (Ok(met), Ok(now)) = (std::fs::symlink_metadata(source), std::fs::symlink_metadata(copy)) else { return false };
    let inherits = now.mode() & 0o2000 != 0;
    let group = if inherits { now.gid() } else { met.gid() };
    let mut like = true;
    if (now.uid(), now.gid()) != (met.uid(), group) {
        like &= chown(copy, Some(met.uid()), Some(group)).is_ok();
    }
    let mode = met.mode() & 0o777 | now.mode() & 0o7000;
    like & (now.mode() & 0o7777 == mode || std::fs::set_permissions(copy, std::fs::Permissions::from_mode(mode)).is_ok())
}

/// Elsewhere folders have the rights that they inherit.
#[cfg(not(unix))]
pub(super) fn keep_of_folder(_source: &Path, _copy: &Path) -> bool {
    true
}
