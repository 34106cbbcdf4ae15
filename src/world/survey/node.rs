//! Surveys a node under review: its config, its sealed secrets, its backups, and Octopus Server's own config.
//!
//! Nothing here writes, not even the machine key: the review of a node that was copied from another machine leaves no trace that a
//! later one could mistake for its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretSlice};

use similar::{ChangeTag, TextDiff};
use subtle::ConstantTimeEq;

use crate::model::answers::Raw;
use crate::model::facts::{Backup, ConfigTrouble, DiffLine, DiffSign, Fact, NodeFacts, SealTrouble, Trouble};
use crate::model::master_key::MasterKey;
use crate::model::names::instance_key;
use crate::model::node::{Maker, Subject};
use crate::model::node_config::{NodeConfig, Sealed, SealedSignIn, TrustSection};
use crate::model::octopus::OctopusConfig;
use crate::model::secret::SecretString;
use crate::model::target::Encryption;
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, io_at, within};
use crate::world::node_config::{self, OpenError};
use crate::world::places::Places;
use crate::world::seal::{Destination, Purpose, SealError, Sealer};
use crate::world::survey::octopus;
use crate::world::toml_file::{self, shown, unreadable};
use crate::world::{clock, instances, octopus_config, ownership, small_file};

/// All of these are small files on local disks; only a dead share takes longer.
const BUDGET: Duration = Duration::from_secs(5);

/// Surveys everything that this machine's files say about an instance.
pub async fn node(places: &Places, subject: &Subject) -> NodeFacts {
    if subject.maker == Maker::Octopus {
        let path = subject.config.clone();
        let octopus = fact_within(BUDGET, move || read_octopus_config(&path)).await;
        return NodeFacts { octopus, ..missing(&Trouble::Unasked) };
    }
    let (here, of) = (places.clone(), subject.clone());
    let facts = within(BUDGET, move || files(&here, &of)).await.unwrap_or_else(|trouble| missing(&trouble));
    // It may be on another disk than ours, so it has its own budget.
    let (here, of, config) = (places.clone(), subject.clone(), facts.config.seen().cloned());
    let octopus = fact_within(BUDGET, move || find_octopus_config(&here, &of, config.as_deref())).await;
    NodeFacts { octopus, ..facts }
}

/// Returns facts that are all missing for one reason.
fn missing(trouble: &Trouble) -> NodeFacts {
    NodeFacts {
        config: Fact::Missing(trouble.clone()),
        password: Fact::Missing(trouble.clone()),
        service_password: Fact::Missing(trouble.clone()),
        key: Fact::Missing(trouble.clone()),
        octopus: Fact::Missing(trouble.clone()),
        backups: Fact::Missing(trouble.clone()),
        listed: Fact::Missing(trouble.clone()),
        other_writer: None,
    }
}

/// Reads the node config and our files around it.
fn files(places: &Places, subject: &Subject) -> NodeFacts {
    let path = &subject.config;
    let (text, seen) = match small_file::read_text_seen(path) {
        Ok((text, seen)) => (Ok(text), Some(seen)),
        Err(error) => (Err(error), None),
    };
    let config = match &text {
        Ok(text) => toml_file::parse::<NodeConfig>(path, text, NodeConfig::FORMAT).map_err(Into::into),
        Err(error) => Err(unreadable(path, error)),
    };
    let sealer = Sealer::open(places);
    let instance = config.as_ref().map_or(&subject.instance, |config| &config.instance).clone();
    let mut facts = missing(&Trouble::Unasked);
    facts.backups = find_backups(path, text.as_deref().ok(), &Opener::new(&instance, sealer.as_ref().ok()));
    facts.listed = listed(places, &instance, path);
    let home = path.parent().unwrap_or(Path::new("."));
    facts.other_writer = seen.and_then(|seen| ownership::other_writer_in_home(&seen, home)).map(Untrusted::from);
    match config {
        Ok(config) => {
            facts.password = open_password(&config, &sealer).map_or_else(Fact::Missing, Fact::Seen);
            facts.service_password = open_service_password(&config, &sealer).map_or_else(Fact::Missing, Fact::Seen);
            facts.key = open_key(&config, path, &sealer).map_or_else(Fact::Missing, |key| Fact::Seen(Raw::Secret(key)));
            facts.config = Fact::Seen(Box::new(config));
        }
        Err(trouble) => facts.config = Fact::Missing(Trouble::Config(trouble)),
    }
    facts
}

