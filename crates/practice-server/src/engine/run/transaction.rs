//! The transaction statements.

use super::Run;
use crate::engine::fault::Fault;
use crate::tsql::statement::Transaction;

impl Run<'_> {
    pub(super) fn transaction(&mut self, transaction: &Transaction) -> Result<(), Fault> {
        match transaction {
            Transaction::Begin(name) => {
                if self.session.nesting == 0 {
                    self.session.outer_name.clone_from(name);
                }
                self.session.begin_transaction();
            }
            Transaction::Commit => self.session.commit()?,
            Transaction::Rollback(name) => self.session.rollback_named(name.as_deref())?,
            Transaction::Save(name) => {
                let context = self.session.context()?;
                self.session.save(name, &context)?;
            }
        }
        self.done();
        Ok(())
    }
}
