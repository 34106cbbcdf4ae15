//! What `INSERT`, `UPDATE` and `DELETE` share: values for columns, and rows on their way.

use rusqlite::types::Value as Stored;

use super::super::catalog::{Column, Table};
use super::super::context::Context;
use super::super::convert;
use super::super::fault::Fault;
use super::super::session::Session;
use crate::value::SqlType;

/// A value as a column takes it; 515 and 2628 where it does not.
pub(super) fn for_column(
    context: &Context,
    table: &Table,
    column: &Column,
    value: Stored,
    kind: SqlType,
    verb: &str,
) -> Result<Stored, Fault> {
    let full = || format!("{}.{}", context.target.name, context.catalog.full_name(table));
    if value == Stored::Null {
        if column.nullable {
            return Ok(value);
        }
        return Err(Fault::new(
            515,
            format!(
                "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. {verb} fails.",
                column.name,
                full()
            ),
        )
        .state(2)
        .terminated());
    }
    match convert::assign(value, kind, column.kind())? {
        Ok(value) => Ok(if column.fixed { convert::pad(value, column.kind()) } else { value }),
        Err(cut) => Err(Fault::new(
            2628,
            format!(
                "String or binary data would be truncated in table '{}', column '{}'. Truncated value: '{cut}'.",
                full(),
                column.name
            ),
        )
        .terminated()),
    }
}

impl Session {
    /// A row's values, by its number.
    pub(super) fn row(&self, context: &Context, table: &Table, row: i64) -> Result<Vec<Stored>, Fault> {
        let columns = table.columns.iter().map(Column::stored).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {columns} FROM {} WHERE rowid = ?1", table.stored());
        let rows = self.rows(context, &sql, &[Stored::Integer(row)])?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }
}
