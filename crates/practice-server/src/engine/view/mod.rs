//! Catalog views, computed from the server's and the database's actual state whenever they are read.

mod database;
mod information;
mod object;
mod principal;
mod server;
mod session;

use rusqlite::types::Value as Stored;

use super::context::Context;
use super::error::{SqlError, denied};
use super::principal::has_server_permission;
use super::types;
use crate::engine::typed::{CollationStrength, ExprCollation, Field, quote};
use crate::tsql::Name;
use crate::value::SqlType;

/// A column: name, type, whether it may be `NULL`.
pub(super) type ColumnShape = (&'static str, SqlType, bool);

/// `sysname`
pub(super) const NAME: SqlType = SqlType::NVarChar(Some(128));
/// `…_desc`
pub(super) const DESC: SqlType = SqlType::NVarChar(Some(60));
/// `object_id` and the like
pub(super) const INT: SqlType = SqlType::Int;
/// `is_…`
pub(super) const BIT: SqlType = SqlType::Bit;

type RowSource = fn(&Context) -> Vec<Vec<Stored>>;

/// Who may read a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Everybody,
    /// Logins with VIEW SERVER STATE; SQL Server refuses such a view even for one's own rows.
    ServerState,
    /// Owners of the view's database.
    Owners,
}

/// A catalog view.
#[derive(Debug)]
pub(crate) struct View {
    schema: &'static str,
    name: &'static str,
    id: i64,
    /// Whether it has the same rows in every database.
    server: bool,
    readers: Readers,
    shape: &'static [ColumnShape],
    rows: RowSource,
}

fn all_views() -> impl Iterator<Item = &'static View> {
    [database::VIEWS, server::VIEWS, object::VIEWS, principal::VIEWS, session::VIEWS, information::VIEWS].into_iter().flatten()
}

/// Finds the view with this name.
pub(crate) fn find(name: &Name) -> Option<&'static View> {
    let schema = name.schema()?;
    let msdb = name.database().is_some_and(|database| database.eq_ignore_ascii_case("msdb"));
    all_views()
        .filter(|view| view.schema != "dbo" || msdb)
        .find(|view| view.schema.eq_ignore_ascii_case(schema) && view.name.eq_ignore_ascii_case(name.object()))
}

/// Returns whether a server with [`Personality::quirks`](super::Personality::quirks) lacks this view.
pub(crate) fn is_rare(view: &View) -> bool {
    view.schema == "dbo" || view.name == "availability_group_listeners"
}

/// Returns whether a view has the same rows in every database.
pub(crate) fn is_server_wide(view: &View) -> bool {
    view.server
}

/// Returns `OBJECT_ID` of a view.
pub(crate) fn object_id(name: &Name, quirks: bool) -> Option<i64> {
    find(name).filter(|view| !(quirks && is_rare(view))).map(|view| view.id)
}

/// Returns `COL_LENGTH` of a view's column.
pub(crate) fn column_length(name: &Name, column: &str) -> Option<i64> {
    let view = find(name)?;
    view.shape.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(column)).map(|(_, kind, _)| types::measure(*kind).0)
}

/// Returns the view's SQL and columns.
pub(crate) fn sql(view: &View, context: &Context) -> Result<(String, Vec<Field>), SqlError> {
    let collation = context.catalog.collation.clone();
    let fields: Vec<Field> = view
        .shape
        .iter()
        .map(|(name, kind, nullable)| Field {
            name: (*name).to_owned(),
            stored: format!("\"{name}\""),
            kind: *kind,
            nullable: *nullable,
            collation: types::is_text(*kind)
                .then(|| ExprCollation { name: collation.clone(), strength: CollationStrength::Implicit }),
        })
        .collect();
    match view.readers {
        Readers::ServerState if !has_server_permission(&context.account, "VIEW SERVER STATE") => {
            let text = "VIEW SERVER STATE permission was denied on object 'server', database 'master'.";
            return Err(SqlError::new(300, text).class(14));
        }
        Readers::Owners if !context.user.is_dbo() => {
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

/// Returns no rows: the server has none of what the view shows.
fn no_rows(_: &Context) -> Vec<Vec<Stored>> {
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
