//! What one statement is bound with: its variables, the sources in scope, and the names of tables and columns.

use std::collections::BTreeMap;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::engine::catalog::Table;
use crate::engine::context::Context;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::typed::{BoundExpr, CollationStrength, ExprCollation, Field};
use crate::engine::types;
use crate::tsql::Name;
use crate::value::{Column, SqlType};

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
pub(super) struct Grouping {
    /// The bound grouping expressions.
    pub(super) keys: Vec<String>,
    /// Inside an aggregate every column is allowed.
    pub(super) inside_aggregate: bool,
}

#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) origins: Vec<FromSource>,
    pub(super) grouping: Option<Grouping>,
}

/// Binds one statement.
#[derive(Debug)]
pub(crate) struct Binder<'a> {
    pub(crate) context: &'a Context,
    variables: &'a Variables,
    /// The variables in use, in the order of their parameters.
    pub(crate) used: Vec<String>,
    pub(super) scopes: Vec<Scope>,
    pub(super) common: Vec<CommonTable>,
    next: usize,
    /// The most levels of recursion; 0 is without limit.
    pub(super) max_recursion: i64,
    /// The recursive common table expression whose step is bound: its stored name, and its alias once its `FROM` is bound.
    pub(super) recursion: Option<(String, Option<String>)>,
    /// Whether a hint asks for locks on the rows that are read.
    pub(crate) locks: bool,
    pub(super) depth: usize,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(context: &'a Context, variables: &'a Variables) -> Self {
        Self {
            context,
            variables,
            used: Vec::new(),
            scopes: Vec::new(),
            common: Vec::new(),
            next: 0,
            max_recursion: 100,
            recursion: None,
            locks: false,
            depth: 0,
        }
    }

    pub(super) fn new_alias(&mut self, prefix: char) -> String {
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

    pub(super) fn variable(&mut self, name: &str) -> Result<BoundExpr, SqlError> {
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

    pub(super) fn check_depth(&self) -> Result<(), SqlError> {
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

    pub(super) fn set_inside_aggregate(&mut self, inside: bool) {
        if let Some(grouping) = self.scopes.last_mut().and_then(|scope| scope.grouping.as_mut()) {
            grouping.inside_aggregate = inside;
        }
    }

    /// Finds the table with this name; error 208 if there is none, 229 without the permission.
    pub(crate) fn table(&self, name: &Name, permission: &str) -> Result<Table, SqlError> {
        let context = self.context;
        if name.server().is_some() {
            return Err(SqlError::unsupported("A linked server"));
        }
        if let Some(other) = name.database()
            && !other.eq_ignore_ascii_case(&context.target.name)
        {
            return Err(SqlError::unsupported("A statement over several databases"));
        }
        let catalog = &context.catalog;
        let candidates: Vec<i64> = match name.schema() {
            Some(schema) => catalog.schema(schema).map(|schema| schema.id).into_iter().collect(),
            None => catalog.schema(&context.default_schema()).map(|schema| schema.id).into_iter().chain([1]).collect(),
        };
        let table = candidates
            .into_iter()
            .find_map(|schema| catalog.table(schema, name.object()))
            .ok_or_else(|| error::no_object(name))?;
        if !context.user.is_permitted(catalog, permission, PermissionScope::Table(table)) {
            // SQL Server says 229 even without any permission, although the name is then hidden.
            return Err(error::denied(permission, &table.name, &context.target.name, catalog.schema_name(table.schema)));
        }
        Ok(table.clone())
    }

    /// Binds `name`, `alias.name` or `schema.table.name`.
    pub(super) fn column(&self, parts: &[Ident]) -> Result<BoundExpr, SqlError> {
        let Some((name, qualifiers)) = parts.split_last() else {
            return Err(error::no_column(""));
        };
        for part in parts {
            refuse_reserved(part)?;
        }
        let same = |a: &str, b: &str| self.context.catalog.same(a, b);
        for scope in self.scopes.iter().rev() {
            let mut found = Vec::new();
            let mut qualified = qualifiers.is_empty();
            let mut view = None;
            for origin in &scope.origins {
                let answers = match qualifiers {
                    [] => true,
                    [alias] => same(&origin.alias, &alias.value),
                    [.., schema, table] => {
                        same(&origin.alias, &table.value) && origin.schema.as_deref().is_some_and(|own| same(own, &schema.value))
                    }
                };
                if !answers {
                    continue;
                }
                qualified = true;
                view = origin.view.as_deref();
                found.extend(origin.fields.iter().filter(|field| same(&field.name, &name.value)).map(|field| (origin, field)));
            }
            match found.as_slice() {
                [] if qualified && !qualifiers.is_empty() => {
                    return Err(missing_column(&name.value, view));
                }
                [] => {}
                [(origin, field)] => {
                    let sql = format!("{}.{}", origin.stored, field.stored);
                    if let Some(grouping) = &scope.grouping
                        && !grouping.inside_aggregate
                        && !grouping.keys.contains(&sql)
                    {
                        return Err(SqlError::new(
                            8120,
                            format!(
                                "Column '{}.{}' is invalid in the select list because it is not contained in either an \
                                 aggregate function or the GROUP BY clause.",
                                origin.display_name(),
                                field.name
                            ),
                        )
                        .scope(ErrorScope::Compile));
                    }
                    let mut typed = BoundExpr::new(sql, field.kind).with_nullable(field.nullable || origin.outer);
                    typed.collation.clone_from(&field.collation);
                    typed.name = Some(field.name.clone());
                    return Ok(typed);
                }
                _ => {
                    return Err(SqlError::new(209, format!("Ambiguous column name '{}'.", name.value)).scope(ErrorScope::Compile));
                }
            }
        }
        if qualifiers.is_empty() {
            let origins = self.origins();
            let view = origins.iter().all(|origin| origin.view.is_some()).then(|| origins.first()?.view.as_deref()).flatten();
            return Err(missing_column(&name.value, view));
        }
        let all = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        Err(SqlError::new(4104, format!("The multi-part identifier \"{all}\" could not be bound.")).scope(ErrorScope::Compile))
    }
}

impl BoundQuery {
    /// Returns the columns as the wire describes them.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.fields.iter().map(|field| Column { name: field.name.clone(), kind: field.kind, nullable: field.nullable }).collect()
    }
}

/// Creates error 207, or 40510 for a column of a catalog view, which may well have it in SQL Server.
fn missing_column(name: &str, view: Option<&str>) -> SqlError {
    match view {
        Some(view) => SqlError::unsupported(format!("The column {name} of {view}")),
        None => error::no_column(name),
    }
}

/// A source, under its name in the query.
#[derive(Debug, Clone)]
pub(crate) struct FromSource {
    pub(crate) alias: String,
    pub(crate) schema: Option<String>,
    pub(crate) stored: String,
    pub(crate) fields: Vec<Field>,
    /// Whether it is on the side of an outer join that may be missing.
    pub(crate) outer: bool,
    pub(crate) table: Option<i64>,
    /// The catalog view that it is, by its full name.
    pub(crate) view: Option<String>,
}

impl FromSource {
    /// Returns the name in error 8120.
    pub(super) fn display_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.alias),
            None => self.alias.clone(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct CommonTable {
    pub(super) name: String,
    pub(super) stored: String,
    pub(super) fields: Vec<Field>,
}

/// Returns error 156 for a reserved word that `sqlparser` accepted as a name.
pub(super) fn refuse_reserved(ident: &Ident) -> Result<(), SqlError> {
    if ident.quote_style.is_none() && crate::tsql::is_reserved(&ident.value) {
        let text = format!("Incorrect syntax near the keyword '{}'.", ident.value);
        return Err(SqlError::new(156, text).class(15).scope(ErrorScope::Compile));
    }
    Ok(())
}

/// Converts a name from `sqlparser`.
pub(crate) fn object_name(object: &ObjectName) -> Result<Name, SqlError> {
    let parts = object
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => {
                refuse_reserved(ident)?;
                Ok(ident.value.clone())
            }
            ObjectNamePart::Function(_) => Err(SqlError::unsupported("This name")),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Name { parts })
}

/// Returns a table's columns as fields.
pub(crate) fn table_fields(table: &Table, default: &str) -> Vec<Field> {
    table
        .columns
        .iter()
        .map(|column| Field {
            name: column.name.clone(),
            stored: column.stored(),
            kind: column.kind(),
            nullable: column.nullable,
            collation: types::is_text(column.kind()).then(|| ExprCollation {
                name: column.collation.clone().unwrap_or_else(|| default.to_owned()),
                strength: CollationStrength::Implicit,
            }),
        })
        .collect()
}
