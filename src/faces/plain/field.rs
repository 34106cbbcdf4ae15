//! One field as one question.

use std::io::Write;

use zeroize::Zeroizing;

use crate::catalog::form;
use crate::model::answers::Raw;
use crate::model::choice::spelled;
use crate::model::connection_string::ConnectionString;
use crate::model::field::{FieldId, Kind};
use crate::model::licence;
use crate::model::screen::ScreenId;
use crate::wizard::event::{Action, Event};
use crate::wizard::state::State;
use crate::words::{self, FieldWords};

use super::input::{Echo, LineSource};
use super::talk;
use super::talk::{Face, SessionStop, TypedAnswer};

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionEnd {
    /// The answer is valid by itself.
    Answered,
    /// The operator wants to go back.
    Back,
    /// A connection string has filled several fields.
    Filled,
}

/// Asks one field until its answer is valid by itself. An invalid line leaves the previous answer in place.
pub async fn ask<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, field: FieldId) -> Result<QuestionEnd, SessionStop> {
    if let (Kind::Choice(values), Some(words)) = (field.kind(), words_of(face.state(), field)) {
        for (number, value) in (1..).zip(values) {
            let label = words.choices.get(*value).map_or("", String::as_str);
            face.say(&format!("  {number} {value}: {label}"))?;
        }
    }
    let echo = match field {
        FieldId::Licence => Echo::Silent,
        _ if field.is_secret() || field == FieldId::KeyProof => Echo::Hidden,
        _ => Echo::Shown,
    };
    // What stands in the square brackets may have been given and be wrong: then Enter alone does not take it.
    if let Some(problem) = wrong(face.state(), field) {
        face.tell(&problem)?;
    }
    loop {
        let question = question(face.state(), field);
        let text = match face.ask(&question, echo).await? {
            TypedAnswer::Back => return Ok(QuestionEnd::Back),
            TypedAnswer::Help => {
                help(face, field)?;
                continue;
            }
            TypedAnswer::Connection if field == FieldId::Server => {
                if connection(face).await? {
                    return Ok(QuestionEnd::Filled);
                }
                continue;
            }
            TypedAnswer::Text(text) if face.state().place.here == ScreenId::Database && ConnectionString::is_meant(&text) => {
                let read = ConnectionString::parse(&text);
                let is_read = read.is_ok();
                face.handle(Event::ConnectionString(read))?;
                if is_read {
                    return Ok(QuestionEnd::Filled);
                }
                continue;
            }
            TypedAnswer::Connection => "connection".to_owned().into(),
            TypedAnswer::Clear => {
                let empty = if matches!(field.kind(), Kind::Choice(_) | Kind::Toggle) { field.default() } else { "" };
                empty.to_owned().into()
            }
            TypedAnswer::Empty => {
                match refused(face.state(), field) {
                    None => return Ok(QuestionEnd::Answered),
                    Some(problem) => face.tell(&problem)?,
                }
                continue;
            }
            TypedAnswer::Text(text) if field == FieldId::Licence => match lines(face, text).await? {
                Some(text) => text,
                None => continue,
            },
            TypedAnswer::Text(text) => text,
        };
        let text = match talk::parse_answer(field.kind(), &text) {
            Ok(answer) => answer,
            Err(problem) => {
                face.say(&problem)?;
                continue;
            }
        };
        let before = face.state().answers.get(field).raw.clone();
        face.handle(Event::Edit(field, Raw::of(field, text)))?;
        let Some(problem) = refused(face.state(), field) else { return Ok(QuestionEnd::Answered) };
        // Restores the previous answer, because Enter must not accept the refused one.
        face.quietly(Event::Edit(field, before));
        face.tell(&problem)?;
    }
}

/// Returns what is wrong with a field's present answer; nothing is wrong with one that is not there yet.
fn wrong(state: &State, field: FieldId) -> Option<String> {
    state.problem(field).filter(|_| !state.answers.get(field).raw.is_empty())
}

/// Returns the problem of a field's present answer, if there is one.
fn refused(state: &State, field: FieldId) -> Option<String> {
    let is_open = form::is_missing(field, &state.answers) || state.is_undecided(field);
    state.problem(field).or_else(|| is_open.then(|| "An answer is needed.".to_owned()))
}

