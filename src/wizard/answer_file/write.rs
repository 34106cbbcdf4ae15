//! The answers of a run, as the file that gives the same ones again.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::read::FORMAT;
use crate::catalog::{flow as flows, form};
use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;

/// Writes the answers of a flow as an answer file, with the checks whose warnings are accepted: without them the file would not
/// do the same again. Of a secret only that it comes from its environment variable.
pub fn write(flow: Flow, answers: &Answers, accepted: &[CheckId]) -> String {
    let fields: Vec<FieldId> = FieldId::ALL.into_iter().filter(|field| says_something(flow, *field, answers)).collect();
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
        let _ = writeln!(text, "{} = {}", field.id(), value(field, answers));
    }
    text
}

/// Whether a field belongs into the file. An answer of nothing is none: the file's reader gets the default.
fn says_something(flow: Flow, field: FieldId, answers: &Answers) -> bool {
    let is_asked = field.is_presettable() && flows::asks(flow, field) && form::is_visible(field, answers);
    // A secret that may be left out, and was, is no variable that the file's reader has to set.
    let left_out = answers.get(field).raw.is_empty() && !form::is_missing(field, answers);
    is_asked && !left_out && (field.is_secret() || !answers.trimmed(field).is_empty())
}

/// A field's value as TOML; the reader gives the very same text again.
fn value(field: FieldId, answers: &Answers) -> toml::Value {
    let given = answers.trimmed(field);
    match field.kind() {
        Kind::Secret => toml::Value::Table([("env".to_owned(), field.variable().into())].into_iter().collect()),
        Kind::Toggle => given.parse::<bool>().map_or_else(|_| given.into(), Into::into),
        Kind::Number => match given.parse::<i64>() {
            // `007` is one more than 7 to whoever compares texts.
            Ok(number) if number.to_string() == given => number.into(),
            _ => given.into(),
        },
        Kind::Text | Kind::Path | Kind::Choice(_) => given.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::{FLOWS, read};
    use super::*;
    use crate::catalog::samples;
    use crate::model::answers::{AnswerSource, Origin, Raw};

    fn round_trip(flow: Flow, answers: &Answers) {
        let text = write(flow, answers, &[]);
        let file = read(&"x".into(), &text);
        assert_eq!(file.problems, [], "{text}");
        assert_eq!(file.flow.map(|(flow, _)| flow), Some(flow));
        let said = FieldId::ALL.into_iter().filter(|field| says_something(flow, *field, answers));
        assert_eq!(file.given.len(), said.count(), "{text}");
        for given in file.given {
            match given.source {
                AnswerSource::Text(said) => assert_eq!(said, answers.trimmed(given.field), "{text}"),
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
        listen-prefixes = "http://localhost:80/"
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
