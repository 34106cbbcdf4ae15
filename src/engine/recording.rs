//! Recordings: the events of a run as lines of JSON, without secrets, and the replay that makes the same run from them again.
//!
//! `update()` is pure, so it is enough to keep how the wizard began, and each event with its time. A replay applies the events and
//! does not carry out what they lead to, so it needs no network, no disk and no clock.
//!
//! A secret is replaced by a stand-in (see [`stand_in`]) that takes the same path: the stand-in for a key has its fingerprint, the
//! stand-in for a weak password is weak in the same way. Three measures keep secrets out: the recorder replaces those that it
//! finds, serialization writes stand-ins only, and the finished line is searched for the secrets that are known.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::ExposeSecret;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::log::RedactedEvent;
use crate::catalog::checks::{self, Case};
use crate::catalog::form;
use crate::model::answers::{Answers, Origin, Raw, same_secret};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, NodeFacts};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::master_key::MasterKey;
use crate::model::node_config::{Sealed, SealedSignIn};
use crate::model::platform::Platform;
use crate::model::secret::SecretString;
use crate::model::stand_in;
use crate::model::survey::Observed;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::Event;
use crate::wizard::review::Wanted;
use crate::wizard::state::State;
use crate::wizard::update;

/// The format's number.
pub const FORMAT: u32 = 1;

/// Secrets that are shorter are not searched for in finished lines: they may well be a part of something else.
const SHORTEST: usize = 8;

/// How a wizard begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Beginning {
    /// At the start screen, or at the first screen of a flow.
    Flow(Option<Flow>),
    /// With the review of a node.
    Review(Wanted),
}

/// The first line of a recording.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// [`FORMAT`].
    pub format: u32,
    /// The program's version.
    pub program: String,
    /// The operating system and the processor.
    pub platform: String,
    /// The terminal's columns and lines, where there was one.
    pub size: Option<(u16, u16)>,
    /// How it began.
    pub begins: Beginning,
    /// The checks whose warnings were accepted beforehand, by an unattended run.
    pub accepted: Vec<String>,
    /// The answers that were not the fields' own defaults.
    pub answers: Vec<(FieldId, Origin, Raw)>,
}

impl RecordingHeader {
    /// Returns the header of a run that begins now.
    pub fn new(begins: Beginning, answers: &Answers, accepted: &[CheckId], size: Option<(u16, u16)>) -> Self {
        let defaults = Answers::new(answers.platform());
        let given = FieldId::ALL.into_iter().filter(|field| answers.get(*field) != defaults.get(*field));
        let given = given.map(|field| (field, answers.get(field).origin, answers.get(field).raw.clone()));
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            size,
            begins,
            accepted: accepted.iter().map(|check| check.id().to_owned()).collect(),
            answers: given.collect(),
        }
    }

    /// Returns the answers with which it began.
    pub fn answers(&self) -> Answers {
        // The platform of the run, whichever this one is on.
        let mut answers = Answers::new(Platform::of_system(&self.platform).unwrap_or(Platform::Linux));
        for (field, origin, raw) in &self.answers {
            answers.set(*field, raw.clone(), *origin);
        }
        answers
    }
}

/// Every further line: an event, and when it happened, in microseconds since the engine began.
#[derive(Debug, Serialize, Deserialize)]
struct Line<E> {
    at: u64,
    event: E,
}

/// Why a recording is incomplete, once it is. Clones belong to the same recording.
#[derive(Debug, Clone, Default)]
pub struct RecordingFailure(Arc<OnceLock<String>>);

