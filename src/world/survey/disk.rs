//! The disk under a path, and which file systems are not local disks.

use std::path::Path;

#[cfg(not(target_os = "linux"))]
use crate::model::facts::Trouble;
use crate::model::facts::{Disk, Fact};

/// Returns the disk under an existing folder.
#[cfg(target_os = "linux")]
pub(super) fn under(folder: &Path) -> Fact<Disk> {
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

/// Returns the file system of the mount that holds this path: that of the longest mount point, and of two on the same point the later
/// one, which hides the earlier.
pub(super) fn file_system(mountinfo: &str, path: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in mountinfo.lines() {
        // `36 35 98:0 /root /mnt/point rw,noatime shared:1 - ext3 /dev/root rw`; proc(5).
        let Some((mount, kind)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (mount.split(' ').nth(4), kind.split(' ').next()) else { continue };
        let point = unescaped(point);
        let depth = Path::new(&point).components().count();
        if path.starts_with(&point) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, kind));
        }
    }
    best.map(|(_, kind)| kind.to_owned())
}

/// Decodes the mount table's blanks and the like, written as three octal digits: `\040`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'\\')
            .then(|| tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[3..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names of a kernel's magic numbers; statfs(2) and the kernel's `magic.h`. Only those that decide something.
pub(super) fn name_of(magic: u32) -> &'static str {
    match magic {
        0x6969 => "nfs",
        0x517b => "smb",
        0xff53_4d42 => "cifs",
        0xfe53_4d42 => "smb3",
        0x0102_1997 => "9p",
        0x00c3_6400 => "ceph",
        0x5346_414f | 0x6b41_4653 => "afs",
        0x7375_7245 => "coda",
        0x0bd0_0bd0 => "lustre",
        0x0102_1994 => "tmpfs",
        0x8584_58f6 => "ramfs",
        _ => "",
    }
}

/// Returns whether the disk is on the network. FUSE names its file system after a dot; local ones (`fuseblk`, `overlay`,
/// `fuse.mergerfs`) are not in the list.
pub(super) fn is_network(name: &str) -> bool {
    let kind = name.strip_prefix("fuse.").unwrap_or(name);
    matches!(
        kind,
        "nfs"
            | "nfs4"
            | "cifs"
            | "smb"
            | "smb3"
            | "smbfs"
            | "9p"
            | "ceph"
            | "glusterfs"
            | "afs"
            | "coda"
            | "lustre"
            | "gpfs"
            | "ncpfs"
            | "davfs"
            | "davfs2"
            | "sshfs"
            | "s3fs"
            | "rclone"
            | "curlftpfs"
            | "gcsfuse"
            | "blobfuse"
            | "blobfuse2"
            | "gvfsd-fuse"
            | "beegfs"
            | "orangefs"
            | "ocfs2"
            | "gfs2"
            | "moosefs"
            | "juicefs"
            | "drvfs"
            | "vboxsf"
            | "vmhgfs"
            | "prl_fs"
    ) || kind.starts_with("vmhgfs")
}

/// Returns whether the disk is in memory.
pub(super) fn is_volatile(name: &str) -> bool {
    matches!(name, "tmpfs" | "ramfs" | "rootfs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
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

    const MOUNTS: &str = "\
        20 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        21 20 0:5 / /mnt rw - nfs4 filer:/vol rw\n\
        22 20 0:6 / /mnt/my\\040disk rw shared:3 master:2 - fuse.sshfs me@host: rw\n\
        23 20 0:7 / /tmp rw - ext4 /dev/vdb rw\n\
        24 20 0:8 / /tmp rw - tmpfs tmpfs rw\n\
        garbage\n\
        25 20 0:9 - \n";

    #[test]
    fn the_longest_and_latest_mount_point_counts() {
        let at = |path| file_system(MOUNTS, Path::new(path)).expect("a mount");
        assert_eq!(at("/opt/octopus"), "ext4");
        assert_eq!(at("/mnt/octopus"), "nfs4");
        assert_eq!(at("/mnt/my disk/o"), "fuse.sshfs");
        assert_eq!(at("/mntx"), "ext4");
        assert_eq!(at("/tmp/x"), "tmpfs");
        assert_eq!(file_system("", Path::new("/")), None);
    }

    #[test]
    fn network_and_memory_are_told_from_local_disks() {
        for name in ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs", "afs"] {
            assert!(is_network(name) && !is_volatile(name), "{name}");
        }
        for name in ["ext4", "xfs", "btrfs", "zfs", "overlay", "fuseblk", "fuse.mergerfs", ""] {
            assert!(!is_network(name) && !is_volatile(name), "{name}");
        }
        assert!(is_volatile("tmpfs") && is_volatile(name_of(0x0102_1994)) && is_network(name_of(0x6969)));
    }
}
