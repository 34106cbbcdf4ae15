//! What a query reads: tables, views, derived tables, common table expressions, joins.

use sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, SetExpr, TableAlias, TableFactor, TableWithJoins,
};

use super::Binder;
use crate::engine::catalog::Table;
use crate::engine::fault::{self, Fault, Reach};
use crate::engine::principal::On;
use crate::engine::typed::{Collated, Field, Strength};
use crate::engine::view;
use crate::tsql::names::Name;

/// Something that is read, under the name it has in the query.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) alias: String,
    pub(crate) schema: Option<String>,
    pub(crate) stored: String,
    pub(crate) fields: Vec<Field>,
    /// On the side of an outer join that may be missing.
    pub(crate) outer: bool,
    pub(crate) table: Option<i64>,
}

impl Origin {
    /// As error 8120 names it.
    pub(super) fn described(&self) -> String {
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

/// 156 for a reserved word that `sqlparser` took for a name.
pub(super) fn bare(ident: &Ident) -> Result<(), Fault> {
    if ident.quote_style.is_none() && crate::tsql::names::reserved(&ident.value) {
        let text = format!("Incorrect syntax near the keyword '{}'.", ident.value);
        return Err(Fault::new(156, text).class(15).reach(Reach::Compile));
    }
    Ok(())
}

/// A name out of `sqlparser`.
pub(crate) fn name_of(object: &ObjectName) -> Result<Name, Fault> {
    let parts = object
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => {
                bare(ident)?;
                Ok(ident.value.clone())
            }
            ObjectNamePart::Function(_) => Err(Fault::unsupported("This name")),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Name { parts })
}

/// A table's columns as fields.
pub(crate) fn fields_of(table: &Table, default: &str) -> Vec<Field> {
    table
        .columns
        .iter()
        .map(|column| Field {
            name: column.name.clone(),
            stored: column.stored(),
            kind: column.kind(),
            nullable: column.nullable,
            collation: crate::engine::types::text(column.kind()).then(|| Collated {
                name: column.collation.clone().unwrap_or_else(|| default.to_owned()),
                strength: Strength::Implicit,
            }),
        })
        .collect()
}

impl Binder<'_> {
    /// The table that a name means; 208 where there is none, 229 without the permission.
    pub(crate) fn table(&self, name: &Name, permission: &str) -> Result<Table, Fault> {
        let context = self.context;
        if name.server().is_some() {
            return Err(Fault::unsupported("A linked server"));
        }
        if let Some(other) = name.database()
            && !other.eq_ignore_ascii_case(&context.target.name)
        {
            return Err(Fault::unsupported("A statement over several databases"));
        }
        let catalog = &context.catalog;
        let candidates: Vec<i64> = match name.schema() {
            Some(schema) => catalog.schema(schema).map(|schema| schema.id).into_iter().collect(),
            None => catalog.schema(&context.default_schema()).map(|schema| schema.id).into_iter().chain([1]).collect(),
        };
        let table = candidates
            .into_iter()
            .find_map(|schema| catalog.table(schema, name.object()))
            .ok_or_else(|| fault::no_object(name))?;
        if !context.who.may(catalog, permission, On::Table(table)) {
            // Without any permission the name is as unknown as if it were not there, yet SQL Server says 229.
            return Err(fault::denied(permission, &table.name, &context.target.name, catalog.schema_name(table.schema)));
        }
        Ok(table.clone())
    }

    /// The whole `FROM`: its SQL, and its sources into the current scope.
    pub(crate) fn from(&mut self, from: &[TableWithJoins]) -> Result<String, Fault> {
        let mut parts = Vec::new();
        for one in from {
            parts.push(self.joined(one)?);
        }
        Ok(parts.join(", "))
    }

