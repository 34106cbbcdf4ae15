//! `CREATE`, `ALTER` and `DROP TABLE`.

use rusqlite::types::Value as Stored;

use crate::engine::bind::Binder;
use crate::engine::catalog::{Catalog, CheckConstraint, DefaultConstraint, ForeignKey, Table, TableColumn, TableIndex};
use crate::engine::context::Context;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::run::execution::Execution;
use crate::engine::run::index::next_id;
use crate::engine::run::rows::{check_sql, default_expr, for_column};
use crate::engine::session::{EMPTY, Session};
use crate::engine::{collation, store, types};
use crate::tsql::Name;
use crate::tsql::statement::{ColumnDefinition, Constraint, ConstraintRule, ReferentialAction, TableChange, TableDefinition};

/// A table that is being defined.
pub(super) struct TableDraft<'a> {
    pub(super) context: &'a Context,
    pub(super) catalog: Catalog,
    pub(super) table: Table,
}

impl TableDraft<'_> {
    /// Returns the name of a constraint: the given one, or one as SQL Server generates them.
    fn constraint_name(&mut self, given: Option<&String>, prefix: &str, column: &str) -> Result<(i64, String), SqlError> {
        let id = self.catalog.new_object();
        let name = given.cloned().unwrap_or_else(|| {
            let short = |text: &str, length: usize| text.chars().take(length).collect::<String>();
            let column = if column.is_empty() { String::new() } else { format!("__{}", short(column, 5)) };
            format!("{prefix}__{}{column}__{id:08X}", short(&self.table.name, 9))
        });
        let own = self.table.indexes.iter().any(|index| self.catalog.same(&index.name, &name))
            || self.table.checks.iter().any(|check| self.catalog.same(&check.name, &name))
            || self.table.foreign.iter().any(|foreign| self.catalog.same(&foreign.name, &name));
        if own || self.catalog.object_taken(self.table.schema, &name) {
            return Err(error::name_taken(&name));
        }
        Ok((id, name))
    }

    pub(super) fn add_column(&mut self, definition: &ColumnDefinition) -> Result<(), SqlError> {
        if self.table.column(&self.catalog, &definition.name).is_some() {
            return Err(SqlError::new(
                2705,
                format!(
                    "Column names in each table must be unique. Column name '{}' in table '{}' is specified more than once.",
                    definition.name, self.table.name
                ),
            )
            .state(3));
        }
        let declared = types::read_declared(&definition.kind, 1)?;
        let collation = match &definition.collation {
            Some(name) if !types::is_text(declared.kind) => {
                return Err(SqlError::new(
                    447,
                    format!("Expression type {} is invalid for COLLATE clause. ({name})", declared.name),
                ));
            }
            Some(name) if name.eq_ignore_ascii_case("DATABASE_DEFAULT") => Some(self.catalog.collation.clone()),
            Some(name) => Some(
                collation::canonical_name(name)
                    .ok_or_else(|| SqlError::new(448, format!("Invalid collation '{name}'.")).state(3))?,
            ),
            // Stored by name, as in SQL Server: changing the database's default later changes no column.
            None => types::is_text(declared.kind).then(|| self.catalog.collation.clone()),
        };
        let key = definition.constraints.iter().any(|one| matches!(one.rule, ConstraintRule::Key { primary: true, .. }));
        if key && definition.null == Some(true) {
            return Err(SqlError::new(
                8111,
                format!("Cannot define PRIMARY KEY constraint on nullable column in table '{}'.", self.table.name),
            ));
        }
        if definition.identity.is_some() {
            if !types::is_integer(declared.kind) || definition.null == Some(true) {
                return Err(SqlError::new(
                    2749,
                    format!("Identity column '{}' must be of data type int, bigint, smallint, tinyint, or decimal or numeric with a scale of 0, unencrypted, and constrained to be nonnullable.", definition.name),
                )
                .state(2));
            }
            if self.table.columns.iter().any(|column| column.identity.is_some()) {
                return Err(SqlError::new(
                    2744,
                    format!(
                        "Multiple identity columns specified for table '{}'. Only one identity column per table is allowed.",
                        self.table.name
                    ),
                ));
            }
        }
        let id = self.table.next_column;
        self.table.next_column += 1;
        self.table.columns.push(TableColumn {
            id,
            name: definition.name.clone(),
            code: types::encode(declared.kind),
            type_name: declared.name.to_owned(),
            fixed: declared.fixed,
            nullable: definition.null.unwrap_or(definition.identity.is_none() && !key),
            collation,
            identity: definition.identity,
            default: None,
        });
        Ok(())
    }

    fn ids(&self, names: &[String]) -> Result<Vec<i64>, SqlError> {
        names
            .iter()
            .map(|name| {
                self.table.column(&self.catalog, name).map(|column| column.id).ok_or_else(|| {
                    SqlError::new(1911, format!("Column name '{name}' does not exist in the target table or view."))
                })
            })
            .collect()
    }

    pub(super) fn add_constraint(&mut self, constraint: &Constraint) -> Result<(), SqlError> {
        let given = constraint.name.as_ref();
        match &constraint.rule {
            ConstraintRule::Key { primary, columns } => self.add_key(given, *primary, columns),
            ConstraintRule::Check { text } => {
                let (id, name) = self.constraint_name(given, "CK", "")?;
                // Bound now, so that an invalid check is refused here and not with the first row.
                check_sql(self.context, &self.table, text)?;
                self.table.checks.push(CheckConstraint { id, name, text: text.clone() });
                Ok(())
            }
            ConstraintRule::Default { column, text } => {
                let (id, name) = self.constraint_name(given, "DF", column)?;
                let expr = crate::tsql::expression(text)?;
                Binder::new(self.context, &EMPTY).expr(&expr)?;
                let wanted = self.ids(std::slice::from_ref(column))?;
                let found = self.table.columns.iter_mut().find(|one| wanted.contains(&one.id));
                let column = found.ok_or_else(|| {
                    SqlError::new(
                        1752,
                        format!("Column '{column}' in table '{}' is invalid for creating a default constraint.", ""),
                    )
                })?;
                if column.default.is_some() {
                    return Err(SqlError::new(1781, "Column already has a DEFAULT bound to it."));
                }
                column.default = Some(DefaultConstraint { id, name, text: text.clone() });
                Ok(())
            }
            ConstraintRule::Foreign { columns, table, references, on_delete, on_update } => {
                self.add_foreign(given, columns, (table, references), (*on_delete, *on_update))
            }
        }
    }

    fn add_key(&mut self, given: Option<&String>, primary: bool, columns: &[String]) -> Result<(), SqlError> {
        if primary && self.table.indexes.iter().any(|index| index.primary) {
            let text = format!("Table '{}' already has a primary key defined on it.", self.table.name);
            return Err(SqlError::new(1779, text).state(0));
        }
        let (object, name) = self.constraint_name(given, if primary { "PK" } else { "UQ" }, "")?;
        let ids = self.ids(columns)?;
        if primary {
            let fresh = self.context.catalog.table_by_id(self.table.id);
            for column in self.table.columns.iter_mut().filter(|column| ids.contains(&column.id)) {
                let existing = fresh.and_then(|table| table.column_by_id(column.id));
                if existing.is_some_and(|column| column.nullable) {
                    return Err(SqlError::new(
                        8111,
                        format!("Cannot define PRIMARY KEY constraint on nullable column in table '{}'.", self.table.name),
                    ));
                }
                column.nullable = false;
            }
        }
        let id = if primary { 1 } else { next_id(&self.table).max(2) };
        self.table.indexes.push(TableIndex {
            object,
            id,
            name,
            unique: true,
            primary,
            columns: ids.into_iter().map(|id| (id, false)).collect(),
            include: Vec::new(),
            filter: None,
        });
        Ok(())
    }

    fn add_foreign(
        &mut self,
        given: Option<&String>,
        columns: &[String],
        (table, references): (&Name, &[String]),
        (on_delete, on_update): (ReferentialAction, ReferentialAction),
    ) -> Result<(), SqlError> {
        let (id, name) = self.constraint_name(given, "FK", columns.first().map_or("", String::as_str))?;
        let missing = || SqlError::new(1767, format!("Foreign key '{name}' references invalid table '{table}'.")).state(0);
        let schema = match table.schema() {
            Some(schema) => self.catalog.schema(schema).map(|schema| schema.id).ok_or_else(missing)?,
            None => self.catalog.schema(&self.context.default_schema()).map_or(1, |schema| schema.id),
        };
        let own = schema == self.table.schema && self.catalog.same(table.object(), &self.table.name);
        let parent =
            if own { self.table.clone() } else { self.catalog.table(schema, table.object()).cloned().ok_or_else(missing)? };
        let keys: Vec<i64> = if references.is_empty() {
            parent
                .indexes
                .iter()
                .find(|index| index.primary)
                .map(|index| index.columns.iter().map(|(id, _)| *id).collect())
                .unwrap_or_default()
        } else {
            references
                .iter()
                .map(|one| {
                    parent.column(&self.catalog, one).map(|column| column.id).ok_or_else(|| {
                        SqlError::new(
                            1770,
                            format!(
                                "Foreign key '{name}' references invalid column '{one}' in referenced table '{}'.",
                                parent.name
                            ),
                        )
                        .state(0)
                    })
                })
                .collect::<Result<_, _>>()?
        };
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        let unique = parent.indexes.iter().filter(|index| index.unique && index.filter.is_none()).any(|index| {
            let mut ids: Vec<i64> = index.columns.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            ids == sorted
        });
        if !unique || keys.is_empty() {
            return Err(SqlError::new(
                1776,
                format!("There are no primary or candidate keys in the referenced table '{table}' that match the referencing column list in the foreign key '{name}'."),
            )
            .state(0));
        }
        let columns = self.ids(columns)?;
        if columns.len() != keys.len() {
            return Err(SqlError::new(
                8139,
                format!(
                    "Number of referencing columns in foreign key differs from number of referenced columns, table '{}'.",
                    self.table.name
                ),
            )
            .state(0));
        }
        self.table.foreign.push(ForeignKey { id, name, columns, table: parent.id, references: keys, on_delete, on_update });
        Ok(())
    }
}

