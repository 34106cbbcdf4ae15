//! The settings: one row holds everything that is fixed about a setting. The form, answer files and their schema, the
//! settings of a node under review, drift, scripts and the next node's command are derived from the rows. A new setting
//! needs a row here, a variant among the [fields](crate::model::field), its place in the node, and its words in
//! `screens/*.toml`.
//!
//! The rows are grouped by screen. A field without a row, or with two, does not compile.

mod administrator;
mod cluster;
mod database;
mod home;
mod run;
mod service;
pub mod storage;
pub mod web;

use crate::catalog::octopus::OctopusOption;
use crate::model::answers::Answers;
use crate::model::choice;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::node::Node;
use crate::model::node_config::NodeConfig;
use crate::model::registry::NodeRow;
use crate::model::screen::ScreenId;
use crate::words;

/// Everything that is fixed about one setting.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a row of a table: each column is a yes or no by itself")]
pub struct Setting {
    /// The field that asks for it.
    pub field: FieldId,
    /// Its id in `screens/*.toml`, answer files and the journal.
    pub id: &'static str,
    /// The kind of value it takes.
    pub kind: Kind,
    /// Its value before it is answered.
    pub default: &'static str,
    /// Whether its default is detected on the machine.
    pub from_machine: bool,
    /// Whether it takes several values, separated by commas.
    pub is_list: bool,
    /// The least and the greatest number it takes.
    pub bounds: (u16, u16),
    /// The screens that ask for it, each with the flows in which it is asked.
    pub screens: &'static [(ScreenId, &'static [Flow])],
    /// The other answer it depends on.
    pub only_with: OnlyWith,
    /// Whether most people leave it alone, so that it stands behind "More" until somebody wants it.
    pub aside: bool,
    /// Whether a person has to choose, although there is a default for files and flags: what follows from it is not undone easily.
    pub to_choose: bool,
    /// Whether it may be left empty.
    pub optional: bool,
    /// Whether a file, a variable or a flag can answer it. The others are proofs that a person gives, and the paths
    /// where a person keeps something.
    pub presettable: bool,
    /// Whether the node depends on it. The others are about the key, which custody handles, and about what a plan may
    /// do.
    pub affects_node: bool,
    /// Returns what is wrong with its answer by itself, as a sentence that says what to type. Choices and toggles need
    /// no check.
    pub problem: fn(&Answers) -> Option<String>,
    /// Its group in the list of a node's settings.
    pub group: Group,
    /// Returns its value in the node; `None` if the node has none.
    pub node: Option<fn(&Node) -> Option<String>>,
    /// Returns its value in the node config. Secrets are sealed there, and are not returned.
    pub config: Option<fn(&NodeConfig) -> Option<String>>,
    /// Returns its value in the node's registry row.
    pub row: Option<fn(&NodeRow) -> String>,
    /// Where `OctopusServer.config` stores it.
    pub octopus: OctopusSource,
    /// The option of Octopus Server that sets it: in scripts, in the hand-over, and in the command that fixes drift.
    pub option: Option<OctopusOption>,
    /// When two spellings count as equal.
    pub same: Equivalence,
    /// Whether the command that adds the next node includes it.
    pub next_node: NextNode,
}

/// The other answer that a field depends on.
#[derive(Debug, Clone, Copy)]
pub enum OnlyWith {
    /// None: the field is always asked.
    Any,
    /// One of these values of a choice.
    Values(FieldId, &'static [&'static str]),
    /// Any non-empty text.
    Answered(FieldId),
}

/// The groups of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Octopus Server on this machine.
    Node,
    /// The account that it runs as.
    Service,
    Database,
    /// The cluster and its key.
    Cluster,
    /// What all nodes share.
    Storage,
    /// The web portal and the ports.
    Web,
}

/// Where `OctopusServer.config` stores a setting (`facts/octopus.md`, section 2).
#[derive(Debug, Clone, Copy)]
pub enum OctopusSource {
    /// No place is known.
    Nowhere,
    /// Under these keys; the first one present counts.
    Keys {
        /// The keys, as Octopus Server spells them.
        keys: &'static [&'static str],
        /// The value if none of the keys is present; `None` if that is not known.
        unset: Option<&'static str>,
    },
    /// In the connection string.
    Connection,
}

