//! Binds the sources of a query (tables, views, derived tables, common table expressions, joins) and the names of their columns.

use sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, SetExpr, TableAlias, TableFactor, TableWithJoins,
};

use crate::engine::bind::Binder;
use crate::engine::catalog::Table;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::typed::{BoundExpr, CollationStrength, ExprCollation, Field};
use crate::engine::view;
use crate::tsql::Name;

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
            collation: crate::engine::types::is_text(column.kind()).then(|| ExprCollation {
                name: column.collation.clone().unwrap_or_else(|| default.to_owned()),
                strength: CollationStrength::Implicit,
            }),
        })
        .collect()
}

impl Binder<'_> {
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

    /// Binds the whole `FROM`: returns its SQL and adds its sources to the current scope.
    pub(crate) fn from(&mut self, from: &[TableWithJoins]) -> Result<String, SqlError> {
        let mut parts = Vec::new();
        for one in from {
            parts.push(self.joined(one)?);
        }
        Ok(parts.join(", "))
    }

    fn joined(&mut self, one: &TableWithJoins) -> Result<String, SqlError> {
        let first = self.source_count();
        let mut sql = self.factor(&one.relation)?;
        for join in &one.joins {
            let before = self.source_count();
            let right = self.factor(&join.relation)?;
            let (word, constraint) = match &join.join_operator {
                JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN", constraint),
                JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                    self.mark_outer(before, usize::MAX);
                    ("LEFT JOIN", constraint)
                }
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                    self.mark_outer(first, before);
                    ("RIGHT JOIN", constraint)
                }
                JoinOperator::FullOuter(constraint) => {
                    self.mark_outer(first, usize::MAX);
                    ("FULL JOIN", constraint)
                }
                JoinOperator::CrossJoin(JoinConstraint::None) => ("CROSS JOIN", &JoinConstraint::None),
                _ => return Err(SqlError::unsupported("This kind of join")),
            };
            sql = match constraint {
                JoinConstraint::On(condition) => {
                    format!("{sql} {word} {right} ON {}", self.condition(condition)?)
                }
                JoinConstraint::None if word == "CROSS JOIN" => format!("{sql} CROSS JOIN {right}"),
                _ => {
                    return Err(SqlError::new(102, "Incorrect syntax near 'JOIN'.").class(15).scope(ErrorScope::Compile));
                }
            };
        }
        Ok(sql)
    }

    fn source_count(&self) -> usize {
        self.scopes.last().map_or(0, |scope| scope.origins.len())
    }

    fn mark_outer(&mut self, from: usize, to: usize) {
        if let Some(scope) = self.scopes.last_mut() {
            let end = to.min(scope.origins.len());
            for origin in &mut scope.origins[from..end] {
                origin.outer = true;
            }
        }
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<String, SqlError> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                sample: None,
                ..
            } if partitions.is_empty() => {
                self.hints(with_hints)?;
                let name = object_name(name)?;
                self.named(&name, alias.as_ref())
            }
            TableFactor::Table { name, args: Some(_), .. } => Err(SqlError::unsupported(format!("The table function {name}"))),
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => self.derived(subquery, alias.as_ref()),
            TableFactor::NestedJoin { table_with_joins, alias: None } => Ok(format!("({})", self.joined(table_with_joins)?)),
            other => {
                Err(SqlError::unsupported(format!("The source {}", crate::engine::bind::expr::shortened(&other.to_string()))))
            }
        }
    }

    fn named(&mut self, name: &Name, alias: Option<&TableAlias>) -> Result<String, SqlError> {
        if alias.is_some_and(|alias| !alias.columns.is_empty()) {
            return Err(SqlError::new(102, "Incorrect syntax near '('.").class(15).scope(ErrorScope::Compile));
        }
        let stored = self.new_alias('a');
        let (sql, fields, schema, table) = if let [single] = name.parts.as_slice()
            && let Some(common) = self.common.iter().rev().find(|common| self.context.catalog.same(&common.name, single))
        {
            (common.stored.clone(), common.fields.clone(), None, None)
        } else if let Some(kind) = view::find(name) {
            let other = name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&self.context.target.name));
            if other && !view::is_server_wide(kind) {
                return Err(SqlError::unsupported("A statement over several databases"));
            }
            let (sql, fields) = view::sql(kind, self.context)?;
            (format!("({sql})"), fields, name.schema().map(str::to_owned), None)
        } else {
            let single_at = matches!(name.parts.as_slice(), [one] if one.starts_with('@') || one.starts_with('#'));
            if single_at && name.object().starts_with('@') {
                return Err(SqlError::new(1087, format!("Must declare the table variable \"{}\".", name.object()))
                    .class(15)
                    .scope(ErrorScope::Compile));
            }
            let table = self.table(name, "SELECT")?;
            let fields = table_fields(&table, &self.context.catalog.collation);
            let schema = self.context.catalog.schema_name(table.schema).to_owned();
            (table.stored(), fields, Some(schema), Some(table.id))
        };
        let origin = FromSource {
            alias: alias.map_or_else(|| name.object().to_owned(), |alias| alias.name.value.clone()),
            schema: if alias.is_some() { None } else { schema },
            stored: stored.clone(),
            fields,
            outer: false,
            table,
        };
        self.add(origin)?;
        Ok(format!("{sql} AS {stored}"))
    }

    fn add(&mut self, origin: FromSource) -> Result<(), SqlError> {
        let catalog = &self.context.catalog;
        let Some(scope) = self.scopes.last_mut() else {
            return Ok(());
        };
        let twice = scope.origins.iter().any(|other| catalog.same(&other.alias, &origin.alias) && other.schema == origin.schema);
        if twice {
            return Err(SqlError::new(
                1013,
                format!(
                    "The objects \"{0}\" and \"{0}\" in the FROM clause have the same exposed names. Use correlation names \
                     to distinguish them.",
                    origin.alias
                ),
            )
            .scope(ErrorScope::Compile));
        }
        scope.origins.push(origin);
        Ok(())
    }

    fn derived(&mut self, subquery: &sqlparser::ast::Query, alias: Option<&TableAlias>) -> Result<String, SqlError> {
        let Some(alias) = alias else {
            return Err(SqlError::new(102, "Incorrect syntax near ')'.").class(15).scope(ErrorScope::Compile));
        };
        // A derived table cannot read its neighbours, only the sources of enclosing queries.
        let neighbours = self.scopes.pop();
        let bound = if let SetExpr::Values(values) = subquery.body.as_ref() { self.values(values) } else { self.query(subquery) };
        self.scopes.extend(neighbours);
        let bound = bound?;
        let fields = rename_columns(bound.fields, alias, &alias.name)?;
        let stored = self.new_alias('a');
        self.add(FromSource {
            alias: alias.name.value.clone(),
            schema: None,
            stored: stored.clone(),
            fields,
            outer: false,
            table: None,
        })?;
        Ok(format!("({}) AS {stored}", bound.sql))
    }

    /// Checks lock hints. Those for locks hold, because there is one writer per database; those that would show uncommitted
    /// rows, skip rows or fail at once are refused unless a normal read is within what they allow.
    fn hints(&mut self, hints: &[Expr]) -> Result<(), SqlError> {
        for hint in hints {
            match hint.to_string().to_ascii_uppercase().as_str() {
                "NOLOCK" | "READUNCOMMITTED" | "READCOMMITTED" | "ROWLOCK" | "PAGLOCK" | "TABLOCK" | "READCOMMITTEDLOCK" => {}
                "UPDLOCK" | "HOLDLOCK" | "SERIALIZABLE" | "REPEATABLEREAD" | "XLOCK" | "TABLOCKX" => self.locks = true,
                other => return Err(SqlError::unsupported(format!("The table hint {other}"))),
            }
        }
        Ok(())
    }
}

