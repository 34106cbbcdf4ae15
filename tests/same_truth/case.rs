//! A case: an answer file as a user would write it, and what must come out.

use std::path::PathBuf;

use octopus_setup::model::check::CheckId;
use octopus_setup::model::flow::Flow;

use crate::machines::MachineId;
use crate::masks::Masks;
use crate::scenes::SceneId;

/// A case as its file says it. Its head is comments:
///
/// ```text
/// # scene: clusters          the server, required
/// # flow: join               first-node where nothing is said
/// # machine: busy            bare where nothing is said
/// # accept: sql-tls          as --accept on the command line
/// # about: home-disk         a check whose findings hang on this machine and are told all the same
/// # resumes: yes             it goes on with a run that stopped in the middle
/// # mode: 600                the file's permission bits; 644 where nothing is said
/// # bytes: latin-1           the file is written so; utf-8 where nothing is said
/// ```
#[derive(Debug)]
pub struct Case {
    /// Its file's name without the ending.
    pub name: String,
    pub scene: SceneId,
    pub machine: MachineId,
    pub flow: Flow,
    pub accept: Vec<CheckId>,
    pub about: Option<CheckId>,
    /// Whether it goes on with a run that stopped in the middle: a person chooses that at the start.
    pub resumes: bool,
    /// The answer file's permission bits.
    pub mode: u32,
    /// Whether the answer file is written in Latin-1, as editors on old machines do.
    latin: bool,
    /// The answer file, with placeholders.
    text: String,
}

/// The folder of the cases.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/same_truth/cases")
}

/// The names of the files with this ending, sorted.
pub fn names(ending: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let of_ending = files.filter(|path| path.extension().is_some_and(|extension| extension == ending));
    let mut names: Vec<String> = of_ending.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

impl Case {
    /// Every case, by name.
    pub fn all() -> Vec<Self> {
        names("toml").into_iter().map(Self::read).collect()
    }

    /// The case of this name.
    pub fn named(name: &str) -> Self {
        Self::read(name.to_owned())
    }

    fn read(name: String) -> Self {
        let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        let head = |key: &str| {
            let mark = format!("# {key}: ");
            text.lines().find_map(|line| line.strip_prefix(&mark)).map(str::trim)
        };
        let check = |id: &str| CheckId::from_id(id).unwrap_or_else(|| panic!("{name}: no check {id}"));
        let scene = head("scene").unwrap_or_else(|| panic!("{name} names no scene"));
        let flow = head("flow").unwrap_or("first-node");
        let machine = head("machine").unwrap_or("bare");
        Self {
            scene: SceneId::from_id(scene).unwrap_or_else(|| panic!("{name}: no scene {scene}")),
            machine: MachineId::from_id(machine).unwrap_or_else(|| panic!("{name}: no machine {machine}")),
            flow: Flow::ALL.into_iter().find(|known| known.id() == flow).unwrap_or_else(|| panic!("{name}: no flow {flow}")),
            accept: head("accept").map(|list| list.split(", ").map(check).collect()).unwrap_or_default(),
            about: head("about").map(check),
            resumes: head("resumes") == Some("yes"),
            mode: u32::from_str_radix(head("mode").unwrap_or("644"), 8).unwrap(),
            latin: head("bytes") == Some("latin-1"),
            text: text.clone(),
            name,
        }
    }

    /// The answer file as it is written.
    pub fn bytes(&self, masks: &Masks) -> Vec<u8> {
        let text = masks.fill(&self.text);
        if self.latin {
            text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
        } else {
            text.into_bytes()
        }
    }

    /// The answer file with its placeholders.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether this machine has what the case is about.
    pub fn fits_here(&self) -> bool {
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        !self.text.contains("/dev/shm") || mounts.lines().any(|line| line.contains(" /dev/shm tmpfs "))
    }

    /// Checks whose findings hang on this machine or on its load, and not on the answers: they are not told, and accepted.
    pub fn ambient(&self) -> Vec<CheckId> {
        let all = [
            CheckId::ServiceRights,
            CheckId::SqlLatency,
            CheckId::HomeDisk,
            CheckId::StorageDisk,
            CheckId::StorageLatency,
            CheckId::OctopusService,
        ];
        all.into_iter().filter(|check| self.about != Some(*check)).collect()
    }

    /// Everything that is accepted.
    pub fn accepts(&self) -> Vec<CheckId> {
        [self.accept.clone(), self.ambient()].concat()
    }

    /// What must come out.
    pub fn expected(&self) -> Option<String> {
        std::fs::read_to_string(self.expected_file()).ok()
    }

    /// The file that says it.
    pub fn expected_file(&self) -> PathBuf {
        folder().join(format!("{}.txt", self.name))
    }
}
