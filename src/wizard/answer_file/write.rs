//! The answers of a run, as the file that gives the same ones again.

use std::fmt::Write as _;

use crate::model::answers::Answers;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::wizard::{flow as flows, form};

/// Writes the answers of a flow as an answer file. Of a secret only that it comes from its environment variable.
pub fn write(flow: Flow, answers: &Answers) -> String {
    let mut text = format!("flow = \"{}\"\n", flow.id());
    let asked = |field: &FieldId| field.is_given() && flows::asks(flow, *field) && form::is_visible(*field, answers);
    for field in FieldId::ALL.into_iter().filter(asked) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} = {}", field.id(), value(field, answers));
    }
    text
}

fn value(field: FieldId, answers: &Answers) -> toml::Value {
    let given = answers.trimmed(field);
    match field.kind() {
        Kind::Secret => toml::Value::Table([("env".to_owned(), field.variable().into())].into_iter().collect()),
        Kind::Toggle => (given == "true").into(),
        Kind::Number => given.parse::<i64>().map_or_else(|_| given.into(), Into::into),
        Kind::Text | Kind::Path | Kind::Choice(_) => given.into(),
    }
}
