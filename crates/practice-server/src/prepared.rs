//! Prepared statements, kept by the session and run as `sp_executesql`.
//!
//! ODBC drivers prepare nearly everything; the engine need not know.

use std::collections::HashMap;

use super::reply::Reply;
use super::reply_writer::message;
use super::tds::rpc::Call;
use super::value::{Parameter, SqlType, Value};

/// More than this many at once is a client that forgets to unprepare.
const LIMIT: usize = 4096;

/// A session's prepared statements.
#[derive(Debug, Default)]
pub struct Prepared {
    last: i32,
    statements: HashMap<i32, [Parameter; 2]>,
}

/// What a call comes to.
#[derive(Debug, PartialEq)]
pub enum Resolved {
    /// A call for the engine, and what the client is told besides.
    Run(Call, Option<Reply>),
    /// Nothing to run.
    Said(Reply),
}

impl Prepared {
    /// Takes the four procedures of prepared statements out of the engine's hands.
    pub fn resolve(&mut self, call: Call) -> Resolved {
        let name = call.procedure.to_ascii_lowercase();
        let mut parameters = call.parameters.into_iter();
        match name.as_str() {
            "sp_prepare" | "sp_prepexec" => {
                let (_, declaration, statement) = (parameters.next(), parameters.next(), parameters.next());
                let (Some(declaration), Some(statement)) = (declaration, statement) else {
                    return Resolved::Said(refuse(201, "The procedure expects a statement."));
                };
                if self.statements.len() >= LIMIT {
                    return Resolved::Said(refuse(701, "There are too many prepared statements."));
                }
                self.last = self.last.wrapping_add(1);
                let handle =
                    Reply::ReturnValue { name: "@handle".to_owned(), kind: SqlType::Int, value: Value::Int(self.last.into()) };
                let pair = [unnamed(statement), unnamed(declaration)];
                self.statements.insert(self.last, pair.clone());
                if name == "sp_prepare" {
                    return Resolved::Said(handle);
                }
                Resolved::Run(execute(pair, parameters), Some(handle))
            }
            "sp_execute" => match self.find(parameters.next()) {
                Ok(handle) => match self.statements.get(&handle) {
                    Some(pair) => Resolved::Run(execute(pair.clone(), parameters), None),
                    None => Resolved::Said(unknown(handle)),
                },
                Err(reply) => Resolved::Said(reply),
            },
            "sp_unprepare" => match self.find(parameters.next()) {
                Ok(handle) => {
                    self.statements.remove(&handle);
                    Resolved::Said(Reply::ReturnStatus(0))
                }
                Err(reply) => Resolved::Said(reply),
            },
            _ => Resolved::Run(Call { procedure: call.procedure, parameters: parameters.collect() }, None),
        }
    }

    fn find(&self, handle: Option<Parameter>) -> Result<i32, Reply> {
        let handle = match handle.map(|parameter| parameter.value) {
            Some(Value::Int(handle)) => i32::try_from(handle).unwrap_or(0),
            _ => 0,
        };
        if self.statements.contains_key(&handle) { Ok(handle) } else { Err(unknown(handle)) }
    }
}

fn unnamed(parameter: Parameter) -> Parameter {
    Parameter { name: String::new(), output: false, ..parameter }
}

fn execute(pair: [Parameter; 2], values: impl Iterator<Item = Parameter>) -> Call {
    let [statement, declaration] = pair;
    let mut parameters = vec![statement];
    // A statement without parameters is prepared with a NULL or empty declaration.
    if matches!(&declaration.value, Value::Text(text) if !text.trim().is_empty()) {
        parameters.push(declaration);
        parameters.extend(values);
    }
    Call { procedure: "sp_executesql".to_owned(), parameters }
}

fn refuse(number: i32, text: &str) -> Reply {
    Reply::Message(message(number, 16, text))
}

fn unknown(handle: i32) -> Reply {
    refuse(8179, &format!("Could not find prepared statement with handle {handle}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(procedure: &str, values: Vec<Value>) -> Call {
        let parameters =
            values.into_iter().map(|value| Parameter { name: String::new(), kind: None, value, output: false }).collect();
        Call { procedure: procedure.to_owned(), parameters }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_prepared_statement_runs_as_sp_executesql_until_it_is_unprepared() {
        let mut prepared = Prepared::default();
        let both = vec![Value::Null, text("@a int"), text("SELECT @a"), Value::Int(1)];
        let run = |value| call("sp_executesql", vec![text("SELECT @a"), text("@a int"), value]);
        let Resolved::Run(first, Some(_)) = prepared.resolve(call("sp_prepexec", both)) else {
            panic!("sp_prepexec runs");
        };
        assert_eq!(first, run(Value::Int(1)));
        let again = call("sp_execute", vec![Value::Int(1), Value::Int(2)]);
        assert_eq!(prepared.resolve(again.clone()), Resolved::Run(run(Value::Int(2)), None));
        prepared.resolve(call("sp_unprepare", vec![Value::Int(1)]));
        assert_eq!(prepared.resolve(again), Resolved::Said(unknown(1)));
    }

    #[test]
    fn other_procedures_are_the_engines() {
        let other = call("sp_getapplock", vec![Value::Int(1)]);
        assert_eq!(Prepared::default().resolve(other.clone()), Resolved::Run(other, None));
    }
}