impl Execution<'_> {
    pub(super) fn create_table(&mut self, definition: &TableDefinition) -> Result<(), SqlError> {
        let context = self.session.context()?;
        if definition.name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&context.database.name)) {
            return Err(SqlError::unsupported("CREATE TABLE in another database"));
        }
        let default = context.default_schema();
        let schema_name = definition.name.schema().unwrap_or(&default);
        let schema = context.catalog.schema(schema_name).map(|schema| schema.id);
        if !context.user.is_permitted(&context.catalog, "CREATE TABLE", PermissionScope::Database) {
            return Err(
                SqlError::new(262, format!("CREATE TABLE permission denied in database '{}'.", context.database.name)).class(14)
            );
        }
        let invisible = || {
            SqlError::new(
                2760,
                format!(
                    "The specified schema name \"{schema_name}\" either does not exist or you do not have permission to use it."
                ),
            )
        };
        let schema = schema
            .filter(|schema| context.user.is_permitted(&context.catalog, "ALTER", PermissionScope::Schema(*schema)))
            .ok_or_else(invisible)?;
        if ["sys", "INFORMATION_SCHEMA"].iter().any(|one| context.catalog.same(one, schema_name)) {
            return Err(invisible());
        }
        let mut catalog = Catalog::clone(&context.catalog);
        if catalog.object_taken(schema, definition.name.object()) {
            return Err(error::name_taken(definition.name.object()));
        }
        let id = catalog.new_object();
        let table = Table {
            id,
            schema,
            name: definition.name.object().to_owned(),
            created: context.now,
            modified: context.now,
            next_column: 1,
            columns: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign: Vec::new(),
        };
        let mut draft = TableDraft { context: &context, catalog, table };
        for column in &definition.columns {
            draft.add_column(column)?;
        }
        if draft.table.columns.is_empty() {
            return Err(SqlError::new(1050, "This syntax is only allowed for parameterized queries.")
                .class(15)
                .scope(ErrorScope::Compile));
        }
        let constraints = definition.columns.iter().flat_map(|column| &column.constraints).chain(&definition.constraints);
        for constraint in constraints {
            draft.add_constraint(constraint)?;
        }
        let TableDraft { mut catalog, table, .. } = draft;
        self.session.writing(&context, |session| {
            let columns = table.columns.iter().map(TableColumn::stored).collect::<Vec<_>>().join(", ");
            session.connection(&context)?.execute_batch(&format!("CREATE TABLE {} ({columns})", table.stored()))?;
            for index in &table.indexes {
                session.build_index(&context, &catalog, &table, index)?;
            }
            catalog.tables.push(table.clone());
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.finish();
        Ok(())
    }

    pub(super) fn drop_tables(&mut self, names: &[Name], if_exists: bool) -> Result<(), SqlError> {
        for name in names {
            self.drop_table(name, if_exists)?;
        }
        self.finish();
        Ok(())
    }

    fn drop_table(&mut self, name: &Name, if_exists: bool) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let table = context.visible_table(name);
        let Some(table) = table
            .filter(|table| {
                context.user.is_permitted(&context.catalog, "ALTER", PermissionScope::Schema(table.schema))
                    || context.user.is_permitted(&context.catalog, "CONTROL", PermissionScope::Table(table))
            })
            .cloned()
        else {
            if if_exists && table.is_none() {
                return Ok(());
            }
            return Err(SqlError::new(
                3701,
                format!("Cannot drop the table '{name}', because it does not exist or you do not have permission."),
            )
            .class(11)
            .state(5));
        };
        if context.catalog.is_referenced(table.id) {
            return Err(SqlError::new(
                3726,
                format!("Could not drop object '{name}' because it is referenced by a FOREIGN KEY constraint."),
            ));
        }
        self.session.writing(&context, |session| {
            let connection = session.connection(&context)?;
            connection.execute_batch(&format!("DROP TABLE {}", table.stored()))?;
            connection.execute("DELETE FROM identity WHERE \"table\" = ?1", [table.id])?;
            let mut catalog = Catalog::clone(&context.catalog);
            catalog.tables.retain(|one| one.id != table.id);
            catalog.permissions.retain(|one| one.class != 1 || one.major != table.id);
            store::save(connection, &catalog)
        })
    }
}