/// Gives fields the names of `AS t (a, b)`; every column must have a name, and no two the same.
pub(super) fn rename_columns(mut fields: Vec<Field>, alias: &TableAlias, of: &Ident) -> Result<Vec<Field>, SqlError> {
    if !alias.columns.is_empty() {
        if alias.columns.len() != fields.len() {
            let (number, word) = if alias.columns.len() > fields.len() { (8159, "fewer") } else { (8158, "more") };
            return Err(SqlError::new(
                number,
                format!("'{}' has {word} columns than were specified in the column list.", of.value),
            )
            .scope(ErrorScope::Compile));
        }
        for (field, column) in fields.iter_mut().zip(&alias.columns) {
            field.name.clone_from(&column.name.value);
        }
    }
    for (at, field) in fields.iter().enumerate() {
        if field.name.is_empty() {
            return Err(SqlError::new(8155, format!("No column name was specified for column {} of '{}'.", at + 1, of.value))
                .scope(ErrorScope::Compile));
        }
        if fields[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&field.name)) {
            return Err(SqlError::new(
                8156,
                format!("The column '{}' was specified multiple times for '{}'.", field.name, of.value),
            )
            .scope(ErrorScope::Compile));
        }
    }
    Ok(fields)
}

impl Binder<'_> {
    /// Binds `name`, `alias.name` or `schema.table.name`.
    pub(super) fn column(&self, parts: &[Ident]) -> Result<BoundExpr, SqlError> {
        let Some((name, qualifiers)) = parts.split_last() else {
            return Err(error::no_column(""));
        };
        for part in parts {
            crate::engine::bind::from::refuse_reserved(part)?;
        }
        let same = |a: &str, b: &str| self.context.catalog.same(a, b);
        for scope in self.scopes.iter().rev() {
            let mut found = Vec::new();
            let mut qualified = qualifiers.is_empty();
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
                found.extend(origin.fields.iter().filter(|field| same(&field.name, &name.value)).map(|field| (origin, field)));
            }
            match found.as_slice() {
                [] if qualified && !qualifiers.is_empty() => {
                    return Err(error::no_column(&name.value));
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
            return Err(error::no_column(&name.value));
        }
        let all = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        Err(SqlError::new(4104, format!("The multi-part identifier \"{all}\" could not be bound.")).scope(ErrorScope::Compile))
    }
}
