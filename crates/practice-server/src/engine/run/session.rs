//! Statements that change the session or speak to the client: `SET`, transactions, `USE`, `WAITFOR`, `THROW`, `RAISERROR`, `PRINT`.

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use crate::engine::bind::Binder;
use crate::engine::error::{self, ErrorScope, INTERRUPTED, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::run::execution::{Execution, Frame};
use crate::engine::session::EMPTY;
use crate::engine::{convert, instant};
use crate::reply::Reply;
use crate::tsql::statement::{Setting, Transaction};
use crate::value::SqlType;

impl Execution<'_> {
    fn number(&mut self, expr: &Expr, frame: &Frame) -> Result<i64, SqlError> {
        match self.value_as(expr, SqlType::Int, &frame.variables)? {
            Stored::Integer(number) => Ok(number),
            _ => Ok(0),
        }
    }

    pub(super) fn throw(&mut self, arguments: Option<&(Expr, Expr, Expr)>, frame: &Frame) -> Result<(), SqlError> {
        let Some((number, message, state)) = arguments else {
            let Some(caught) = self.session.caught.clone() else {
                return Err(SqlError::new(
                    10704,
                    "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement \
                     inside a CATCH block, or add error parameters to the THROW statement.",
                )
                .class(15)
                .scope(ErrorScope::Compile));
            };
            let mut again = SqlError::clone(&caught);
            again.scope = ErrorScope::Batch;
            again.settled = false;
            again.terminated = false;
            return Err(again);
        };
        let number = self.number(number, frame)?;
        let text = self.text_value(message, &frame.variables)?;
        let state = self.number(state, frame)?;
        let number = i32::try_from(number).ok().filter(|number| *number >= 50000).ok_or_else(|| {
            SqlError::new(
                35100,
                format!("Error number {number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647."),
            )
            .state(10)
        })?;
        Err(SqlError::new(number, text).state(u8::try_from(state).unwrap_or(255)).scope(ErrorScope::Batch))
    }

    pub(super) fn raise_error(&mut self, head: [&Expr; 3], arguments: &[Expr], frame: &Frame) -> Result<(), SqlError> {
        let [message, severity, state] = head;
        let (value, _) = self.value(message, &frame.variables)?;
        let Stored::Text(format) = value else {
            return Err(SqlError::unsupported("RAISERROR of a message number"));
        };
        let severity = self.number(severity, frame)?;
        let state = u8::try_from(self.number(state, frame)?).unwrap_or(1);
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, &frame.variables)?);
        }
        let text = formatted(&format, &values)?;
        if severity <= 10 {
            let error = SqlError::new(50000, text).class(u8::try_from(severity.max(0)).unwrap_or(0)).state(state);
            self.send(Reply::Message(error.message()));
            return Ok(());
        }
        if severity > 18 {
            return Err(SqlError::unsupported("RAISERROR of a severity above 18"));
        }
        let mut error = SqlError::new(50000, text).class(u8::try_from(severity).unwrap_or(16)).state(state);
        error.raised = true;
        Err(error)
    }
}

/// Formats with `%s`, `%d`, `%i`, `%u` and `%%`.
fn formatted(format: &str, values: &[(Stored, SqlType)]) -> Result<String, SqlError> {
    let mut text = String::new();
    let mut values = values.iter();
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            text.push(char);
            continue;
        }
        match chars.next() {
            Some('%') | None => text.push('%'),
            Some('s' | 'd' | 'i' | 'u') => match values.next() {
                None | Some((Stored::Null, _)) => text.push_str("(null)"),
                Some((value, kind)) => match convert::convert(value.clone(), *kind, SqlType::NVarChar(None), 0)? {
                    Stored::Text(part) => text.push_str(&part),
                    _ => text.push_str("(null)"),
                },
            },
            Some(other) => {
                return Err(SqlError::unsupported(format!("The format %{other} of RAISERROR")));
            }
        }
    }
    Ok(text)
}

impl Execution<'_> {
    pub(super) fn setting(&mut self, setting: &Setting) -> Result<(), SqlError> {
        let settings = &mut self.session.settings;
        match setting {
            Setting::NoCount(on) => settings.no_count = *on,
            Setting::XactAbort(on) => settings.xact_abort = *on,
            Setting::QuotedIdentifier(on) => settings.quoted = *on,
            Setting::ImplicitTransactions(on) => settings.implicit = *on,
            Setting::LockTimeout(limit) => settings.lock_timeout = *limit,
            Setting::TextSize(size) => settings.text_size = *size,
            Setting::Isolation(level) => settings.isolation = *level,
            Setting::Language(language) => {
                let text = format!("Changed language setting to {language}.");
                self.send_info(5703, &text);
            }
            // Only unambiguous date formats are supported, so the order of parts never matters.
            Setting::DateFormat(_) | Setting::RowCount(_) | Setting::Ansi => {}
            Setting::IdentityInsert { table, on } => {
                let context = self.session.context()?;
                let binder = Binder::new(&context, &EMPTY);
                let table = binder.table(table, "ALTER")?;
                debug_assert!(context.user.is_permitted(&context.catalog, "ALTER", PermissionScope::Table(&table)));
                if !table.columns.iter().any(|column| column.identity.is_some()) {
                    return Err(SqlError::new(
                        8106,
                        format!(
                            "Table '{}' does not have the identity property. Cannot perform SET operation.",
                            context.catalog.full_name(&table)
                        ),
                    ));
                }
                self.session.settings.identity_insert = on.then_some(table.id);
            }
        }
        Ok(())
    }
}

impl Execution<'_> {
    pub(super) fn transaction(&mut self, transaction: &Transaction) -> Result<(), SqlError> {
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
        self.finish();
        Ok(())
    }

    pub(super) fn print(&mut self, value: &Expr, frame: &Frame) -> Result<(), SqlError> {
        let text = match self.value_as(value, SqlType::NVarChar(None), &frame.variables)? {
            Stored::Text(text) => text,
            _ => String::new(),
        };
        self.send_info(0, &text);
        self.session.row_count = 0;
        Ok(())
    }

    pub(super) fn wait_for(&mut self, delay: &Expr, frame: &Frame) -> Result<(), SqlError> {
        let text = self.text_value(delay, &frame.variables)?;
        let wrong = || SqlError::new(148, format!("Incorrect time syntax in time string '{text}' used with WAITFOR.")).class(15);
        let spaced = if text.matches(':').count() == 0 { format!("{text}:00") } else { text.clone() };
        let (ticks, _) = instant::parse(&spaced).filter(|_| spaced.contains(':')).ok_or_else(wrong)?;
        let micros = u64::try_from(ticks % instant::DAY / 10).map_err(|_| wrong())?;
        if !self.session.pause(std::time::Duration::from_micros(micros)) {
            return Err(SqlError::new(INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch));
        }
        self.finish();
        Ok(())
    }

    pub(super) fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        let server = self.session.engine.server();
        let database = server.database(name).cloned().ok_or_else(|| error::no_database(name))?;
        self.session.engine.may_open(&database, &self.session.account, self.session.info.id)?;
        let old = std::mem::replace(&mut self.session.database_name, database.name.clone());
        self.session.database = database.id;
        self.session.register();
        self.send(Reply::Database { old, new: database.name.clone() });
        self.finish();
        Ok(())
    }
}
