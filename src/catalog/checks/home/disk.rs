//! `home-disk`.

use crate::catalog::checks::{Case, all, unknown};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::Fact;
use crate::model::finding::{Finding, Verdict};

/// Octopus keeps package caches and logs in the home; its own low-space mark for the cache is 1 GiB.
const ROOM: u64 = 1 << 30;
/// Below this even the config and the first log may not fit.
const LEAST: u64 = 16 << 20;

/// On a local, lasting disk with room.
///
/// The network stops: two nodes in one home destroy each other's state. Memory only warns: a try-out in a container
/// often has nothing else, and what is lost at the next boot is this node's config alone, since the key's keeping
/// elsewhere is proven.
pub fn judge(case: &Case<'_>) -> Verdict {
    let disk = match &case.facts.home.disk {
        Fact::Unknown => return case.pending(),
        Fact::Missing(trouble) => return unknown(trouble),
        Fact::Seen(disk) => disk,
    };
    let kind = disk.file_system.as_str();
    let named = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
    let mut findings = Vec::new();
    if disk.network {
        findings.push(Finding::stop(
            CheckId::HomeDisk,
            format!("This path is on the network{named}; a home directory belongs to its node alone."),
            "Type a path on a local disk; what the nodes share goes to shared storage.",
        ));
    }
    if disk.volatile {
        findings.push(Finding::warn(
            CheckId::HomeDisk,
            format!("This path is in memory{named}: with the next boot the node's config and its sealed key are gone."),
            "Type a path on a disk that lasts.",
        ));
    }
    if disk.free < LEAST {
        findings.push(Finding::stop(
            CheckId::HomeDisk,
            format!("The disk is full: {} are free.", format::size(disk.free)),
            "Make room, or type a path on another disk.",
        ));
    } else if disk.free < ROOM {
        findings.push(Finding::warn(
            CheckId::HomeDisk,
            format!("Only {} are free on this disk; Octopus caches packages in its home.", format::size(disk.free)),
            "Make room for at least 1 GiB, or type a path on another disk.",
        ));
    }
    all(findings, || format!("local{named}, {} free", format::size(disk.free)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Disk, Trouble};

    fn of(kind: &str, network: bool, volatile: bool, free: u64) -> Verdict {
        let mut facts = samples::facts();
        facts.home.disk = Fact::Seen(Disk { file_system: kind.into(), network, volatile, free });
        judged(CheckId::HomeDisk, &samples::answers(), &facts)
    }

    #[test]
    fn local_network_memory_and_full() {
        assert_eq!(evidence(&of("ext4", false, false, 40 << 30)), "local (ext4), 40.0 GiB free");
        assert_eq!(evidence(&of("", false, false, 2 << 30)), "local, 2.0 GiB free");
        assert!(stop(&of("nfs4", true, false, 40 << 30)).says.contains("network (nfs4)"));
        assert!(warn(&of("tmpfs", false, true, 40 << 30)).says.contains("in memory (tmpfs)"));
        assert!(warn(&of("ext4", false, false, 512 << 20)).says.contains("512 MiB"));
        assert!(stop(&of("ext4", false, false, 1 << 20)).says.contains("full"));
    }

    #[test]
    fn the_weightiest_comes_first() {
        let Verdict::Found(findings) = of("tmpfs", false, true, 0) else { panic!("findings") };
        assert_eq!(findings.len(), 2);
        assert!(findings[0].severity > findings[1].severity);
    }

    #[test]
    fn a_disk_that_hangs_is_told_without_words_of_the_network() {
        let mut facts = samples::facts();
        facts.home.disk = Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) });
        assert_eq!(evidence(&judged(CheckId::HomeDisk, &samples::answers(), &facts)), "could not be read: no answer within 5 s");
    }

    #[test]
    fn what_the_system_does_not_tell_is_no_obstacle() {
        let mut facts = samples::facts();
        facts.home.disk = Fact::Missing(Trouble::Unasked);
        assert_eq!(evidence(&judged(CheckId::HomeDisk, &samples::answers(), &facts)), "cannot be told here");
    }
}