/// Returns the config that this machine's list names for the instance: as the subject spells it if it is the same file, whatever
/// links lead to it.
fn listed(places: &Places, instance: &str, path: &Path) -> Fact<Option<Untrusted>> {
    if instance.is_empty() {
        return Fact::Missing(Trouble::Unasked);
    }
    match instances::find(places, instance) {
        Ok(None) => Fact::Seen(None),
        Ok(Some(found)) if same_file(&found.config, path) => Fact::Seen(Some(shown(path))),
        Ok(Some(found)) => Fact::Seen(Some(shown(&found.config))),
        Err(error) => Fact::Missing(Trouble::Config(error.into())),
    }
}

fn same_file(one: &Path, two: &Path) -> bool {
    one == two || matches!((one.canonicalize(), two.canonicalize()), (Ok(one), Ok(two)) if one == two)
}

/// Reads the Octopus config at this path, which must exist.
pub(super) fn read_octopus_config(path: &Path) -> Fact<Option<Box<OctopusConfig>>> {
    match octopus_config::read(path) {
        Ok(config) => Fact::Seen(Some(Box::new(config))),
        Err(trouble) => Fact::Missing(Trouble::Config(trouble)),
    }
}

/// Finds the Octopus config that belongs to a node config: the one in Octopus' own instance registry, or else in the home directory,
/// where it may be missing.
pub(super) fn find_octopus_config(
    places: &Places,
    subject: &Subject,
    config: Option<&NodeConfig>,
) -> Fact<Option<Box<OctopusConfig>>> {
    let instance = config.map_or(&subject.instance, |config| &config.instance);
    if let Some(path) = registered(places, instance) {
        return read_octopus_config(&path);
    }
    let own = subject.config.parent().map(Path::to_owned);
    let Some(home) = config.map(|config| config.node.home.clone()).or(own) else { return Fact::Seen(None) };
    match read_octopus_config(&home.join(octopus_config::FILE)) {
        Fact::Missing(Trouble::Config(ConfigTrouble::Absent { .. })) => Fact::Seen(None),
        found => found,
    }
}

/// Returns an instance's config file in Octopus' own registry, which ignores case and takes a blank for a `-`.
fn registered(places: &Places, instance: &str) -> Option<PathBuf> {
    if instance.is_empty() {
        return None;
    }
    let key = instance_key(instance);
    let (records, _) = octopus::read_records(&places.octopus_instances);
    records.into_iter().find(|record| instance_key(&record.name) == key).map(|record| record.config)
}

/// This machine's sealer, or why there is none.
type Seals = Result<Sealer, SealError>;

/// Opens the database login's password.
pub(super) fn open_password(config: &NodeConfig, sealer: &Seals) -> Result<Raw, Trouble> {
    let SealedSignIn::SqlLogin { password, .. } = &config.database.sign_in;
    if password.0.trim().is_empty() {
        return Err(Trouble::Seal(SealTrouble::Absent));
    }
    let sealer = sealer.as_ref().map_err(trouble)?;
    node_config::database_password(config, sealer).map(Raw::Secret).map_err(|error| opening(&error))
}

/// Opens the service account's password, if the config has one.
pub(super) fn open_service_password(config: &NodeConfig, sealer: &Seals) -> Result<Option<Raw>, Trouble> {
    if config.service.password.is_none() {
        return Ok(None);
    }
    let sealer = sealer.as_ref().map_err(trouble)?;
    let password = node_config::service_password(config, sealer).map_err(|error| opening(&error))?;
    Ok(password.map(Raw::Secret))
}

/// Opens the sealed master key beside the config, or in its home if the config is elsewhere. A file that does not open hides none that
/// does.
pub(super) fn open_key(config: &NodeConfig, path: &Path, sealer: &Seals) -> Result<SecretString, Trouble> {
    let mut first = None;
    for file in key_files(config, path) {
        match key_in(config, &file, sealer) {
            Ok(key) => return Ok(key.to_base64()),
            Err(Trouble::Seal(SealTrouble::Absent)) => {}
            Err(trouble) => first = first.or(Some(trouble)),
        }
    }
    Err(first.unwrap_or(Trouble::Seal(SealTrouble::Absent)))
}

