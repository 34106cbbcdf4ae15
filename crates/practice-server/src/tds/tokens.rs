//! The tokens of a reply. Source: [MS-TDS] 2.2.7.

use crate::reply::SqlMessage;
use crate::value::{Column, SqlType, Value};

use super::types::{self, COLLATION};
use crate::tds::values::{self, ValueMismatch};

/// Which of the three DONE tokens to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DoneToken {
    /// A statement of a batch ended.
    Batch = 0xFD,
    /// A procedure ended.
    Procedure = 0xFE,
    /// A statement in a procedure ended.
    InProcedure = 0xFF,
}

/// The bits of a DONE token.
pub mod done {
    /// More tokens follow.
    pub const MORE: u16 = 0x01;
    /// The statement failed.
    pub const ERROR: u16 = 0x02;
    /// The count of rows is valid.
    pub const COUNT: u16 = 0x10;
    /// The token answers an Attention.
    pub const ATTENTION: u16 = 0x20;
}

/// What ENVCHANGE reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvChange<'a> {
    /// The current database: new, old.
    Database(&'a str, &'a str),
    /// The language: new.
    Language(&'a str),
    /// The packet size in bytes: new, old.
    PacketSize(usize, usize),
    /// The server's collation, which is always the same.
    Collation,
    /// A transaction began.
    Began(u64),
    /// A transaction was committed.
    Committed(u64),
    /// A transaction was rolled back.
    RolledBack(u64),
    /// RESETCONNECTION was done.
    Reset,
    /// The client has to log in at another server: host, port.
    Route(&'a str, u16),
}

/// Writes ENVCHANGE.
pub fn change(out: &mut Vec<u8>, change: &EnvChange<'_>) {
    let mut body = Vec::new();
    match change {
        EnvChange::Database(new, old) => put_text_pair(&mut body, 1, new, old),
        EnvChange::Language(new) => put_text_pair(&mut body, 2, new, ""),
        EnvChange::PacketSize(new, old) => put_text_pair(&mut body, 4, &new.to_string(), &old.to_string()),
        EnvChange::Collation => {
            body.extend_from_slice(&[7, 5]);
            body.extend_from_slice(&COLLATION);
            body.push(0);
        }
        EnvChange::Began(id) => {
            body.extend_from_slice(&[8, 8]);
            body.extend_from_slice(&id.to_le_bytes());
            body.push(0);
        }
        EnvChange::Committed(id) | EnvChange::RolledBack(id) => {
            let kind = if matches!(change, EnvChange::Committed(_)) { 9 } else { 10 };
            body.extend_from_slice(&[kind, 0, 8]);
            body.extend_from_slice(&id.to_le_bytes());
        }
        EnvChange::Reset => body.extend_from_slice(&[18, 0, 0]),
        EnvChange::Route(host, port) => {
            let mut value = vec![0];
            value.extend_from_slice(&port.to_le_bytes());
            put_long_text(&mut value, host);
            body.push(20);
            body.extend_from_slice(&length(value.len()));
            body.append(&mut value);
            body.extend_from_slice(&[0, 0]);
        }
    }
    token(out, 0xE3, &body);
}

/// Writes LOGINACK. `version` is the client's protocol version, `program` the server's own as four bytes.
pub fn login_ack(out: &mut Vec<u8>, version: u32, program: [u8; 4]) {
    let mut body = vec![1];
    body.extend_from_slice(&version.to_be_bytes());
    put_short_text(&mut body, "Microsoft SQL Server");
    body.extend_from_slice(&program);
    token(out, 0xAD, &body);
}

/// Writes ERROR for class 11 and above, INFO below.
pub fn message(out: &mut Vec<u8>, message: &SqlMessage, server: &str) {
    let mut body = Vec::new();
    body.extend_from_slice(&message.number.to_le_bytes());
    body.extend_from_slice(&[message.state, message.class]);
    put_long_text(&mut body, &message.text);
    put_short_text(&mut body, server);
    put_short_text(&mut body, &message.procedure);
    body.extend_from_slice(&message.line.to_le_bytes());
    token(out, if message.class > 10 { 0xAA } else { 0xAB }, &body);
}

/// Writes COLMETADATA.
pub fn columns(out: &mut Vec<u8>, columns: &[Column]) {
    out.push(0x81);
    out.extend_from_slice(&length(columns.len()));
    for column in columns {
        // No user type; whether it may be updated is unknown.
        out.extend_from_slice(&[0, 0, 0, 0, 0x08 | u8::from(column.nullable), 0]);
        types::encode(out, column.kind);
        put_short_text(out, &column.name);
    }
}

/// Writes ROW.
///
/// # Errors
/// If a value does not fit its column; `out` is then unchanged.
pub fn row(out: &mut Vec<u8>, columns: &[Column], values: &[Value]) -> Result<(), ValueMismatch> {
    let start = out.len();
    out.push(0xD1);
    for (number, column) in columns.iter().enumerate() {
        let value = values.get(number).unwrap_or(&Value::Null);
        values::write(out, column.kind, value).inspect_err(|_| out.truncate(start))?;
    }
    Ok(())
}

/// Writes RETURNSTATUS.
pub fn return_status(out: &mut Vec<u8>, status: i32) {
    out.push(0x79);
    out.extend_from_slice(&status.to_le_bytes());
}

/// Writes RETURNVALUE of an output parameter.
///
/// # Errors
/// If the value does not fit its type; `out` is then unchanged.
pub fn return_value(out: &mut Vec<u8>, ordinal: u16, name: &str, kind: SqlType, value: &Value) -> Result<(), ValueMismatch> {
    let start = out.len();
    out.push(0xAC);
    out.extend_from_slice(&ordinal.to_le_bytes());
    put_short_text(out, name);
    // An output parameter; no user type; may be NULL.
    out.extend_from_slice(&[1, 0, 0, 0, 0, 1, 0]);
    types::encode(out, kind);
    values::write(out, kind, value).inspect_err(|_| out.truncate(start))
}

/// Writes DONE, DONEPROC or DONEINPROC with bits from [`mod@done`]; a count sets its own bit.
pub fn done(out: &mut Vec<u8>, kind: DoneToken, bits: u16, command: u16, rows: Option<u64>) {
    let bits = if rows.is_some() { bits | done::COUNT } else { bits };
    out.push(kind as u8);
    out.extend_from_slice(&bits.to_le_bytes());
    out.extend_from_slice(&command.to_le_bytes());
    out.extend_from_slice(&rows.unwrap_or(0).to_le_bytes());
}

/// Writes a token with its length.
fn token(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&length(body.len()));
    out.extend_from_slice(body);
}

