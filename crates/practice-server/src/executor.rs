//! Runs requests with the engine on a blocking thread. Prepared statements are kept here, per session, and run as `sp_executesql`:
//! ODBC drivers prepare nearly everything, and this way the engine need not know.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::engine::{Interrupt, Session};
use crate::panics::catch;
use crate::reply::Reply;
use crate::reply_writer::{Ending, ReplyWriter, message};
use crate::tds::requests::{Call, TransactionRequest};
use crate::tds::tokens::EnvChange;
use crate::value::{Parameter, SqlType, Value};

/// The milliseconds in which a client is not yet slow.
const PATIENCE: usize = 100;

/// What a client asks for.
#[derive(Debug)]
pub enum Request {
    /// A batch of T-SQL.
    Batch(String),
    /// Remote procedure calls, run one after the other.
    Calls(Vec<Call>),
    /// A transaction-manager request.
    Transaction(TransactionRequest),
}

/// A connection's session in the engine. Dropping it blocks.
#[derive(Debug)]
pub struct Worker {
    /// The engine's session.
    pub session: Session,
    /// The session's prepared statements.
    pub prepared: PreparedStatements,
    /// Keeps the server from reporting its end while this session still has work.
    #[expect(dead_code, reason = "held until it is dropped")]
    pub alive: mpsc::Sender<()>,
}

/// Takes the reply while a request runs.
#[derive(Debug)]
pub struct PacketOutlet {
    /// Receives the content of complete packets.
    pub packets: mpsc::Sender<Vec<u8>>,
    /// The size of a packet's content in bytes.
    pub content_size: usize,
    /// Gives up the request's place while the client is slow.
    pub interrupt: Interrupt,
    /// Set by an Attention: the client wants no more of the reply.
    pub cancelled: Arc<AtomicBool>,
}

impl PacketOutlet {
    /// Passes complete packets on. Returns `false` if nobody takes them any more.
    fn send(&self, mut packets: Vec<u8>) -> bool {
        for _ in 0..PATIENCE {
            match self.packets.try_send(packets) {
                Ok(()) => return true,
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(again)) => packets = again,
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.interrupt.give_up_place();
        self.packets.blocking_send(packets).is_ok()
    }
}

impl Worker {
    /// Runs a request, blocking. Complete packets go to the outlet; the content of the last one is returned.
    pub fn run(&mut self, request: Request, reset: bool, mut writer: ReplyWriter, outlet: &PacketOutlet) -> Vec<u8> {
        let before = self.session.transaction();
        if reset {
            self.session.reset();
            self.prepared = PreparedStatements::default();
            writer.change(&EnvChange::Reset);
        }
        let ran = catch(|| {
            if !outlet.cancelled.load(Ordering::Acquire) {
                self.dispatch(request, &mut writer, outlet);
            }
        });
        if ran.is_err() {
            // The panic's text went to the panic hook; the client only learns that the server failed.
            let text = "The practice server failed while it ran this statement.";
            writer.push(Reply::Message(message(50000, 16, text)));
        }
        self.transaction_changes(before, &mut writer);
        writer.end(Ending::Last);
        let ready = writer.len();
        let whole = (ready - 1) / outlet.content_size * outlet.content_size;
        if whole > 0 {
            // If it cannot be sent, the rest cannot either.
            outlet.send(writer.take(whole));
        }
        writer.take(ready)
    }

    /// Drops the session on a thread that may block, because its transaction is rolled back.
    pub async fn retire(self) {
        // It fails only if the drop panics, and then there is nothing left to do.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    fn dispatch(&mut self, request: Request, writer: &mut ReplyWriter, outlet: &PacketOutlet) {
        let Self { session, prepared, .. } = self;
        match request {
            Request::Batch(text) => session.batch(&text, &mut sink(writer, outlet)),
            Request::Calls(calls) => {
                let count = calls.len();
                for (number, call) in calls.into_iter().enumerate() {
                    writer.begin_call();
                    match prepared.resolve(call) {
                        Resolved::Reply(reply) => writer.push(reply),
                        Resolved::Run(call, reply) => {
                            session.call(&call.procedure, &call.parameters, &mut sink(writer, outlet));
                            if let Some(reply) = reply {
                                writer.push(reply);
                            }
                        }
                    }
                    if number + 1 < count {
                        writer.end(Ending::NextCall);
                    }
                }
            }
            Request::Transaction(request) => transaction(session, request, writer, outlet),
        }
    }

