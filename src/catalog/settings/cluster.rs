//! The settings of the cluster screen.

use super::{Group, JOIN, ROW, Setting};
use crate::catalog::form::read;
use crate::catalog::octopus::{OctopusOption, Reach, Verb};
use crate::model::choice::spelled;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;

const JOIN_OR_EDIT: &[Flow] = &[Flow::Join, Flow::Edit];

/// A consent that a joining node's operator gives.
const CONSENT: Setting = Setting {
    kind: Kind::Toggle,
    default: spelled(false),
    screens: &[(ScreenId::Cluster, JOIN)],
    affects_node: false,
    group: Group::Cluster,
    ..ROW
};

pub(super) const ROWS: [Setting; 5] = [
    Setting {
        field: FieldId::MasterKey,
        id: "master-key",
        kind: Kind::Secret,
        screens: &[(ScreenId::Cluster, JOIN_OR_EDIT)],
        affects_node: false,
        problem: |answers| read::master_key(answers).err(),
        group: Group::Cluster,
        ..ROW
    },
    Setting { field: FieldId::UnverifiedKey, id: "unverified-key", ..CONSENT },
    Setting { field: FieldId::ReplaceNode, id: "replace-node", ..CONSENT },
    Setting {
        field: FieldId::TaskCap,
        id: "task-cap",
        kind: Kind::Number,
        default: "5",
        bounds: (0, 1000),
        screens: &[(ScreenId::Cluster, JOIN_OR_EDIT)],
        problem: |answers| read::task_cap(answers).err(),
        node: Some(|node| Some(node.task_cap.to_string())),
        config: Some(|config| Some(config.node.task_cap.to_string())),
        row: Some(|row| row.task_cap.to_string()),
        // Octopus stores it in the database, but for this node only.
        option: Some(OctopusOption { verb: Verb::Node, name: "--taskCap", reach: Reach::Node }),
        ..ROW
    },
    Setting { field: FieldId::MakeRegistry, id: "make-registry", ..CONSENT },
];
