//! What the practice engine answers, in the order in which the wire must carry it.

use super::value::{Column, SqlType, Value};

/// A message of the server: an error (class 11 and above) or information (class 10 and below).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlMessage {
    /// SQL Server's own message number, for instance 18456 or 2627.
    pub number: i32,
    /// Its state.
    pub state: u8,
    /// Its severity class.
    pub class: u8,
    /// The text, in SQL Server's own wording where the number is SQL Server's.
    pub text: String,
    /// The procedure it came from, or empty.
    pub procedure: String,
    /// The line in the batch, from 1.
    pub line: u32,
}

/// One thing that the engine says while it runs a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A result set begins.
    Columns(Vec<Column>),
    /// One row of it.
    Row(Vec<Value>),
    /// A statement ended; the number of rows where it is counted (`SET NOCOUNT` off).
    Done {
        /// Rows returned or affected.
        rows: Option<u64>,
    },
    /// An error or an information message.
    Message(SqlMessage),
    /// `USE` moved the session to another database. The engine says message 5701 besides; of a login's database
    /// the wire tells by itself.
    Database {
        /// Where it was.
        old: String,
        /// Where it is.
        new: String,
    },
    /// A stored procedure's return status. After a remote procedure call that has none the wire sends 0, or the error's
    /// number.
    ReturnStatus(i32),
    /// An output parameter's value.
    ReturnValue {
        /// With the `@`.
        name: String,
        /// Its type.
        kind: SqlType,
        /// What it is now.
        value: Value,
    },
}
