//! A server in a folder of its own, and replies as one line each.

use std::sync::Arc;

use practice_server::{Engine, Login, LoginRequest, Parameter, Personality, Reply, Session, SqlMessage, Value};

/// A server and its folder.
pub struct Bench {
    pub engine: Arc<Engine>,
    pub folder: tempfile::TempDir,
}

pub fn personality() -> Personality {
    Personality {
        product_version: "16.0.4135.4".to_owned(),
        edition: "Practice Edition".to_owned(),
        server_name: "PRACTICE".to_owned(),
        clock_ahead: 0,
        quirks: false,
    }
}

fn login(name: &str, sysadmin: bool, dbcreator: bool) -> Login {
    Login { name: name.to_owned(), password: "pw".into(), sysadmin, dbcreator, disabled: false }
}

pub fn open(folder: &std::path::Path) -> Arc<Engine> {
    let logins = [login("sa", true, false), login("creator", false, true), login("plain", false, false)];
    Engine::open(folder, personality(), &logins).unwrap_or_else(|error| panic!("{error}"))
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        Self { engine: open(folder.path()), folder }
    }

    /// A server with the database `d`, case-insensitive.
    pub fn with_database() -> (Self, Session) {
        let bench = Self::new();
        let mut session = bench.session("sa", "");
        assert_eq!(run(&mut session, "CREATE DATABASE d COLLATE Latin1_General_CI_AS; USE d"), "");
        (bench, session)
    }

    pub fn try_session(&self, user: &str, database: &str) -> Result<Session, Vec<SqlMessage>> {
        self.engine.login(&LoginRequest {
            user: user.to_owned(),
            password: "pw".into(),
            database: database.to_owned(),
            insists_on_database: true,
            host: "host".to_owned(),
            application: "test".to_owned(),
        })
    }

    pub fn session(&self, user: &str, database: &str) -> Session {
        self.try_session(user, database).unwrap_or_else(|errors| panic!("{errors:?}"))
    }
}

pub fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bit(bit) => u8::from(*bit).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Decimal(number, scale) => {
            let digits = format!("{:0>width$}", number.unsigned_abs(), width = usize::from(*scale) + 1);
            let (whole, part) = digits.split_at(digits.len() - usize::from(*scale));
            let sign = if *number < 0 { "-" } else { "" };
            if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
        }
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => format!("0x{}", data_encoding::HEXUPPER.encode(bytes)),
        Value::Guid(bytes) => data_encoding::HEXUPPER.encode(bytes),
        Value::Date(date) => date.to_string(),
        Value::DateTime(at) => at.to_string(),
        Value::DateTimeOffset(at) => at.to_string(),
    }
}

/// Replies as text: rows `a|b`, result sets and messages apart by ` / `, errors `!number text`, information `~text`.
pub fn reply_text(replies: &[Reply]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rows: Option<Vec<String>> = None;
    for reply in replies {
        match reply {
            Reply::Row(values) => {
                let row = values.iter().map(show).collect::<Vec<_>>().join("|");
                rows.get_or_insert_default().push(row);
            }
            Reply::Columns(_) => {
                rows = Some(Vec::new());
            }
            Reply::Done { .. } => {
                if let Some(rows) = rows.take() {
                    parts.push(if rows.is_empty() { "(none)".to_owned() } else { rows.join("; ") });
                }
            }
            Reply::Message(message) => {
                if let Some(rows) = rows.take().filter(|rows| !rows.is_empty()) {
                    parts.push(rows.join("; "));
                }
                if message.number == 3621 {
                    continue;
                }
                parts.push(if message.class > 10 {
                    format!("!{} {}", message.number, message.text)
                } else {
                    format!("~{}", message.text)
                });
            }
            Reply::Database { .. } | Reply::ReturnStatus(_) | Reply::ReturnValue { .. } => {}
        }
    }
    parts.join(" / ")
}

pub fn replies(session: &mut Session, text: &str) -> Vec<Reply> {
    let mut all = Vec::new();
    session.batch(text, &mut |reply| {
        all.push(reply);
        true
    });
    all
}

pub fn run(session: &mut Session, text: &str) -> String {
    reply_text(&replies(session, text))
}

/// A call, with its return status at the end.
pub fn call(session: &mut Session, procedure: &str, parameters: &[Parameter]) -> Vec<Reply> {
    let mut all = Vec::new();
    session.call(procedure, parameters, &mut |reply| {
        all.push(reply);
        true
    });
    all
}

/// Runs several steps and compares each.
pub fn steps(session: &mut Session, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = run(session, text);
        let fits = match expected.strip_suffix('…') {
            Some(start) => found.starts_with(start),
            None => found == *expected,
        };
        if !fits {
            wrong.push(format!("{text}\n   expected {expected}\n   found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
