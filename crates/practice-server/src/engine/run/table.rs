//! `CREATE TABLE` and `DROP TABLE`.

use super::super::catalog::{Catalog, Check, Column, Default_, Foreign, Index, OnChange, Table};
use super::super::context::Context;
use super::super::fault::{Fault, Reach};
use super::super::principal::On;
use super::super::session::Session;
use super::super::{code, collation, store, types};
use super::Run;
use super::constraint::check_sql;
use super::index::next_id;
use crate::tsql::names::Name;
use crate::tsql::statement::{Action, ColumnDefinition, Constraint, Rule, TableDefinition};

/// A table on its way into the catalogue.
pub(super) struct Draft<'a> {
    pub(super) context: &'a Context,
    pub(super) catalog: Catalog,
    pub(super) table: Table,
}

impl Draft<'_> {
    /// The name of a constraint: its own, or one as SQL Server makes them up.
    fn constraint_name(&mut self, given: Option<&String>, prefix: &str, column: &str) -> Result<(i64, String), Fault> {
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
            return Err(taken(&name));
        }
        Ok((id, name))
    }

    pub(super) fn add_column(&mut self, definition: &ColumnDefinition) -> Result<(), Fault> {
        if self.table.column(&self.catalog, &definition.name).is_some() {
            return Err(Fault::new(
                2705,
                format!(
                    "Column names in each table must be unique. Column name '{}' in table '{}' is specified more than once.",
                    definition.name, self.table.name
                ),
            )
            .state(3));
        }
        let declared = types::declared(&definition.kind, 1)?;
        let collation = match &definition.collation {
            Some(name) if !types::text(declared.kind) => {
                return Err(Fault::new(
                    447,
                    format!("Expression type {} is invalid for COLLATE clause. ({name})", declared.name),
                ));
            }
            Some(name) if name.eq_ignore_ascii_case("DATABASE_DEFAULT") => Some(self.catalog.collation.clone()),
            Some(name) => {
                Some(collation::known(name).ok_or_else(|| Fault::new(448, format!("Invalid collation '{name}'.")).state(3))?)
            }
            // Kept by name, as SQL Server does: changing the database's default later changes no column.
            None => types::text(declared.kind).then(|| self.catalog.collation.clone()),
        };
        let key = definition.constraints.iter().any(|one| matches!(one.rule, Rule::Key { primary: true, .. }));
        if key && definition.null == Some(true) {
            return Err(Fault::new(
                8111,
                format!("Cannot define PRIMARY KEY constraint on nullable column in table '{}'.", self.table.name),
            ));
        }
        if definition.identity.is_some() {
            if !types::integer(declared.kind) || definition.null == Some(true) {
                return Err(Fault::new(
                    2749,
                    format!("Identity column '{}' must be of data type int, bigint, smallint, tinyint, or decimal or numeric with a scale of 0, unencrypted, and constrained to be nonnullable.", definition.name),
                )
                .state(2));
            }
            if self.table.columns.iter().any(|column| column.identity.is_some()) {
                return Err(Fault::new(
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
        self.table.columns.push(Column {
            id,
            name: definition.name.clone(),
            code: code::encode(declared.kind),
            type_name: declared.name.to_owned(),
            fixed: declared.fixed,
            nullable: definition.null.unwrap_or(definition.identity.is_none() && !key),
            collation,
            identity: definition.identity,
            default: None,
        });
        Ok(())
    }

    fn ids(&self, names: &[String]) -> Result<Vec<i64>, Fault> {
        names
            .iter()
            .map(|name| {
                self.table
                    .column(&self.catalog, name)
                    .map(|column| column.id)
                    .ok_or_else(|| Fault::new(1911, format!("Column name '{name}' does not exist in the target table or view.")))
            })
            .collect()
    }

    pub(super) fn add_constraint(&mut self, constraint: &Constraint) -> Result<(), Fault> {
        let given = constraint.name.as_ref();
        match &constraint.rule {
            Rule::Key { primary, columns } => self.add_key(given, *primary, columns),
            Rule::Check { text } => {
                let (id, name) = self.constraint_name(given, "CK", "")?;
                // Read it now, so that a wrong one is refused here and not with the first row.
                check_sql(self.context, &self.table, text)?;
                self.table.checks.push(Check { id, name, text: text.clone() });
                Ok(())
            }
            Rule::Default { column, text } => {
                let (id, name) = self.constraint_name(given, "DF", column)?;
                let expr = crate::tsql::expression(text)?;
                let variables = Session::no_variables();
                super::super::bind::Binder::new(self.context, &variables).expr(&expr)?;
                let wanted = self.ids(std::slice::from_ref(column))?;
                let found = self.table.columns.iter_mut().find(|one| wanted.contains(&one.id));
                let column = found.ok_or_else(|| {
                    Fault::new(1752, format!("Column '{column}' in table '{}' is invalid for creating a default constraint.", ""))
                })?;
                if column.default.is_some() {
                    return Err(Fault::new(1781, "Column already has a DEFAULT bound to it."));
                }
                column.default = Some(Default_ { id, name, text: text.clone() });
                Ok(())
            }
            Rule::Foreign { columns, table, references, on_delete, on_update } => {
                self.add_foreign(given, columns, (table, references), (*on_delete, *on_update))
            }
        }
    }

    fn add_key(&mut self, given: Option<&String>, primary: bool, columns: &[String]) -> Result<(), Fault> {
        if primary && self.table.indexes.iter().any(|index| index.primary) {
            let text = format!("Table '{}' already has a primary key defined on it.", self.table.name);
            return Err(Fault::new(1779, text).state(0));
        }
        let (object, name) = self.constraint_name(given, if primary { "PK" } else { "UQ" }, "")?;
        let ids = self.ids(columns)?;
        if primary {
            let fresh = self.context.catalog.table_by_id(self.table.id);
            for column in self.table.columns.iter_mut().filter(|column| ids.contains(&column.id)) {
                let existing = fresh.and_then(|table| table.column_by_id(column.id));
                if existing.is_some_and(|column| column.nullable) {
                    return Err(Fault::new(
                        8111,
                        format!("Cannot define PRIMARY KEY constraint on nullable column in table '{}'.", self.table.name),
                    ));
                }
                column.nullable = false;
            }
        }
        let id = if primary { 1 } else { next_id(&self.table).max(2) };
        self.table.indexes.push(Index {
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
        (on_delete, on_update): (Action, Action),
    ) -> Result<(), Fault> {
        let (id, name) = self.constraint_name(given, "FK", columns.first().map_or("", String::as_str))?;
        let missing = || Fault::new(1767, format!("Foreign key '{name}' references invalid table '{table}'.")).state(0);
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
                        Fault::new(
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
            return Err(Fault::new(
                1776,
                format!("There are no primary or candidate keys in the referenced table '{table}' that match the referencing column list in the foreign key '{name}'."),
            )
            .state(0));
        }
        let columns = self.ids(columns)?;
        if columns.len() != keys.len() {
            return Err(Fault::new(
                8139,
                format!(
                    "Number of referencing columns in foreign key differs from number of referenced columns, table '{}'.",
                    self.table.name
                ),
            )
            .state(0));
        }
        let action = |action| match action {
            Action::Refuse => OnChange::Refuse,
            Action::Cascade => OnChange::Cascade,
            Action::SetNull => OnChange::SetNull,
        };
        self.table.foreign.push(Foreign {
            id,
            name,
            columns,
            table: parent.id,
            references: keys,
            on_delete: action(on_delete),
            on_update: action(on_update),
        });
        Ok(())
    }
}

/// 2714
pub(super) fn taken(name: &str) -> Fault {
    Fault::new(2714, format!("There is already an object named '{name}' in the database.")).state(6)
}

impl Run<'_> {
    pub(super) fn create_table(&mut self, definition: &TableDefinition) -> Result<(), Fault> {
        let context = self.session.context()?;
        if definition.name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&context.database.name)) {
            return Err(Fault::unsupported("CREATE TABLE in another database"));
        }
        let default = context.default_schema();
        let schema_name = definition.name.schema().unwrap_or(&default);
        let schema = context.catalog.schema(schema_name).map(|schema| schema.id);
        if !context.who.may(&context.catalog, "CREATE TABLE", On::Database) {
            return Err(
                Fault::new(262, format!("CREATE TABLE permission denied in database '{}'.", context.database.name)).class(14)
            );
        }
        let invisible = || {
            Fault::new(
                2760,
                format!(
                    "The specified schema name \"{schema_name}\" either does not exist or you do not have permission to use it."
                ),
            )
        };
        let schema =
            schema.filter(|schema| context.who.may(&context.catalog, "ALTER", On::Schema(*schema))).ok_or_else(invisible)?;
        if ["sys", "INFORMATION_SCHEMA"].iter().any(|one| context.catalog.same(one, schema_name)) {
            return Err(invisible());
        }
        let mut catalog = Catalog::clone(&context.catalog);
        if catalog.object_taken(schema, definition.name.object()) {
            return Err(taken(definition.name.object()));
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
        let mut draft = Draft { context: &context, catalog, table };
        for column in &definition.columns {
            draft.add_column(column)?;
        }
        if draft.table.columns.is_empty() {
            return Err(Fault::new(1050, "This syntax is only allowed for parameterized queries.")
                .class(15)
                .reach(Reach::Compile));
        }
        let constraints = definition.columns.iter().flat_map(|column| &column.constraints).chain(&definition.constraints);
        for constraint in constraints {
            draft.add_constraint(constraint)?;
        }
        let Draft { mut catalog, table, .. } = draft;
        self.session.writing(&context, |session| {
            let columns = table.columns.iter().map(Column::stored).collect::<Vec<_>>().join(", ");
            session.connection(&context)?.execute_batch(&format!("CREATE TABLE {} ({columns})", table.stored()))?;
            for index in &table.indexes {
                session.build_index(&context, &catalog, &table, index)?;
            }
            catalog.tables.push(table.clone());
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.done();
        Ok(())
    }

    pub(super) fn drop_tables(&mut self, names: &[Name], if_exists: bool) -> Result<(), Fault> {
        for name in names {
            self.drop_table(name, if_exists)?;
        }
        self.done();
        Ok(())
    }

    fn drop_table(&mut self, name: &Name, if_exists: bool) -> Result<(), Fault> {
        let context = self.session.context()?;
        let table = context.visible_table(name);
        let Some(table) = table
            .filter(|table| {
                context.who.may(&context.catalog, "ALTER", On::Schema(table.schema))
                    || context.who.may(&context.catalog, "CONTROL", On::Table(table))
            })
            .cloned()
        else {
            if if_exists && table.is_none() {
                return Ok(());
            }
            return Err(Fault::new(
                3701,
                format!("Cannot drop the table '{name}', because it does not exist or you do not have permission."),
            )
            .class(11)
            .state(5));
        };
        let referenced = context
            .catalog
            .tables
            .iter()
            .any(|other| other.id != table.id && other.foreign.iter().any(|key| key.table == table.id));
        if referenced {
            return Err(Fault::new(
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
