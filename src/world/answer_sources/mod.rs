//! Gathers the answers given before the wizard starts: reads answer files, merges all sources, and fetches what they only refer
//! to (an environment variable, a file, the output of a command, standard input, a person at the terminal).
//!
//! Fetches only answers that count: one that a flag replaces, that the flow does not ask or that another answer hides runs no
//! command and opens no file. The outside comes in as a value, so that tests need no process.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use fetch::{COMMAND_LIMIT, DEPTH_VARIABLE};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::catalog::{flow as flows, form};
use crate::model::answers::{AnswerPlace, AnswerSource, Answers, GivenAnswer, LoadedAnswers, Origin, Problem, Raw};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Severity;
use crate::model::flow::Flow;
use crate::model::secret::SecretString;
use crate::model::untrusted::Untrusted;
use crate::wizard::answer_file::{self, AnswerFile, flags};
use crate::world::answer_sources::fetch::{Fetched, OthersAccess, Unanswered};
use crate::world::{own_variables, small_file};

mod fetch;

/// The exit status after Ctrl-C, also at a question.
pub(super) const INTERRUPTED: u8 = 130;

/// The name of an answer file that means standard input.
pub const STDIN: &str = "-";

/// What the command line says about answers.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// The flow; `None` leaves it to the files.
    pub flow: Option<Flow>,
    /// The answer files, in order; [`STDIN`] is standard input.
    pub files: Vec<PathBuf>,
    /// The answers of flags, in order.
    pub flags: Vec<GivenAnswer>,
    /// Problems with the flags.
    pub problems: Vec<Problem>,
    pub defaults: Answers,
}

impl CommandLine {
    /// Returns a command line that says nothing beyond the defaults.
    pub const fn new(defaults: Answers) -> Self {
        Self { flow: None, files: Vec::new(), flags: Vec::new(), problems: Vec::new(), defaults }
    }
}

/// Environment variables by name; on Windows the names are in capitals. Their values, which may be secrets, are not shown, and are wiped
/// when they are dropped.
#[derive(Default)]
pub struct EnvironmentVariables(BTreeMap<OsString, OsString>);

impl EnvironmentVariables {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn insert(&mut self, name: OsString, value: OsString) {
        if let Some(older) = self.0.insert(name, value) {
            wipe(older);
        }
    }

    pub fn get(&self, name: &OsStr) -> Option<&OsString> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

impl fmt::Debug for EnvironmentVariables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Extend<(OsString, OsString)> for EnvironmentVariables {
    fn extend<I: IntoIterator<Item = (OsString, OsString)>>(&mut self, variables: I) {
        variables.into_iter().for_each(|(name, value)| self.insert(name, value));
    }
}

impl FromIterator<(OsString, OsString)> for EnvironmentVariables {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        let mut all = Self::default();
        all.extend(variables);
        all
    }
}

impl Drop for EnvironmentVariables {
    fn drop(&mut self) {
        std::mem::take(&mut self.0).into_values().for_each(wipe);
    }
}

fn wipe(value: OsString) {
    drop(Zeroizing::new(value.into_encoded_bytes()));
}

/// Returns the variables that may hold a secret: those of the fields, and those that these answer files and flags name. An answer file that
/// cannot be read names none; [`gather`] says why.
pub fn secret_variables(files: &[PathBuf], flags: &[GivenAnswer]) -> BTreeSet<String> {
    let in_files = files
        .iter()
        .filter(|path| path.as_os_str() != STDIN)
        .filter_map(|path| fetch::read_text(path).ok())
        .flat_map(|(text, _)| answer_file::read(&Untrusted::default(), &text).given);
    let named = in_files.chain(flags.iter().cloned()).filter_map(|given| match given.source {
        AnswerSource::Env(name) => Some(name),
        _ => None,
    });
    let own = FieldId::ALL.into_iter().filter(|field| field.is_secret()).map(FieldId::variable);
    own.chain(named).collect()
}

/// Returns a variable's value. An empty one counts as not set, as everywhere in this program: compose files and pipelines set
/// variables that they have no value for.
pub fn variable<'a>(environment: &'a EnvironmentVariables, name: &str) -> Option<&'a OsString> {
    // Windows ignores case in names, and the keys are in capitals there.
    let name = if cfg!(windows) { Cow::from(name.to_uppercase()) } else { Cow::from(name) };
    environment.get(OsStr::new(name.as_ref())).filter(|value| !value.is_empty())
}

/// Standard input.
pub enum Stdin<'a> {
    /// Something is piped into it, for us to read.
    Piped(&'a mut dyn BufRead),
    /// A terminal. Secrets are asked for there, so that they are not shown.
    Terminal,
    /// A face reads it.
    Taken,
}