/// When two spellings of a setting count as equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equivalence {
    /// If the text is the same.
    Text,
    /// If the text is the same, ignoring upper and lower case.
    AnyCase,
    /// If they name the same server.
    Server,
    /// If they name the same folder.
    Folder,
    /// If they contain the same listen prefixes, in any order.
    Prefixes,
}

/// Whether the command that adds the next node includes a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextNode {
    /// No: every node has its own value, or reads it from the database.
    Never,
    /// Only if it differs from the field's default.
    UnlessDefault,
    /// Always: the operator should see it before running the command.
    Always,
}

/// A text field that is always asked and stored nowhere; the other rows are built from it.
const ROW: Setting = Setting {
    field: FieldId::Instance,
    id: "",
    kind: Kind::Text,
    default: "",
    from_machine: false,
    is_list: false,
    bounds: (1, u16::MAX),
    screens: &[],
    only_with: OnlyWith::Any,
    aside: false,
    to_choose: false,
    optional: false,
    presettable: true,
    affects_node: true,
    problem: |_| None,
    group: Group::Node,
    node: None,
    config: None,
    row: None,
    octopus: OctopusSource::Nowhere,
    option: None,
    same: Equivalence::Text,
    next_node: NextNode::Never,
};

/// The flows that set up a node.
const NEW: &[Flow] = &[Flow::FirstNode, Flow::Join];
/// The flow that creates a cluster.
const FIRST: &[Flow] = &[Flow::FirstNode];
/// The flow that adds a node to a cluster.
const JOIN: &[Flow] = &[Flow::Join];
/// The flows that set up or change a node.
const NEW_OR_EDIT: &[Flow] = &[Flow::FirstNode, Flow::Join, Flow::Edit];

/// The rows, screen by screen.
const SCREENS: [&[Setting]; 8] =
    [&home::ROWS, &service::ROWS, &database::ROWS, &web::ROWS, &cluster::ROWS, &administrator::ROWS, &storage::ROWS, &run::ROWS];

/// The rows in the order of the fields.
static BY_FIELD: [&Setting; FieldId::ALL.len()] = by_field();

const fn by_field() -> [&'static Setting; FieldId::ALL.len()] {
    let mut rows: [Option<&'static Setting>; FieldId::ALL.len()] = [None; FieldId::ALL.len()];
    let mut screen = 0;
    while screen < SCREENS.len() {
        let mut place = 0;
        while place < SCREENS[screen].len() {
            let row = &SCREENS[screen][place];
            assert!(rows[row.field as usize].is_none(), "a field has two rows");
            rows[row.field as usize] = Some(row);
            place += 1;
        }
        screen += 1;
    }
    let mut all = [&SCREENS[0][0]; FieldId::ALL.len()];
    let mut place = 0;
    while place < all.len() {
        match rows[place] {
            Some(row) => all[place] = row,
            None => panic!("a field has no row"),
        }
        place += 1;
    }
    all
}

/// Returns every setting, screen by screen.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SCREENS.into_iter().flatten()
}

