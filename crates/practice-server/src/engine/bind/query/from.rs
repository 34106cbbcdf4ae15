//! Binds the sources of a query: tables, views, derived tables, common table expressions, joins.

use sqlparser::ast::{Expr, Ident, JoinConstraint, JoinOperator, Query, SetExpr, TableAlias, TableFactor, TableWithJoins};

use crate::engine::bind::binder::{Binder, FromSource, object_name, table_fields};
use crate::engine::bind::operators::shortened;
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::Field;
use crate::engine::view;
use crate::tsql::Name;

impl Binder<'_> {
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
            TableFactor::OpenJsonTable { .. } => Err(SqlError::unsupported("The table function OPENJSON")),
            TableFactor::Table { name, args: Some(_), .. } => Err(SqlError::unsupported(format!("The table function {name}"))),
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => self.derived(subquery, alias.as_ref()),
            TableFactor::NestedJoin { table_with_joins, alias: None } => Ok(format!("({})", self.joined(table_with_joins)?)),
            other => Err(SqlError::unsupported(format!("The source {}", shortened(&other.to_string())))),
        }
    }

    fn named(&mut self, name: &Name, alias: Option<&TableAlias>) -> Result<String, SqlError> {
        if alias.is_some_and(|alias| !alias.columns.is_empty()) {
            return Err(SqlError::new(102, "Incorrect syntax near '('.").class(15).scope(ErrorScope::Compile));
        }
        let stored = self.new_alias('a');
        let mut is_view = false;
        let (sql, fields, schema, table) = if let [single] = name.parts.as_slice()
            && let Some(common) = self.common.iter().rev().find(|common| self.context.catalog.same(&common.name, single))
        {
            let common = (common.stored.clone(), common.fields.clone(), None, None);
            if let Some((recursive, alias)) = &mut self.recursion
                && *recursive == common.0
            {
                *alias = Some(stored.clone());
            }
            common
        } else if let Some(kind) = view::find(name)
            && !(self.context.engine.personality().quirks && view::is_rare(kind))
        {
            let other = name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&self.context.target.name));
            if other && !view::is_server_wide(kind) {
                return Err(SqlError::unsupported("A statement over several databases"));
            }
            is_view = true;
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
            view: is_view.then(|| name.to_string()),
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

    fn derived(&mut self, subquery: &Query, alias: Option<&TableAlias>) -> Result<String, SqlError> {
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
            view: None,
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
