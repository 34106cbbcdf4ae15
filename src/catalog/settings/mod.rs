//! The settings: one row for each, with everything that is fixed about it. Form, answer files and their schema, the list of a node
//! under review, drift, scripts and the next node's command are derived from the rows; a new setting is a row here, its variant
//! among the [fields](crate::model::field), its place in the node, and its words in `screens/*.toml`.
//!
//! The rows stand by screen. A field without a row, or with two, does not compile.

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
    /// What it takes.
    pub kind: Kind,
    /// What it holds before anybody answers.
    pub default: &'static str,
    /// Whether the machine itself makes a default.
    pub from_machine: bool,
    /// Several values, separated by commas.
    pub is_list: bool,
    /// The least and the greatest number that it takes.
    pub bounds: (u16, u16),
    /// The screens that ask it, each with the flows in which it does.
    pub screens: &'static [(ScreenId, &'static [Flow])],
    /// Which other answer it depends on.
    pub only_with: OnlyWith,
    /// Whether it may be left empty.
    pub optional: bool,
    /// Whether a file, a variable or a flag can answer it. The others are a person's own proofs, and where a person wants
    /// something kept.
    pub presettable: bool,
    /// Whether the node depends on it. The others are about the key, which is custody's business, and about what a plan may do.
    pub affects_node: bool,
    /// What is wrong with its answer by itself, as a sentence that says what to type. Choices and toggles need none.
    pub problem: fn(&Answers) -> Option<String>,
    /// What it is about, where the settings of a node are listed.
    pub group: Group,
    /// Its answer's text as the node has it; `None` where the node has none.
    pub node: Option<fn(&Node) -> Option<String>>,
    /// The same as the node config says it. Secrets are sealed there, and are not told.
    pub config: Option<fn(&NodeConfig) -> Option<String>>,
    /// The same as the node's row in the registry says it.
    pub row: Option<fn(&NodeRow) -> String>,
    /// Where `OctopusServer.config` says it.
    pub octopus: OctopusSource,
    /// The option of Octopus Server that carries it: in scripts, in the hand-over, and in the command that fixes drift.
    pub option: Option<OctopusOption>,
    /// When two spellings of it mean the same.
    pub same: Equivalence,
    /// Whether the command that adds the next node says it.
    pub next_node: NextNode,
}

/// On which other answer a field depends.
#[derive(Debug, Clone, Copy)]
pub enum OnlyWith {
    /// None: it is always asked.
    Any,
    /// One of these values of a choice.
    Values(FieldId, &'static [&'static str]),
    /// Any answer at all to a text.
    Answered(FieldId),
}

/// What a setting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// This machine's Octopus Server.
    Node,
    /// The account that it runs as.
    Service,
    Database,
    /// The cluster and its key.
    Cluster,
    /// What all nodes share.
    Storage,
    /// Web portal and ports.
    Web,
}

/// Where `OctopusServer.config` says a setting (`facts/octopus.md`, section 2).
#[derive(Debug, Clone, Copy)]
pub enum OctopusSource {
    /// Nowhere that is known.
    Nowhere,
    /// Under these keys; the first one that is there counts.
    Keys {
        /// The keys, as Octopus Server spells them.
        keys: &'static [&'static str],
        /// What it means that none of them is there; `None` where that is not known.
        unset: Option<&'static str>,
    },
    /// In the connection string.
    Connection,
}

/// When two spellings of a setting mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equivalence {
    /// When they are the same text.
    Text,
    /// Upper or lower case does not matter.
    AnyCase,
    /// When they name the same server.
    Server,
    /// When they name the same folder.
    Folder,
    /// When they hold the same listen prefixes, in any order.
    Prefixes,
}

/// Whether the command that adds the next node says a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextNode {
    /// No: every node decides it for itself, or the database tells it.
    Never,
    /// Where it is not the field's own default.
    UnlessDefault,
    /// Always: one looks at it before one runs the command.
    Always,
}

/// A line of text that is always asked and stands nowhere: what the rows begin with.
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

/// The flows that make a node.
const NEW: &[Flow] = &[Flow::FirstNode, Flow::Join];
/// The flow that makes a cluster.
const FIRST: &[Flow] = &[Flow::FirstNode];
/// The flow that adds a node to a cluster.
const JOIN: &[Flow] = &[Flow::Join];
/// The flows that make a node or change one.
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

/// Every setting, screen by screen.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SCREENS.into_iter().flatten()
}

impl FieldId {
    /// Everything that is fixed about it.
    pub const fn setting(self) -> &'static Setting {
        BY_FIELD[self as usize]
    }

    /// Its id in `screens/*.toml`, answer files and the journal.
    pub const fn id(self) -> &'static str {
        self.setting().id
    }

    /// What it is called on its screen, and everywhere else.
    pub fn label(self) -> &'static str {
        let screen = self.setting().screens.first().map(|(screen, _)| words::screen(*screen));
        screen.and_then(|screen| screen.field(self)).map_or(self.id(), |words| words.label.as_str())
    }

    /// What it takes.
    pub const fn kind(self) -> Kind {
        self.setting().kind
    }

    /// What it holds before anybody answers; the node name and the paths get theirs from the machine.
    pub const fn default(self) -> &'static str {
        self.setting().default
    }

    /// Whether its value must never be shown, stored or logged in the clear.
    pub const fn is_secret(self) -> bool {
        matches!(self.kind(), Kind::Secret)
    }

    /// Whether it can be answered beforehand, by a file, a variable or a flag.
    pub const fn is_presettable(self) -> bool {
        self.setting().presettable
    }

    /// Whether it may be left empty.
    pub const fn is_optional(self) -> bool {
        self.setting().optional
    }

    /// The environment variable that answers it: `OCTOPUS_SETUP_NODE_NAME` for `node-name`.
    pub fn variable(self) -> String {
        format!("{}{}", Self::VARIABLES, self.id().to_uppercase().replace('-', "_"))
    }

    /// What the names of all of them begin with.
    pub const VARIABLES: &'static str = "OCTOPUS_SETUP_";

    /// The field of this id.
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
    /// The values that it takes, where they are a closed set.
    pub const fn values(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice(values) => values,
            Kind::Toggle => &choice::TOGGLES,
            _ => &[],
        }
    }

    /// Its text for people: the values of a list stand apart.
    pub fn shown(&self, text: &str) -> String {
        if self.is_list { text.replace(',', ", ") } else { text.to_owned() }
    }

    /// Its text as Octopus Server's command line takes it.
    pub fn for_octopus(&self, text: &str) -> String {
        match (self.kind, choice::toggled(text)) {
            (Kind::Toggle, Some(true)) => "True".to_owned(),
            (Kind::Toggle, Some(false)) => "False".to_owned(),
            _ => text.to_owned(),
        }
    }
}

impl Group {
    /// Every group, in the order in which they are told.
    pub const ALL: [Self; 6] = [Self::Node, Self::Service, Self::Database, Self::Cluster, Self::Storage, Self::Web];

    /// Its name for people.
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

    /// Its id for programs.
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
