//! The words of the screens: titles, labels, help and what each check proves, embedded from `screens/*.toml`.
//!
//! They hold words, order and membership, and no behaviour: no condition, type, expression, SQL or flag name. Ids
//! parse into closed enums; an unknown or missing id is an error, and `tests/screens.rs` proves the bijection. If a
//! screen file needs an `if`, write Rust.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::advice::Advice;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::platform::Platform;
use crate::model::screen::ScreenId;

/// One screen's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    pub title: String,
    /// Its name in the list of screens.
    pub name: String,
    /// One or two sentences under the title.
    pub intro: String,
    /// Help on the whole screen.
    pub help: String,
    /// Its fields, in order.
    #[serde(default, rename = "field")]
    field_words: Vec<FieldWords>,
    /// The checks that guard it, in order.
    #[serde(default, rename = "check")]
    check_words: Vec<CheckWords>,
    /// The words that it replaces in some flows.
    #[serde(default, rename = "flow")]
    flow_words: Vec<FlowWords>,
    /// What the operator may have to do next; the last screen shows what applies.
    #[serde(default)]
    advice: BTreeMap<Advice, String>,
}

/// The words that a screen replaces in one flow.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowWords {
    id: Flow,
    title: Option<String>,
    intro: Option<String>,
    help: Option<String>,
}

/// One field's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldWords {
    #[serde(deserialize_with = "field_id")]
    id: FieldId,
    /// The label before it.
    pub label: String,
    /// One sentence, under it while it has the focus.
    pub hint: String,
    /// Help on it.
    pub help: String,
    #[serde(default)]
    example: String,
    /// The example on Windows, whose paths look different.
    #[serde(default, rename = "example-on-windows")]
    windows_example: Option<String>,
    /// The labels of a choice's values.
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
}

impl FieldWords {
    /// An example of what to type; empty where none helps.
    pub fn example(&self, platform: Platform) -> &str {
        match (&self.windows_example, platform) {
            (Some(example), Platform::Windows) => example,
            _ => &self.example,
        }
    }
}

/// One check's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckWords {
    #[serde(deserialize_with = "check_id")]
    id: CheckId,
    /// The label of its row.
    pub label: String,
    /// What it proves, for help.
    pub proves: String,
}

impl Screen {
    /// Its title in a flow.
    pub fn title(&self, flow: Option<Flow>) -> &str {
        self.flow_words(flow).and_then(|words| words.title.as_deref()).unwrap_or(&self.title)
    }

    /// The sentences under the title in a flow.
    pub fn intro(&self, flow: Option<Flow>) -> &str {
        self.flow_words(flow).and_then(|words| words.intro.as_deref()).unwrap_or(&self.intro)
    }

    /// Its help in a flow.
    pub fn help(&self, flow: Option<Flow>) -> &str {
        self.flow_words(flow).and_then(|words| words.help.as_deref()).unwrap_or(&self.help)
    }

    /// A piece of advice, if this screen gives it.
    pub fn advice(&self, advice: Advice) -> Option<&str> {
        self.advice.get(&advice).map(String::as_str)
    }

    fn flow_words(&self, flow: Option<Flow>) -> Option<&FlowWords> {
        self.flow_words.iter().find(|words| Some(words.id) == flow)
    }

    /// Its fields, in order.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = FieldId> {
        self.field_words.iter().map(|words| words.id)
    }

    /// Its checks, in order.
    pub fn checks(&self) -> impl DoubleEndedIterator<Item = CheckId> {
        self.check_words.iter().map(|words| words.id)
    }

    /// A field's words, if it is on this screen.
    pub fn field(&self, field: FieldId) -> Option<&FieldWords> {
        self.field_words.iter().find(|words| words.id == field)
    }

    /// A check's words, if it is on this screen.
    pub fn check(&self, check: CheckId) -> Option<&CheckWords> {
        self.check_words.iter().find(|words| words.id == check)
    }
}

