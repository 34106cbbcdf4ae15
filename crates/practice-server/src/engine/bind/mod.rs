//! Binds T-SQL queries: looks up names, settles types, collations and permissions, and returns SQL for `SQLite` over the
//! stored tables with the columns' declared types.

mod aggregate;
mod conditions;
mod dates;
mod expr;
mod from;
mod functions;
mod query;

use std::collections::BTreeMap;

use super::context::Context;
use super::error::{ErrorScope, SqlError};
use super::typed::{BoundExpr, Field};
use super::types;
use crate::value::{Column, SqlType};

pub(crate) use aggregate::relations;
pub(crate) use from::{FromSource, object_name, table_fields};

/// The type and value of a declared variable.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) kind: SqlType,
    pub(crate) fixed: bool,
    pub(crate) value: rusqlite::types::Value,
}

/// The variables of a batch or procedure, by their names in lower case.
pub(crate) type Variables = BTreeMap<String, Variable>;

/// A query, ready for `SQLite`.
#[derive(Debug, Clone)]
pub(crate) struct BoundQuery {
    pub(crate) sql: String,
    pub(crate) fields: Vec<Field>,
    /// `SELECT @a = …`: the variable of each column.
    pub(crate) assigns: Option<Vec<String>>,
}

/// The grouping of the current `SELECT`.
#[derive(Debug, Clone, Default)]
struct Grouping {
    /// The bound grouping expressions.
    keys: Vec<String>,
    /// Inside an aggregate every column is allowed.
    inside_aggregate: bool,
}

#[derive(Debug, Default)]
struct Scope {
    origins: Vec<FromSource>,
    grouping: Option<Grouping>,
}

/// Binds one statement.
#[derive(Debug)]
pub(crate) struct Binder<'a> {
    pub(crate) context: &'a Context,
    variables: &'a Variables,
    /// The variables in use, in the order of their parameters.
    pub(crate) used: Vec<String>,
    scopes: Vec<Scope>,
    common: Vec<from::CommonTable>,
    next: usize,
    /// Whether a hint asks for locks on the rows that are read.
    pub(crate) locks: bool,
    depth: usize,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(context: &'a Context, variables: &'a Variables) -> Self {
        Self { context, variables, used: Vec::new(), scopes: Vec::new(), common: Vec::new(), next: 0, locks: false, depth: 0 }
    }

    fn new_alias(&mut self, prefix: char) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }

    /// Opens a scope with these sources; [`Self::pop_scope`] closes it.
    pub(crate) fn push_scope(&mut self, origins: Vec<FromSource>) {
        self.scopes.push(Scope { origins, grouping: None });
    }

    pub(crate) fn pop_scope(&mut self) {
        self.scopes.pop();
    }

    /// Returns the sources of the innermost scope.
    pub(crate) fn origins(&self) -> &[FromSource] {
        self.scopes.last().map_or(&[], |scope| &scope.origins)
    }

    /// Returns the variables' values, for the statement's parameters.
    pub(crate) fn parameters(&self) -> Vec<rusqlite::types::Value> {
        self.used
            .iter()
            .map(|name| self.variables.get(name).map_or(rusqlite::types::Value::Null, |variable| variable.value.clone()))
            .collect()
    }

    fn variable(&mut self, name: &str) -> Result<BoundExpr, SqlError> {
        let name = name.to_lowercase();
        let Some(variable) = self.variables.get(&name) else {
            return Err(SqlError::new(137, format!("Must declare the scalar variable \"{name}\"."))
                .class(15)
                .state(2)
                .scope(ErrorScope::Compile));
        };
        let known = self.used.iter().position(|used| *used == name);
        let at = known.unwrap_or(self.used.len());
        if known.is_none() {
            self.used.push(name);
        }
        Ok(BoundExpr::new(format!("?{}", at + 1), variable.kind))
    }

    /// Converts an expression to another type if `SQLite` would otherwise compare or store something different.
    #[expect(clippy::unused_self, reason = "reads like its neighbours at every call")]
    pub(crate) fn coerce(&self, typed: &BoundExpr, to: SqlType) -> String {
        if typed.null || has_same_storage(typed.kind, to) {
            return typed.sql.clone();
        }
        format!("cv({}, {}, {}, 0)", typed.sql, types::encode(typed.kind), types::encode(to))
    }

    fn check_depth(&self) -> Result<(), SqlError> {
        if self.depth > 150 {
            return Err(SqlError::new(
                191,
                "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller \
                 queries.",
            )
            .class(15)
            .scope(ErrorScope::Compile));
        }
        Ok(())
    }
}

/// Returns whether values of both types are stored in the same form.
pub(crate) fn has_same_storage(from: SqlType, to: SqlType) -> bool {
    use SqlType::{
        BigInt, Bit, Date, DateTime, DateTime2, DateTimeOffset, Decimal, Float, Int, NVarChar, Real, SmallInt, TinyInt,
        VarBinary, VarChar, Variant,
    };
    if from == to || to == Variant {
        return true;
    }
    match (from, to) {
        (NVarChar(_) | VarChar(_), NVarChar(a) | VarChar(a)) => match (from, a) {
            (NVarChar(Some(old)) | VarChar(Some(old)), Some(new)) => old <= new,
            (_, new) => new.is_none(),
        },
        (VarBinary(old), VarBinary(new)) => new.is_none_or(|new| old.is_some_and(|old| old <= new)),
        (Bit, TinyInt | SmallInt | Int | BigInt)
        | (TinyInt, SmallInt | Int | BigInt)
        | (SmallInt, Int | BigInt)
        | (Int, BigInt)
        | (Real, Float)
        | (Date, DateTime | DateTime2(_))
        | (DateTime, DateTime2(7)) => true,
        (DateTime2(old), DateTime2(new)) | (DateTimeOffset(old), DateTimeOffset(new)) => old <= new,
        (Decimal { precision, scale }, Decimal { precision: wide, scale: same }) => scale == same && precision <= wide,
        _ => false,
    }
}

impl BoundQuery {
    /// Returns the columns as the wire describes them.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.fields.iter().map(|field| Column { name: field.name.clone(), kind: field.kind, nullable: field.nullable }).collect()
    }
}
