//! Fetches one answer from its source.

use std::io::{self, BufRead, Read};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::command::NoOutput;
use super::decode::{LIMIT, ROOM, decode};
use super::{Mode, Sources, Stdin, command, secret_file, variable};
use crate::model::answers::{AnswerSource, GivenAnswer, Problem};
use crate::model::field::FieldId;
use crate::model::licence;
use crate::model::untrusted::Untrusted;
use crate::wizard::answer_file::flag;

/// The outcome of fetching an answer.
pub(super) enum Fetched {
    /// The answer, with a warning where there is one.
    Answer(SecretString, Option<Problem>),
    /// A person has to be asked now.
    Ask,
    /// It is left open: see [`Mode`].
    Open,
    /// A signal came; the exit status to end with.
    Left(u8),
}

/// Fetches an answer. Relative paths start at `folder`.
pub(super) async fn fetch(given: &GivenAnswer, folder: &Path, sources: &mut Sources<'_>) -> Result<Fetched, Problem> {
    let field = given.field;
    let stop = |says: String, fix: String| {
        Problem::stop(Some(given.place.clone()), Some(field), format!("{}: {says}.", field.id()), fix)
    };
    let text =
        match &given.source {
            AnswerSource::Text(text) => return Ok(Fetched::Answer(SecretString::from(text.as_str()), None)),
            AnswerSource::Clear(secret) => return Ok(Fetched::Answer(secret.clone(), None)),
            AnswerSource::Env(name) => match variable(sources.environment, name) {
                None if sources.mode == Mode::Interactive && field.is_secret() => return Ok(Fetched::Open),
                None => {
                    let says = format!("environment variable {} is not set", Untrusted::new(name));
                    let ours = field.variable();
                    let or = if *name == ours { String::new() } else { format!(" by {ours} or") };
                    return Err(stop(says, format!("Set it, or give the answer{or} by {}.", flag(field))));
                }
                Some(value) => match value.to_str() {
                    Some(value) => decode(value.as_bytes())
                        .map_err(|bad| (format!("environment variable {} {bad}", Untrusted::new(name)), "")),
                    None => Err((format!("environment variable {} is not UTF-8 text", Untrusted::new(name)), "")),
                },
            },
            AnswerSource::File(path) => return file(given, &folder.join(path)).map_err(|(says, fix)| stop(says, fix.to_owned())),
            AnswerSource::Command(words) => {
                let name = Untrusted::new(words.first().map(String::as_str).unwrap_or_default());
                match command::run(words, folder, sources.environment, sources.command_limit).await {
                    Ok(bytes) => decode(&bytes)
                        .map_err(|bad| (format!("what the command {name} printed {bad}"), "It must print the answer.")),
                    Err(NoOutput::Left(status)) => return Ok(Fetched::Left(status)),
                    Err(NoOutput::Failed { says, fix }) => Err((format!("the command {name} {says}"), fix)),
                }
            }
            AnswerSource::Prompt if sources.mode == Mode::Headless => return Ok(Fetched::Ask),
            AnswerSource::Prompt => return Ok(Fetched::Open),
            AnswerSource::Stdin if sources.mode != Mode::Headless => return Ok(Fetched::Open),
            AnswerSource::Stdin => match &mut sources.stdin {
                Stdin::Terminal => return Ok(Fetched::Ask),
                Stdin::Taken => Err(("standard input was read already".to_owned(), "Take another place for this secret.")),
                Stdin::Piped(input) if field == FieldId::Licence => lines(*input),
                Stdin::Piped(input) => line(*input),
            },
        };
    text.map(|text| Fetched::Answer(text, None)).map_err(|(says, fix)| stop(says, fix.to_owned()))
}

/// Reads an answer from a file. If others can read a secret's file, that is a warning only: what container platforms mount is
/// readable by everyone, in a container where there is nobody else.
fn file(given: &GivenAnswer, path: &Path) -> Result<Fetched, (String, &'static str)> {
    let shown = Untrusted::new(&path.to_string_lossy());
    let (bytes, open) = secret_file::read(path, LIMIT).map_err(|no| (format!("{shown} {}", no.says), no.fix))?;
    let text = decode(&bytes).map_err(|bad| (format!("{shown} {bad}"), "It must hold the answer and nothing else."))?;
    let warning = (open && given.field.is_secret()).then(|| {
        let says = format!("{}: {shown} can be read by others than its owner.", given.field.id());
        Problem::warn(Some(given.place.clone()), Some(given.field), says, format!("chmod 600 {shown}"))
    });
    Ok(Fetched::Answer(text, warning))
}

/// Reads the next line of standard input.
fn line(input: &mut dyn BufRead) -> Result<SecretString, (String, &'static str)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    next(input, &mut bytes)?;
    decode(&bytes).map_err(|bad| (format!("the line of standard input {bad}"), ""))
}

/// Reads a licence from standard input: one line of base64, or its lines to the end of the XML.
fn lines(input: &mut dyn BufRead) -> Result<SecretString, (String, &'static str)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    next(input, &mut bytes)?;
    while std::str::from_utf8(&bytes).is_ok_and(licence::goes_on) {
        // The check of the licence reports what is missing at the end of the input.
        if next(input, &mut bytes)? == 0 {
            break;
        }
    }
    decode(&bytes).map_err(|bad| (format!("the licence in standard input {bad}"), ""))
}

/// Reads one more line with its end, and returns how many bytes that were. The input's end is an error if nothing came before.
fn next(input: &mut dyn BufRead, bytes: &mut Vec<u8>) -> Result<usize, (String, &'static str)> {
    let room = u64::try_from(ROOM - bytes.len()).unwrap_or_default();
    match input.take(room).read_until(b'\n', bytes) {
        Ok(0) if bytes.is_empty() => Err((
            "standard input has ended".to_owned(),
            "Give one line for each secret that comes from there, in the order of the screens.",
        )),
        Ok(_) if bytes.len() == ROOM => Err((format!("the line of standard input is longer than {LIMIT} bytes"), "")),
        Ok(count) => Ok(count),
        Err(error) => Err((format!("standard input cannot be read: {error}"), "")),
    }
}

/// Why a person gave no secret.
pub(super) enum Unanswered {
    /// They left: Ctrl-C, or the end of the input.
    Left,
    /// The terminal could not be asked.
    Nobody(io::Error),
}

/// Asks a person, up to three times while the typed secret is malformed.
pub(super) fn ask(
    field: FieldId,
    person: &mut dyn super::SecretPrompt,
    problem: impl Fn(&SecretString) -> Option<String>,
) -> Result<SecretString, Unanswered> {
    let mut again: Option<String> = None;
    for left in [2, 1, 0] {
        let secret = person.ask(field, again.as_deref()).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Unanswered::Left,
            _ => Unanswered::Nobody(error),
        })?;
        again = if secret.expose_secret().is_empty() { Some("Nothing was typed.".to_owned()) } else { problem(&secret) };
        if again.is_none() || left == 0 {
            return Ok(secret);
        }
    }
    Err(Unanswered::Left)
}
