//! The disk under a path.

use std::path::Path;

#[cfg(not(target_os = "linux"))]
use crate::model::facts::Trouble;
use crate::model::facts::{Disk, Fact};

/// Returns the disk under an existing folder.
#[cfg(target_os = "linux")]
pub(super) fn under(folder: &Path) -> Fact<Disk> {
    use super::mounts::{file_system, is_network, is_volatile, name_of};
    use crate::world::budget::io;

    let seen = match rustix::fs::statfs(folder) {
        Ok(seen) => seen,
        Err(error) => return Fact::Missing(io(&error.into())),
    };
    // The mount table has the name (`fuse.sshfs`); the kernel's number works in a chroot without a mount table.
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let named = file_system(&mounts, &whole).unwrap_or_default();
    // f_type is signed on some architectures and holds 32 bits on all.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the magic numbers have 32 bits")]
    let magic = seen.f_type as u32;
    let name = if named.is_empty() { name_of(magic).to_owned() } else { named };
    Fact::Seen(Disk {
        network: is_network(&name) || is_network(name_of(magic)),
        volatile: is_volatile(&name) || is_volatile(name_of(magic)),
        file_system: name.into(),
        free: seen.f_bavail.saturating_mul(u64::try_from(seen.f_bsize).unwrap_or_default()),
    })
}

/// The standard library cannot tell on other systems, and guessing from a drive letter would be worse than saying so.
#[cfg(not(target_os = "linux"))]
pub(super) fn under(_folder: &Path) -> Fact<Disk> {
    Fact::Missing(Trouble::Unasked)
}

/// Returns whether the disk under an existing folder is read-only.
#[cfg(target_os = "linux")]
pub(super) fn read_only(folder: &Path) -> Fact<bool> {
    match rustix::fs::statvfs(folder) {
        Ok(seen) => Fact::Seen(seen.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY)),
        Err(error) => Fact::Missing(crate::world::budget::io(&error.into())),
    }
}

/// On other systems only trying tells.
#[cfg(not(target_os = "linux"))]
pub(super) fn read_only(_folder: &Path) -> Fact<bool> {
    Fact::Missing(Trouble::Unasked)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_is_recognised_on_a_real_machine() {
        let shm = Path::new("/dev/shm");
        if shm.is_dir() {
            let disk = under(shm);
            assert!(
                disk.seen().is_some_and(|disk| disk.volatile && !disk.network && disk.file_system.as_str() == "tmpfs"),
                "{disk:?}"
            );
        }
    }
}