/// Asks a person for secrets.
pub trait SecretPrompt {
    /// Asks for a field's secret without showing what is typed. `again` says why the last one was refused.
    fn ask(&mut self, field: FieldId, again: Option<&str>) -> io::Result<SecretString>;
}

/// What to do about answers that only a person can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No screens follow: ask now, if there is a terminal.
    Headless,
    /// A face asks later.
    Interactive,
    /// The answers are checked only: leave open what only a run can get (standard input, a person).
    CheckOnly,
}

/// Where answers come from, as values.
pub struct Sources<'a> {
    pub environment: &'a EnvironmentVariables,
    pub stdin: Stdin<'a>,
    /// Asks at the terminal, if there is one.
    pub person: Option<&'a mut dyn SecretPrompt>,
    pub mode: Mode,
    /// How long a command may take.
    pub command_limit: Duration,
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sources").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// All answers, gathered.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The flow, if the command line or a file names one.
    pub flow: Option<Flow>,
    pub loaded: LoadedAnswers,
    /// The exit status to end with, where a person left at a question or a signal came while a command ran.
    pub left: Option<u8>,
}

/// Gathers answers from files, environment and flags; later ones replace earlier ones. Problems are collected, and do not keep
/// the rest from being gathered.
pub async fn gather(command_line: &CommandLine, sources: &mut Sources<'_>) -> Resolved {
    gather_resuming(command_line, sources, async |_: &str| Vec::new()).await
}

/// Like [`gather`]. `sealed` returns what an unfinished run of the instance that the answers name has sealed: nobody is asked for that, and
/// what was given wins over it.
pub async fn gather_resuming(
    command_line: &CommandLine,
    sources: &mut Sources<'_>,
    sealed: impl AsyncFnOnce(&str) -> Vec<(FieldId, Raw)>,
) -> Resolved {
    let mut found = Found { flow: command_line.flow, ..Found::default() };
    for path in &command_line.files {
        found.file(path, sources);
    }
    found.environment(sources.environment);
    found.problems.extend(command_line.problems.iter().cloned());
    for given in &command_line.flags {
        found.take(given.clone(), Path::new(""));
    }
    found.fetch(command_line.defaults.clone(), sources, sealed).await
}

/// What was found; nothing is fetched yet.
#[derive(Default)]
struct Found {
    flow: Option<Flow>,
    by_field: BTreeMap<FieldId, (GivenAnswer, PathBuf)>,
    accept: Vec<CheckId>,
    problems: Vec<Problem>,
}

impl Found {
    fn take(&mut self, given: GivenAnswer, folder: &Path) {
        if let AnswerSource::Env(name) = &given.source {
            own_variables::note(name);
        }
        self.by_field.insert(given.field, (given, folder.to_owned()));
    }

    /// Adds an answer file.
    fn file(&mut self, path: &Path, sources: &mut Sources<'_>) {
        let is_stdin = path.as_os_str() == STDIN;
        let name = if is_stdin { Untrusted::new("standard input") } else { Untrusted::new(&path.to_string_lossy()) };
        // Nobody else can read what is piped in, or write it.
        let text = if is_stdin {
            from_stdin(sources).map(|text| (text, None))
        } else {
            fetch::read_text(path).map(|(text, access)| (text, Some(access)))
        };
        let (said, access) = match text {
            Ok((text, access)) => (answer_file::read(&name, &text), access),
            Err(no) => {
                let place = AnswerPlace::File(name);
                return self.problems.push(Problem::stop(Some(place), None, format!("the answer file {}.", no.says), no.fix));
            }
        };
        let AnswerFile { flow, accept, given, problems } = said;
        self.problems.extend(problems);
        self.accept.extend(accept);
        match (self.flow, flow) {
            (Some(ours), Some((theirs, place))) if ours != theirs => {
                let says = format!("these answers are for {}, and this is {}.", theirs.id(), ours.id());
                let fix = format!("Run octopus-setup {}, or take the answers for {}.", theirs.id(), ours.id());
                self.problems.push(Problem::stop(Some(place), None, says, fix));
            }
            (ours, theirs) => self.flow = ours.or(theirs.map(|(flow, _)| flow)),
        }
        let folder = if is_stdin { PathBuf::new() } else { path.parent().map(Path::to_owned).unwrap_or_default() };
        for given in given {
            let problem = access.as_ref().and_then(|access| {
                in_clear(&given, path, access.is_readable_by_others).or_else(|| of_others(&given, path, access))
            });
            if let Some(problem) = problem {
                let refused = problem.severity == Severity::Stop;
                self.problems.push(problem);
                if refused {
                    continue;
                }
            }
            self.take(given, &folder);
        }
    }

