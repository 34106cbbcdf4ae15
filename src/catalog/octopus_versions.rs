//! What is known of Octopus Server's versions: from which on an option exists, and which builds harm a cluster.
//!
//! Each row names its source: an issue of OctopusDeploy/Issues (I#), or a page of octopus.com/docs. A version that is not known is
//! judged by none of them.

use std::cmp::Ordering;

use crate::model::field::FieldId;
use crate::model::octopus::compare_versions;

/// Something that Octopus Server can do from a version on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The option, as typed, or what else it is.
    pub what: &'static str,
    pub version: &'static str,
}

/// Returns from which version on Octopus Server knows the option of a setting; `None` if all do that this program meets, or where no
/// source tells.
///
/// `--grpcListenPort` has no row: no source names its first version (I#9669 has its listener in 2025.3), so it is left out where the port
/// is Octopus' own default. Neither has `--serverNodeName` of `create-instance`, which was asked for in August 2019 (I#5793), nor
/// `--telemetry`, which was there by the end of 2020 (I#6448).
pub const fn option_since(field: FieldId) -> Option<Since> {
    let (what, version) = match field {
        FieldId::StorageRoot => ("--clusterShared", "2020.2.15"),    // I#6418
        FieldId::ImportsFolder => ("--imports", "2021.1"),           // docs, server-configuration-and-file-storage
        FieldId::TrustedProxies => ("--trustedProxies", "2023.1"),   // docs, security/users-and-teams/auditing
        FieldId::EventExportsFolder => ("--eventExports", "2023.3"), // docs, octopus.server.exe-command-line/path
        _ => return None,
    };
    Some(Since { what, version })
}

/// Master keys of 32 bytes (AES-256); older servers take 16 bytes only (I#9104).
pub const LONG_KEYS: Since = Since { what: "a master key of 32 bytes", version: "2024.4" };

impl Since {
    /// Returns whether a version is known to be older.
    pub fn is_later_than(self, version: &str) -> bool {
        compare_versions(version, self.version) == Ordering::Less
    }
}

/// Builds that harm a cluster of several nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFault {
    /// The first build that has it, and the first that has it no more.
    pub from: &'static str,
    pub below: &'static str,
    /// What happens: a clause.
    pub what: &'static str,
    /// The number in OctopusDeploy/Issues.
    pub issue: u32,
    /// Whether the bounds are those of a whole release, because the issue does not name the build with the fix.
    pub is_whole_release: bool,
    /// Whether it takes a rare coincidence, and does no harm but to one task.
    pub is_rare: bool,
}

const fn fault(from: &'static str, below: &'static str, issue: u32, what: &'static str) -> KnownFault {
    KnownFault { from, below, what, issue, is_whole_release: false, is_rare: false }
}

const FAULTS: [KnownFault; 10] = [
    KnownFault { is_whole_release: true, ..fault("2023.3", "2023.4", 8356, "several nodes may run one task at the same time") },
    fault("2022.3", "2022.3.10827", 7920, "cancelling a task often does nothing when another node runs it"),
    fault("2022.4", "2022.4.8196", 7920, "cancelling a task often does nothing when another node runs it"),
    fault("2023.1", "2023.1.2211", 7920, "cancelling a task often does nothing when another node runs it"),
    fault("2022.2.3990", "2022.2.6895", 7624, "logs of scheduled tasks are missing after another node took over"),
    fault("2022.3", "2022.3.3156", 7624, "logs of scheduled tasks are missing after another node took over"),
    fault("2023.4.8556", "2023.4.8608", 8790, "with some licences the server does not start"),
    fault("2024.1.12617", "2024.1.12746", 8790, "with some licences the server does not start"),
    fault("2024.2.6577", "2024.2.8728", 8790, "with some licences the server does not start"),
    KnownFault {
        is_rare: true,
        ..fault("0", "2025.2.10530", 9413, "an automatic deployment fails if another node still has the log of its task open")
    },
];

/// Returns what is known against a build.
pub fn known_faults(version: &str) -> impl Iterator<Item = &'static KnownFault> {
    let is_known = version.starts_with(|first: char| first.is_ascii_digit());
    let version = version.to_owned();
    FAULTS.iter().filter(move |fault| {
        is_known
            && compare_versions(&version, fault.from) != Ordering::Less
            && compare_versions(&version, fault.below) == Ordering::Less
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issues(version: &str) -> Vec<u32> {
        known_faults(version).filter(|fault| !fault.is_rare).map(|fault| fault.issue).collect()
    }

    #[test]
    fn a_build_is_judged_by_its_own_range() {
        for (version, expected) in [
            ("2023.3.1", vec![8356]),
            ("2023.3.13315", vec![8356]),
            ("2023.4.1", vec![]),
            ("2022.3.3155", vec![7920, 7624]),
            ("2022.3.3156", vec![7920]),
            ("2022.3.10827", vec![]),
            ("2022.2.3989", vec![]),
            ("2022.2.3990", vec![7624]),
            ("2024.2.8727", vec![8790]),
            ("2024.2.8728", vec![]),
            ("2026.4.1", vec![]),
            ("", vec![]),
            ("unknown", vec![]),
        ] {
            assert_eq!(issues(version), expected, "{version}");
        }
    }

    #[test]
    fn one_fault_is_all_older_builds_and_is_rare() {
        let rare =
            |version: &str| known_faults(version).filter(|fault| fault.is_rare).map(|fault| fault.issue).collect::<Vec<_>>();
        assert_eq!((rare("2018.1.0"), rare("2025.2.10529")), (vec![9413], vec![9413]));
        assert_eq!((rare("2025.2.10530"), rare("2026.1.1"), rare("unknown")), (vec![], vec![], vec![]));
    }

    #[test]
    fn every_range_has_builds() {
        for fault in &FAULTS {
            assert_eq!(compare_versions(fault.from, fault.below), Ordering::Less, "{fault:?}");
            assert!(!fault.what.ends_with('.') && fault.issue > 0, "{fault:?}");
        }
    }

    #[test]
    fn an_option_is_later_than_the_versions_before_it() {
        let since = option_since(FieldId::StorageRoot).unwrap_or_else(|| panic!("a row"));
        assert!(since.is_later_than("2020.2.14") && !since.is_later_than("2020.2.15") && !since.is_later_than("2026.4.1"));
        assert!(LONG_KEYS.is_later_than("2024.3.13000") && !LONG_KEYS.is_later_than("2024.4.6962"));
    }
}
