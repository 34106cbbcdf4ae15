//! Binds T-SQL queries: looks up names, settles types, collations and permissions, and returns SQL for `SQLite` over the
//! stored tables with the columns' declared types.
//!
//! `binder` holds what is in scope; `operators`, `dates`, `functions` and `aggregate` bind over operands that are bound already;
//! `query` walks the syntax.

mod aggregate;
mod binder;
mod dates;
mod functions;
mod operators;
mod query;

pub(crate) use aggregate::relations;
pub(crate) use binder::{Binder, BoundQuery, FromSource, Variable, Variables, object_name, table_fields};