/// Builds the question: the label, the name used in answer files and flags, and what Enter accepts.
fn question(state: &State, field: FieldId) -> String {
    let label = words_of(state, field).map_or(field.id(), |words| words.label.as_str());
    let choices = match (field.kind(), words_of(state, field)) {
        (Kind::Toggle, Some(words)) => {
            let word = |on: bool| words.choices.get(spelled(on)).map_or("", String::as_str);
            format!(", yes: {}, no: {}", word(true), word(false))
        }
        _ => String::new(),
    };
    let present = match field.kind() {
        _ if form::is_missing(field, &state.answers) || state.is_undecided(field) => String::new(),
        Kind::Secret => "kept".to_owned(),
        Kind::Toggle => if state.answers.is_on(field) { "yes" } else { "no" }.to_owned(),
        // A proof has to be typed each time.
        _ if matches!(field, FieldId::KeyProof | FieldId::KeyConfirm | FieldId::NodeConfirm) => String::new(),
        _ => state.answers.trimmed(field).to_owned(),
    };
    let present = match (present.as_str(), field.kind()) {
        // An optional secret that is not set is not "kept".
        ("kept", _) if state.answers.get(field).raw.is_empty() => String::new(),
        ("", _) => String::new(),
        (text, _) => format!(" [{text}]"),
    };
    format!("{label} ({}){choices}{present}:", field.id())
}

fn words_of(state: &State, field: FieldId) -> Option<&'static FieldWords> {
    words::screen(state.place.here).field(field)
}

fn help<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, field: FieldId) -> Result<(), SessionStop> {
    if let Some(words) = words_of(face.state(), field) {
        face.tell(&words.hint)?;
        for paragraph in words.help.split("\n\n") {
            face.tell(paragraph)?;
        }
        let example = words.example(face.state().answers.platform());
        if !example.is_empty() {
            face.say(&format!("For instance: {example}"))?;
        }
        if let Kind::Choice(values) = field.kind() {
            for (number, value) in (1..).zip(values) {
                let label = words.choices.get(*value).map_or("", String::as_str);
                face.say(&format!("  {number} {value}: {label}"))?;
            }
        }
    }
    if field == FieldId::Server {
        face.say("Type connection to give a .NET connection string, which fills the fields.")?;
    }
    face.say(match field.kind() {
        Kind::Toggle => "Type yes or no. Enter alone takes what stands in square brackets.",
        Kind::Choice(_) => "Type a number or the word behind it. Enter alone takes what stands in square brackets.",
        Kind::Secret => "What you type is not shown. Enter alone keeps what is there already.",
        Kind::Text | Kind::Path | Kind::Number => "Enter alone takes what stands in square brackets.",
    })?;
    face.say(talk::KEYS)
}

/// Reads the lines of a licence, from its first line to its end or until the operator ends it. Returns `None` after
/// telling why if a line was refused or the text is too long.
async fn lines<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    first: Zeroizing<String>,
) -> Result<Option<Zeroizing<String>>, SessionStop> {
    if !licence::goes_on(&first) {
        return Ok(Some(first));
    }
    face.say("More lines are read, until </License>; a line with a single . ends it before.")?;
    let room = usize::try_from(licence::LIMIT).unwrap_or_default();
    // Allocated at full size, because growing would leave copies of the secret in memory.
    let mut whole = Zeroizing::new(String::with_capacity(room + 1));
    whole.push_str(&first);
    let (mut heard_all, mut fits) = (true, true);
    while licence::goes_on(&whole) {
        match face.hear("", Echo::Silent).await? {
            Some(line) if line.as_str() == "." => break,
            Some(line) if whole.len() + line.len() < room => {
                whole.push('\n');
                whole.push_str(&line);
            }
            // Ends the reading although the text is too long, so that later lines do not become part of it.
            Some(line) if line.contains("</License>") => {
                fits = false;
                break;
            }
            Some(_) => fits = false,
            None => heard_all = false,
        }
    }
    if !fits {
        face.say("That is far too long to be a licence.")?;
    }
    Ok((heard_all && fits).then_some(whole))
}

/// Asks for a connection string, hidden because it may contain a password. Returns whether it filled any fields.
async fn connection<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, SessionStop> {
    loop {
        match face.ask("Connection string (not shown):", Echo::Hidden).await? {
            TypedAnswer::Text(text) => {
                face.quietly(Event::Press(Action::ConnectionString));
                face.handle(Event::ConnectionString(ConnectionString::parse(&text)))?;
                if face.state().overlay.is_none() {
                    return Ok(true);
                }
                face.quietly(Event::Back);
            }
            TypedAnswer::Help => {
                face.say("A .NET connection string for SQL Server. It fills the fields of this screen.")?;
                face.say("For instance: Server=sql01,1433;Database=OctopusDeploy;User ID=octopus;Password=...")?;
            }
            TypedAnswer::Empty | TypedAnswer::Back | TypedAnswer::Clear | TypedAnswer::Connection => return Ok(false),
        }
    }
}
