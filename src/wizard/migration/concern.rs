//! Concerns: the findings of a move to shared storage. They are no findings of a check: no screen has them.

use crate::model::finding::{Remedy, Severity};

/// What a concern is about. The id is what is printed, and what is accepted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConcernId {
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

impl ConcernId {
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

    /// The one of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|concern| concern.id() == id)
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

/// What is to be said before a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What it is about.
    pub id: ConcernId,
    /// What happened, to what.
    pub says: String,
    /// What to do; empty where nothing is to be done.
    pub fix: String,
    /// The command that mends it.
    pub remedy: Option<Remedy>,
}

impl Concern {
    /// A concern without a remedy.
    pub fn new(id: ConcernId, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { id, says: says.into(), fix: fix.into(), remedy: None }
    }

    /// The same, with a command that mends it.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Command(command.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back() {
        for concern in ConcernId::ALL {
            assert_eq!(ConcernId::from_id(concern.id()), Some(concern));
        }
        assert_eq!(ConcernId::from_id("x"), None);
    }
}
