//! One answer, fetched from where it is to be had.

use std::io::{self, BufRead, Read};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::command::NoOutput;
use super::text::{LIMIT, ROOM, decode};
use super::{Around, Manner, Stdin, command, paper, variable};
use crate::model::field::FieldId;
use crate::model::given::{Given, Problem, Source};
use crate::model::licence;
use crate::model::untrusted::Untrusted;
use crate::wizard::answer_file::flag;

/// What became of an answer.
pub(super) enum Fetched {
    /// Here it is, and perhaps something is to be said of it.
    Answer(SecretString, Option<Problem>),
    /// A person is to be asked now.
    Ask,
    /// It is left open: see [`Manner`].
    Open,
    /// A signal came, which asks for this exit status.
    Left(u8),
}

/// Fetches an answer. Relative paths are of this folder.
pub(super) async fn fetch(given: &Given, folder: &Path, around: &mut Around<'_>) -> Result<Fetched, Problem> {
    let field = given.field;
    let stop = |says: String, fix: String| {
        Problem::stop(Some(given.place.clone()), Some(field), format!("{}: {says}.", field.id()), fix)
    };
    let text =
        match &given.source {
            Source::Text(text) => return Ok(Fetched::Answer(SecretString::from(text.as_str()), None)),
            Source::Clear(secret) => return Ok(Fetched::Answer(secret.clone(), None)),
            Source::Env(name) => match variable(around.environment, name) {
                None if around.manner == Manner::WithFace && field.is_secret() => return Ok(Fetched::Open),
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
            Source::File(path) => return file(given, &folder.join(path)).map_err(|(says, fix)| stop(says, fix.to_owned())),
            Source::Command(words) => {
                let name = Untrusted::new(words.first().map(String::as_str).unwrap_or_default());
                match command::run(words, folder, around.environment, around.command_limit).await {
                    Ok(bytes) => decode(&bytes)
                        .map_err(|bad| (format!("what the command {name} printed {bad}"), "It must print the answer.")),
                    Err(NoOutput::Left(status)) => return Ok(Fetched::Left(status)),
                    Err(NoOutput::Failed { says, fix }) => Err((format!("the command {name} {says}"), fix)),
                }
            }
            Source::Prompt if around.manner == Manner::Alone => return Ok(Fetched::Ask),
            Source::Prompt => return Ok(Fetched::Open),
            Source::Stdin if around.manner != Manner::Alone => return Ok(Fetched::Open),
            Source::Stdin => match &mut around.stdin {
                Stdin::Terminal => return Ok(Fetched::Ask),
                Stdin::Taken => Err(("standard input was read already".to_owned(), "Take another place for this secret.")),
                Stdin::Piped(input) if field == FieldId::Licence => lines(*input),
                Stdin::Piped(input) => line(*input),
            },
        };
    text.map(|text| Fetched::Answer(text, None)).map_err(|(says, fix)| stop(says, fix.to_owned()))
}

/// The content of a file. That others can read a secret's file is told and no more: what container platforms mount is
/// readable for all, in a container where there is nobody else.
fn file(given: &Given, path: &Path) -> Result<Fetched, (String, &'static str)> {
    let shown = Untrusted::new(&path.to_string_lossy());
    let (bytes, open) = paper::bytes(path, LIMIT).map_err(|no| (format!("{shown} {}", no.says), no.fix))?;
    let text = decode(&bytes).map_err(|bad| (format!("{shown} {bad}"), "It must hold the answer and nothing else."))?;
    let warning = (open && given.field.is_secret()).then(|| {
        let says = format!("{}: {shown} can be read by others than its owner.", given.field.id());
        Problem::warn(Some(given.place.clone()), Some(given.field), says, format!("chmod 600 {shown}"))
    });
    Ok(Fetched::Answer(text, warning))
}

/// The next line of standard input.
fn line(input: &mut dyn BufRead) -> Result<SecretString, (String, &'static str)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    next(input, &mut bytes)?;
    decode(&bytes).map_err(|bad| (format!("the line of standard input {bad}"), ""))
}

/// The next lines of standard input that are a licence: one of base64, or as many as it has until its end.
fn lines(input: &mut dyn BufRead) -> Result<SecretString, (String, &'static str)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    next(input, &mut bytes)?;
    while std::str::from_utf8(&bytes).is_ok_and(licence::goes_on) {
        // Whatever is missing at the end of the input, the check of the licence tells.
        if next(input, &mut bytes)? == 0 {
            break;
        }
    }
    decode(&bytes).map_err(|bad| (format!("the licence in standard input {bad}"), ""))
}

/// Reads one line more, its end with it; how many bytes those were. The input's end is an error where it comes first.
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
    /// There is no terminal after all.
    Nobody(io::Error),
}

/// Asks a person, again where the form of what was typed is bad, three times at most.
pub(super) fn ask(
    field: FieldId,
    person: &mut dyn super::Ask,
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
