//! What the engine answers, in the order in which it has to be sent.

use super::value::{Column, SqlType, Value};

/// A message from the server: an error (class 11 and above) or information (class 10 and below).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlMessage {
    /// SQL Server's own message number, for instance 18456 or 2627.
    pub number: i32,
    /// The state.
    pub state: u8,
    /// The severity class.
    pub class: u8,
    /// The text, in SQL Server's wording if the number is SQL Server's.
    pub text: String,
    /// The procedure in which it was raised, or empty.
    pub procedure: String,
    /// The line in the batch, starting at 1.
    pub line: u32,
}

/// One part of the answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A result set starts.
    Columns(Vec<Column>),
    /// One row of the result set.
    Row(Vec<Value>),
    /// A statement has ended; with the number of rows if rows are counted (`SET NOCOUNT OFF`).
    Done {
        /// Rows returned or affected.
        rows: Option<u64>,
    },
    /// An error or information message.
    Message(SqlMessage),
    /// `USE` moved the session to another database. The engine sends message 5701 as well; after a login the wire reports
    /// the database itself.
    Database {
        /// The previous database.
        old: String,
        /// The current database.
        new: String,
    },
    /// The return status of a stored procedure. After a remote procedure call without one, the wire sends 0 or the error's
    /// number.
    ReturnStatus(i32),
    /// The value of an output parameter.
    ReturnValue {
        /// The name with the `@`.
        name: String,
        /// The declared type.
        kind: SqlType,
        /// The current value.
        value: Value,
    },
}
