//! Answer files as they are written: a template with every field of a flow, and the answers of a run.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{FORMAT, default, dependency, field_words, flag, plain_text};
use crate::catalog::{flow as flows, form};
use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::platform::Platform;
use crate::model::screen::ScreenId;
use crate::words;

/// The columns of a comment line.
const WIDTH: usize = 100;

/// The introduction of a template.
const INTRODUCTION: &str = "\
Every answer may also come from an environment variable or a flag; both stand with each key. A flag goes before the environment, that \
before a file (of several files the later one), and that before the default. A line that begins with # and a key without a blank \
between them is an answer: it shows the default, or an example, and takes effect without the #.

Texts stand in quotes. In double quotes a backslash is written twice, in single quotes it stands for itself. Every answer may come from \
{ env = \"NAME\" }, { file = \"path\" } or { command = [\"program\", \"argument\"] }: what the file holds or the program prints, \
without the line break at its end. Paths are relative to this file's folder. No shell reads the command, and it has 30 seconds.

Secrets come from there, from { stdin = true } (the next line of standard input) or { prompt = true } (a question at the terminal). A \
secret that stands in this file itself is refused unless the file is for its owner only (chmod 600), and is warned of even then.";

/// Returns the template of a flow. Fields with a default are commented out and show it.
pub fn template(flow: Flow) -> String {
    let id = flow.id();
    let mut text = String::new();
    comment(&mut text, &format!("Answers for `octopus-setup {id}`."));
    text.push_str("#\n");
    comment(&mut text, "Say what is wrong with them: octopus-setup answers check --answers FILE");
    comment(&mut text, &format!("Prove them, write nothing:  octopus-setup {id} --answers FILE --dry-run"));
    comment(&mut text, &format!("Do it:                      octopus-setup {id} --answers FILE --yes"));
    for part in INTRODUCTION.split("\n\n") {
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
    for (screen, field) in screen_fields(flow) {
        if last != Some(screen) {
            let _ = writeln!(text, "\n\n# ---- {} ----", words::screen(screen).title(Some(flow)));
            last = Some(screen);
        }
        text.push('\n');
        explain(&mut text, flow, field);
    }
    text
}

/// Returns the presettable fields of a flow, in the order of the screens and their pages.
fn screen_fields(flow: Flow) -> Vec<(ScreenId, FieldId)> {
    let mut fields = Vec::new();
    for screen in flows::path(flow) {
        let own = |field: &FieldId| field.is_presettable() && flows::screen_of(flow, *field) == Some(*screen);
        let before = fields.len();
        fields.extend(words::screen(*screen).fields().filter(own).map(|field| (*screen, field)));
        // tests/screens.rs holds that every field has words on the screen that asks it.
        debug_assert_eq!(fields.len() - before, FieldId::ALL.iter().filter(|field| own(field)).count());
    }
    fields
}

/// Adds a field: what it is, how else to give it, and its line.
fn explain(text: &mut String, flow: Flow, field: FieldId) {
    let Some(words) = field_words(&[flow], field) else { return };
    comment(text, format!("{}: {}", words.label, plain_text(&words.hint)).trim_end_matches(": "));
    comment(text, &plain_text(&words.help));
    if let Kind::Choice(values) = field.kind() {
        for value in values {
            comment(text, &format!("  \"{value}\": {}", words.choices.get(*value).map_or("", String::as_str)));
        }
    }
    let dependency = dependency(field);
    if let Some(dependency) = &dependency {
        comment(text, &format!("Counts only with {dependency}."));
    }
    let mut hash = "#";
    match default(field) {
        Some(default) => comment(text, &format!("Default: {default}")),
        None if field.is_optional() => comment(text, "It may be left out."),
        None if dependency.is_none() => {
            comment(text, "It has to be given.");
            hash = "";
        }
        None => {}
    }
    comment(text, &format!("{}   {}", flag(field), field.variable()));
    let example = if field.default().is_empty() { words.example(Platform::Linux) } else { field.default() };
    let _ = writeln!(text, "{hash}{} = {}", field.id(), toml_value(field, example));
}

/// Adds a comment, broken into lines. Blanks at its beginning indent all of it.
fn comment(text: &mut String, comment: &str) {
    let indent = comment.len() - comment.trim_start().len();
    let head = format!("# {}", " ".repeat(indent));
    let mut line = head.clone();
    // A text that is aligned by several blanks is short and is not broken.
    if comment.trim().contains("  ") {
        let _ = writeln!(text, "{head}{}", comment.trim());
        return;
    }
    for word in comment.split_whitespace() {
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

/// Writes the answers of a flow as an answer file, with the checks whose warnings are accepted: without them, the file would not
/// do the same again. For a secret, it names the environment variable to take it from.
pub fn write(flow: Flow, answers: &Answers, accepted: &[CheckId]) -> String {
    let fields: Vec<FieldId> = FieldId::ALL.into_iter().filter(|field| is_written(flow, *field, answers)).collect();
    let id = flow.id();
    let mut text = format!(
        "# The answers of a run of octopus-setup. With nobody there to ask, and with the same proofs, they do the same again:\n\
         #   octopus-setup {id} --answers FILE --yes\n\
         # --dry-run instead of --yes ends with the plan; `octopus-setup answers template {id}` explains every key.\n"
    );
    let secrets: Vec<String> = fields.iter().filter(|field| field.is_secret()).map(|field| field.variable()).collect();
    if !secrets.is_empty() {
        let names = secrets.join(", ");
        let _ = writeln!(text, "# No secret is in here. They come from the environment: {names}.");
    }
    let _ = writeln!(text, "format = {FORMAT}\nflow = \"{id}\"");
    if !accepted.is_empty() {
        let names: BTreeSet<&str> = accepted.iter().map(|check| check.id()).collect();
        let _ = writeln!(text, "accept = {}", toml::Value::Array(names.into_iter().map(Into::into).collect()));
    }
    text.push('\n');
    for field in fields {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} = {}", field.id(), toml_value(field, answers.trimmed(field)));
    }
    text
}

/// Returns whether a field belongs in the file. An empty answer does not: reading the file gives the default.
fn is_written(flow: Flow, field: FieldId, answers: &Answers) -> bool {
    let is_asked = field.is_presettable() && flows::asks(flow, field) && form::is_visible(field, answers);
    // Nobody has to set a variable for an optional secret that was left out.
    let left_out = answers.get(field).raw.is_empty() && !form::is_missing(field, answers);
    is_asked && !left_out && (field.is_secret() || !answers.trimmed(field).is_empty())
}

/// Returns an answer as TOML that is read as the very same text. A secret becomes the name of its variable.
fn toml_value(field: FieldId, given: &str) -> toml::Value {
    match field.kind() {
        Kind::Secret => toml::Value::Table([("env".to_owned(), field.variable().into())].into_iter().collect()),
        Kind::Toggle => given.parse::<bool>().map_or_else(|_| given.into(), Into::into),
        Kind::Number => match given.parse::<i64>() {
            // `007` and 7 are different texts.
            Ok(number) if number.to_string() == given => number.into(),
            _ => given.into(),
        },
        Kind::Text | Kind::Path | Kind::Choice(_) => given.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FLOWS, read};
    use super::*;
    use crate::catalog::samples;
    use crate::model::answers::{AnswerSource, Origin, Raw};

    fn round_trip(flow: Flow, answers: &Answers) {
        let text = write(flow, answers, &[]);
        let file = read(&"x".into(), &text);
        assert_eq!(file.problems, [], "{text}");
        assert_eq!(file.flow.map(|(flow, _)| flow), Some(flow));
        let written = FieldId::ALL.into_iter().filter(|field| is_written(flow, *field, answers));
        assert_eq!(file.given.len(), written.count(), "{text}");
        for given in file.given {
            match given.source {
                AnswerSource::Text(text_read) => assert_eq!(text_read, answers.trimmed(given.field), "{text}"),
                AnswerSource::Env(name) => assert!(given.field.is_secret() && name == given.field.variable()),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_file_says_what_it_is_and_holds_no_secret() {
        let text = write(Flow::FirstNode, &samples::answers(), &[]);
        insta::assert_snapshot!(text.replace(samples::HOME, "HOME"), @r#"
        # The answers of a run of octopus-setup. With nobody there to ask, and with the same proofs, they do the same again:
        #   octopus-setup first-node --answers FILE --yes
        # --dry-run instead of --yes ends with the plan; `octopus-setup answers template first-node` explains every key.
        # No secret is in here. They come from the environment: OCTOPUS_SETUP_PASSWORD.
        format = 1
        flow = "first-node"

        instance = "OctopusServer"
        home = "HOME"
        node-name = "web01"
        service-account = "local-system"
        server = "sql01,1433"
        database = "OctopusDeploy"
        user = "octopus"
        password = { env = "OCTOPUS_SETUP_PASSWORD" }
        encryption = "mandatory"
        trust = "system"
        create-database = true
        multi-subnet = false
        listen-prefixes = "http://+:80/"
        force-ssl = false
        comms-port = 10943
        grpc-port = 8443
        key-size = "aes-256"
        storage = "none"
        hand-over = "when-found"
        start-service = true
        "#);
        assert!(!text.contains(samples::PASSWORD));
        let text = write(Flow::Join, &samples::joining(), &[]);
        assert!(!text.contains(samples::PASSWORD) && !text.contains(samples::KEY));
        assert!(text.contains("master-key = { env = \"OCTOPUS_SETUP_MASTER_KEY\" }"), "{text}");
    }

    #[test]
    fn accepted_warnings_come_back_once_each() {
        let accepted = [CheckId::SqlClock, CheckId::ClusterNode, CheckId::SqlClock];
        let file = read(&"x".into(), &write(Flow::Join, &samples::joining(), &accepted));
        assert_eq!((file.problems.as_slice(), file.accept.as_slice()), (&[][..], &[CheckId::ClusterNode, CheckId::SqlClock][..]));
    }

    #[test]
    fn the_samples_come_back() {
        round_trip(Flow::FirstNode, &samples::answers());
        round_trip(Flow::Join, &samples::joining());
    }

    proptest::proptest! {
        #[test]
        fn whatever_was_answered_comes_back(texts in proptest::collection::vec("\\PC{0,12}|[\"'\\\\\n\t\u{0}-\u{1f}{}=#\\[\\]0-9]{0,12}|true|0[0-9]{1,3}", FieldId::ALL.len())) {
            let mut answers = Answers::new(crate::model::platform::Platform::Linux);
            for (field, text) in FieldId::ALL.into_iter().zip(texts) {
                answers.set(field, Raw::of(field, text), Origin::Typed);
            }
            for flow in FLOWS {
                round_trip(flow, &answers);
            }
        }
    }
}