/// Returns where the key file may be. Anything but a bare name would lead out of the folder, and no config of ours has it.
fn key_files(config: &NodeConfig, path: &Path) -> Vec<PathBuf> {
    let name = Path::new(&config.cluster.master_key_file);
    if name.file_name() != Some(OsStr::new(&config.cluster.master_key_file)) {
        return Vec::new();
    }
    let mut files: Vec<_> = path.parent().map(|folder| folder.join(name)).into_iter().collect();
    let at_home = config.node.home.join(name);
    if !files.contains(&at_home) {
        files.push(at_home);
    }
    files
}

fn key_in(config: &NodeConfig, file: &Path, sealer: &Seals) -> Result<MasterKey, Trouble> {
    let text = match small_file::read_text(file) {
        Ok(text) if text.trim().is_empty() => return Err(Trouble::Seal(SealTrouble::Absent)),
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Trouble::Seal(SealTrouble::Absent)),
        // Our files are text; another one was changed.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Err(Trouble::Seal(SealTrouble::Damaged)),
        Err(error) => return Err(io_at(file, &error)),
    };
    let purpose = Purpose::MasterKey { instance: &config.instance, cluster: config.cluster.id };
    let sealer = sealer.as_ref().map_err(trouble)?;
    let opened = sealer.unseal(&purpose, &Sealed(text)).map_err(|error| trouble(&error))?;
    match MasterKey::from_bytes(opened.expose_secret()) {
        Ok(key) if key.fingerprint() == config.cluster.fingerprint => Ok(key),
        _ => Err(Trouble::Seal(SealTrouble::Damaged)),
    }
}

/// Reports an unusable machine key as the file it is, and everything else as the seal's own trouble.
fn trouble(error: &SealError) -> Trouble {
    match error {
        SealError::OtherMachine => Trouble::Seal(SealTrouble::OtherMachine),
        SealError::OtherDestination => Trouble::Seal(SealTrouble::OtherDestination),
        SealError::Damaged | SealError::Malformed => Trouble::Seal(SealTrouble::Damaged),
        SealError::MachineKey { .. } | SealError::NoRandomness(_) => Trouble::Io(error.to_string().into()),
    }
}

fn opening(error: &OpenError) -> Trouble {
    match error {
        OpenError::Seal { source, .. } => trouble(source),
        OpenError::Value { .. } => Trouble::Seal(SealTrouble::Damaged),
    }
}

/// The most backups that are shown.
const MOST_BACKUPS: usize = 50;

/// Returns the backups of a config, the newest first. `present` is the config's text, if there is one. It may be malformed: then the
/// differences matter most.
pub(super) fn find_backups(path: &Path, present: Option<&str>, opener: &Opener<'_>) -> Fact<Vec<Backup>> {
    let found = match list(path) {
        Ok(found) => found,
        Err(error) => return Fact::Missing(io_at(path, &error)),
    };
    let now = present.map(|text| opener.present(text));
    let backups = found.into_iter().map(|Found { file, when, .. }| {
        let lines = match (small_file::read_text(&file), present, &now) {
            (Err(error), _, _) => vec![note(&format!("This backup cannot be read: {error}."))],
            (Ok(text), Some(present), Some(now)) => diff_lines(&opener.older(&text, present), now),
            (Ok(_), _, _) => vec![note("The present config cannot be read, so there is nothing to compare with.")],
        };
        Backup { path: shown(&file), when: when.into(), lines }
    });
    Fact::Seen(backups.collect())
}

/// A file named like our backups.
struct Found {
    file: PathBuf,
    when: String,
    /// The stamp, and the number of backups within its second.
    order: (String, u32),
}

/// Lists the newest ones. A missing folder has none.
fn list(path: &Path) -> std::io::Result<Vec<Found>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Vec::new()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let prefix = format!("{}.", name.to_string_lossy());
    let mut found: Vec<Found> = small_file::list(folder, "bak")?
        .into_iter()
        .filter_map(|file| {
            let name = file.file_name()?.to_string_lossy().into_owned();
            let middle = name.strip_prefix(&prefix)?.strip_suffix(".bak")?;
            let (stamp, number) = match middle.split_once('-') {
                Some((stamp, number)) => (stamp, number.parse().ok()?),
                None => (middle, 0),
            };
            let when = clock::stamp_to_minute(stamp)?;
            Some(Found { file, when, order: (stamp.to_owned(), number) })
        })
        .collect();
    found.sort_by(|one, two| two.order.cmp(&one.order));
    found.truncate(MOST_BACKUPS);
    Ok(found)
}

/// Opens sealed values of an instance's config, if this machine can.
pub(super) struct Opener<'a> {
    instance: &'a str,
    sealer: Option<&'a Sealer>,
}

