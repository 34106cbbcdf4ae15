//! The settings of the home screen.

use super::{Equivalence, FIRST, Group, JOIN, NEW, NextNode, OctopusSource, ROW, Setting};
use crate::catalog::form::read;
use crate::catalog::octopus::OctopusOption;
use crate::model::field::{FieldId, Kind};
use crate::model::screen::ScreenId;

pub(super) const ROWS: [Setting; 3] = [
    Setting {
        field: FieldId::Instance,
        id: "instance",
        default: "OctopusServer",
        screens: &[(ScreenId::Home, NEW)],
        problem: |answers| read::instance(answers).err(),
        node: Some(|node| Some(node.instance.clone())),
        config: Some(|config| Some(config.instance.clone())),
        next_node: NextNode::UnlessDefault,
        ..ROW
    },
    Setting {
        field: FieldId::NodeName,
        id: "node-name",
        from_machine: true,
        // A joining node is asked for its name on the cluster screen, because it must differ from the names of the
        // other nodes.
        screens: &[(ScreenId::Home, FIRST), (ScreenId::Cluster, JOIN)],
        problem: |answers| read::node_name(answers).err(),
        node: Some(|node| Some(node.name.clone())),
        config: Some(|config| Some(config.node.name.clone())),
        // Some versions use the second key.
        octopus: OctopusSource::Keys { keys: &["Octopus.Server.NodeName", "Octopus.Storage.NodeName"], unset: None },
        same: Equivalence::AnyCase,
        ..ROW
    },
    Setting {
        field: FieldId::Home,
        id: "home",
        kind: Kind::Path,
        from_machine: true,
        screens: &[(ScreenId::Home, NEW)],
        problem: |answers| read::home(answers).err(),
        group: Group::Node,
        node: Some(|node| Some(node.home.to_string_lossy().into_owned())),
        config: Some(|config| Some(config.node.home.to_string_lossy().into_owned())),
        octopus: OctopusSource::Keys { keys: &["Octopus.Home"], unset: None },
        option: Some(OctopusOption::configure("--home")),
        same: Equivalence::Folder,
        next_node: NextNode::UnlessDefault,
        ..ROW
    },
];
