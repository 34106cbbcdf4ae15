//! The migration's findings: its checks, the sentences about what lies ahead, and those about what failed.
//!
//! The checks are a closed set of their own, because no screen of the wizard has them.

use std::path::Path;

use super::format_bytes;
use crate::catalog::format;
use crate::migration::model::{Collision, CopyFailure, CopySource, Obstacle, Preview, Room, SkipReason, SkippedEntry};
use crate::model::choice::ids;
use crate::model::finding::Severity;
use crate::model::storage::under;
use crate::model::untrusted::Untrusted;

/// The most findings of a kind; the rest are counted.
const MOST_SHOWN: usize = 20;

/// Returns the findings of a preview, stops first.
pub fn findings(preview: &Preview, sources: &[CopySource]) -> Vec<MigrationFinding> {
    let mut said = Vec::new();
    if preview.resumes {
        let says = format!("An earlier run was interrupted; {} of it are there and verified.", files(preview.existing.files));
        said.push(MigrationCheck::Resumes.finding(says, ""));
    }
    if preview.gone > 0 {
        let says = format!("{} that an earlier run copied are in the source no more.", files(preview.gone));
        said.push(MigrationCheck::Gone.finding(says, "They stay at the destination; nothing is ever deleted there."));
    }
    if preview.all.files == 0 && preview.skipped.is_empty() {
        let places: Vec<String> = sources.iter().map(|source| shown(&source.from)).collect();
        let says = if places.is_empty() {
            "There is nothing to copy.".to_owned()
        } else {
            format!("There are no files in {}.", places.join(", "))
        };
        said.push(MigrationCheck::NothingThere.finding(says, ""));
    }
    let path = |left: &SkippedEntry| {
        sources.get(left.source).map_or_else(|| left.path.clone(), |source| below(&source.from, &left.path))
    };
    let links = preview.skipped.iter().filter_map(|left| match &left.why {
        SkipReason::Link(to) if is_linked_source(left) => Some((left, to)),
        _ => None,
    });
    for (left, to) in links {
        let name = sources.get(left.source).map_or("", |source| source.folder.id());
        let says = format!("{} is a symbolic link to {to}, and links are not followed.", shown(&path(left)));
        let finding = MigrationCheck::SourceLink.finding(
            says,
            "Where its files are to be copied, name the folder itself; where it \
            leads to shared storage already, they need not be.",
        );
        said.push(finding.command(format!("--folder {name}={to}")));
    }
    let skipped = |check: MigrationCheck| {
        let entries = preview.skipped.iter().filter(|skipped| !is_linked_source(skipped));
        entries.filter_map(move |skipped| {
            let path = shown(&path(skipped));
            let (own, says) = match &skipped.why {
                SkipReason::Unreadable(why) => {
                    (MigrationCheck::Unreadable, format!("{path} cannot be read: {}.", why.as_str().trim_end_matches('.')))
                }
                SkipReason::Link(to) => (MigrationCheck::Links, format!("{path} is a symbolic link to {to}.")),
                SkipReason::Special => (MigrationCheck::SpecialFiles, format!("{path} is a socket, a pipe or a device.")),
            };
            (own == check).then_some(says)
        })
    };
    for (check, fix) in [
        (
            MigrationCheck::Unreadable,
            "Give this account the right to read them, or run as one that has it: what cannot be read would be missing.",
        ),
        (
            MigrationCheck::Links,
            "Links are not copied, and not followed: what they lead to may be anything. Copy what is needed by hand.",
        ),
        (MigrationCheck::SpecialFiles, "It is not copied; Octopus Server makes none of that kind."),
    ] {
        add_group(&mut said, check, skipped(check), fix);
    }
    let sentence = |collision: &Collision| collision_sentence(collision, sources);
    add_group(
        &mut said,
        MigrationCheck::Collision,
        preview.collisions.iter().map(sentence),
        "Nothing is overwritten. Move away what is in the way, or choose an empty destination.",
    );
    add_group(
        &mut said,
        MigrationCheck::CaseUnknown,
        preview.possible_collisions.iter().map(sentence),
        "It could not be told whether the destination takes such names for one. Where it does, the second file is refused when its \
         turn comes; nothing is overwritten.",
    );
    for room in &preview.room {
        said.extend(room_findings(room));
    }
    said.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    said
}

/// Adds the first findings of a check, and how many more there are.
fn add_group(said: &mut Vec<MigrationFinding>, check: MigrationCheck, mut sentences: impl Iterator<Item = String>, fix: &str) {
    let before = said.len();
    said.extend(sentences.by_ref().take(MOST_SHOWN).map(|says| check.finding(says, "")));
    let more = sentences.count();
    if more > 0 {
        said.push(check.finding(format!("And {more} more."), ""));
    }
    if let Some(last) = said.iter_mut().skip(before).next_back() {
        fix.clone_into(&mut last.fix);
    }
}