/// A screen's words. Each file is parsed when its screen is first shown: parsing all of them at the start would cost
/// more than painting the first frame.
///
/// A file that does not parse is a defect of the build, which `tests/screens.rs` finds; the page then shows only the error.
pub fn screen(id: ScreenId) -> &'static Screen {
    static SCREENS: [OnceLock<Screen>; ScreenId::ALL.len()] = [const { OnceLock::new() }; ScreenId::ALL.len()];
    SCREENS[id as usize].get_or_init(|| {
        parse(source(id)).unwrap_or_else(|error| Screen {
            title: id.id().to_owned(),
            name: id.id().to_owned(),
            intro: error.to_string(),
            help: String::new(),
            field_words: Vec::new(),
            check_words: Vec::new(),
            flow_words: Vec::new(),
            advice: BTreeMap::new(),
        })
    })
}

/// A screen's name in the list of screens. Reads only that line of the file, and not as TOML, since the first frame lists every
/// screen of the flow; `tests/screens.rs` holds the files to that form.
pub fn name(id: ScreenId) -> &'static str {
    static NAMES: [OnceLock<&'static str>; ScreenId::ALL.len()] = [const { OnceLock::new() }; ScreenId::ALL.len()];
    NAMES[id as usize].get_or_init(|| {
        let plain = |line: &'static str| line.strip_prefix("name = \"")?.strip_suffix('"');
        source(id).lines().find_map(plain).unwrap_or(id.id())
    })
}

/// The page of the documentation that has every message.
pub const TROUBLESHOOTING: &str = "docs/troubleshooting.md";

/// The page of the documentation about what a screen is for.
pub const fn page(id: ScreenId) -> &'static str {
    match id {
        ScreenId::Start => "docs/index.md",
        ScreenId::Home | ScreenId::Service | ScreenId::Database => "docs/first-node.md",
        ScreenId::Cluster => "docs/join.md",
        ScreenId::Storage => "docs/storage.md",
        ScreenId::Octopus | ScreenId::Review | ScreenId::Install | ScreenId::Done => "docs/octopus-server.md",
        ScreenId::MasterKey | ScreenId::Key | ScreenId::Backups => "docs/files-and-secrets.md",
        ScreenId::Node | ScreenId::Proof | ScreenId::Drift => "docs/review.md",
    }
}

/// Says where to read on.
pub fn read_on(id: ScreenId) -> String {
    format!("More about this is in {}; every message is in {TROUBLESHOOTING}.", page(id))
}

/// Parses one screen file.
pub fn parse(text: &str) -> Result<Screen, toml::de::Error> {
    toml::from_str(text)
}

/// A screen's file, as it was embedded.
pub const fn source(id: ScreenId) -> &'static str {
    match id {
        ScreenId::Start => include_str!("../screens/start.toml"),
        ScreenId::Home => include_str!("../screens/home.toml"),
        ScreenId::Service => include_str!("../screens/service.toml"),
        ScreenId::Database => include_str!("../screens/database.toml"),
        ScreenId::Review => include_str!("../screens/review.toml"),
        ScreenId::Install => include_str!("../screens/install.toml"),
        ScreenId::MasterKey => include_str!("../screens/master-key.toml"),
        ScreenId::Done => include_str!("../screens/done.toml"),
        ScreenId::Cluster => include_str!("../screens/cluster.toml"),
        ScreenId::Node => include_str!("../screens/node.toml"),
        ScreenId::Proof => include_str!("../screens/proof.toml"),
        ScreenId::Drift => include_str!("../screens/drift.toml"),
        ScreenId::Key => include_str!("../screens/key.toml"),
        ScreenId::Backups => include_str!("../screens/backups.toml"),
        ScreenId::Storage => include_str!("../screens/storage.toml"),
        ScreenId::Octopus => include_str!("../screens/octopus.toml"),
    }
}

fn field_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<FieldId, D::Error> {
    let id = String::deserialize(deserializer)?;
    FieldId::from_id(&id).ok_or_else(|| serde::de::Error::custom(format!("there is no field {id:?}")))
}

fn check_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<CheckId, D::Error> {
    let id = String::deserialize(deserializer)?;
    CheckId::from_id(&id).ok_or_else(|| serde::de::Error::custom(format!("there is no check {id:?}")))
}
