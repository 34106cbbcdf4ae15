//! An answer file with every field of a flow, explained.

use std::fmt::Write as _;

use super::read::FORMAT;
use super::{asked, judge, said};
use crate::catalog::flow as flows;
use crate::model::choice;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::platform::Platform;
use crate::model::screen::ScreenId;
use crate::words;

/// The columns of a comment.
const WIDTH: usize = 100;

/// What stands at its head.
const HEAD: &str = "\
Every answer may also come from an environment variable or a flag; both stand with each key. A flag goes before the environment, that \
before a file (of several files the later one), and that before the default. A line that begins with # and a key without a blank \
between them is an answer: it shows the default, or an example, and takes effect without the #.

Texts stand in quotes. In double quotes a backslash is written twice, in single quotes it stands for itself. Every answer may come from \
{ env = \"NAME\" }, { file = \"path\" } or { command = [\"program\", \"argument\"] }: what the file holds or the program prints, \
without the line break at its end. Paths are relative to this file's folder. No shell reads the command, and it has 30 seconds.

Secrets come from there, from { stdin = true } (the next line of standard input) or { prompt = true } (a question at the terminal). A \
secret that stands in this file itself is refused unless the file is for its owner only (chmod 600), and is warned of even then.";

/// The template of a flow: what has a default is commented out, and shows it.
pub fn template(flow: Flow) -> String {
    let id = flow.id();
    let mut text = String::new();
    comment(&mut text, &format!("Answers for `octopus-setup {id}`."));
    text.push_str("#\n");
    comment(&mut text, "Say what is wrong with them: octopus-setup answers check --answers FILE");
    comment(&mut text, &format!("Prove them, write nothing:  octopus-setup {id} --answers FILE --dry-run"));
    comment(&mut text, &format!("Do it:                      octopus-setup {id} --answers FILE --yes"));
    for part in HEAD.split("\n\n") {
        text.push_str("#\n");
        comment(&mut text, part);
    }
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\n# The format of this file.\nformat = {FORMAT}\n\n# The flow that the answers are for.\nflow = \"{id}\"\n"
    );
    comment(
        &mut text,
        "Checks whose warnings are accepted, by the names that they are printed with. Every other warning ends the run.",
    );
    text.push_str("#accept = []\n");
    let mut last = None;
    for (screen, field) in fields(flow) {
        if last != Some(screen) {
            let _ = writeln!(text, "\n\n# ---- {} ----", words::screen(screen).title(Some(flow)));
            last = Some(screen);
        }
        text.push('\n');
        explain(&mut text, flow, field);
    }
    text
}

/// The fields that can be given, in the order of the screens and their pages.
fn fields(flow: Flow) -> Vec<(ScreenId, FieldId)> {
    let mut fields = Vec::new();
    for screen in flows::path(flow) {
        let own = |field: &FieldId| field.is_presettable() && flows::screen_of(flow, *field) == Some(*screen);
        let before = fields.len();
        fields.extend(words::screen(*screen).fields().filter(own).map(|field| (*screen, field)));
        // A field that is asked somewhere has its words there; tests/screens.rs holds that.
        debug_assert_eq!(fields.len() - before, FieldId::ALL.iter().filter(|field| own(field)).count());
    }
    fields
}

/// One field: what it is, how else it is given, and its line.
fn explain(text: &mut String, flow: Flow, field: FieldId) {
    let Some(words) = said::of(&[flow], field) else { return };
    comment(text, format!("{}: {}", words.label, said::written(&words.hint)).trim_end_matches(": "));
    comment(text, &said::written(&words.help));
    for (value, called) in said::choices(words, field) {
        comment(text, &format!("  \"{value}\": {called}"));
    }
    if let Some(with) = asked::only_with_words(field) {
        comment(text, &format!("Counts only with {with}."));
    }
    match said::default(field) {
        Some(default) => comment(text, &format!("Default: {default}")),
        None if field.is_optional() => comment(text, "It may be left out."),
        None if asked::only_with_words(field).is_none() => comment(text, "It has to be given."),
        None => {}
    }
    comment(text, &format!("{}   {}", judge::flag(field), field.variable()));
    let has_to_be = said::default(field).is_none() && asked::only_with_words(field).is_none() && !field.is_optional();
    let hash = if has_to_be { "" } else { "#" };
    let _ = writeln!(text, "{hash}{} = {}", field.id(), value(field, words.example(Platform::Linux)));
}

/// The value that a field's line shows: its default, or its example.
fn value(field: FieldId, example: &str) -> toml::Value {
    match field.kind() {
        Kind::Secret => toml::Value::Table([("env".to_owned(), field.variable().into())].into_iter().collect()),
        Kind::Toggle => (choice::toggled(field.default()) == Some(true)).into(),
        Kind::Number => field.default().parse::<i64>().map_or_else(|_| field.default().into(), Into::into),
        Kind::Text | Kind::Path | Kind::Choice(_) if field.default().is_empty() => example.into(),
        Kind::Text | Kind::Path | Kind::Choice(_) => field.default().into(),
    }
}

/// Adds a comment, broken into lines. Blanks at its beginning indent all of it.
fn comment(text: &mut String, said: &str) {
    let indent = said.len() - said.trim_start().len();
    let head = format!("# {}", " ".repeat(indent));
    let mut line = head.clone();
    // What is aligned by several blanks is short, and stays as it is.
    if said.trim().contains("  ") {
        let _ = writeln!(text, "{head}{}", said.trim());
        return;
    }
    for word in said.split_whitespace() {
        if line.chars().count() + word.chars().count() > WIDTH && line.len() > head.len() {
            let _ = writeln!(text, "{}", line.trim_end());
            line.clone_from(&head);
        }
        line.push_str(word);
        line.push(' ');
    }
    if line.len() > head.len() {
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