/// Returns whether a skipped entry is a source that is itself a symbolic link.
fn is_linked_source(skipped: &SkippedEntry) -> bool {
    matches!(skipped.why, SkipReason::Link(_)) && skipped.path.as_os_str().is_empty()
}

fn collision_sentence(collision: &Collision, sources: &[CopySource]) -> String {
    let Some(source) = sources.get(collision.source) else { return String::new() };
    let to = shown(&below(&source.to, &collision.path));
    match &collision.obstacle {
        Obstacle::OtherContent => format!("{to} is there already, with another content."),
        Obstacle::Folder => format!("{to} is a folder, and a file is to be there."),
        Obstacle::NoFolder => format!("{to} is no folder, and one is to be there."),
        Obstacle::NoFile => format!("{to} is a link or something stranger, and a file is to be there."),
        Obstacle::SameName(other) => format!(
            "{} and {} differ only in upper and lower case.",
            shown(&below(&source.from, &collision.path)),
            shown(&below(&source.from, other))
        ),
    }
}

fn room_findings(room: &Room) -> Vec<MigrationFinding> {
    let mut said = Vec::new();
    let at = shown(&room.at);
    match room.free {
        Some(free) if free < room.needed => said.push(MigrationCheck::Room.finding(
            format!("{at} has room for {}, and {} are needed.", format_bytes(free), format_bytes(room.needed)),
            format!("Make room for {} more.", format_bytes(room.needed - free)),
        )),
        Some(_) => {}
        None => {
            let says =
                format!("This host does not tell how much room there is at {at}; {} are needed.", format_bytes(room.needed));
            said.push(MigrationCheck::RoomUnknown.finding(says, ""));
        }
    }
    if let Some(inodes) = room.inodes.filter(|inodes| *inodes < room.entries) {
        let says = format!("At {at} {inodes} more files and folders can be made, and {} are needed.", room.entries);
        said.push(MigrationCheck::Inodes.finding(says, "Take a file system that was made with more inodes."));
    }
    said
}

/// Explains why a file was not copied, and what to do.
pub fn explain(path: &Path, why: &CopyFailure) -> (String, &'static str) {
    let path = shown(path);
    match why {
        CopyFailure::Refused { doing, said } => (
            format!("{path}: {doing} failed: {}.", said.as_str().trim_end_matches('.')),
            "Fix it, and run the same command again; it goes on.",
        ),
        CopyFailure::KeepsChanging => (
            format!("{path} was written to each time that it was copied."),
            "Stop Octopus Server, and whatever else writes there; then run the same command again.",
        ),
        CopyFailure::Gone => {
            (format!("{path} was gone when its turn came."), "Where it was to go, all is well: run the same command again.")
        }
        CopyFailure::Changed => (
            format!("{path} was written to after it had been copied, or is new."),
            "Stop Octopus Server, and whatever else writes there; then run the same command again, which copies what is left.",
        ),
        CopyFailure::ReadBackOtherwise => (
            format!("{path}: what was read back at the destination is not what was written."),
            "Have the destination's disk, cable and memory looked at before anything is trusted to it.",
        ),
        CopyFailure::Taken => (
            format!("{path}: something else came to stand in its place at the destination."),
            "Find out what writes there; then run the same command again, which tells what it is.",
        ),
        CopyFailure::Hangs(seconds) => (
            format!("{path}: an operation did not come to an end in {seconds} s."),
            "Have the share, and the network to it, looked at; then run the same command again.",
        ),
    }
}

fn below(root: &Path, path: &Path) -> std::path::PathBuf {
    // Joining an empty path would add a separator.
    if path.as_os_str().is_empty() {
        return root.to_owned();
    }
    let text = root.to_string_lossy();
    // A UNC path may be shown on Linux, whose `join` would use the wrong separator.
    if text.starts_with("\\\\") { under(root, &path.to_string_lossy()) } else { root.join(path) }
}

fn files(count: u64) -> String {
    format::count(count, "file")
}

fn shown(path: &Path) -> String {
    Untrusted::new(&path.to_string_lossy()).to_string()
}

ids! {
    /// A check of the migration. Its id is printed beside findings, and is what `--accept` takes.
    pub enum MigrationCheck {
        /// Octopus Server runs, so the files change while they are copied.
        OctopusRunning = "octopus-running",
        /// It is unknown whether Octopus Server runs.
        OctopusUnknown = "octopus-unknown",
        /// A source is a symbolic link.
        SourceLink = "source-link",
        /// A source that was named is not a folder.
        SourceMissing = "source-missing",
        /// There is nothing to copy.
        NothingThere = "nothing-there",
        /// Source and destination, or two sources, contain each other.
        Entangled = "entangled",
        /// Symbolic links in a source.
        Links = "links",
        /// Sockets, pipes and devices in a source.
        SpecialFiles = "special-files",
        /// Files or folders that cannot be read.
        Unreadable = "unreadable",
        /// The place of a file or folder at the destination is taken.
        Collision = "collision",
        /// Names differ only in case, and it is unknown whether the destination keeps both.
        CaseUnknown = "case-unknown",
        Room = "room",
        /// Too few files can be created.
        Inodes = "inodes",
        RoomUnknown = "room-unknown",
        /// Files that an earlier run copied are no longer in the source.
        Gone = "gone",
        /// This run continues an interrupted one.
        Resumes = "resumes",
    }
}

