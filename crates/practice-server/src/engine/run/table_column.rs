//! `ALTER TABLE`.

use rusqlite::types::Value as Stored;

use super::super::bind::Binder;
use super::super::catalog::{Catalog, Column, Table};
use super::super::context::Context;
use super::super::fault::Fault;
use super::super::session::Session;
use super::super::{code, collation, store, types};
use super::Run;
use super::change::for_column;
use super::insert::default_of;
use super::table::Draft;
use crate::tsql::names::Name;
use crate::tsql::statement::{ColumnDefinition, Constraint, TableChange};

impl Run<'_> {
    pub(super) fn alter_table(&mut self, name: &Name, change: &TableChange) -> Result<(), Fault> {
        let context = self.session.context()?;
        let variables = Session::no_variables();
        let mut table = Binder::new(&context, &variables).table(name, "ALTER").map_err(|fault| match fault.number {
            208 => Fault::new(
                4902,
                format!("Cannot find the object \"{name}\" because it does not exist or you do not have permissions."),
            ),
            229 => Fault::new(
                1088,
                format!("Cannot find the object \"{name}\" because it does not exist or you do not have permissions."),
            )
            .state(13),
            _ => fault,
        })?;
        table.modified = context.now;
        self.session.writing(&context, |session| match change {
            TableChange::AddColumns { columns, constraints } => session.add_to_table(&context, table, columns, constraints),
            TableChange::DropColumns(names) => session.drop_columns(&context, table, names),
            TableChange::DropConstraints(names) => session.drop_constraints(&context, table, names),
            TableChange::AlterColumn(definition) => session.alter_column(&context, table, definition),
        })?;
        self.done();
        Ok(())
    }
}

impl Session {
    fn keep(&self, context: &Context, mut catalog: Catalog, table: &Table) -> Result<(), Fault> {
        if let Some(place) = catalog.table_mut(table.id) {
            *place = table.clone();
        }
        store::save(self.connection(context)?, &catalog)
    }

    fn numbers(&self, context: &Context, table: &Table) -> Result<Vec<i64>, Fault> {
        let rows = self.rows(context, &format!("SELECT rowid FROM {}", table.stored()), &[])?;
        Ok(rows
            .into_iter()
            .flatten()
            .filter_map(|value| if let Stored::Integer(number) = value { Some(number) } else { None })
            .collect())
    }

    fn add_to_table(
        &mut self,
        context: &Context,
        table: Table,
        columns: &[ColumnDefinition],
        constraints: &[Constraint],
    ) -> Result<(), Fault> {
        let before = table.clone();
        let mut draft = Draft { context, catalog: context.catalog.as_ref().clone(), table };
        for column in columns {
            draft.add_column(column)?;
        }
        let all = columns.iter().flat_map(|column| &column.constraints).chain(constraints);
        for constraint in all {
            draft.add_constraint(constraint)?;
        }
        let Draft { catalog, table, .. } = draft;
        let numbers = self.numbers(context, &before)?;
        for column in table.columns.iter().filter(|column| before.column_by_id(column.id).is_none()) {
            if !column.nullable && column.default.is_none() && column.identity.is_none() && !numbers.is_empty() {
                return Err(Fault::new(
                    4901,
                    format!(
                        "ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or \
                         the column being added is an identity or timestamp column, or alternatively if none of the previous \
                         conditions are satisfied the table must be empty to allow addition of this column. Column '{}' cannot be \
                         added to non-empty table '{}' because it does not satisfy these conditions.",
                        column.name, table.name
                    ),
                ));
            }
            self.add_stored_column(context, &table, column, &numbers)?;
        }
        for index in table.indexes.iter().filter(|index| !before.indexes.iter().any(|old| old.id == index.id)) {
            self.build_index(context, &catalog, &table, index)?;
        }
        self.keep(context, catalog, &table)?;
        for number in &numbers {
            self.check_row(context, &table, *number, "ALTER TABLE")?;
            self.check_parents(context, &table, *number, "ALTER TABLE")?;
        }
        Ok(())
    }

    /// Existing rows take the default where the column must have a value, and count up where it is an identity.
    fn add_stored_column(&mut self, context: &Context, table: &Table, column: &Column, numbers: &[i64]) -> Result<(), Fault> {
        self.connection(context)?.execute_batch(&format!("ALTER TABLE {} ADD COLUMN {}", table.stored(), column.stored()))?;
        let sql = format!("UPDATE {} SET {} = ?1 WHERE rowid = ?2", table.stored(), column.stored());
        if let Some((seed, step)) = column.identity {
            let mut next = seed;
            for number in numbers {
                self.connection(context)?.execute(&sql, [next, *number])?;
                next += step;
            }
            if !numbers.is_empty() {
                self.connection(context)?
                    .execute("INSERT OR REPLACE INTO identity (\"table\", last) VALUES (?1, ?2)", [table.id, next - step])?;
            }
        } else if !column.nullable && column.default.is_some() {
            let variables = Self::no_variables();
            let mut binder = Binder::new(context, &variables);
            let default = default_of(&mut binder, column)?;
            for number in numbers {
                let value = self.rows(context, &format!("SELECT {}", default.sql), &[])?.into_iter().flatten().next();
                let value = for_column(context, table, column, value.unwrap_or(Stored::Null), default.kind, "ALTER TABLE")?;
                self.connection(context)?.execute(&sql, rusqlite::params![value, number])?;
            }
        }
        Ok(())
    }

