//! `connstr-wrapped` and `node-name-default`.

use octopus_setup::catalog::checks::{self, Case};
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::connection_string::ConnectionString;
use octopus_setup::model::facts::Facts;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Severity, Verdict};
use octopus_setup::model::flow::Flow;

use crate::case;

/// What a string fills, and the sentences besides.
fn read(text: &str) -> (Vec<(FieldId, String)>, String) {
    use secrecy::ExposeSecret;
    let string = ConnectionString::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let shown = |raw: Raw| match raw {
        Raw::Text(text) => text,
        Raw::Secret(secret) => secret.expose_secret().to_owned(),
    };
    (string.fields.into_iter().map(|(field, raw)| (field, shown(raw))).collect(), string.ignored.join(" "))
}

fn value(fields: &[(FieldId, String)], field: FieldId) -> &str {
    fields.iter().find(|(other, _)| *other == field).map_or("", |(_, value)| value)
}

#[test]
fn a_string_that_was_copied_with_what_is_around_it_is_read() {
    let list = std::fs::read_to_string(case("connstr-wrapped").join("list.txt")).unwrap();
    let mut seen = 0;
    for line in list.lines() {
        let wrapped = line.starts_with("\"Server") || line.starts_with("DB_CONNECTION_STRING=");
        let doubled = line.contains(r"localhost\\SQLEXPRESS");
        if !wrapped && !doubled {
            // Whatever it is, it ends with fields or a sentence.
            match ConnectionString::parse(line) {
                Ok(string) => assert!(!string.fields.is_empty(), "{line}"),
                Err(error) => assert!(error.to_string().ends_with('.'), "{line}: {error}"),
            }
            continue;
        }
        seen += 1;
        let (fields, ignored) = read(line);
        let server = if doubled { r"localhost\SQLEXPRESS" } else { "localhost,24010" };
        assert_eq!(value(&fields, FieldId::Server), server, "{line}: {ignored}");
        assert_eq!(value(&fields, FieldId::Database), "Octopus", "{line}");
        assert_eq!(value(&fields, FieldId::Password), "b", "{line}");
        assert!(!doubled || ignored.contains("JSON"), "{line}: {ignored}");
    }
    assert_eq!(seen, 3);
    let json = list.lines().find(|line| line.starts_with("\"ConnectionStrings")).unwrap();
    // A line of JSON is a string with its name before it.
    let (fields, _) = read(json);
    assert_eq!((value(&fields, FieldId::Server), value(&fields, FieldId::Password)), ("localhost,24010", "b"));
}

#[test]
fn a_machine_name_that_no_node_should_have_is_warned_of() {
    let facts = Facts::default();
    let judged = |name: &str| {
        let mut answers = Answers::new(octopus_setup::world::host::platform());
        answers.set(FieldId::NodeName, Raw::Text(name.into()), Origin::Default);
        let flow = Flow::FirstNode;
        let case = Case { flow, answers: &answers, facts: &facts, running: false, resuming: None, key: None, subject: None };
        checks::judge(CheckId::HomeNode, &case)
    };
    for name in ["localhost", "LOCALHOST", "localhost.localdomain", "192", "192.168.1.5", "0123456789ab"] {
        let Verdict::Found(findings) = judged(name) else { panic!("{name} is good") };
        assert!(findings[0].severity == Severity::Warn && findings[0].says.starts_with(name), "{findings:?}");
    }
    for name in ["web01", "localhost2", "10-0-0-5", "2nd"] {
        assert!(matches!(judged(name), Verdict::Good(_)), "{name}");
    }
}