impl MigrationCheck {
    /// Returns a finding of this check, with the check's severity and without a remedy. A migration has no form, so its findings are
    /// about no field.
    pub fn finding(self, says: impl Into<String>, fix: impl Into<String>) -> MigrationFinding {
        MigrationFinding { check: self, severity: self.severity(), about: None, says: says.into(), fix: fix.into(), remedy: None }
    }

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
pub type MigrationFinding = crate::model::finding::Finding<MigrationCheck>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::model::Figures;
    use crate::model::finding::Severity;
    use crate::model::storage::SharedFolder;

    fn sources() -> Vec<CopySource> {
        vec![CopySource { folder: SharedFolder::Packages, from: "/o/Packages".into(), to: "/mnt/o/Packages".into() }]
    }

    fn some() -> Preview {
        Preview { all: Figures { files: 3, bytes: 9 }, ..Preview::default() }
    }

    fn told(preview: &Preview) -> Vec<(&'static str, String)> {
        findings(preview, &sources()).into_iter().map(|finding| (finding.check.id(), finding.says)).collect()
    }

    #[test]
    fn a_clear_way_is_no_concern() {
        assert_eq!(told(&some()), []);
    }

    #[test]
    fn each_kind_is_told_with_path_and_reason() {
        let left = |path: &str, why| SkippedEntry { source: 0, path: path.into(), why };
        let way = |path: &str, obstacle| Collision { source: 0, path: path.into(), obstacle };
        let preview = Preview {
            skipped: vec![
                left("", SkipReason::Link("/srv/x".into())),
                left("l", SkipReason::Link("/etc".into())),
                left("s", SkipReason::Special),
                left("u", SkipReason::Unreadable("Permission denied.".into())),
            ],
            collisions: vec![way("a", Obstacle::OtherContent), way("b", Obstacle::SameName("B".into()))],
            room: vec![Room { at: "/mnt/o".into(), free: Some(1_000), needed: 5_000, inodes: Some(1), entries: 2 }],
            ..some()
        };
        let told = told(&preview);
        for (id, says) in [
            ("source-link", "/o/Packages is a symbolic link to /srv/x, and links are not followed."),
            ("links", "/o/Packages/l is a symbolic link to /etc."),
            ("special-files", "/o/Packages/s is a socket, a pipe or a device."),
            ("unreadable", "/o/Packages/u cannot be read: Permission denied."),
            ("collision", "/mnt/o/Packages/a is there already, with another content."),
            ("collision", "/o/Packages/b and /o/Packages/B differ only in upper and lower case."),
            ("inodes", "At /mnt/o 1 more files and folders can be made, and 2 are needed."),
        ] {
            assert!(told.contains(&(id, says.to_owned())), "{says} is not in {told:#?}");
        }
        let all = findings(&preview, &sources());
        assert!(all.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)));
        let link = all.iter().find(|finding| finding.check == MigrationCheck::SourceLink).unwrap();
        assert_eq!(link.remedy.as_ref().unwrap().text(), "--folder packages=/srv/x");
    }

    #[test]
    fn of_many_the_first_are_told_and_the_rest_counted() {
        let way = |number: usize| Collision { source: 0, path: number.to_string().into(), obstacle: Obstacle::OtherContent };
        let all = findings(&Preview { collisions: (0..50).map(way).collect(), ..some() }, &sources());
        assert_eq!((all.len(), all.last().unwrap().says.as_str()), (21, "And 30 more."));
        assert!(all.iter().all(|finding| finding.severity == Severity::Stop));
        assert_eq!(all.iter().filter(|finding| !finding.fix.is_empty()).count(), 1);
    }

    #[test]
    fn a_name_from_a_disk_acts_on_nothing() {
        let left = SkippedEntry { source: 0, path: "x\u{1b}[2J\n".into(), why: SkipReason::Special };
        let said = told(&Preview { skipped: vec![left], ..some() });
        assert!(said[0].1.contains("x^[[2J") && !said[0].1.contains('\u{1b}'), "{said:?}");
        let (says, fix) = explain(Path::new("/a\u{1b}b"), &CopyFailure::Hangs(60));
        assert!(says.starts_with("/a^[b: an operation did not") && !fix.is_empty());
    }

    #[test]
    fn nothing_there_is_said_and_is_no_stop() {
        let all = findings(&Preview::default(), &sources());
        assert_eq!((all.len(), all[0].severity), (1, Severity::Note));
    }
}
