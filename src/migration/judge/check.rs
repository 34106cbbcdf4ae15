//! The migration's checks: a closed set of its own, because no screen of the wizard has them.

use crate::model::finding::Severity;

/// What a finding is about. Its id is printed, and is what `--accept` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MigrationCheck {
    /// Octopus Server runs, so that the files change while they are copied.
    OctopusRunning,
    /// Whether it runs could not be told.
    OctopusUnknown,
    /// A source is a symbolic link.
    SourceLink,
    /// A source that was named is no folder.
    SourceMissing,
    /// There is nothing to copy.
    NothingThere,
    /// Source and destination lie in each other.
    Entangled,
    /// Symbolic links in a source.
    Links,
    /// Sockets, pipes and devices in a source.
    SpecialFiles,
    /// Files or folders that cannot be read.
    Unreadable,
    /// Something stands in the way.
    Collision,
    /// Names that differ in case only, and a destination of which it could not be told what it makes of them.
    CaseUnknown,
    /// Not enough room.
    Room,
    /// Not enough files can be made.
    Inodes,
    /// The room could not be told.
    RoomUnknown,
    /// What an earlier run copied is in the source no more.
    Gone,
    /// An earlier run goes on.
    Resumes,
}

impl MigrationCheck {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::OctopusRunning,
        Self::OctopusUnknown,
        Self::SourceLink,
        Self::SourceMissing,
        Self::NothingThere,
        Self::Entangled,
        Self::Links,
        Self::SpecialFiles,
        Self::Unreadable,
        Self::Collision,
        Self::CaseUnknown,
        Self::Room,
        Self::Inodes,
        Self::RoomUnknown,
        Self::Gone,
        Self::Resumes,
    ];

    /// Its id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::OctopusRunning => "octopus-running",
            Self::OctopusUnknown => "octopus-unknown",
            Self::SourceLink => "source-link",
            Self::SourceMissing => "source-missing",
            Self::NothingThere => "nothing-there",
            Self::Entangled => "entangled",
            Self::Links => "links",
            Self::SpecialFiles => "special-files",
            Self::Unreadable => "unreadable",
            Self::Collision => "collision",
            Self::CaseUnknown => "case-unknown",
            Self::Room => "room",
            Self::Inodes => "inodes",
            Self::RoomUnknown => "room-unknown",
            Self::Gone => "gone",
            Self::Resumes => "resumes",
        }
    }

    /// Returns a finding of this check, with the check's severity and without a remedy. A migration has no form, so its findings are
    /// about no field.
    pub fn finding(self, says: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { check: self, severity: self.severity(), about: None, says: says.into(), fix: fix.into(), remedy: None }
    }

    /// The check of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.id() == id)
    }

    /// How much it weighs.
    pub const fn severity(self) -> Severity {
        match self {
            Self::SourceLink
            | Self::SourceMissing
            | Self::Entangled
            | Self::Unreadable
            | Self::Collision
            | Self::Room
            | Self::Inodes => Severity::Stop,
            Self::OctopusRunning | Self::Links | Self::SpecialFiles | Self::CaseUnknown => Severity::Warn,
            Self::OctopusUnknown | Self::NothingThere | Self::RoomUnknown | Self::Gone | Self::Resumes => Severity::Note,
        }
    }
}

/// A finding of the migration.
pub type Finding = crate::model::finding::Finding<MigrationCheck>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back() {
        for check in MigrationCheck::ALL {
            assert_eq!(MigrationCheck::from_id(check.id()), Some(check));
        }
        assert_eq!(MigrationCheck::from_id("x"), None);
    }
}
