//! Requests, run by the engine on a blocking thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::contained::contain;
use super::engine::Session;
use super::prepared::{Prepared, Resolved};
use super::reply::Reply;
use super::reply_writer::{Ending, ReplyWriter, message};
use super::tds::rpc::Call;
use super::tds::tokens::Change;
use super::tds::transaction::TransactionRequest;

/// What a client wants done.
#[derive(Debug)]
pub enum Request {
    /// A batch of T-SQL.
    Batch(String),
    /// Remote procedure calls, one after the other.
    Calls(Vec<Call>),
    /// Something with a transaction.
    Transaction(TransactionRequest),
}

/// What a connection has in the engine. Dropping it blocks.
#[derive(Debug)]
pub struct Work {
    /// The engine's session.
    pub session: Session,
    /// Its prepared statements.
    pub prepared: Prepared,
    /// Keeps the server from reporting its end while this session still has work.
    #[expect(dead_code, reason = "held until it is dropped")]
    pub alive: mpsc::Sender<()>,
}

/// Where the tokens go while a request runs.
#[derive(Debug)]
pub struct Outlet {
    /// Takes whole packets' contents.
    pub packets: mpsc::Sender<Vec<u8>>,
    /// A packet's content in bytes.
    pub room: usize,
    /// Set by an Attention: nothing more is wanted.
    pub cancelled: Arc<AtomicBool>,
}

impl Work {
    /// Runs a request, blocking. Whole packets go to the outlet; what is returned is the last one's content, and how
    /// the request ended: an Attention that comes too late to be answered in the reply wants an answer of its own.
    pub fn run(&mut self, request: Request, reset: bool, mut writer: ReplyWriter, outlet: &Outlet) -> (Vec<u8>, Ending) {
        let before = self.session.transaction();
        if reset {
            self.session.reset();
            self.prepared = Prepared::default();
            writer.change(&Change::Reset);
        }
        let ran = contain(|| {
            if !outlet.cancelled.load(Ordering::Acquire) {
                self.dispatch(request, &mut writer, outlet);
            }
        });
        if ran.is_err() {
            // The panic's own text went to the panic hook; a client is told only that it was not its fault.
            let text = "The practice server failed while it ran this statement.";
            writer.push(Reply::Message(message(50000, 16, text)));
        }
        self.transaction_changes(before, &mut writer);
        let ending = if outlet.cancelled.load(Ordering::Acquire) { Ending::Attention } else { Ending::Last };
        writer.end(ending);
        let ready = writer.len();
        let whole = (ready - 1) / outlet.room * outlet.room;
        if whole > 0 {
            // If nobody takes it, nobody will take the rest either.
            let _ = outlet.packets.blocking_send(writer.take(whole));
        }
        (writer.take(ready), ending)
    }

    /// Drops the session on a thread that may block, because its transaction is rolled back.
    pub async fn retire(self) {
        // It fails only if the drop panics, and then there is nothing left to do.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    fn dispatch(&mut self, request: Request, writer: &mut ReplyWriter, outlet: &Outlet) {
        let Self { session, prepared, .. } = self;
        match request {
            Request::Batch(text) => session.batch(&text, &mut sink(writer, outlet)),
            Request::Calls(calls) => {
                let count = calls.len();
                for (number, call) in calls.into_iter().enumerate() {
                    writer.begin_call();
                    match prepared.resolve(call) {
                        Resolved::Said(reply) => writer.push(reply),
                        Resolved::Run(call, reply) => {
                            session.call(&call.procedure, &call.parameters, &mut sink(writer, outlet));
                            if let Some(reply) = reply {
                                writer.push(reply);
                            }
                        }
                    }
                    if number + 1 < count {
                        writer.end(Ending::Next);
                    }
                }
            }
            Request::Transaction(request) => transaction(session, request, writer, outlet),
        }
    }

    /// Tells the client by which number it has to call its transaction now.
    fn transaction_changes(&self, before: Option<u64>, writer: &mut ReplyWriter) {
        let after = self.session.transaction();
        if before == after {
            return;
        }
        if let Some(ended) = before {
            // How it ended is not known here, and no client asks: both make it forget the number.
            writer.change(&if writer.has_failed() { Change::RolledBack(ended) } else { Change::Committed(ended) });
        }
        if let Some(began) = after {
            writer.change(&Change::Began(began));
        }
    }
}

fn transaction(session: &mut Session, request: TransactionRequest, writer: &mut ReplyWriter, outlet: &Outlet) {
    let mut sink = sink(writer, outlet);
    match request {
        TransactionRequest::Begin(isolation) => {
            if let Some(isolation) = isolation {
                let text = format!("SET TRANSACTION ISOLATION LEVEL {}", isolation.words());
                session.batch(&text, &mut sink);
            }
            session.begin();
        }
        TransactionRequest::Commit { again } => {
            session.end(true, &mut sink);
            if again {
                session.begin();
            }
        }
        TransactionRequest::Rollback { name, again } => {
            if name.is_empty() {
                session.end(false, &mut sink);
                if again {
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

/// Takes replies until nobody wants them, and sends what fills packets.
fn sink<'a>(writer: &'a mut ReplyWriter, outlet: &'a Outlet) -> impl FnMut(Reply) -> bool + 'a {
    |reply| {
        if outlet.cancelled.load(Ordering::Acquire) {
            return false;
        }
        writer.push(reply);
        if writer.len() <= outlet.room {
            return true;
        }
        let whole = (writer.len() - 1) / outlet.room * outlet.room;
        outlet.packets.blocking_send(writer.take(whole)).is_ok()
    }
}
