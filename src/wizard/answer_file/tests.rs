//! Answer files as a whole: what is read, what is refused, and that templates are good answer files.

use secrecy::ExposeSecret;

use super::*;
use crate::model::answers::{AnswerSource, Problem};
use crate::model::field::FieldId;
use crate::model::finding::Severity;

fn file(text: &str) -> AnswerFile {
    read(&"a.toml".into(), text)
}

fn texts(problems: &[Problem]) -> Vec<String> {
    let place = |problem: &Problem| problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
    problems.iter().map(|problem| format!("{}: {} {}", place(problem), problem.says, problem.fix)).collect()
}

/// The one problem of a text.
fn one(text: &str) -> String {
    let shown = texts(&file(text).problems);
    assert_eq!(shown.len(), 1, "{text}: {shown:#?}");
    shown.concat()
}

#[test]
fn every_kind_of_value_is_read_with_its_place() {
    let text = "\
flow = 'join'\naccept = ['sql-clock', \"cluster-nodes\"]\nformat = 1\nserver = 'sql01,1433'\ncomms-port = 10_943\ngrpc-port = '8443'\n\
force-ssl = true\nmulti-subnet = 'false'\ntrust = 'none'\npassword = { env = 'X' }\nmaster-key = { command = ['vault', '-x'] }\n\
database = { file = 'db.txt' }\nservice-password = 'clear'\n";
    let read = file(text);
    assert_eq!(read.problems, []);
    assert_eq!(read.flow.map(|(flow, place)| (flow, place.to_string())), Some((Flow::Join, "a.toml, line 1, column 8".into())));
    assert_eq!(read.accept.iter().map(|check| check.id()).collect::<Vec<_>>(), ["sql-clock", "cluster-nodes"]);
    let shown: Vec<String> = read
        .given
        .iter()
        .map(|given| {
            let source = match &given.source {
                AnswerSource::Clear(secret) => format!("Clear({})", secret.expose_secret()),
                other => format!("{other:?}"),
            };
            format!("{} {} {source}", given.place.to_string().replace("a.toml, line ", ""), given.field.id())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "4, column 1 server Text(\"sql01,1433\")",
            "5, column 1 comms-port Text(\"10943\")",
            "6, column 1 grpc-port Text(\"8443\")",
            "7, column 1 force-ssl Text(\"true\")",
            "8, column 1 multi-subnet Text(\"false\")",
            "9, column 1 trust Text(\"none\")",
            "10, column 1 password Env(\"X\")",
            "11, column 1 master-key Command([\"vault\", \"-x\"])",
            "12, column 1 database File(\"db.txt\")",
            "13, column 1 service-password Clear(clear)",
        ]
    );
    assert!(!format!("{:?}", file(text)).contains("clear"), "Debug shows a secret");
}

#[test]
fn an_empty_file_says_nothing_and_is_fine() {
    for text in ["", "\n", "# only a comment\n", "\u{feff}flow = 'join'\n"] {
        assert_eq!(file(text).problems, [], "{text:?}");
    }
}

#[test]
fn an_unknown_key_is_reported_with_its_line_and_column_and_what_was_meant() {
    assert_eq!(one("\n  pasword = 1\n"), "a.toml, line 2, column 3: unknown key `pasword`. Did you mean `password`?");
    assert!(one("\u{feff}pasword = 1\r\n").starts_with("a.toml, line 1, column 1: "), "an editor does not count the mark");
    assert!(one("\u{feff}server = \r\n").starts_with("a.toml, line 1, column 10: "));
    assert!(one("node_name = 'x'").ends_with("Did you mean `node-name`?"));
    assert!(one("flwo = 'join'").ends_with("Did you mean `flow`?"));
    assert!(one("[zebra]\nroot = 'x'\n").contains("unknown key `zebra`. Known are instance, home, "));
    assert!(one("\"\\u001b[31m\" = 1").contains("unknown key `^[[31m`"), "cleaned");
    assert!(one(&format!("{} = 1", "k".repeat(500))).len() < 900);
}