/// Values of keys with this word in their name are never shown, sealed or not.
const SECRET: &str = "password";

/// Where the password of a config's text is sent.
fn destination(text: &str) -> Destination {
    toml::from_str::<NodeConfig>(text)
        .map_or_else(|_| malformed_destination(text), |config| Destination::of_config(&config.database))
}

/// The same of a malformed text, as its single lines say it.
fn malformed_destination(text: &str) -> Destination {
    let mut section = "";
    let (mut server, mut login, mut trust) = (String::new(), String::new(), TrustSection::System);
    let mut encryption = Encryption::Mandatory;
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim();
        }
        let Ok(table) = line.parse::<toml::Table>() else { continue };
        for (key, value) in table {
            let text = || value.as_str().unwrap_or_default().to_owned();
            match (section, key.as_str()) {
                ("database", "server") => server = text(),
                ("database", "user") => login = text(),
                ("database", "encryption") => encryption = value.try_into().unwrap_or(encryption),
                ("database", "trust") => trust = value.try_into().unwrap_or(TrustSection::System),
                ("database.trust", "ca-file") => trust = TrustSection::CaFile(text().into()),
                ("database.trust", "fingerprint") => trust = TrustSection::Fingerprint(text()),
                _ => {}
            }
        }
    }
    Destination::new(&server, &login, encryption, &trust)
}

/// A line, and the sealed value that it holds.
struct Line<'a> {
    /// The part that may be shown, up to the value.
    text: String,
    /// The section and the sealed value, where the line holds one.
    sealed: Option<(&'a str, &'a str)>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(instance: &'a str, sealer: Option<&'a Sealer>) -> Self {
        Self { instance, sealer }
    }

    fn open(&self, section: &str, sealed: &str, to: &Destination) -> Option<SecretSlice<u8>> {
        let purpose = match section {
            "service" => Purpose::ServicePassword { instance: self.instance },
            _ => Purpose::DatabasePassword { instance: self.instance, to },
        };
        self.sealer?.unseal(&purpose, &Sealed(sealed.to_owned())).ok()
    }

    /// Returns the masked lines of the present config.
    pub(super) fn present(&self, text: &str) -> Vec<String> {
        let to = destination(text);
        let said = |section: &str, sealed: &str| match self.open(section, sealed, &to) {
            Some(_) => "(sealed)",
            None => "(sealed, does not open here)",
        };
        lines(text).into_iter().map(|line| line.shown(said)).collect()
    }

    /// Returns the masked lines of an older config, which also say whether a sealed value differs from the present one.
    pub(super) fn older(&self, text: &str, present: &str) -> Vec<String> {
        let now: Vec<(&str, &str)> = lines(present).into_iter().filter_map(|line| line.sealed).collect();
        let (to, to_now) = (destination(text), destination(present));
        let said = |section: &str, sealed: &str| {
            let Some(then) = self.open(section, sealed, &to) else { return "(sealed, does not open here)" };
            let present = now.iter().find(|(other, _)| *other == section);
            let same = present.and_then(|(section, sealed)| self.open(section, sealed, &to_now)).is_some_and(|now| {
                let (one, two) = (now.expose_secret(), then.expose_secret());
                one.ct_eq(two).into()
            });
            if same { "(sealed)" } else { "(sealed, another value)" }
        };
        lines(text).into_iter().map(|line| line.shown(said)).collect()
    }
}

impl Line<'_> {
    fn shown(self, said: impl Fn(&str, &str) -> &'static str) -> String {
        match self.sealed {
            Some((section, sealed)) => format!("{}{}", self.text, said(section, sealed)),
            None => self.text,
        }
    }
}

/// Splits a text into lines. An edited file may hold a password in the clear, on one line or several.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut section = "";
    let mut within: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(quotes) = within {
            within = (!line.contains(quotes)).then_some(quotes);
            lines.push(Line { text: "(not shown)".into(), sealed: None });
            continue;
        }
        if let Some(name) = line.trim().strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim();
        }
        if let Some(at) = line.find(Sealed::HEAD).or_else(|| line.find(Sealed::HEAD_BOUND)) {
            let (head, value) = line.split_at(at);
            let value = value.split(['"', '\'']).next().unwrap_or_default();
            let key = head.split('=').next().unwrap_or_default().trim_end();
            lines.push(Line { text: format!("{key} = "), sealed: Some((section, value)) });
        } else if let Some(at) = line.to_ascii_lowercase().find(SECRET) {
            let (head, value) = line.split_at(at + SECRET.len());
            within = ["\"\"\"", "'''"].into_iter().find(|quotes| value.matches(quotes).count() % 2 == 1);
            lines.push(Line { text: format!("{head} = (not shown)"), sealed: None });
        } else {
            lines.push(Line { text: line.to_owned(), sealed: None });
        }
    }
    lines
}