impl Execution<'_> {
    pub(super) fn alter_table(&mut self, name: &Name, change: &TableChange) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let mut table = Binder::new(&context, &EMPTY).table(name, "ALTER").map_err(|error| match error.number {
            208 => SqlError::new(
                4902,
                format!("Cannot find the object \"{name}\" because it does not exist or you do not have permissions."),
            ),
            229 => SqlError::new(
                1088,
                format!("Cannot find the object \"{name}\" because it does not exist or you do not have permissions."),
            )
            .state(13),
            _ => error,
        })?;
        table.modified = context.now;
        self.session.writing(&context, |session| match change {
            TableChange::AddColumns { columns, constraints } => session.add_to_table(&context, table, columns, constraints),
            TableChange::DropColumns(names) => session.drop_columns(&context, table, names),
            TableChange::DropConstraints(names) => session.drop_constraints(&context, table, names),
            TableChange::AlterColumn(definition) => session.alter_column(&context, table, definition),
        })?;
        self.finish();
        Ok(())
    }
}

impl Session {
    fn save_table(&self, context: &Context, mut catalog: Catalog, table: &Table) -> Result<(), SqlError> {
        if let Some(place) = catalog.table_mut(table.id) {
            *place = table.clone();
        }
        store::save(self.connection(context)?, &catalog)
    }

