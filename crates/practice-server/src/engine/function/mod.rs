//! T-SQL's functions as functions inside `SQLite`.
//!
//! Four of them serve all: `cv` and `tcv` convert (the second returns `NULL` if the first fails), `fd` calls a function of
//! its arguments alone, `fx` one that reads the session, the server or randomness.

mod arithmetic;
mod dates;
mod metadata;
mod rights;
mod strings;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context as Call, FunctionFlags};
use rusqlite::types::{Value as Stored, ValueRef};

use super::context::Context;
use super::convert::convert;
use super::error::SqlError;
use super::types;

/// The current statement's snapshot, shared between a session and its connections.
pub(crate) type SharedContext = Arc<Mutex<Option<Arc<Context>>>>;

/// Calls a function that needs no clock, session or randomness.
pub(crate) fn call_pure(name: &str, arguments: &[Stored]) -> Result<Stored, SqlError> {
    match name {
        "arith" => arithmetic::arithmetic(arguments),
        "like" => strings::like(arguments),
        "compress" => strings::compress(arguments),
        "decompress" => strings::decompress(arguments),
        "recursion" => recursion(arguments),
        "page" => page(arguments),
        _ => match dates::call(name, arguments) {
            Some(result) => result,
            None => strings::call(name, arguments),
        },
    }
}

/// Returns the next level of a recursion; error 530 beyond the limit. Arguments: the level, the limit (0 is none).
fn recursion(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let level = number(arguments, 0).unwrap_or(0) + 1;
    match number(arguments, 1) {
        Some(limit) if limit > 0 && level > limit => {
            let text = format!(
                "The statement terminated. The maximum recursion {limit} has been exhausted before statement completion."
            );
            Err(SqlError::new(530, text))
        }
        _ => Ok(Stored::Integer(level)),
    }
}

/// Checks a number of rows. Arguments: the number, its clause, the least number.
fn page(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let (clause, least) = (text(arguments, 1).unwrap_or_default(), number(arguments, 2).unwrap_or(0));
    match number(arguments, 0) {
        Some(rows) if rows >= least => Ok(Stored::Integer(rows)),
        Some(_) if clause == "OFFSET" => {
            Err(SqlError::new(10742, "The offset specified in a OFFSET clause may not be negative."))
        }
        Some(_) if clause == "FETCH" => {
            Err(SqlError::new(10744, "The number of rows provided for a FETCH clause must be greater then zero."))
        }
        Some(_) => Err(SqlError::new(127, "A TOP N or FETCH rowcount value may not be negative.")),
        None => Err(SqlError::new(
            1060,
            "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.",
        )),
    }
}

/// Calls any other function.
pub(crate) fn call_with_context(context: &Context, name: &str, arguments: &[Stored]) -> Result<Stored, SqlError> {
    if let Some(result) = rights::call(context, name, arguments) {
        return result;
    }
    if let Some(result) = metadata::call_property(context, name, arguments) {
        return result;
    }
    metadata::call(context, name, arguments)
}

/// Registers the functions with a connection.
pub(crate) fn register(connection: &Connection, shared_context: &SharedContext) -> rusqlite::Result<()> {
    let fixed = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("cv", 4, fixed, |call| {
        let (value, from, to, style) = conversion(call)?;
        convert(value, from, to, style).map_err(failed)
    })?;
    connection.create_scalar_function("tcv", 4, fixed, |call| {
        let (value, from, to, style) = conversion(call)?;
        match convert(value, from, to, style) {
            Ok(value) => Ok(value),
            Err(error) if error.number == 529 || error.number == 40510 => Err(failed(error)),
            Err(_) => Ok(Stored::Null),
        }
    })?;
    connection
        .create_scalar_function("pad", 2, fixed, |call| Ok(super::convert::pad(value(call, 0), types::decode(call.get(1)?))))?;
    connection.create_scalar_function("fd", -1, fixed, |call| {
        let (name, arguments) = named(call);
        call_pure(&name, &arguments).map_err(failed)
    })?;
    let shared_context = Arc::clone(shared_context);
    connection.create_scalar_function("fx", -1, FunctionFlags::SQLITE_UTF8, move |call| {
        let (name, arguments) = named(call);
        let context = shared_context.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match context {
            Some(context) => call_with_context(&context, &name, &arguments).map_err(failed),
            None => Ok(Stored::Null),
        }
    })
}

type Conversion = (Stored, crate::value::SqlType, crate::value::SqlType, i64);

fn conversion(call: &Call<'_>) -> rusqlite::Result<Conversion> {
    Ok((value(call, 0), types::decode(call.get(1)?), types::decode(call.get(2)?), call.get(3)?))
}

fn value(call: &Call<'_>, at: usize) -> Stored {
    match call.get_raw(at) {
        ValueRef::Null => Stored::Null,
        ValueRef::Integer(number) => Stored::Integer(number),
        ValueRef::Real(number) => Stored::Real(number),
        ValueRef::Text(bytes) => Stored::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Stored::Blob(bytes.to_vec()),
    }
}

fn named(call: &Call<'_>) -> (String, Vec<Stored>) {
    let name = match value(call, 0) {
        Stored::Text(name) => name,
        _ => String::new(),
    };
    (name, (1..call.len()).map(|at| value(call, at)).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: SqlError) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(error.packed().into())
}

/// Returns the text of an argument; `None` for `NULL` and missing ones.
pub(super) fn text(arguments: &[Stored], at: usize) -> Option<&str> {
    match arguments.get(at) {
        Some(Stored::Text(text)) => Some(text),
        _ => None,
    }
}

pub(super) fn number(arguments: &[Stored], at: usize) -> Option<i64> {
    match arguments.get(at) {
        Some(Stored::Integer(number)) => Some(*number),
        _ => None,
    }
}

/// Returns a boolean as `int`.
pub(super) fn bit_value(set: bool) -> Stored {
    Stored::Integer(i64::from(set))
}

/// Returns a text or `NULL`.
pub(super) fn optional_text(text: Option<String>) -> Stored {
    text.map_or(Stored::Null, Stored::Text)
}

pub(super) fn optional_number(number: Option<i64>) -> Stored {
    number.map_or(Stored::Null, Stored::Integer)
}

pub(super) use dates::part as date_part;