    fn drop_columns(&mut self, context: &Context, mut table: Table, names: &[String]) -> Result<(), Fault> {
        for name in names {
            let Some(column) = table.column(&context.catalog, name).cloned() else {
                return Err(Fault::new(
                    4924,
                    format!("ALTER TABLE DROP COLUMN failed because column '{name}' does not exist in table '{}'.", table.name),
                ));
            };
            let user = table
                .indexes
                .iter()
                .find(|index| index.columns.iter().any(|(id, _)| *id == column.id) || index.include.contains(&column.id))
                .map(|index| (if index.object == 0 { "index" } else { "object" }, index.name.clone()))
                .or_else(|| column.default.as_ref().map(|default| ("object", default.name.clone())))
                .or_else(|| {
                    table.foreign.iter().find(|key| key.columns.contains(&column.id)).map(|key| ("object", key.name.clone()))
                });
            if let Some((kind, user)) = user {
                let text = format!("The {kind} '{user}' is dependent on column '{name}'.");
                return Err(Fault::new(5074, text));
            }
            if table.columns.len() == 1 {
                return Err(Fault::new(
                    4923,
                    format!(
                        "ALTER TABLE DROP COLUMN failed because '{name}' is the only data column in table '{}'. A table must have at least one data column.",
                        table.name
                    ),
                ));
            }
            table.columns.retain(|one| one.id != column.id);
            for check in &table.checks {
                super::constraint::check_sql(context, &table, &check.text)
                    .map_err(|_| Fault::new(5074, format!("The object '{}' is dependent on column '{name}'.", check.name)))?;
            }
            self.connection(context)?.execute_batch(&format!(
                "ALTER TABLE {} DROP COLUMN {}",
                table.stored(),
                column.stored()
            ))?;
        }
        self.keep(context, context.catalog.as_ref().clone(), &table)
    }

    fn drop_constraints(&mut self, context: &Context, mut table: Table, names: &[String]) -> Result<(), Fault> {
        for name in names {
            let same = |one: &str| context.catalog.same(one, name);
            if let Some(at) = table.indexes.iter().position(|index| index.object != 0 && same(&index.name)) {
                let ids: Vec<i64> = table.indexes[at].columns.iter().map(|(id, _)| *id).collect();
                let user = context
                    .catalog
                    .tables
                    .iter()
                    .flat_map(|other| &other.foreign)
                    .find(|key| key.table == table.id && key.references.iter().all(|id| ids.contains(id)));
                if let Some(user) = user {
                    return Err(Fault::new(
                        3725,
                        format!("The constraint '{name}' is being referenced by table, foreign key constraint '{}'.", user.name),
                    )
                    .state(0));
                }
                let index = table.indexes.remove(at);
                self.remove_index(context, &table, &index)?;
            } else if let Some(at) = table.checks.iter().position(|check| same(&check.name)) {
                table.checks.remove(at);
            } else if let Some(at) = table.foreign.iter().position(|key| same(&key.name)) {
                table.foreign.remove(at);
            } else if let Some(column) =
                table.columns.iter_mut().find(|column| column.default.as_ref().is_some_and(|one| same(&one.name)))
            {
                column.default = None;
            } else {
                return Err(Fault::new(3728, format!("'{name}' is not a constraint.")));
            }
        }
        self.keep(context, context.catalog.as_ref().clone(), &table)
    }

    fn alter_column(&mut self, context: &Context, mut table: Table, definition: &ColumnDefinition) -> Result<(), Fault> {
        if definition.identity.is_some() || !definition.constraints.is_empty() {
            return Err(Fault::unsupported("ALTER COLUMN with an identity or a constraint"));
        }
        let declared = types::declared(&definition.kind, 1)?;
        let Some(old) = table.column(&context.catalog, &definition.name).cloned() else {
            return Err(Fault::new(
                4924,
                format!(
                    "ALTER TABLE ALTER COLUMN failed because column '{}' does not exist in table '{}'.",
                    definition.name, table.name
                ),
            ));
        };
        let mut new = old.clone();
        new.code = code::encode(declared.kind);
        declared.name.clone_into(&mut new.type_name);
        new.fixed = declared.fixed;
        new.nullable = definition.null.unwrap_or(true);
        new.collation = match &definition.collation {
            Some(name) => {
                Some(collation::known(name).ok_or_else(|| Fault::new(448, format!("Invalid collation '{name}'.")).state(3))?)
            }
            None => types::text(declared.kind).then(|| context.catalog.collation.clone()),
        };
        let in_key = table.indexes.iter().any(|index| index.columns.iter().any(|(id, _)| *id == old.id));
        if in_key && (new.collation != old.collation || new.code >> 32 != old.code >> 32 || (new.nullable && !old.nullable)) {
            let user = table.indexes.iter().find(|index| index.columns.iter().any(|(id, _)| *id == old.id));
            return Err(Fault::new(
                5074,
                format!("The object '{}' is dependent on column '{}'.", user.map_or("", |index| &index.name), old.name),
            ));
        }
        let sql = format!("UPDATE {} SET {} = ?1 WHERE rowid = ?2", table.stored(), old.stored());
        let at = table.columns.iter().position(|column| column.id == old.id).unwrap_or(0);
        for number in self.numbers(context, &table)? {
            let value = self.row(context, &table, number)?.into_iter().nth(at).unwrap_or(Stored::Null);
            let value = for_column(context, &table, &new, value, old.kind(), "UPDATE")?;
            self.connection(context)?.execute(&sql, rusqlite::params![value, number])?;
        }
        table.columns[at] = new;
        self.keep(context, context.catalog.as_ref().clone(), &table)
    }
}