    fn row_ids(&self, context: &Context, table: &Table) -> Result<Vec<i64>, SqlError> {
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
    ) -> Result<(), SqlError> {
        let before = table.clone();
        let mut draft = TableDraft { context, catalog: context.catalog.as_ref().clone(), table };
        for column in columns {
            draft.add_column(column)?;
        }
        let all = columns.iter().flat_map(|column| &column.constraints).chain(constraints);
        for constraint in all {
            draft.add_constraint(constraint)?;
        }
        let TableDraft { catalog, table, .. } = draft;
        let numbers = self.row_ids(context, &before)?;
        for column in table.columns.iter().filter(|column| before.column_by_id(column.id).is_none()) {
            if !column.nullable && column.default.is_none() && column.identity.is_none() && !numbers.is_empty() {
                return Err(SqlError::new(
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
        self.save_table(context, catalog, &table)?;
        for number in &numbers {
            self.check_row(context, &table, *number, "ALTER TABLE")?;
            self.check_parents(context, &table, *number, "ALTER TABLE")?;
        }
        Ok(())
    }

    /// Adds a column to the stored table. Existing rows get the default if the column must have a value, and count up if it
    /// is an identity.
    fn add_stored_column(
        &mut self,
        context: &Context,
        table: &Table,
        column: &TableColumn,
        numbers: &[i64],
    ) -> Result<(), SqlError> {
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
            let mut binder = Binder::new(context, &EMPTY);
            let default = default_expr(&mut binder, column)?;
            for number in numbers {
                let value = self.rows(context, &format!("SELECT {}", default.sql), &[])?.into_iter().flatten().next();
                let value = for_column(context, table, column, value.unwrap_or(Stored::Null), default.kind, "ALTER TABLE")?;
                self.connection(context)?.execute(&sql, rusqlite::params![value, number])?;
            }
        }
        Ok(())
    }

    fn drop_columns(&mut self, context: &Context, mut table: Table, names: &[String]) -> Result<(), SqlError> {
        for name in names {
            let Some(column) = table.column(&context.catalog, name).cloned() else {
                return Err(SqlError::new(
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
                return Err(SqlError::new(5074, text));
            }
            if table.columns.len() == 1 {
                return Err(SqlError::new(
                    4923,
                    format!(
                        "ALTER TABLE DROP COLUMN failed because '{name}' is the only data column in table '{}'. A table must have at least one data column.",
                        table.name
                    ),
                ));
            }
            table.columns.retain(|one| one.id != column.id);
            for check in &table.checks {
                check_sql(context, &table, &check.text)
                    .map_err(|_| SqlError::new(5074, format!("The object '{}' is dependent on column '{name}'.", check.name)))?;
            }
            self.connection(context)?.execute_batch(&format!(
                "ALTER TABLE {} DROP COLUMN {}",
                table.stored(),
                column.stored()
            ))?;
        }
        self.save_table(context, context.catalog.as_ref().clone(), &table)
    }

    fn drop_constraints(&mut self, context: &Context, mut table: Table, names: &[String]) -> Result<(), SqlError> {
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
                    return Err(SqlError::new(
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
                return Err(SqlError::new(3728, format!("'{name}' is not a constraint.")));
            }
        }
        self.save_table(context, context.catalog.as_ref().clone(), &table)
    }

    fn alter_column(&mut self, context: &Context, mut table: Table, definition: &ColumnDefinition) -> Result<(), SqlError> {
        if definition.identity.is_some() || !definition.constraints.is_empty() {
            return Err(SqlError::unsupported("ALTER COLUMN with an identity or a constraint"));
        }
        let declared = types::read_declared(&definition.kind, 1)?;
        let Some(old) = table.column(&context.catalog, &definition.name).cloned() else {
            return Err(SqlError::new(
                4924,
                format!(
                    "ALTER TABLE ALTER COLUMN failed because column '{}' does not exist in table '{}'.",
                    definition.name, table.name
                ),
            ));
        };
        let mut new = old.clone();
        new.code = types::encode(declared.kind);
        declared.name.clone_into(&mut new.type_name);
        new.fixed = declared.fixed;
        new.nullable = definition.null.unwrap_or(true);
        new.collation = match &definition.collation {
            Some(name) if name.eq_ignore_ascii_case("DATABASE_DEFAULT") => Some(context.catalog.collation.clone()),
            Some(name) => Some(
                collation::canonical_name(name)
                    .ok_or_else(|| SqlError::new(448, format!("Invalid collation '{name}'.")).state(3))?,
            ),
            None => types::is_text(declared.kind).then(|| context.catalog.collation.clone()),
        };
        let in_key = table.indexes.iter().any(|index| index.columns.iter().any(|(id, _)| *id == old.id));
        if in_key && (new.collation != old.collation || new.code >> 32 != old.code >> 32 || (new.nullable && !old.nullable)) {
            let user = table.indexes.iter().find(|index| index.columns.iter().any(|(id, _)| *id == old.id));
            return Err(SqlError::new(
                5074,
                format!("The object '{}' is dependent on column '{}'.", user.map_or("", |index| &index.name), old.name),
            ));
        }
        let sql = format!("UPDATE {} SET {} = ?1 WHERE rowid = ?2", table.stored(), old.stored());
        let at = table.columns.iter().position(|column| column.id == old.id).unwrap_or(0);
        for number in self.row_ids(context, &table)? {
            let value = self.row(context, &table, number)?.into_iter().nth(at).unwrap_or(Stored::Null);
            let value = for_column(context, &table, &new, value, old.kind(), "UPDATE")?;
            self.connection(context)?.execute(&sql, rusqlite::params![value, number])?;
        }
        table.columns[at] = new;
        self.save_table(context, context.catalog.as_ref().clone(), &table)
    }
}
