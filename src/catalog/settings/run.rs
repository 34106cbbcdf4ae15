//! The settings of a run rather than of a node: the hand-over to Octopus Server, the new master key, and the files in which
//! something is kept.

use super::{FIRST, NEW, OnlyWith, ROW, Setting};
use crate::catalog::form::read;
use crate::model::choice::{Choice, spelled};
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::master_key::KeySize;
use crate::model::octopus::HandOverMode;
use crate::model::screen::ScreenId;

const OCTOPUS: Setting = Setting { screens: &[(ScreenId::Octopus, NEW)], ..ROW };

/// What concerns the key or the run, and no node.
const KEPT: Setting = Setting { affects_node: false, optional: true, ..ROW };

pub(super) const ROWS: [Setting; 8] = [
    Setting {
        field: FieldId::HandOver,
        id: "hand-over",
        kind: Kind::Choice(HandOverMode::SPELLINGS),
        default: HandOverMode::WhenFound.spelling(),
        ..OCTOPUS
    },
    Setting {
        field: FieldId::OctopusServer,
        id: "octopus-server",
        kind: Kind::Path,
        only_with: OnlyWith::Values(FieldId::HandOver, &[HandOverMode::WhenFound.spelling(), HandOverMode::Always.spelling()]),
        optional: true,
        problem: |answers| read::octopus_server(answers).err(),
        ..OCTOPUS
    },
    Setting { field: FieldId::StartService, id: "start-service", kind: Kind::Toggle, default: spelled(true), ..OCTOPUS },
    Setting {
        field: FieldId::KeySize,
        id: "key-size",
        kind: Kind::Choice(KeySize::SPELLINGS),
        default: KeySize::Aes256.spelling(),
        screens: &[(ScreenId::Review, FIRST)],
        ..ROW
    },
    // Whether there is a file at all is custody's business; only a path that could never be one is wrong here.
    Setting {
        field: FieldId::KeyFile,
        id: "key-file",
        kind: Kind::Path,
        from_machine: true,
        screens: &[(ScreenId::MasterKey, FIRST), (ScreenId::Key, &[Flow::Review])],
        problem: |answers| read::file_to_be(FieldId::KeyFile, "octopus-master-key.txt", answers).err(),
        ..KEPT
    },
    // Custody compares the proofs with the key and with the instance's name; nothing else can be wrong with them.
    Setting { field: FieldId::KeyProof, id: "key-proof", screens: &[(ScreenId::MasterKey, FIRST)], presettable: false, ..KEPT },
    Setting {
        field: FieldId::KeyConfirm,
        id: "key-confirm",
        screens: &[(ScreenId::Key, &[Flow::Review])],
        presettable: false,
        ..KEPT
    },
    Setting {
        field: FieldId::AnswersFile,
        id: "answers-file",
        kind: Kind::Path,
        screens: &[(ScreenId::Review, NEW)],
        presettable: false,
        problem: |answers| read::file_to_be(FieldId::AnswersFile, "octopus-answers.toml", answers).err(),
        ..KEPT
    },
];