/// How many lines are shown around a change.
const CONTEXT: usize = 2;
/// The most lines of a difference. A config has fifty.
const MOST_LINES: usize = 400;
/// The most time for a difference; `similar` then falls back to a coarser one. Only files that are not configs take so long.
const DIFF_BUDGET: Duration = Duration::from_millis(50);

/// Returns what differs between the older lines and the present ones; may be empty.
pub(super) fn diff_lines(older: &[String], present: &[String]) -> Vec<DiffLine> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (older.iter().map(String::as_str).collect(), present.iter().map(String::as_str).collect());
    let diff = TextDiff::configure().timeout(DIFF_BUDGET).diff_slices(&old, &new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        if !lines.is_empty() {
            lines.push(note("…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if lines.len() >= MOST_LINES {
                lines.push(note("… and more."));
                return lines;
            }
            let sign = match change.tag() {
                ChangeTag::Equal => DiffSign::Same,
                ChangeTag::Delete => DiffSign::Old,
                ChangeTag::Insert => DiffSign::New,
            };
            lines.push(DiffLine { sign, text: change.value().into() });
        }
    }
    lines
}

/// Returns a line of ours, which is in neither text.
pub(super) fn note(words: &str) -> DiffLine {
    DiffLine { sign: DiffSign::Same, text: words.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_sealed_is_not_shown_either() {
        let opener = Opener::new("A", None);
        let text = "[database]\npassword = 'hunter2'\n# the old Password was hunter2\nname = 'x'\n\
                database = { user = 'sa', password = \"hunter2\" }\npassword = \"\"\"\nhunter2\nhunter2\"\"\"\nport = 1\n";
        let shown = opener.present(text);
        assert!(!shown.concat().contains("hunter2"), "{shown:?}");
        assert_eq!(shown[1], "password = (not shown)");
        assert_eq!((shown[3].as_str(), shown[8].as_str()), ("name = 'x'", "port = 1"));
    }

    #[test]
    fn a_destination_is_read_as_the_config_is() {
        let mut config = crate::catalog::samples::node_config();
        config.database.encryption = Encryption::Optional;
        config.database.trust = TrustSection::CaFile("/etc/ca.pem".into());
        let text = node_config::render(&config).expect("rendered");
        let expected = Destination::new("sql01,1433", "octopus", Encryption::Optional, &config.database.trust);
        let spelled = text.replace("server = \"sql01,1433\"", "server = \"\"\"\nsql01,1433\"\"\"");
        assert_ne!(spelled, text);
        for text in [text.clone(), spelled, format!("{text}\nnews = 1\n")] {
            assert_eq!(destination(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_machine_without_its_key_opens_nothing() {
        let opener = Opener::new("A", None);
        let text = "[database]\npassword = \"sealed:1:00000000:AAAA\"\n";
        assert_eq!(opener.present(text)[1], "password = (sealed, does not open here)");
        assert_eq!(opener.older(text, text)[1], "password = (sealed, does not open here)");
    }

    fn of_texts(older: &str, present: &str) -> Vec<String> {
        let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let sign = |line: DiffLine| match line.sign {
            DiffSign::Same => line.text.to_string(),
            DiffSign::Old => format!("-{}", line.text),
            DiffSign::New => format!("+{}", line.text),
        };
        diff_lines(&lines(older), &lines(present)).into_iter().map(sign).collect()
    }

    #[test]
    fn changes_come_with_two_lines_around_and_a_gap_between() {
        assert_eq!(of_texts("a b c", "a b c"), [""; 0]);
        assert_eq!(
            of_texts("a b c d e f g h i j k l", "a b c D e f g h i j K l"),
            ["b", "c", "-d", "+D", "e", "f", "…", "i", "j", "-k", "+K", "l"]
        );
    }

    #[test]
    fn a_difference_has_an_end() {
        let many: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
        let lines = of_texts(&many.join(" "), "");
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (MOST_LINES + 1, Some("… and more.")));
    }
}