    /// Reports the descriptor of the current transaction to the client if it has changed.
    fn transaction_changes(&self, before: Option<u64>, writer: &mut ReplyWriter) {
        let after = self.session.transaction();
        if before == after {
            return;
        }
        if let Some(ended) = before {
            // How it ended is not known here and does not matter: both make the client forget the descriptor.
            writer.change(&if writer.has_failed() { EnvChange::RolledBack(ended) } else { EnvChange::Committed(ended) });
        }
        if let Some(began) = after {
            writer.change(&EnvChange::Began(began));
        }
    }
}

fn transaction(session: &mut Session, request: TransactionRequest, writer: &mut ReplyWriter, outlet: &PacketOutlet) {
    let mut sink = sink(writer, outlet);
    match request {
        TransactionRequest::Begin(isolation) => {
            if let Some(isolation) = isolation {
                let text = format!("SET TRANSACTION ISOLATION LEVEL {}", isolation.sql_name());
                session.batch(&text, &mut sink);
            }
            session.begin();
        }
        TransactionRequest::Commit { begin_next } => {
            session.end(true, &mut sink);
            if begin_next {
                session.begin();
            }
        }
        TransactionRequest::Rollback { name, begin_next } => {
            if name.is_empty() {
                session.end(false, &mut sink);
                if begin_next {
                    session.begin();
                }
            } else {
                session.batch(&format!("ROLLBACK TRANSACTION {}", quoted(&name)), &mut sink);
            }
        }
        TransactionRequest::Save(name) => {
            session.batch(&format!("SAVE TRANSACTION {}", quoted(&name)), &mut sink);
        }
        TransactionRequest::Distributed => {
            let text = "Distributed transactions are not supported by the practice server.";
            sink(Reply::Message(message(40510, 16, text)));
        }
    }
}

fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// Returns a sink that takes replies until the client wants no more, and sends complete packets.
fn sink<'a>(writer: &'a mut ReplyWriter, outlet: &'a PacketOutlet) -> impl FnMut(Reply) -> bool + 'a {
    |reply| {
        if outlet.cancelled.load(Ordering::Acquire) {
            return false;
        }
        writer.push(reply);
        if writer.len() <= outlet.content_size {
            return true;
        }
        let whole = (writer.len() - 1) / outlet.content_size * outlet.content_size;
        outlet.send(writer.take(whole))
    }
}

/// The limit of prepared statements per session: a client that exceeds it forgets to unprepare.
const MAX_STATEMENTS: usize = 4096;

/// A session's prepared statements.
#[derive(Debug, Default)]
pub struct PreparedStatements {
    last: i32,
    statements: HashMap<i32, [Parameter; 2]>,
}

/// What a call turns into.
#[derive(Debug, PartialEq)]
pub enum Resolved {
    /// A call for the engine, and a reply to be sent after it.
    Run(Call, Option<Reply>),
    /// A reply only; nothing to run.
    Reply(Reply),
}

impl PreparedStatements {
    /// Handles the four procedures of prepared statements; all other calls are passed on.
    pub fn resolve(&mut self, call: Call) -> Resolved {
        let name = call.procedure.to_ascii_lowercase();
        let mut parameters = call.parameters.into_iter();
        match name.as_str() {
            "sp_prepare" | "sp_prepexec" => {
                let (_, declaration, statement) = (parameters.next(), parameters.next(), parameters.next());
                let (Some(declaration), Some(statement)) = (declaration, statement) else {
                    return Resolved::Reply(refuse(201, "The procedure expects a statement."));
                };
                if self.statements.len() >= MAX_STATEMENTS {
                    return Resolved::Reply(refuse(701, "There are too many prepared statements."));
                }
                self.last = self.last.wrapping_add(1);
                let handle =
                    Reply::ReturnValue { name: "@handle".to_owned(), kind: SqlType::Int, value: Value::Int(self.last.into()) };
                let pair = [unnamed(statement), unnamed(declaration)];
                self.statements.insert(self.last, pair.clone());
                if name == "sp_prepare" {
                    return Resolved::Reply(handle);
                }
                Resolved::Run(execute(pair, parameters), Some(handle))
            }
            "sp_execute" => match self.find(parameters.next()) {
                Ok(handle) => match self.statements.get(&handle) {
                    Some(pair) => Resolved::Run(execute(pair.clone(), parameters), None),
                    None => Resolved::Reply(unknown(handle)),
                },
                Err(reply) => Resolved::Reply(reply),
            },
            "sp_unprepare" => match self.find(parameters.next()) {
                Ok(handle) => {
                    self.statements.remove(&handle);
                    Resolved::Reply(Reply::ReturnStatus(0))
                }
                Err(reply) => Resolved::Reply(reply),
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
    // A statement without parameters has a NULL or empty declaration.
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
        let mut prepared = PreparedStatements::default();
        let both = vec![Value::Null, text("@a int"), text("SELECT @a"), Value::Int(1)];
        let run = |value| call("sp_executesql", vec![text("SELECT @a"), text("@a int"), value]);
        let Resolved::Run(first, Some(_)) = prepared.resolve(call("sp_prepexec", both)) else {
            panic!("sp_prepexec runs");
        };
        assert_eq!(first, run(Value::Int(1)));
        let begin_next = call("sp_execute", vec![Value::Int(1), Value::Int(2)]);
        assert_eq!(prepared.resolve(begin_next.clone()), Resolved::Run(run(Value::Int(2)), None));
        prepared.resolve(call("sp_unprepare", vec![Value::Int(1)]));
        assert_eq!(prepared.resolve(begin_next), Resolved::Reply(unknown(1)));
    }

    #[test]
    fn other_procedures_are_the_engines() {
        let other = call("sp_getapplock", vec![Value::Int(1)]);
        assert_eq!(PreparedStatements::default().resolve(other.clone()), Resolved::Run(other, None));
    }
}