    /// Adds the environment's answers, and warns of variables that look like ours and answer nothing.
    fn environment(&mut self, environment: &EnvironmentVariables) {
        let is_ours = |name: &OsString| name.to_str().is_some_and(flags::may_answer);
        // The usual case; building the names of all fields costs time before the first frame.
        if !environment.iter().any(|(name, _)| is_ours(name)) {
            return;
        }
        let names = environment.iter().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.to_str());
        self.problems.extend(names.filter_map(flags::unused_variable));
        for field in FieldId::ALL.into_iter().filter(|field| field.is_presettable()) {
            let name = field.variable();
            let Some(value) = variable(environment, &name) else { continue };
            let place = AnswerPlace::Variable(name);
            match value.to_str() {
                Some(value) if field.is_secret() => {
                    self.take(
                        GivenAnswer { field, source: AnswerSource::Clear(SecretString::from(value)), place },
                        Path::new(""),
                    );
                }
                Some(value) => {
                    self.take(GivenAnswer { field, source: AnswerSource::Text(value.to_owned()), place }, Path::new(""));
                }
                None => {
                    let says = format!("{}: the variable's value is not UTF-8 text.", field.id());
                    self.problems.push(Problem::stop(Some(place), Some(field), says, ""));
                }
            }
        }
    }

    /// Fetches what the flow asks, in the order of the fields: one that decides whether another is asked comes first.
    async fn fetch(
        self,
        defaults: Answers,
        sources: &mut Sources<'_>,
        sealed: impl AsyncFnOnce(&str) -> Vec<(FieldId, Raw)>,
    ) -> Resolved {
        let Self { flow, by_field, accept, problems } = self;
        let loaded = LoadedAnswers { accept, problems, ..LoadedAnswers::new(defaults) };
        let mut done = Resolved { flow, loaded, left: None };
        let mut ask = Vec::new();
        for (field, (given, folder)) in by_field {
            done.loaded.places.insert(field, given.place.clone());
            let Some(flow) = flow else { continue };
            if !answer_file::takes(flow, field) || !form::is_visible(field, &done.loaded.answers) {
                continue;
            }
            if matches!(given.source, AnswerSource::Command(_)) {
                done.loaded.commands.push(field);
            }
            match fetch::fetch(&given, &folder, sources).await {
                Ok(Fetched::Answer(text, warning)) => {
                    done.set(field, &text, given.place.origin());
                    done.loaded.problems.extend(warning);
                }
                Ok(Fetched::Ask) => ask.push(field),
                Ok(Fetched::Open) => done.loaded.open.push(field),
                Ok(Fetched::Left(signal)) => {
                    done.left = Some(signal);
                    return done;
                }
                Err(problem) => done.loaded.problems.push(problem),
            }
        }
        for (field, secret) in sealed(done.loaded.answers.trimmed(FieldId::Instance)).await {
            if !done.loaded.places.contains_key(&field) || ask.contains(&field) {
                ask.retain(|asked| *asked != field);
                done.loaded.answers.set(field, secret, Origin::Default);
            }
        }
        match flow {
            None => done.loaded.problems.push(Problem::stop(
                None,
                None,
                "nothing says which flow the answers are for.",
                "Write flow = \"first-node\" or flow = \"join\" in the file, or say it on the command line.",
            )),
            Some(flow) if sources.mode == Mode::Headless => done.ask(flow, ask, sources),
            Some(_) => {}
        }
        done
    }
}

impl Resolved {
    /// Returns every problem at once.
    pub fn judge(&self) -> Vec<Problem> {
        match self.flow {
            Some(flow) => answer_file::judge(flow, &self.loaded),
            None => self.loaded.problems.clone(),
        }
    }

    fn set(&mut self, field: FieldId, text: &SecretString, origin: Origin) {
        let raw = if field.is_secret() { Raw::Secret(text.clone()) } else { Raw::Text(text.expose_secret().to_owned()) };
        self.loaded.answers.set(field, raw, origin);
    }

