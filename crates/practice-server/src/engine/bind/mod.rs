//! T-SQL queries to `SQLite`'s: names are looked up, types, collations and permissions are settled, and what comes
//! out is SQL over the stored tables together with the columns' declared types.

mod aggregate;
mod builtin;
mod call;
mod collate;
mod column;
mod compare;
mod expr;
mod from;
mod moment;
mod query;
mod select;
mod walk;
mod wordcall;

use std::collections::BTreeMap;

use super::code;
use super::context::Context;
use super::fault::{Fault, Reach};
use super::typed::{Field, Typed};
use crate::value::{Column, SqlType};

pub(crate) use from::{Origin, fields_of, name_of};
pub(crate) use walk::relations;

/// A declared variable's type and value.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) kind: SqlType,
    pub(crate) fixed: bool,
    pub(crate) value: rusqlite::types::Value,
}

/// The variables of a batch or procedure, by their names in small letters.
pub(crate) type Variables = BTreeMap<String, Variable>;

/// A query, ready for `SQLite`.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) sql: String,
    pub(crate) fields: Vec<Field>,
    /// `SELECT @a = …`: the variable of each column.
    pub(crate) assigns: Option<Vec<String>>,
}

/// What is found while an aggregate's query is read.
#[derive(Debug, Clone, Default)]
struct Grouping {
    /// The grouping expressions, as they came out.
    keys: Vec<String>,
    /// Inside an aggregate every column is allowed.
    inside: bool,
}

#[derive(Debug, Default)]
struct Scope {
    origins: Vec<Origin>,
    grouping: Option<Grouping>,
}

/// Reads one statement.
#[derive(Debug)]
pub(crate) struct Binder<'a> {
    pub(crate) context: &'a Context,
    variables: &'a Variables,
    /// The variables in use, in the order of their parameters.
    pub(crate) used: Vec<String>,
    scopes: Vec<Scope>,
    common: Vec<from::CommonTable>,
    next: usize,
    /// Whether a hint asked for locks on what is read.
    pub(crate) locks: bool,
    depth: usize,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(context: &'a Context, variables: &'a Variables) -> Self {
        Self { context, variables, used: Vec::new(), scopes: Vec::new(), common: Vec::new(), next: 0, locks: false, depth: 0 }
    }

    fn fresh(&mut self, prefix: char) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }

    /// Opens a scope with these sources around what follows; [`Self::leave`] closes it.
    pub(crate) fn enter(&mut self, origins: Vec<Origin>) {
        self.scopes.push(Scope { origins, grouping: None });
    }

    pub(crate) fn leave(&mut self) {
        self.scopes.pop();
    }

    /// The sources of the innermost scope.
    pub(crate) fn origins(&self) -> &[Origin] {
        self.scopes.last().map_or(&[], |scope| &scope.origins)
    }

    /// The variables' values, for the statement's parameters.
    pub(crate) fn parameters(&self) -> Vec<rusqlite::types::Value> {
        self.used
            .iter()
            .map(|name| self.variables.get(name).map_or(rusqlite::types::Value::Null, |variable| variable.value.clone()))
            .collect()
    }

    fn variable(&mut self, name: &str) -> Result<Typed, Fault> {
        let name = name.to_lowercase();
        let Some(variable) = self.variables.get(&name) else {
            return Err(Fault::new(137, format!("Must declare the scalar variable \"{name}\"."))
                .class(15)
                .state(2)
                .reach(Reach::Compile));
        };
        let known = self.used.iter().position(|used| *used == name);
        let at = known.unwrap_or(self.used.len());
        if known.is_none() {
            self.used.push(name);
        }
        Ok(Typed::new(format!("?{}", at + 1), variable.kind))
    }

    /// Gives an expression another type, where `SQLite` would otherwise compare or keep different things.
    #[expect(clippy::unused_self, reason = "reads like its neighbours at every call")]
    pub(crate) fn coerce(&self, typed: &Typed, to: SqlType) -> String {
        if typed.null || same_form(typed.kind, to) {
            return typed.sql.clone();
        }
        format!("cv({}, {}, {}, 0)", typed.sql, code::encode(typed.kind), code::encode(to))
    }

    fn too_deep(&self) -> Result<(), Fault> {
        if self.depth > 150 {
            return Err(Fault::new(
                191,
                "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller \
                 queries.",
            )
            .class(15)
            .reach(Reach::Compile));
        }
        Ok(())
    }
}

/// Whether a value of one type is kept in the same form as the other type's.
pub(crate) fn same_form(from: SqlType, to: SqlType) -> bool {
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

impl Bound {
    /// The columns as the wire describes them.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.fields.iter().map(|field| Column { name: field.name.clone(), kind: field.kind, nullable: field.nullable }).collect()
    }
}