impl RecordingFailure {
    /// Returns what the operating system said.
    pub fn says(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Writes a recording. What cannot be written ends the recording, and never the run.
pub struct Recorder {
    to: Box<dyn Write + Send>,
    trouble: RecordingFailure,
    known: Known,
    /// A secret that is still being typed: only the last of its events is written, since their number is its length.
    typing: Option<(FieldId, SecretString, Duration)>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorder").field("trouble", &self.trouble).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Begins a recording with its header.
    pub fn begin(to: impl Write + Send + 'static, mut header: RecordingHeader) -> Self {
        let mut recorder = Self { to: Box::new(to), trouble: RecordingFailure::default(), known: Known::default(), typing: None };
        let answers = header.answers();
        for (field, _, raw) in &mut header.answers {
            recorder.known.replace_raw(Some(*field), raw, &answers, None);
        }
        recorder.write(&header);
        recorder
    }

    /// Returns a handle that tells later whether the recording is incomplete.
    pub fn trouble(&self) -> RecordingFailure {
        self.trouble.clone()
    }

    /// Records an event, before it is applied to this state.
    pub fn event(&mut self, event: &Event, state: &State, now: Duration) {
        if let Event::Edit(field, Raw::Secret(secret)) = event {
            if self.typing.as_ref().is_some_and(|(other, ..)| other != field) {
                self.flush(state);
            }
            self.typing = Some((*field, secret.clone(), now));
            return;
        }
        self.flush(state);
        let replaced = self.without_secrets(event, state);
        self.line(replaced.as_ref().unwrap_or(event), now);
    }

    /// Writes the secret that was being typed.
    fn flush(&mut self, state: &State) {
        if let Some((field, secret, at)) = self.typing.take() {
            let stand_in = self.known.stand_in(Some(field), &secret, &state.answers, Some(state));
            self.line(&Event::Edit(field, Raw::Secret(stand_in)), at);
        }
    }

    fn line(&mut self, event: &Event, at: Duration) {
        self.write(&Line { at: u64::try_from(at.as_micros()).unwrap_or(u64::MAX), event });
    }

    fn write(&mut self, line: &impl Serialize) {
        if self.trouble.says().is_some() {
            return;
        }
        let written = serde_json::to_string(line).map_err(io::Error::from).and_then(|mut line| {
            self.known.scrub(&mut line);
            line.push('\n');
            // Whole lines at once: a run that is killed leaves a recording that can be replayed.
            self.to.write_all(line.as_bytes()).and_then(|()| self.to.flush())
        });
        if let Err(error) = written {
            // Only the first is set, and only the first is worth telling.
            let _ = self.trouble.0.set(error.to_string());
        }
    }

    /// Returns the event with stand-ins for its secrets, where it has any that its type does not keep back.
    fn without_secrets(&mut self, event: &Event, state: &State) -> Option<Event> {
        match event {
            Event::Edit(FieldId::KeyProof, Raw::Text(typed)) => Some(Event::Edit(FieldId::KeyProof, proof(typed, state))),
            Event::Edit(FieldId::KeyConfirm, Raw::Text(typed)) => {
                Some(Event::Edit(FieldId::KeyConfirm, confirmation(typed, state.answers.trimmed(FieldId::Instance))))
            }
            Event::Edit(FieldId::NodeConfirm, Raw::Text(typed)) => {
                Some(Event::Edit(FieldId::NodeConfirm, confirmation(typed, state.leaving_node().unwrap_or_default())))
            }
            Event::ConnectionString(Ok(read)) => {
                let mut read = read.clone();
                for (field, raw) in &mut read.fields {
                    self.known.replace_raw(Some(*field), raw, &state.answers, Some(state));
                }
                Some(Event::ConnectionString(Ok(read)))
            }
            Event::Observed { ticket, observed: Observed::Node(node), last } => {
                let mut node = node.clone();
                self.known.replace_in_node(&mut node, state);
                Some(Event::Observed { ticket: *ticket, observed: Observed::Node(node), last: *last })
            }
            Event::KeyGenerated(generated) => {
                self.known.remember_key(&generated.key);
                None
            }
            Event::Resumed(Ok(resumption)) => {
                if let Some(key) = &resumption.key {
                    self.known.remember_key(key);
                }
                None
            }
            _ => None,
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // What was typed last, and nothing followed; without a state there is only the word for it.
        if let Some((field, _, at)) = self.typing.take() {
            self.line(&Event::Edit(field, Raw::Secret(SecretString::from(stand_in::WORD))), at);
        }
    }
}

/// Replaces the key's last characters, typed back to prove that it is kept: by those of the stand-in if they are right, otherwise
/// by as many others.
fn proof(typed: &str, state: &State) -> Raw {
    let generated = state.custody().generated.as_ref();
    let right =
        generated.filter(|generated| generated.key.ends_with(typed)).and_then(|generated| stand_in::for_key(&generated.key).ok());
    Raw::Text(match right {
        Some(key) => {
            let text = key.to_base64();
            let text = text.expose_secret();
            text[text.len() - 6..].to_owned()
        }
        None => "?".repeat(typed.chars().count()),
    })
}

/// Replaces what was typed to confirm something by a name, unless it is the beginning of that name.
fn confirmation(typed: &str, name: &str) -> Raw {
    let is_one = name.to_lowercase().starts_with(&typed.trim().to_lowercase());
    Raw::Text(if is_one { typed.to_owned() } else { "?".repeat(typed.chars().count()) })
}

/// The secrets that were seen, with their stand-ins: equal secrets have equal ones.
#[derive(Default)]
struct Known(Vec<(SecretString, SecretString)>);

impl Known {
    /// Returns a secret's stand-in.
    fn stand_in(
        &mut self,
        field: Option<FieldId>,
        secret: &SecretString,
        answers: &Answers,
        state: Option<&State>,
    ) -> SecretString {
        if let Some((_, stand_in)) = self.0.iter().find(|(other, _)| same_secret(other, secret)) {
            return stand_in.clone();
        }
        let stand_in =
            if secret.expose_secret().is_empty() { String::new() } else { self.new_stand_in(field, secret, answers, state) };
        let stand_in = SecretString::from(stand_in);
        self.0.push((secret.clone(), stand_in.clone()));
        stand_in
    }

    fn new_stand_in(&self, field: Option<FieldId>, secret: &SecretString, answers: &Answers, state: Option<&State>) -> String {
        if field == Some(FieldId::MasterKey) || field.is_none() {
            match MasterKey::parse(secret).and_then(|key| stand_in::for_key(&key)) {
                Ok(key) => return key.to_base64().expose_secret().to_owned(),
                Err(form) if field.is_some() => return stand_in::malformed(form),
                Err(_) => {}
            }
        }
        let number = self.0.len() + 1;
        let word = stand_in::WORD;
        let user = answers.trimmed(FieldId::AdminUser);
        let candidates = [
            format!("Placeholder-{number}"),
            stand_in::SHORT.to_owned(),
            format!("{word}{word}"),
            word.to_owned(),
            format!("{word}-{number}"),
            format!("Placeholder-{number}-{user}"),
            format!("{word}{user}"),
            format!("{word}\n"),
            word.repeat(20),
            " ".to_owned(),
        ];
        let Some(field) = field else { return candidates[0].clone() };
        // What the wizard says to a secret is the same for its stand-in, as far as one of these is of its kind.
        let says = |raw: Raw| {
            let mut answers = answers.clone();
            answers.set(field, raw, Origin::Typed);
            let case = state.filter(|_| field == FieldId::AdminPassword).map(|state| state.case(CheckId::AdminAccount));
            let verdict = case.map(|case| checks::judge(CheckId::AdminAccount, &Case { answers: &answers, ..case }));
            (form::problem(field, &answers), verdict)
        };
        let wanted = says(Raw::Secret(secret.clone()));
        let fits = |candidate: &&String| says(Raw::Secret(SecretString::from(candidate.as_str()))) == wanted;
        candidates.iter().find(fits).unwrap_or(&candidates[0]).clone()
    }

    fn replace_raw(&mut self, field: Option<FieldId>, raw: &mut Raw, answers: &Answers, state: Option<&State>) {
        if let Raw::Secret(secret) = raw {
            *raw = Raw::Secret(self.stand_in(field, secret, answers, state));
        }
    }

    /// Replaces what was opened from a node's seals, and the seals themselves.
    fn replace_in_node(&mut self, node: &mut NodeFacts, state: &State) {
        let mut replace = |field, raw: &mut Raw| self.replace_raw(field, raw, &state.answers, Some(state));
        if let Fact::Seen(raw) = &mut node.password {
            replace(Some(FieldId::Password), raw);
        }
        if let Fact::Seen(Some(raw)) = &mut node.service_password {
            replace(Some(FieldId::ServicePassword), raw);
        }
        if let Fact::Seen(raw) = &mut node.key {
            replace(None, raw);
        }
        if let Fact::Seen(Some(config)) = &mut node.octopus {
            for (field, raw) in &mut config.said {
                replace(Some(*field), raw);
            }
        }
        if let Fact::Seen(config) = &mut node.config {
            let SealedSignIn::SqlLogin { password, .. } = &mut config.database.sign_in;
            *password = Sealed(stand_in::WORD.to_owned());
            if let Some(sealed) = &mut config.service.password {
                *sealed = Sealed(stand_in::WORD.to_owned());
            }
        }
    }

    fn remember_key(&mut self, key: &MasterKey) {
        let Ok(stand_in) = stand_in::for_key(key) else { return };
        let secret = key.to_base64();
        if !self.0.iter().any(|(other, _)| same_secret(other, &secret)) {
            self.0.push((secret, stand_in.to_base64()));
        }
    }

    /// Replaces what is left of the known secrets in a finished line.
    fn scrub(&self, line: &mut String) {
        for (secret, stand_in) in &self.0 {
            let secret = secret.expose_secret();
            if secret.len() < SHORTEST || stand_in::is_stand_in(secret) {
                continue;
            }
            let escaped = serde_json::Value::from(secret).to_string();
            let escaped = escaped.trim_matches('"');
            if line.contains(escaped) {
                *line = line.replace(escaped, stand_in.expose_secret());
            }
        }
    }
}

/// Why a recording cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecording {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// The first line is something else than a recording's.
    #[error("line 1 is not the first line of a recording: {0}")]
    NoHeader(Untrusted),
    /// It is of another format.
    #[error("line 1: its format is {found}, written by octopus-setup {program}; this program knows format {FORMAT} only")]
    OtherFormat {
        /// The format.
        found: u64,
        /// The version of the program that wrote it.
        program: Untrusted,
    },
    /// A line breaks off.
    #[error("line {line} breaks off: the recording is cut short there")]
    Truncated {
        /// Its number, from 1.
        line: usize,
    },
    /// A line is not JSON, or holds no event that this program knows.
    #[error("line {line} cannot be read: {said}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        said: Untrusted,
    },
}

/// A recording, and how far it was replayed.
#[derive(Debug)]
pub struct Replay {
    header: RecordingHeader,
    state: State,
    rest: VecDeque<(Duration, Event)>,
    all: usize,
    now: Duration,
}

impl Replay {
    /// Reads a recording, all of it, and begins as it began.
    pub fn read(text: &str) -> Result<Self, BadRecording> {
        let mut lines = text.split('\n').enumerate().map(|(place, line)| (place + 1, line));
        let first = lines.next().map_or("", |(_, line)| line);
        if first.is_empty() {
            return Err(BadRecording::Empty);
        }
        let header = header(first, text.contains('\n'))?;
        let mut events = VecDeque::new();
        for (number, line) in lines {
            // Behind the last line break there is nothing, unless the recording was cut.
            if line.is_empty() {
                continue;
            }
            events.push_back(event(number, line)?);
        }
        let (state, _) = match &header.begins {
            Beginning::Flow(flow) => update::begin(header.answers(), *flow),
            Beginning::Review(wanted) => update::begin_review(header.answers(), wanted.clone()),
        };
        Ok(Self { header, state, all: events.len(), rest: events, now: Duration::ZERO })
    }

