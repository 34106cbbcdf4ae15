//! The migration's findings: its checks, the sentences about what lies ahead, and those about what failed.
//!
//! The checks are a closed set of their own, because no screen of the wizard has them.

use std::path::Path;

use super::amount;
use crate::catalog::format;
use crate::migration::model::{Collision, InTheWay, LeftOut, Odd, Preview, Room, Source, Trouble};
use crate::model::finding::Severity;
use crate::model::storage::under;
use crate::model::untrusted::Untrusted;

/// The most findings of a kind; the rest are counted.
const TOLD: usize = 20;

/// Returns the findings of a preview, stops first.
pub fn findings(preview: &Preview, sources: &[Source]) -> Vec<Finding> {
    let mut said = Vec::new();
    if preview.resumes {
        let says = format!("An earlier run was interrupted; {} of it are there and verified.", files(preview.existing.files));
        said.push(MigrationCheck::Resumes.finding(says, ""));
    }
    if preview.gone > 0 {
        let says = format!("{} that an earlier run copied are in the source no more.", files(preview.gone));
        said.push(MigrationCheck::Gone.finding(says, "They stay at the destination; nothing is ever deleted there."));
    }
    if preview.all.files == 0 && preview.left_out.is_empty() {
        let places: Vec<String> = sources.iter().map(|source| shown(&source.from)).collect();
        let says = if places.is_empty() {
            "There is nothing to copy.".to_owned()
        } else {
            format!("There are no files in {}.", places.join(", "))
        };
        said.push(MigrationCheck::NothingThere.finding(says, ""));
    }
    let path =
        |left: &LeftOut| sources.get(left.source).map_or_else(|| left.path.clone(), |source| below(&source.from, &left.path));
    let links = preview.left_out.iter().filter_map(|left| match &left.why {
        Odd::Link(to) if left.path.as_os_str().is_empty() => Some((left, to)),
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
    let inner = |wanted: fn(&Odd) -> bool| {
        preview
            .left_out
            .iter()
            .filter(move |left| wanted(&left.why) && !(matches!(left.why, Odd::Link(_)) && left.path.as_os_str().is_empty()))
    };
    grouped(
        &mut said,
        MigrationCheck::Unreadable,
        inner(|why| matches!(why, Odd::Unreadable(_))),
        "Give this account the right to read \
        them, or run as one that has it: what cannot be read would be missing.",
        |left| match &left.why {
            Odd::Unreadable(why) => format!("{} cannot be read: {}.", shown(&path(left)), why.as_str().trim_end_matches('.')),
            _ => String::new(),
        },
    );
    grouped(
        &mut said,
        MigrationCheck::Links,
        inner(|why| matches!(why, Odd::Link(_))),
        "Links are not copied, and not followed: what they \
        lead to may be anything. Copy what is needed by hand.",
        |left| match &left.why {
            Odd::Link(to) => format!("{} is a symbolic link to {to}.", shown(&path(left))),
            _ => String::new(),
        },
    );
    grouped(
        &mut said,
        MigrationCheck::SpecialFiles,
        inner(|why| matches!(why, Odd::Special)),
        "It is not copied; Octopus Server makes none \
        of that kind.",
        |left| format!("{} is a socket, a pipe or a device.", shown(&path(left))),
    );
    grouped(
        &mut said,
        MigrationCheck::Collision,
        preview.collisions.iter(),
        "Nothing is overwritten. Move away what is in the way, or choose \
        an empty destination.",
        |collision| collides(collision, sources),
    );
    grouped(
        &mut said,
        MigrationCheck::CaseUnknown,
        preview.perhaps.iter(),
        "It could not be told whether the destination takes such names for \
        one. Where it does, the second file is refused when its turn comes; nothing is overwritten.",
        |collision| collides(collision, sources),
    );
    for room in &preview.room {
        said.extend(cramped(room));
    }
    said.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    said
}

/// Adds the first findings of a kind, and how many more there are.
fn grouped<T>(
    said: &mut Vec<Finding>,
    id: MigrationCheck,
    all: impl Iterator<Item = T>,
    fix: &str,
    mut tell: impl FnMut(T) -> String,
) {
    let mut more = 0;
    let before = said.len();
    for one in all {
        if said.len() - before < TOLD {
            said.push(id.finding(tell(one), ""));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        said.push(id.finding(format!("And {more} more."), ""));
    }
    if said.len() > before
        && let Some(last) = said.last_mut()
    {
        fix.clone_into(&mut last.fix);
    }
}

fn collides(collision: &Collision, sources: &[Source]) -> String {
    let Some(source) = sources.get(collision.source) else { return String::new() };
    let to = shown(&below(&source.to, &collision.path));
    match &collision.way {
        InTheWay::OtherContent => format!("{to} is there already, with another content."),
        InTheWay::Folder => format!("{to} is a folder, and a file is to be there."),
        InTheWay::NoFolder => format!("{to} is no folder, and one is to be there."),
        InTheWay::NoFile => format!("{to} is a link or something stranger, and a file is to be there."),
        InTheWay::SameName(other) => format!(
            "{} and {} differ only in upper and lower case.",
            shown(&below(&source.from, &collision.path)),
            shown(&below(&source.from, other))
        ),
    }
}

fn cramped(room: &Room) -> Vec<Finding> {
    let mut said = Vec::new();
    let at = shown(&room.at);
    match room.free {
        Some(free) if free < room.needed => said.push(MigrationCheck::Room.finding(
            format!("{at} has room for {}, and {} are needed.", amount(free), amount(room.needed)),
            format!("Make room for {} more.", amount(room.needed - free)),
        )),
        Some(_) => {}
        None => {
            let says = format!("This host does not tell how much room there is at {at}; {} are needed.", amount(room.needed));
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
pub fn explain(path: &Path, why: &Trouble) -> (String, &'static str) {
    let path = shown(path);
    match why {
        Trouble::Refused { doing, said } => (
            format!("{path}: {doing} failed: {}.", said.as_str().trim_end_matches('.')),
            "Fix it, and run the same command again; it goes on.",
        ),
        Trouble::KeepsChanging => (
            format!("{path} was written to each time that it was copied."),
            "Stop Octopus Server, and whatever else writes there; then run the same command again.",
        ),
        Trouble::Gone => {
            (format!("{path} was gone when its turn came."), "Where it was to go, all is well: run the same command again.")
        }
        Trouble::Changed => (
            format!("{path} was written to after it had been copied, or is new."),
            "Stop Octopus Server, and whatever else writes there; then run the same command again, which copies what is left.",
        ),
        Trouble::ReadBackOtherwise => (
            format!("{path}: what was read back at the destination is not what was written."),
            "Have the destination's disk, cable and memory looked at before anything is trusted to it.",
        ),
        Trouble::Taken => (
            format!("{path}: something else came to stand in its place at the destination."),
            "Find out what writes there; then run the same command again, which tells what it is.",
        ),
        Trouble::Hangs(seconds) => (
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

/// A check of the migration. Its id is printed beside findings, and is what `--accept` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MigrationCheck {
    /// Octopus Server runs, so the files change while they are copied.
    OctopusRunning,
    /// It is unknown whether Octopus Server runs.
    OctopusUnknown,
    /// A source is a symbolic link.
    SourceLink,
    /// A source that was named is not a folder.
    SourceMissing,
    /// There is nothing to copy.
    NothingThere,
    /// Source and destination, or two sources, contain each other.
    Entangled,
    /// Symbolic links in a source.
    Links,
    /// Sockets, pipes and devices in a source.
    SpecialFiles,
    /// Files or folders that cannot be read.
    Unreadable,
    /// The place of a file or folder at the destination is taken.
    Collision,
    /// Names differ only in case, and it is unknown whether the destination keeps both.
    CaseUnknown,
    Room,
    /// Too few files can be created.
    Inodes,
    RoomUnknown,
    /// Files that an earlier run copied are no longer in the source.
    Gone,
    /// This run continues an interrupted one.
    Resumes,
}

impl MigrationCheck {
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
    use crate::migration::model::Figures;
    use crate::model::finding::Severity;
    use crate::model::storage::SharedFolder;

    fn sources() -> Vec<Source> {
        vec![Source { folder: SharedFolder::Packages, from: "/o/Packages".into(), to: "/mnt/o/Packages".into() }]
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
        let left = |path: &str, why| LeftOut { source: 0, path: path.into(), why };
        let way = |path: &str, way| Collision { source: 0, path: path.into(), way };
        let preview = Preview {
            left_out: vec![
                left("", Odd::Link("/srv/x".into())),
                left("l", Odd::Link("/etc".into())),
                left("s", Odd::Special),
                left("u", Odd::Unreadable("Permission denied.".into())),
            ],
            collisions: vec![way("a", InTheWay::OtherContent), way("b", InTheWay::SameName("B".into()))],
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
        let way = |number: usize| Collision { source: 0, path: number.to_string().into(), way: InTheWay::OtherContent };
        let all = findings(&Preview { collisions: (0..50).map(way).collect(), ..some() }, &sources());
        assert_eq!((all.len(), all.last().unwrap().says.as_str()), (21, "And 30 more."));
        assert!(all.iter().all(|finding| finding.severity == Severity::Stop));
        assert_eq!(all.iter().filter(|finding| !finding.fix.is_empty()).count(), 1);
    }

    #[test]
    fn a_name_from_a_disk_acts_on_nothing() {
        let left = LeftOut { source: 0, path: "x\u{1b}[2J\n".into(), why: Odd::Special };
        let said = told(&Preview { left_out: vec![left], ..some() });
        assert!(said[0].1.contains("x^[[2J") && !said[0].1.contains('\u{1b}'), "{said:?}");
        let (says, fix) = explain(Path::new("/a\u{1b}b"), &Trouble::Hangs(60));
        assert!(says.starts_with("/a^[b: an operation did not") && !fix.is_empty());
    }

    #[test]
    fn nothing_there_is_said_and_is_no_stop() {
        let all = findings(&Preview::default(), &sources());
        assert_eq!((all.len(), all[0].severity), (1, Severity::Note));
    }

    #[test]
    fn ids_lead_back() {
        for check in MigrationCheck::ALL {
            assert_eq!(MigrationCheck::from_id(check.id()), Some(check));
        }
        assert_eq!(MigrationCheck::from_id("x"), None);
    }
}
