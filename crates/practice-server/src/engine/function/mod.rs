//! The functions of T-SQL, as functions inside `SQLite`.
//!
//! Four entries serve all: `cv` and `tcv` convert (the second gives `NULL` where the first fails), `fd` calls a
//! function of its arguments alone, `fx` one of the session, the server or chance.

mod arithmetic;
mod dates;
mod gzip;
mod like;
mod meta;
mod property;
mod rights;
mod strings;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context as Call, FunctionFlags};
use rusqlite::types::{Value as Stored, ValueRef};

use super::code;
use super::context::Context;
use super::convert::convert;
use super::fault::Fault;

/// The current statement's snapshot, shared between a session and its connections.
pub(crate) type World = Arc<Mutex<Option<Arc<Context>>>>;

/// Functions without a clock, a session or chance.
pub(crate) fn pure(name: &str, arguments: &[Stored]) -> Result<Stored, Fault> {
    match name {
        "arith" => arithmetic::arithmetic(arguments),
        "like" => like::like(arguments),
        "compress" => gzip::compress(arguments),
        "decompress" => gzip::decompress(arguments),
        _ => match dates::call(name, arguments) {
            Some(result) => result,
            None => strings::call(name, arguments),
        },
    }
}

/// The rest.
pub(crate) fn impure(context: &Context, name: &str, arguments: &[Stored]) -> Result<Stored, Fault> {
    if let Some(result) = rights::call(context, name, arguments) {
        return result;
    }
    if let Some(result) = property::call(context, name, arguments) {
        return result;
    }
    meta::call(context, name, arguments)
}

/// Gives a connection the functions.
pub(crate) fn register(connection: &Connection, world: &World) -> rusqlite::Result<()> {
    let fixed = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("cv", 4, fixed, |call| {
        let (value, from, to, style) = conversion(call)?;
        convert(value, from, to, style).map_err(failed)
    })?;
    connection.create_scalar_function("tcv", 4, fixed, |call| {
        let (value, from, to, style) = conversion(call)?;
        match convert(value, from, to, style) {
            Ok(value) => Ok(value),
            Err(fault) if fault.number == 529 || fault.number == 40510 => Err(failed(fault)),
            Err(_) => Ok(Stored::Null),
        }
    })?;
    connection
        .create_scalar_function("pad", 2, fixed, |call| Ok(super::convert::pad(value(call, 0), code::decode(call.get(1)?))))?;
    connection.create_scalar_function("fd", -1, fixed, |call| {
        let (name, arguments) = named(call);
        pure(&name, &arguments).map_err(failed)
    })?;
    let world = Arc::clone(world);
    connection.create_scalar_function("fx", -1, FunctionFlags::SQLITE_UTF8, move |call| {
        let (name, arguments) = named(call);
        let context = world.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match context {
            Some(context) => impure(&context, &name, &arguments).map_err(failed),
            None => Ok(Stored::Null),
        }
    })
}

type Conversion = (Stored, crate::value::SqlType, crate::value::SqlType, i64);

fn conversion(call: &Call<'_>) -> rusqlite::Result<Conversion> {
    Ok((value(call, 0), code::decode(call.get(1)?), code::decode(call.get(2)?), call.get(3)?))
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
fn failed(fault: Fault) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(fault.packed().into())
}

/// The text of an argument; `None` for `NULL` and what is not there.
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

/// A flag as `int`.
pub(super) fn flag(set: bool) -> Stored {
    Stored::Integer(i64::from(set))
}

/// A text, or `NULL`.
pub(super) fn maybe_text(text: Option<String>) -> Stored {
    text.map_or(Stored::Null, Stored::Text)
}

pub(super) fn maybe_number(number: Option<i64>) -> Stored {
    number.map_or(Stored::Null, Stored::Integer)
}

pub(super) use dates::part as date_part;