    fn joined(&mut self, one: &TableWithJoins) -> Result<String, Fault> {
        let first = self.here();
        let mut sql = self.factor(&one.relation)?;
        for join in &one.joins {
            let before = self.here();
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
                _ => return Err(Fault::unsupported("This kind of join")),
            };
            sql = match constraint {
                JoinConstraint::On(condition) => format!("{sql} {word} {right} ON {}", self.condition(condition)?),
                JoinConstraint::None if word == "CROSS JOIN" => format!("{sql} CROSS JOIN {right}"),
                _ => return Err(Fault::new(102, "Incorrect syntax near 'JOIN'.").class(15).reach(Reach::Compile)),
            };
        }
        Ok(sql)
    }

    fn here(&self) -> usize {
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

    fn factor(&mut self, factor: &TableFactor) -> Result<String, Fault> {
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
                let name = name_of(name)?;
                self.named(&name, alias.as_ref())
            }
            TableFactor::Table { name, args: Some(_), .. } => Err(Fault::unsupported(format!("The table function {name}"))),
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => self.derived(subquery, alias.as_ref()),
            TableFactor::NestedJoin { table_with_joins, alias: None } => Ok(format!("({})", self.joined(table_with_joins)?)),
            other => Err(Fault::unsupported(format!("The source {}", super::expr::shortened(&other.to_string())))),
        }
    }

    fn named(&mut self, name: &Name, alias: Option<&TableAlias>) -> Result<String, Fault> {
        if alias.is_some_and(|alias| !alias.columns.is_empty()) {
            return Err(Fault::new(102, "Incorrect syntax near '('.").class(15).reach(Reach::Compile));
        }
        let stored = self.fresh('a');
        let (sql, fields, schema, table) = if let [single] = name.parts.as_slice()
            && let Some(common) = self.common.iter().rev().find(|common| self.context.catalog.same(&common.name, single))
        {
            (common.stored.clone(), common.fields.clone(), None, None)
        } else if let Some(kind) = view::find(name) {
            let other = name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&self.context.target.name));
            if other && !view::of_server(kind) {
                return Err(Fault::unsupported("A statement over several databases"));
            }
            let (sql, fields) = view::sql(kind, self.context)?;
            (format!("({sql})"), fields, name.schema().map(str::to_owned), None)
        } else {
            let single_at = matches!(name.parts.as_slice(), [one] if one.starts_with('@') || one.starts_with('#'));
            if single_at && name.object().starts_with('@') {
                return Err(Fault::new(1087, format!("Must declare the table variable \"{}\".", name.object()))
                    .class(15)
                    .reach(Reach::Compile));
            }
            let table = self.table(name, "SELECT")?;
            let fields = fields_of(&table, &self.context.catalog.collation);
            let schema = self.context.catalog.schema_name(table.schema).to_owned();
            (table.stored(), fields, Some(schema), Some(table.id))
        };
        let origin = Origin {
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

    fn add(&mut self, origin: Origin) -> Result<(), Fault> {
        let catalog = &self.context.catalog;
        let Some(scope) = self.scopes.last_mut() else {
            return Ok(());
        };
        let twice = scope.origins.iter().any(|other| catalog.same(&other.alias, &origin.alias) && other.schema == origin.schema);
        if twice {
            return Err(Fault::new(
                1013,
                format!(
                    "The objects \"{0}\" and \"{0}\" in the FROM clause have the same exposed names. Use correlation names \
                     to distinguish them.",
                    origin.alias
                ),
            )
            .reach(Reach::Compile));
        }
        scope.origins.push(origin);
        Ok(())
    }

    fn derived(&mut self, subquery: &sqlparser::ast::Query, alias: Option<&TableAlias>) -> Result<String, Fault> {
        let Some(alias) = alias else {
            return Err(Fault::new(102, "Incorrect syntax near ')'.").class(15).reach(Reach::Compile));
        };
        // A derived table does not see its neighbours, only what is around the whole query.
        let neighbours = self.scopes.pop();
        let bound = if let SetExpr::Values(values) = subquery.body.as_ref() { self.values(values) } else { self.query(subquery) };
        self.scopes.extend(neighbours);
        let bound = bound?;
        let fields = renamed(bound.fields, alias, &alias.name)?;
        let stored = self.fresh('a');
        self.add(Origin {
            alias: alias.name.value.clone(),
            schema: None,
            stored: stored.clone(),
            fields,
            outer: false,
            table: None,
        })?;
        Ok(format!("({}) AS {stored}", bound.sql))
    }

    /// Lock hints hold because of the one writer per database; those that would show half-done work, skip rows or
    /// fail at once are refused unless reading as usual is within what they allow.
    fn hints(&mut self, hints: &[Expr]) -> Result<(), Fault> {
        for hint in hints {
            match hint.to_string().to_ascii_uppercase().as_str() {
                "NOLOCK" | "READUNCOMMITTED" | "READCOMMITTED" | "ROWLOCK" | "PAGLOCK" | "TABLOCK" | "READCOMMITTEDLOCK" => {}
                "UPDLOCK" | "HOLDLOCK" | "SERIALIZABLE" | "REPEATABLEREAD" | "XLOCK" | "TABLOCKX" => self.locks = true,
                other => return Err(Fault::unsupported(format!("The table hint {other}"))),
            }
        }
        Ok(())
    }
}

/// Gives fields the names of `AS t (a, b)`; every column must have one, and no two the same.
pub(super) fn renamed(mut fields: Vec<Field>, alias: &TableAlias, of: &Ident) -> Result<Vec<Field>, Fault> {
    if !alias.columns.is_empty() {
        if alias.columns.len() != fields.len() {
            let (number, word) = if alias.columns.len() > fields.len() { (8159, "fewer") } else { (8158, "more") };
            return Err(Fault::new(number, format!("'{}' has {word} columns than were specified in the column list.", of.value))
                .reach(Reach::Compile));
        }
        for (field, column) in fields.iter_mut().zip(&alias.columns) {
            field.name.clone_from(&column.name.value);
        }
    }
    for (at, field) in fields.iter().enumerate() {
        if field.name.is_empty() {
            return Err(Fault::new(8155, format!("No column name was specified for column {} of '{}'.", at + 1, of.value))
                .reach(Reach::Compile));
        }
        if fields[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&field.name)) {
            return Err(Fault::new(
                8156,
                format!("The column '{}' was specified multiple times for '{}'.", field.name, of.value),
            )
            .reach(Reach::Compile));
        }
    }
    Ok(fields)
}