    /// Asks for the secrets whose source is a prompt, and for missing ones if there is a terminal. Asks for none where the answers
    /// are refused anyway.
    fn ask(&mut self, flow: Flow, mut fields: Vec<FieldId>, sources: &mut Sources<'_>) {
        if let Some(person) = sources.person.as_deref_mut() {
            let missing = |field: &FieldId| {
                let told = self
                    .loaded
                    .problems
                    .iter()
                    .any(|problem| problem.field == Some(*field) && problem.severity == Severity::Stop);
                field.is_secret()
                    && !told
                    && !flow.changes_a_node()
                    && flows::asks(flow, *field)
                    && form::is_missing(*field, &self.loaded.answers)
            };
            fields.extend(FieldId::ALL.into_iter().filter(missing));
            fields.sort_by_key(|field| *field);
            fields.dedup();
            self.loaded.open.clone_from(&fields);
            if self.judge().iter().any(|problem| problem.severity == Severity::Stop) {
                return;
            }
            self.loaded.open.clear();
            for field in fields {
                let problem = |secret: &SecretString| {
                    let mut answers = self.loaded.answers.clone();
                    answers.set(field, Raw::Secret(secret.clone()), Origin::Typed);
                    form::problem(field, &answers)
                };
                let secret = match fetch::ask(field, person, problem) {
                    Ok(secret) => secret,
                    Err(Unanswered::Left) => {
                        self.left = Some(INTERRUPTED);
                        return;
                    }
                    Err(Unanswered::Nobody(error)) => {
                        self.nobody(field, &format!("the terminal cannot be asked: {error}"));
                        continue;
                    }
                };
                self.set(field, &secret, Origin::Typed);
            }
            return;
        }
        for field in fields {
            self.nobody(field, "there is no terminal to ask at");
        }
    }

    fn nobody(&mut self, field: FieldId, why: &str) {
        let place = self.loaded.places.get(&field).cloned();
        let fix = format!("Give it by {} or {}.", field.variable(), answer_file::flag(field));
        self.loaded.problems.push(Problem::stop(place, Some(field), format!("{}: {why}.", field.id()), fix));
    }
}

/// Judges a secret written in an answer file itself: refused if others can read the file, and a warning otherwise.
fn in_clear(given: &GivenAnswer, path: &Path, open: bool) -> Option<Problem> {
    let AnswerSource::Clear(secret) = &given.source else { return None };
    if secret.expose_secret().is_empty() {
        return None;
    }
    let (place, field) = (Some(given.place.clone()), Some(given.field));
    let id = given.field.id();
    let instead = format!("write {id} = {{ env = \"{}\" }}, or {{ file = \"…\" }}", given.field.variable());
    Some(if open {
        let says = format!("{id}: the secret stands in a file that others can read, so it is refused.");
        let shown = Untrusted::new(&path.to_string_lossy());
        Problem::stop(place, field, says, format!("Take it for known and change it; then {instead}, or chmod 600 {shown}."))
    } else {
        Problem::warn(place, field, format!("{id}: the secret stands in the file itself."), format!("Better {instead}."))
    })
}

/// Refuses a command in an answer file that another account could have written: it would be run with this account's rights.
fn of_others(given: &GivenAnswer, path: &Path, access: &OthersAccess) -> Option<Problem> {
    let (AnswerSource::Command(_), Some(writer)) = (&given.source, &access.writer) else { return None };
    let says = format!("{}: its command is not run, because {writer}: somebody else could have written it.", given.field.id());
    let shown = Untrusted::new(&path.to_string_lossy());
    let fix = format!(
        "Look at the command; then keep {shown} where only this account can write: chmod go-w it and the folders above it, and let it \
         belong to this account or root."
    );
    Some(Problem::stop(Some(given.place.clone()), Some(given.field), says, fix))
}

/// Reads all of standard input as an answer file's text.
fn from_stdin(sources: &mut Sources<'_>) -> Result<Zeroizing<String>, fetch::UnreadableFile> {
    let no = fetch::UnreadableFile::new;
    match std::mem::replace(&mut sources.stdin, Stdin::Taken) {
        Stdin::Terminal => {
            sources.stdin = Stdin::Terminal;
            Err(no("is to come from standard input, and that is a terminal", "Pipe the answers in."))
        }
        Stdin::Taken => Err(no("is to come from standard input, which is needed or was read already", "Name a file.")),
        Stdin::Piped(input) => {
            let limit = small_file::LIMIT;
            let mut bytes = Zeroizing::new(Vec::new());
            match input.take(limit + 1).read_to_end(&mut bytes) {
                Ok(length) if u64::try_from(length).is_ok_and(|length| length > limit) => {
                    Err(fetch::UnreadableFile::new(format!("has more than {limit} bytes"), "See whether it is the right one."))
                }
                Ok(_) => fetch::utf8(std::mem::take(&mut *bytes)),
                Err(error) => Err(fetch::UnreadableFile::new(format!("cannot be read from standard input: {error}"), "")),
            }
        }
    }
}
