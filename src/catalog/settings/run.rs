//! The settings of a run rather than of a node: the hand-over to Octopus Server, the new master key, and the files to
//! save things in.

use super::{FIRST, NEW, OnlyWith, ROW, Setting};
use crate::catalog::form::read;
use crate::model::choice::{Choice, spelled};
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::master_key::KeySize;
use crate::model::octopus::HandOverMode;
use crate::model::screen::ScreenId;

const OCTOPUS: Setting = Setting { screens: &[(ScreenId::Octopus, NEW)], aside: true, ..ROW };

/// A setting about the key or the run, not the node.
const KEPT: Setting = Setting { affects_node: false, optional: true, ..ROW };

pub(super) const ROWS: [Setting; 9] = [
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
        aside: true,
        id: "key-size",
        kind: Kind::Choice(KeySize::SPELLINGS),
        default: KeySize::Aes256.spelling(),
        screens: &[(ScreenId::Octopus, FIRST)],
        ..ROW
    },
    // Custody checks whether the file exists; only a path that can never be valid is a problem here.
    Setting {
        field: FieldId::KeyFile,
        id: "key-file",
        kind: Kind::Path,
        from_machine: true,
        screens: &[(ScreenId::MasterKey, FIRST), (ScreenId::Key, &[Flow::Review])],
        problem: |answers| read::file_to_be(FieldId::KeyFile, "octopus-master-key.txt", answers).err(),
        ..KEPT
    },
    // Custody compares the proofs with the key and with the names of instance and node; nothing else can be wrong with them.
    Setting { field: FieldId::KeyProof, id: "key-proof", screens: &[(ScreenId::MasterKey, FIRST)], presettable: false, ..KEPT },
    Setting {
        field: FieldId::KeyConfirm,
        id: "key-confirm",
        screens: &[(ScreenId::Key, &[Flow::Review])],
        presettable: false,
        ..KEPT
    },
    Setting {
        field: FieldId::NodeConfirm,
        id: "node-confirm",
        screens: &[(ScreenId::Review, &[Flow::Leave, Flow::Remove])],
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
