//! The tokens of a reply. Source: [MS-TDS] 2.2.7.

use crate::reply::SqlMessage;
use crate::value::{Column, SqlType, Value};

use super::kinds::{self, COLLATION};
use super::write_value::{self, Misfit};

/// Which of the three DONE tokens it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DoneKind {
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
    /// This answers an Attention.
    pub const ATTENTION: u16 = 0x20;
}

/// What ENVCHANGE tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
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
    /// The client is to log in at another place: host, port.
    Route(&'a str, u16),
}

/// ENVCHANGE.
pub fn change(out: &mut Vec<u8>, change: &Change<'_>) {
    let mut body = Vec::new();
    match change {
        Change::Database(new, old) => texts(&mut body, 1, new, old),
        Change::Language(new) => texts(&mut body, 2, new, ""),
        Change::PacketSize(new, old) => texts(&mut body, 4, &new.to_string(), &old.to_string()),
        Change::Collation => {
            body.extend_from_slice(&[7, 5]);
            body.extend_from_slice(&COLLATION);
            body.push(0);
        }
        Change::Began(id) => {
            body.extend_from_slice(&[8, 8]);
            body.extend_from_slice(&id.to_le_bytes());
            body.push(0);
        }
        Change::Committed(id) | Change::RolledBack(id) => {
            let kind = if matches!(change, Change::Committed(_)) { 9 } else { 10 };
            body.extend_from_slice(&[kind, 0, 8]);
            body.extend_from_slice(&id.to_le_bytes());
        }
        Change::Reset => body.extend_from_slice(&[18, 0, 0]),
        Change::Route(host, port) => {
            let mut value = vec![0];
            value.extend_from_slice(&port.to_le_bytes());
            long_text(&mut value, host);
            body.push(20);
            body.extend_from_slice(&length(value.len()));
            body.append(&mut value);
            body.extend_from_slice(&[0, 0]);
        }
    }
    token(out, 0xE3, &body);
}

/// LOGINACK. `version` is the client's protocol version, `program` the server's own as four bytes.
pub fn login_ack(out: &mut Vec<u8>, version: u32, program: [u8; 4]) {
    let mut body = vec![1];
    body.extend_from_slice(&version.to_be_bytes());
    text(&mut body, "Microsoft SQL Server");
    body.extend_from_slice(&program);
    token(out, 0xAD, &body);
}

/// ERROR for class 11 and above, INFO below.
pub fn message(out: &mut Vec<u8>, message: &SqlMessage, server: &str) {
    let mut body = Vec::new();
    body.extend_from_slice(&message.number.to_le_bytes());
    body.extend_from_slice(&[message.state, message.class]);
    long_text(&mut body, &message.text);
    text(&mut body, server);
    text(&mut body, &message.procedure);
    body.extend_from_slice(&message.line.to_le_bytes());
    token(out, if message.class > 10 { 0xAA } else { 0xAB }, &body);
}

/// COLMETADATA.
pub fn columns(out: &mut Vec<u8>, columns: &[Column]) {
    out.push(0x81);
    out.extend_from_slice(&length(columns.len()));
    for column in columns {
        // No user type; whether it may be updated is unknown.
        out.extend_from_slice(&[0, 0, 0, 0, 0x08 | u8::from(column.nullable), 0]);
        kinds::encode(out, column.kind);
        text(out, &column.name);
    }
}

/// ROW.
///
/// # Errors
/// A value that its column cannot hold; `out` is then as it was.
pub fn row(out: &mut Vec<u8>, columns: &[Column], values: &[Value]) -> Result<(), Misfit> {
    let start = out.len();
    out.push(0xD1);
    for (number, column) in columns.iter().enumerate() {
        let value = values.get(number).unwrap_or(&Value::Null);
        write_value::write(out, column.kind, value).inspect_err(|_| out.truncate(start))?;
    }
    Ok(())
}

/// RETURNSTATUS.
pub fn return_status(out: &mut Vec<u8>, status: i32) {
    out.push(0x79);
    out.extend_from_slice(&status.to_le_bytes());
}

/// RETURNVALUE of an output parameter.
///
/// # Errors
/// A value that its type cannot hold; `out` is then as it was.
pub fn return_value(out: &mut Vec<u8>, ordinal: u16, name: &str, kind: SqlType, value: &Value) -> Result<(), Misfit> {
    let start = out.len();
    out.push(0xAC);
    out.extend_from_slice(&ordinal.to_le_bytes());
    text(out, name);
    // An output parameter; no user type; may be NULL.
    out.extend_from_slice(&[1, 0, 0, 0, 0, 1, 0]);
    kinds::encode(out, kind);
    write_value::write(out, kind, value).inspect_err(|_| out.truncate(start))
}

/// DONE, DONEPROC or DONEINPROC with its bits from [`mod@done`]; a count sets its own.
pub fn done(out: &mut Vec<u8>, kind: DoneKind, bits: u16, command: u16, rows: Option<u64>) {
    let bits = if rows.is_some() { bits | done::COUNT } else { bits };
    out.push(kind as u8);
    out.extend_from_slice(&bits.to_le_bytes());
    out.extend_from_slice(&command.to_le_bytes());
    out.extend_from_slice(&rows.unwrap_or(0).to_le_bytes());
}

/// A token with its length in front.
fn token(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&length(body.len()));
    out.extend_from_slice(body);
}

fn length(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

fn texts(out: &mut Vec<u8>, kind: u8, new: &str, old: &str) {
    out.push(kind);
    text(out, new);
    text(out, old);
}

/// At most 255 UTF-16 units, their count in one byte.
fn text(out: &mut Vec<u8>, text: &str) {
    let units = cut(text, 255);
    out.push(u8::try_from(units.len()).unwrap_or(u8::MAX));
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// At most 4,000 UTF-16 units, their count in two bytes; so a token with one of them always has a valid length.
fn long_text(out: &mut Vec<u8>, text: &str) {
    let units = cut(text, 4000);
    out.extend_from_slice(&length(units.len()));
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// The first units of a text, never half a character.
fn cut(text: &str, limit: usize) -> Vec<u16> {
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
        done(&mut out, DoneKind::Batch, done::MORE, 0xC1, Some(3));
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
        assert_eq!(cut("aπ🐙", 3).len(), 2);
        assert_eq!(cut("aπ🐙", 4).len(), 4);
    }
}