#[test]
fn what_is_a_persons_own_cannot_be_given() {
    assert!(one("key-proof = 'ABCDEF'").contains("`key-proof` cannot be given beforehand. It is a person's own proof."));
    assert!(one("key-confirm = 'x'").contains("own proof"));
    assert!(one("answers-file = '/x'").contains("cannot be given beforehand. It says where"));
}

#[test]
fn a_wrong_type_is_reported_and_the_value_is_not() {
    for (text, part) in [
        ("server = 4711", "`server` must be a text in quotes, and is a whole number."),
        ("server = ['hunter2']", "`server` must be a text in quotes, and is a list."),
        ("home = 4711.5", "`home` must be a path in quotes, and is a decimal number."),
        ("password = 4711", "`password` must be where the secret comes from, and is a whole number."),
        ("password = true", "`password` must be where the secret comes from"),
        ("comms-port = true", "`comms-port` must be a whole number, and is true or false."),
        ("comms-port = 4711.5", "Write comms-port = 10943."),
        ("force-ssl = 4711", "`force-ssl` must be true or false, and is a whole number."),
        ("trust = 4711", "Write one of \"system\", \"ca-file\", \"fingerprint\", \"none\"."),
        ("database = 2024-01-01", "and is a date."),
        ("flow = 4711", "`flow` must be"),
        ("flow = 'joyn'", "Did you mean `join`?"),
        ("flow = 'review'", "`flow` must be \"first-node\" or \"join\"."),
        ("format = '1'", "`format` must be a whole number."),
        ("format = 2", "has format 2, and this program knows 1 only."),
        ("accept = 'sql-clock'", "`accept` must be a list"),
        ("accept = [4711]", "a check's name must be a text, and is a whole number."),
        ("accept = ['sql-clok']", "there is no check `sql-clok`. Did you mean `sql-clock`?"),
    ] {
        let shown = one(text);
        assert!(shown.contains(part), "{text}: {shown}");
        assert!(!shown.contains("4711") && !shown.contains("hunter2"), "{text}: {shown}");
    }
}

#[test]
fn an_invalid_source_is_reported() {
    for (text, part) in [
        ("password = {}", "`password` does not say where it comes from."),
        ("password = { env = 'A', file = 'b' }", "says more than one place"),
        ("password = { evn = 'A' }", "unknown key `evn` in `password`. Did you mean `env`?"),
        ("password = { vault = 'A' }", "Known are env, file, command, stdin, prompt."),
        ("password = { env = '' }", "`env` of `password` must be the name of an environment variable, in quotes."),
        ("password = { env = 'hunter2=x' }", "must be the name"),
        ("password = { file = 4711 }", "`file` of `password` must be the path of a file"),
        ("password = { command = 'echo hunter2' }", "must be a list of texts, the program first; no shell reads it."),
        ("password = { command = [] }", "must be a list of texts"),
        ("password = { command = ['a', 4711] }", "must be a list of texts"),
        ("password = { stdin = false }", "`stdin` of `password` must be true."),
        ("password = { prompt = 'hunter2' }", "`prompt` of `password` must be true."),
        ("server = { prompt = true }", "`server` is no secret, and cannot come from `prompt`."),
        ("[password]\nevn = 'A'", "line 2, column 1: unknown key `evn` in `password`"),
    ] {
        let shown = one(text);
        assert!(shown.contains(part), "{text}: {shown}");
        assert!(!shown.contains("4711") && !shown.contains("hunter2"), "{text}: {shown}");
    }
    assert_eq!(file("[password]\nenv = 'A'\n").problems, [], "a section is the same table");
    assert_eq!(file("password.env = 'A'\n").problems, [], "and so is a dotted key");
}

#[test]
fn a_duplicate_key_is_reported_with_the_first_ones_line() {
    let twice = one("server = 'a'\nuser = 'b'\nserver = 'c'\n");
    assert_eq!(twice, "a.toml, line 3, column 1: `server` is there twice, first in line 1. Keep one of them.");
    let shown = texts(&file("password = { env = 'A' }\n[password]\nfile = 'a'\n").problems);
    assert_eq!(shown, ["a.toml, line 2, column 2: `password` is there twice. Keep one of them."]);
    assert!(one("password = { env = 'a', env = 'b' }").contains("`env` is there twice"));
}