fn length(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

fn put_text_pair(out: &mut Vec<u8>, kind: u8, new: &str, old: &str) {
    out.push(kind);
    put_short_text(out, new);
    put_short_text(out, old);
}

/// Writes at most 255 UTF-16 units, with their count in one byte.
fn put_short_text(out: &mut Vec<u8>, text: &str) {
    let units = utf16_prefix(text, 255);
    out.push(u8::try_from(units.len()).unwrap_or(u8::MAX));
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// Writes at most 4,000 UTF-16 units, with their count in two bytes, so that a token with one of them always has a valid
/// length.
fn put_long_text(out: &mut Vec<u8>, text: &str) {
    let units = utf16_prefix(text, 4000);
    out.extend_from_slice(&length(units.len()));
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// Returns the first units of a text, never half a character.
fn utf16_prefix(text: &str, limit: usize) -> Vec<u16> {
    let mut units = Vec::new();
    let mut buffer = [0; 2];
    for character in text.chars() {
        let encoded = character.encode_utf16(&mut buffer);
        if units.len() + encoded.len() > limit {
            break;
        }
        units.extend_from_slice(encoded);
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_done_is_thirteen_bytes_and_a_count_says_so() {
        let mut out = Vec::new();
        done(&mut out, DoneToken::Batch, done::MORE, 0xC1, Some(3));
        assert_eq!(out, [0xFD, 0x11, 0, 0xC1, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn class_ten_is_information_and_eleven_an_error() {
        let mut message =
            SqlMessage { number: 5701, state: 2, class: 10, text: "x".repeat(9000), procedure: String::new(), line: 1 };
        let mut out = Vec::new();
        super::message(&mut out, &message, "s");
        assert_eq!(out[0], 0xAB);
        assert_eq!(usize::from(u16::from_le_bytes([out[1], out[2]])), out.len() - 3);
        message.class = 11;
        out.clear();
        super::message(&mut out, &message, "s");
        assert_eq!(out[0], 0xAA);
    }

    #[test]
    fn a_row_that_does_not_fit_leaves_nothing_behind() {
        let columns = [Column { name: String::new(), kind: SqlType::TinyInt, nullable: false }];
        let mut out = vec![7];
        assert!(row(&mut out, &columns, &[Value::Int(256)]).is_err());
        assert_eq!(out, [7]);
        assert!(row(&mut out, &columns, &[Value::Int(255)]).is_ok());
        assert_eq!(out, [7, 0xD1, 1, 255]);
    }

    #[test]
    fn a_cut_never_halves_a_character() {
        assert_eq!(utf16_prefix("aπ🐙", 3).len(), 2);
        assert_eq!(utf16_prefix("aπ🐙", 4).len(), 4);
    }
}