impl FieldId {
    /// Returns everything that is fixed about the field.
    pub const fn setting(self) -> &'static Setting {
        BY_FIELD[self as usize]
    }

    /// Returns its id in `screens/*.toml`, answer files and the journal.
    pub const fn id(self) -> &'static str {
        self.setting().id
    }

    /// Returns its label.
    pub fn label(self) -> &'static str {
        let screen = self.setting().screens.first().map(|(screen, _)| words::screen(*screen));
        screen.and_then(|screen| screen.field(self)).map_or(self.id(), |words| words.label.as_str())
    }

    /// Returns the kind of value it takes.
    pub const fn kind(self) -> Kind {
        self.setting().kind
    }

    /// Returns its value before it is answered; the node name and the paths get theirs from the machine.
    pub const fn default(self) -> &'static str {
        self.setting().default
    }

    /// Returns whether its value must never be shown, stored or logged in clear text.
    pub const fn is_secret(self) -> bool {
        matches!(self.kind(), Kind::Secret)
    }

    /// Returns whether a file, a variable or a flag can answer it.
    pub const fn is_presettable(self) -> bool {
        self.setting().presettable
    }

    /// Returns whether most people leave it alone.
    pub const fn is_aside(self) -> bool {
        self.setting().aside
    }

    /// Returns whether it may be left empty.
    pub const fn is_optional(self) -> bool {
        self.setting().optional
    }

    /// Returns the environment variable that answers it: `OCTOPUS_SETUP_NODE_NAME` for `node-name`.
    pub fn variable(self) -> String {
        format!("{}{}", Self::VARIABLES, self.id().to_uppercase().replace('-', "_"))
    }

    /// The prefix of all these variables.
    pub const VARIABLES: &'static str = "OCTOPUS_SETUP_";

    /// Returns the field with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.id() == id)
    }
}

impl From<FieldId> for String {
    fn from(field: FieldId) -> Self {
        field.id().to_owned()
    }
}

impl TryFrom<String> for FieldId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        Self::from_id(&id).ok_or_else(|| format!("there is no field {id:?}"))
    }
}

impl Setting {
    /// Returns the values it takes, if they are a closed set.
    pub const fn values(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice(values) => values,
            Kind::Toggle => &choice::TOGGLES,
            _ => &[],
        }
    }

    /// Returns a value as shown to people, with spaces between the items of a list.
    pub fn shown(&self, text: &str) -> String {
        if self.is_list { text.replace(',', ", ") } else { text.to_owned() }
    }

    /// Returns a value as Octopus Server's command line takes it.
    pub fn for_octopus(&self, text: &str) -> String {
        match (self.kind, choice::toggled(text)) {
            (Kind::Toggle, Some(true)) => "True".to_owned(),
            (Kind::Toggle, Some(false)) => "False".to_owned(),
            _ => text.to_owned(),
        }
    }
}

impl Group {
    /// Every group, in display order.
    pub const ALL: [Self; 6] = [Self::Node, Self::Service, Self::Database, Self::Cluster, Self::Storage, Self::Web];

    /// Returns its label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Service => "Service account",
            Self::Database => "Database",
            Self::Cluster => "Cluster",
            Self::Storage => "Shared storage",
            Self::Web => "Web portal and ports",
        }
    }

    /// Returns its name in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Service => "service",
            Self::Database => "database",
            Self::Cluster => "cluster",
            Self::Storage => "storage",
            Self::Web => "web",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_ascii_and_found_again() {
        for field in FieldId::ALL {
            assert!(field.id().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", field.id());
            assert_eq!(FieldId::from_id(field.id()), Some(field));
            assert_eq!(field.setting().field, field);
        }
    }

    #[test]
    fn a_closed_set_has_its_default_and_every_value_that_others_depend_on() {
        for row in all() {
            assert!(row.values().is_empty() || row.values().contains(&row.default), "{}", row.id);
            if let OnlyWith::Values(by, values) = row.only_with {
                assert!(values.iter().all(|value| by.setting().values().contains(value)), "{}", row.id);
            }
        }
    }

    #[test]
    fn a_secret_is_read_from_no_file_and_stands_in_no_command_of_ours() {
        for row in all().filter(|row| row.field.is_secret()) {
            assert!(row.config.is_none() && row.node.is_none() && row.row.is_none(), "{}", row.id);
            assert!(row.option.is_none() && row.next_node == NextNode::Never, "{}", row.id);
        }
    }

    #[test]
    fn what_the_row_or_the_next_command_says_the_node_says() {
        for row in all() {
            assert!(row.node.is_some() || (row.row.is_none() && row.next_node == NextNode::Never), "{}", row.id);
            assert!(row.node.is_some() || row.option.is_none(), "{}", row.id);
        }
    }
}
