//! Catalog views, made from the server's and the database's real state whenever they are read.

mod database;
mod information;
mod object;
mod principal;
mod server;
mod session;

use rusqlite::types::Value as Stored;

use super::context::Context;
use super::fault::{Fault, denied};
use super::principal::server_permission;
use super::types;
use crate::engine::typed::{Collated, Field, Strength, quote};
use crate::tsql::names::Name;
use crate::value::SqlType;

/// A column: name, type, whether it may be `NULL`.
pub(super) type Shape = (&'static str, SqlType, bool);

/// `sysname`
pub(super) const NAME: SqlType = SqlType::NVarChar(Some(128));
/// `…_desc`
pub(super) const DESC: SqlType = SqlType::NVarChar(Some(60));
/// `object_id` and the like
pub(super) const INT: SqlType = SqlType::Int;
/// `is_…`
pub(super) const BIT: SqlType = SqlType::Bit;

type Rows = fn(&Context) -> Vec<Vec<Stored>>;

/// Who may read a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Everybody,
    /// With VIEW SERVER STATE; SQL Server refuses such a view even for what is one's own.
    ServerState,
    /// Owners of the database that it is in.
    Owners,
}

/// A view.
#[derive(Debug)]
pub(crate) struct View {
    schema: &'static str,
    name: &'static str,
    id: i64,
    /// Shows the same from every database.
    server: bool,
    readers: Readers,
    shape: &'static [Shape],
    rows: Rows,
}

fn all() -> impl Iterator<Item = &'static View> {
    [database::VIEWS, server::VIEWS, object::VIEWS, principal::VIEWS, session::VIEWS, information::VIEWS].into_iter().flatten()
}

/// The view that a name means.
pub(crate) fn find(name: &Name) -> Option<&'static View> {
    let schema = name.schema()?;
    let msdb = name.database().is_some_and(|database| database.eq_ignore_ascii_case("msdb"));
    all()
        .filter(|view| view.schema != "dbo" || msdb)
        .find(|view| view.schema.eq_ignore_ascii_case(schema) && view.name.eq_ignore_ascii_case(name.object()))
}

/// Whether a view shows the same from every database.
pub(crate) fn of_server(view: &View) -> bool {
    view.server
}

/// `OBJECT_ID` of a view.
pub(crate) fn object_id(name: &Name) -> Option<i64> {
    find(name).map(|view| view.id)
}

/// `COL_LENGTH` of a view's column.
pub(crate) fn column_length(name: &Name, column: &str) -> Option<i64> {
    let view = find(name)?;
    view.shape.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(column)).map(|(_, kind, _)| types::measures(*kind).0)
}

/// The view's SQL and columns.
pub(crate) fn sql(view: &View, context: &Context) -> Result<(String, Vec<Field>), Fault> {
    let collation = context.catalog.collation.clone();
    let fields: Vec<Field> = view
        .shape
        .iter()
        .map(|(name, kind, nullable)| Field {
            name: (*name).to_owned(),
            stored: format!("\"{name}\""),
            kind: *kind,
            nullable: *nullable,
            collation: types::text(*kind).then(|| Collated { name: collation.clone(), strength: Strength::Implicit }),
        })
        .collect();
    match view.readers {
        Readers::ServerState if !server_permission(&context.account, "VIEW SERVER STATE") => {
            let text = "VIEW SERVER STATE permission was denied on object 'server', database 'master'.";
            return Err(Fault::new(300, text).class(14));
        }
        Readers::Owners if !context.who.dbo() => {
            return Err(denied("SELECT", view.name, &context.target.name, view.schema));
        }
        _ => {}
    }
    let rows = (view.rows)(context);
    if rows.is_empty() {
        let columns = fields.iter().map(|field| format!("NULL AS {}", field.stored)).collect::<Vec<_>>().join(", ");
        return Ok((format!("SELECT {columns} WHERE 0"), fields));
    }
    let columns = fields
        .iter()
        .enumerate()
        .map(|(at, field)| format!("column{} AS {}", at + 1, field.stored))
        .collect::<Vec<_>>()
        .join(", ");
    let rows = rows
        .iter()
        .map(|row| format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", ")))
        .collect::<Vec<_>>()
        .join(", ");
    Ok((format!("SELECT {columns} FROM (VALUES {rows})"), fields))
}

fn literal(value: &Stored) -> String {
    match value {
        Stored::Null => "NULL".to_owned(),
        Stored::Integer(number) => number.to_string(),
        Stored::Real(number) => format!("{number:e}"),
        Stored::Text(text) => quote(text),
        Stored::Blob(bytes) => format!("x'{}'", data_encoding::HEXLOWER.encode(bytes)),
    }
}

/// A view that is always empty: there is none of what it shows.
fn nothing(_: &Context) -> Vec<Vec<Stored>> {
    Vec::new()
}

fn text(text: &str) -> Stored {
    Stored::Text(text.to_owned())
}

fn int(number: i64) -> Stored {
    Stored::Integer(number)
}

fn bit(set: bool) -> Stored {
    Stored::Integer(i64::from(set))
}

fn sid(hexadecimal: &str) -> Stored {
    data_encoding::HEXLOWER.decode(hexadecimal.as_bytes()).map_or(Stored::Null, Stored::Blob)
}