#[test]
fn invalid_toml_is_reported_line_by_line_and_never_quoted() {
    let text = "server = \npassword = \"hunter2\nuser = hunter2\nhome = \"C:\\Octopus\"\nhunter2\ntask-cap = 5\n";
    let read = file(text);
    let shown = texts(&read.problems);
    for line in 1..=5 {
        assert!(shown.iter().any(|text| text.starts_with(&format!("a.toml, line {line}, "))), "line {line}: {shown:#?}");
    }
    assert!(shown.iter().all(|text| !text.contains("hunter2")), "{shown:#?}");
    assert!(shown.iter().any(|text| text.contains("single quotes, in which it stands for itself")), "{shown:#?}");
    let field = |field| read.problems.iter().any(|problem| problem.field == Some(field));
    assert!(field(FieldId::Server) && field(FieldId::Password) && field(FieldId::User) && field(FieldId::Home));
    let given: Vec<_> = read.given.iter().map(|given| given.field).collect();
    assert_eq!(given, [FieldId::TaskCap], "what is fine is read anyway");
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let shown = texts(&file("srever = 'a'\nuser = 7\nhome = \ntask-cap = 5\ntask-cap = 6\naccept = ['x', 'y']\n").problems);
    let lines: Vec<&str> = shown.iter().map(|text| text.split(',').nth(1).unwrap_or_default().trim()).collect();
    assert_eq!(lines, ["line 1", "line 2", "line 3", "line 5", "line 6", "line 6"], "{shown:#?}");
}

#[test]
fn a_file_full_of_nonsense_is_reported_in_a_page() {
    for text in [
        "x\n".repeat(20_000),
        "a = [".repeat(9_000),
        "[".repeat(9_000),
        "a = ".to_owned() + &"{ a = ".repeat(999),
        "k=1\n".repeat(5000),
    ] {
        let problems = file(&text).problems;
        assert!(!problems.is_empty() && problems.len() <= 51, "{}", problems.len());
    }
}

proptest::proptest! {
    #[test]
    fn whatever_it_holds_nothing_panics_and_every_place_is_in_it(text in "((server|password|flow|accept|home|x) ?= ?)?[\\[\\]a-c=\"'{}\\n.\u{e4} 0-9\\\\#,-]{0,60}") {
        let lines = text.matches('\n').count() + 1;
        for problem in file(&text).problems {
            proptest::prop_assert!(!problem.says.is_empty() && problem.severity == Severity::Stop);
            if let Some(crate::model::answers::AnswerPlace::Line { line, column, .. }) = problem.place {
                proptest::prop_assert!((1..=lines).contains(&line) && column >= 1);
            }
        }
    }
}

/// A template with every answer in force.
fn uncommented(template: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest.to_owned(),
        _ => line.to_owned(),
    };
    template.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_template_is_a_good_answer_file_with_and_without_its_hashes() {
    for flow in FLOWS {
        let text = template(flow);
        let read = file(&text);
        assert_eq!(read.problems, []);
        assert_eq!(read.flow.map(|(flow, _)| flow), Some(flow));
        let given: Vec<&str> = read.given.iter().map(|given| given.field.id()).collect();
        assert!(given.starts_with(&["server", "user", "password"]), "{given:?}");
        let all = file(&uncommented(&text));
        assert_eq!(all.problems, []);
        for field in presettable_fields() {
            let there = all.given.iter().any(|given| given.field == field);
            assert_eq!(there, flows::asks(flow, field), "{}", field.id());
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}

#[test]
fn the_answer_that_a_field_depends_on_is_found() {
    assert_eq!(dependency(FieldId::CaFile).as_deref(), Some("trust = \"ca-file\""));
    assert_eq!(dependency(FieldId::AdminEmail).as_deref(), Some("admin-user"));
    assert_eq!(dependency(FieldId::Server), None);
    assert_eq!(dependency(FieldId::ServiceUser).as_deref(), Some("service-account = \"custom\" or \"managed\""));
}

#[test]
fn every_field_that_can_be_given_has_a_hint() {
    for field in presettable_fields() {
        assert!(hint(field).ends_with('.'), "{}: {:?}", field.id(), hint(field));
    }
}
