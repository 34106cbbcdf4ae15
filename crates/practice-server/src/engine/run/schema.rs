//! `CREATE SCHEMA` and `DROP SCHEMA`.

use super::super::catalog::{Catalog, Schema};
use super::super::fault::{self, Fault};
use super::super::principal::On;
use super::super::store;
use super::Run;

impl Run<'_> {
    pub(super) fn create_schema(&mut self, name: &str, owner: Option<&str>) -> Result<(), Fault> {
        let context = self.session.context()?;
        if !context.who.may(&context.catalog, "CREATE SCHEMA", On::Database) {
            let text = format!("CREATE SCHEMA permission denied in database '{}'.", context.database.name);
            return Err(Fault::new(262, text).class(14));
        }
        if context.catalog.schema(name).is_some() {
            return Err(super::table::taken(name));
        }
        let owner = match owner {
            None => context.who.user,
            Some(owner) => {
                context.catalog.principal(owner).map(|one| one.id).ok_or_else(|| fault::cannot_find("find", "user", owner))?
            }
        };
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            let id = catalog.new_schema();
            catalog.schemas.push(Schema { id, name: name.to_owned(), owner });
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.done();
        Ok(())
    }

    pub(super) fn drop_schema(&mut self, name: &str, if_exists: bool) -> Result<(), Fault> {
        let context = self.session.context()?;
        let schema =
            context.catalog.schema(name).filter(|schema| context.who.may(&context.catalog, "CONTROL", On::Schema(schema.id)));
        let Some(schema) = schema.cloned() else {
            return if if_exists { Ok(()) } else { Err(fault::cannot_find("drop", "schema", name)) };
        };
        if schema.id <= 4 {
            return Err(Fault::new(15150, format!("Cannot drop the schema '{name}'.")));
        }
        if let Some(table) = context.catalog.tables.iter().find(|table| table.schema == schema.id) {
            return Err(Fault::new(
                3729,
                format!("Cannot drop schema '{name}' because it is being referenced by object '{}'.", table.name),
            ));
        }
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            catalog.schemas.retain(|one| one.id != schema.id);
            catalog.permissions.retain(|one| one.class != 3 || one.major != schema.id);
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.done();
        Ok(())
    }
}
