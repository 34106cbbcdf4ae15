//! `EXECUTE (N'…')`, `PRINT`, `WAITFOR`, `USE`.

use std::collections::BTreeMap;

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use super::super::bind::Variables;
use super::super::fault::{Fault, INTERRUPTED, Reach};
use super::super::instant;
use super::{Flow, Frame, Run};
use crate::reply::Reply;
use crate::value::SqlType;

/// SQL Server's limit of nested calls.
const LEVELS: usize = 32;

impl Run<'_> {
    pub(super) fn execute_text(&mut self, parts: &[Expr], frame: &mut Frame) -> Result<(), Fault> {
        let mut text = String::new();
        for part in parts {
            text.push_str(&self.text_of(part, &frame.variables)?);
        }
        self.nested(&text, &mut Frame { variables: BTreeMap::new() })
    }

    /// Dynamic SQL: settings and `USE` inside it end with it, and its compile errors can be caught outside.
    pub(super) fn nested(&mut self, text: &str, frame: &mut Frame) -> Result<(), Fault> {
        if self.level >= LEVELS {
            return Err(Fault::new(
                217,
                "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
            )
            .reach(Reach::Batch));
        }
        let settings = self.session.settings.clone();
        let (database, name) = (self.session.database, self.session.database_name.clone());
        self.level += 1;
        let result = self.text(text, frame);
        self.level -= 1;
        self.session.settings = settings;
        if self.session.database != database {
            let old = std::mem::replace(&mut self.session.database_name, name.clone());
            self.session.database = database;
            self.session.register();
            self.say(Reply::Database { old, new: name });
        }
        match result {
            Ok(Flow::Next | Flow::Return(_) | Flow::Break | Flow::Continue) => Ok(()),
            Err(mut fault) => {
                if fault.reach == Reach::Compile {
                    fault.reach = Reach::Statement;
                    fault.settled = false;
                }
                Err(fault)
            }
        }
    }

    pub(super) fn print(&mut self, value: &Expr, frame: &Frame) -> Result<(), Fault> {
        let text = match self.value_as(value, SqlType::NVarChar(None), &frame.variables)? {
            Stored::Text(text) => text,
            _ => String::new(),
        };
        self.inform(0, &text);
        self.session.row_count = 0;
        Ok(())
    }

    pub(super) fn wait_for(&mut self, delay: &Expr, frame: &Frame) -> Result<(), Fault> {
        let text = self.text_of(delay, &frame.variables)?;
        let wrong = || Fault::new(148, format!("Incorrect time syntax in time string '{text}' used with WAITFOR.")).class(15);
        let spaced = if text.matches(':').count() == 0 { format!("{text}:00") } else { text.clone() };
        let (ticks, _) = instant::parse(&spaced).filter(|_| spaced.contains(':')).ok_or_else(wrong)?;
        let micros = u64::try_from(ticks % instant::DAY / 10).map_err(|_| wrong())?;
        if !self.session.pause(std::time::Duration::from_micros(micros)) {
            return Err(Fault::new(INTERRUPTED, "The operation was cancelled.").reach(Reach::Batch));
        }
        self.done();
        Ok(())
    }

    pub(super) fn use_database(&mut self, name: &str) -> Result<(), Fault> {
        let server = self.session.engine.server();
        let database = server.database(name).cloned().ok_or_else(|| no_database(name))?;
        self.session.engine.may_open(&database, &self.session.account, self.session.facts.id)?;
        let old = std::mem::replace(&mut self.session.database_name, database.name.clone());
        self.session.database = database.id;
        self.session.register();
        self.say(Reply::Database { old, new: database.name.clone() });
        self.done();
        Ok(())
    }
}

/// 911
pub(super) fn no_database(name: &str) -> Fault {
    Fault::new(911, format!("Database '{name}' does not exist. Make sure that the name is entered correctly."))
}

/// Variables from a list of declarations and values.
pub(super) fn frame_of(variables: Variables) -> Frame {
    Frame { variables }
}
