//! Transactions: `@@TRANCOUNT`, savepoints, and the transactions of the files beneath.

use super::super::context::Context;
use super::super::fault::{Fault, Reach};
use super::super::lock::Resource;
use super::super::session::Session;
use super::Run;
use crate::tsql::statement::Transaction;

impl Session {
    pub(in super::super) fn begin_transaction(&mut self) {
        self.nesting += 1;
        if self.nesting == 1 {
            self.descriptor = Some(self.engine.new_transaction());
        }
    }

    pub(in super::super) fn commit(&mut self) -> Result<(), Fault> {
        if self.nesting == 0 {
            return Err(Fault::new(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."));
        }
        if self.doomed {
            return Err(doomed(
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        if self.nesting > 1 {
            self.nesting -= 1;
            return Ok(());
        }
        let result = self.finish_files("COMMIT");
        self.clear();
        result
    }

    fn clear(&mut self) {
        self.nesting = 0;
        self.doomed = false;
        self.descriptor = None;
        self.savepoints.clear();
        self.engine.locks.release(self.facts.id, false);
    }

    fn finish_files(&mut self, word: &str) -> Result<(), Fault> {
        let mut result = Ok(());
        for link in self.links.values_mut().filter(|link| link.began) {
            link.began = false;
            if let Err(error) = link.connection.execute_batch(word) {
                // A file that cannot commit must not stay half open.
                let _ = link.connection.execute_batch("ROLLBACK");
                result = Err(error.into());
            }
        }
        result
    }

    /// Rolls everything back, if there is anything.
    pub(in super::super) fn rollback_all(&mut self) {
        // An error here leaves nothing open: SQLite has rolled back by itself then.
        let _ = self.finish_files("ROLLBACK");
        self.clear();
    }

    pub(in super::super) fn rollback_named(&mut self, name: Option<&str>) -> Result<(), Fault> {
        if self.nesting == 0 {
            return Err(Fault::new(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."));
        }
        let Some(name) = name else {
            self.rollback_all();
            return Ok(());
        };
        let found = self.savepoints.iter().rposition(|one| one.eq_ignore_ascii_case(name));
        match found {
            Some(_) if self.doomed => Err(doomed(
                "The current transaction cannot be committed and cannot be rolled back to a savepoint. Roll back the entire transaction.",
            )),
            Some(at) => {
                self.savepoints.truncate(at + 1);
                for link in self.links.values_mut().filter(|link| link.began) {
                    link.connection.execute_batch(&format!("ROLLBACK TO user{at}"))?;
                }
                Ok(())
            }
            // The outermost transaction's own name rolls all of it back; others are unknown.
            None if self.outer_name.as_deref().is_some_and(|outer| outer.eq_ignore_ascii_case(name)) => {
                self.rollback_all();
                Ok(())
            }
            None => {
                Err(Fault::new(6401, format!("Cannot roll back {name}. No transaction or savepoint of that name was found.")))
            }
        }
    }

    fn save(&mut self, name: &str, context: &Context) -> Result<(), Fault> {
        if self.nesting == 0 {
            return Err(Fault::new(628, "Cannot issue SAVE TRANSACTION when there is no active transaction."));
        }
        self.start_writing(context)?;
        let at = self.savepoints.len();
        for link in self.links.values_mut().filter(|link| link.began) {
            link.connection.execute_batch(&format!("SAVEPOINT user{at}"))?;
        }
        self.savepoints.push(name.to_owned());
        Ok(())
    }

    /// Becomes the writer of the context's database, waiting for it as long as `LOCK_TIMEOUT` says.
    pub(in super::super) fn start_writing(&mut self, context: &Context) -> Result<(), Fault> {
        if self.doomed {
            return Err(doomed(
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        let database = &context.target;
        let resource = Resource::Write(database.id);
        if self.engine.locks.holds(self.facts.id, &resource).is_none() {
            self.wait(&resource)?;
        }
        let savepoints = self.savepoints.len();
        let link = self.link(database)?;
        if !link.began {
            link.connection.execute_batch("BEGIN IMMEDIATE")?;
            link.began = true;
            for at in 0..savepoints {
                link.connection.execute_batch(&format!("SAVEPOINT user{at}"))?;
            }
        }
        Ok(())
    }

    /// Runs something that writes: all of it or nothing, and at once unless a transaction is open.
    pub(in super::super) fn writing<T>(
        &mut self,
        context: &Context,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if context.target.read_only {
            return Err(Fault::new(
                3906,
                format!("Failed to update database \"{}\" because the database is read-only.", context.target.name),
            ));
        }
        let begun = self.start_writing(context).and_then(|()| {
            self.link(&context.target)?.connection.execute_batch("SAVEPOINT statement")?;
            Ok(())
        });
        let result = begun.and_then(|()| {
            let result = work(self);
            let link = self.link(&context.target)?;
            // An interrupt may have rolled the whole transaction back already.
            if !link.connection.is_autocommit() {
                let end = if result.is_ok() { "RELEASE statement" } else { "ROLLBACK TO statement; RELEASE statement" };
                link.connection.execute_batch(end)?;
            }
            result
        });
        if self.nesting == 0 {
            let finished = self.finish_files(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
            self.engine.locks.release(self.facts.id, false);
            if result.is_ok() {
                finished?;
            }
        }
        result
    }
}

fn doomed(text: &str) -> Fault {
    let number = if text.contains("savepoint") { 3931 } else { 3930 };
    Fault::new(number, text).reach(Reach::Batch)
}

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
