//! `DELETE` and `TRUNCATE TABLE`.

use rusqlite::types::Value as Stored;

use super::super::bind::Binder;
use super::super::catalog::Table;
use super::super::context::Context;
use super::super::fault::{self, Fault};
use super::super::principal::On;
use super::super::session::Session;
use super::output::{Output, Sides};
use super::update::{limit, target};
use super::{Frame, Run};
use crate::tsql::names::Name;
use crate::tsql::statement::Delete;

impl Run<'_> {
    pub(super) fn delete(&mut self, delete: &Delete, frame: &mut Frame) -> Result<(), Fault> {
        let context = self.session.context()?;
        let mut binder = Binder::new(&context, &frame.variables);
        let target = target(&mut binder, &delete.target, &delete.from, "DELETE")?;
        if delete.filter.is_some() && !context.who.may(&context.catalog, "SELECT", On::Table(&target.table)) {
            let table = &target.table;
            return Err(fault::denied("SELECT", &table.name, &context.target.name, context.catalog.schema_name(table.schema)));
        }
        let filter = match &delete.filter {
            Some(filter) => format!(" WHERE {}", binder.condition(filter)?),
            None => String::new(),
        };
        let limit = limit(&mut binder, delete.top.as_ref())?;
        let sql = format!("SELECT DISTINCT {}.rowid FROM {}{filter}{limit}", target.stored, target.from);
        let parameters = binder.parameters();
        let mut output = match &delete.output {
            Some(items) => Some(Output::read(&context, &frame.variables, &target.table, items, Sides::Deleted)?),
            None => None,
        };
        let count = self.session.writing(&context, |session| {
            let mut rows = Vec::new();
            for row in session.rows(&context, &sql, &parameters)? {
                if let Some(Stored::Integer(number)) = row.first() {
                    rows.push(*number);
                }
            }
            session.delete_rows(&context, &target.table, &rows, output.as_mut())?;
            Ok(rows.len())
        })?;
        if let Some(output) = output {
            self.send_output(output);
        }
        self.counted(count);
        Ok(())
    }

    pub(super) fn truncate(&mut self, name: &Name) -> Result<(), Fault> {
        let context = self.session.context()?;
        let variables = &frame_variables();
        let table = Binder::new(&context, variables).table(name, "ALTER")?;
        let referenced = context
            .catalog
            .tables
            .iter()
            .any(|other| other.id != table.id && other.foreign.iter().any(|key| key.table == table.id));
        if referenced {
            return Err(Fault::new(
                4712,
                format!("Cannot truncate table '{name}' because it is being referenced by a FOREIGN KEY constraint."),
            ));
        }
        self.session.writing(&context, |session| {
            let connection = session.connection(&context)?;
            connection.execute(&format!("DELETE FROM {}", table.stored()), [])?;
            connection.execute("DELETE FROM identity WHERE \"table\" = ?1", [table.id])?;
            Ok(())
        })?;
        self.done();
        Ok(())
    }
}

fn frame_variables() -> super::super::bind::Variables {
    super::super::bind::Variables::new()
}

impl Session {
    /// Deletes rows by their numbers, with what refers to them.
    pub(super) fn delete_rows(
        &mut self,
        context: &Context,
        table: &Table,
        rows: &[i64],
        mut output: Option<&mut Output>,
    ) -> Result<(), Fault> {
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", table.stored());
        let mut olds = Vec::new();
        for number in rows {
            let old = self.row(context, table, *number)?;
            if let Some(output) = output.as_deref_mut() {
                output.note(self, context, *number, &old)?;
            }
            self.connection(context)?.prepare(&sql)?.execute([number])?;
            olds.push(old);
        }
        for old in &olds {
            self.check_children(context, table, old, None, "DELETE")?;
        }
        Ok(())
    }
}