    pub fn header(&self) -> &RecordingHeader {
        &self.header
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns how many events there are in all, and how many are still to come.
    pub fn events(&self) -> (usize, usize) {
        (self.all, self.rest.len())
    }

    /// Returns how long after the last event the next one came; `None` where there is none.
    pub fn pause(&self) -> Option<Duration> {
        self.rest.front().map(|(at, _)| at.saturating_sub(self.now))
    }

    /// Applies the next event and describes it; `None` if there is none.
    pub fn step(&mut self) -> Option<String> {
        let (at, event) = self.rest.pop_front()?;
        self.now = at;
        let says = RedactedEvent(&event).to_string();
        // Its effects are what the next events tell of.
        let _ = update::update(&mut self.state, event, at);
        Some(says)
    }
}

fn header(line: &str, is_whole: bool) -> Result<RecordingHeader, BadRecording> {
    let no_header = |error: serde_json::Error| BadRecording::NoHeader(error.to_string().into());
    let value: Value = match serde_json::from_str(line) {
        Err(error) if error.is_eof() && !is_whole => return Err(BadRecording::Truncated { line: 1 }),
        other => other.map_err(no_header)?,
    };
    match value.get("format").and_then(Value::as_u64) {
        Some(found) if found != u64::from(FORMAT) => {
            let program = value.get("program").and_then(Value::as_str).unwrap_or("of an unknown version").into();
            Err(BadRecording::OtherFormat { found, program })
        }
        _ => serde_json::from_value(value).map_err(no_header),
    }
}

fn event(number: usize, line: &str) -> Result<(Duration, Event), BadRecording> {
    let read: Line<Event> = serde_json::from_str(line).map_err(|error| {
        if error.is_eof() {
            return BadRecording::Truncated { line: number };
        }
        BadRecording::Line { line: number, said: error.to_string().replace(" at line 1 column", ", at column").into() }
    })?;
    Ok((Duration::from_micros(read.at), read.event))
}
