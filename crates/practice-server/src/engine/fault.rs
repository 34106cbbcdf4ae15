//! Errors with SQL Server's numbers and wordings, and how far each of them reaches.

use crate::reply::SqlMessage;
use crate::tsql::Syntax;

/// How much an error ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The statement; the batch goes on unless `XACT_ABORT` is on.
    Statement,
    /// The batch; a `TRY` around it still catches it.
    Batch,
    /// The batch, and a transaction that is open can only be rolled back.
    Doom,
    /// The batch as it is compiled: a `TRY` at the same level does not catch it, one around `EXEC(N'…')` does.
    Compile,
}

/// An error on its way to a `CATCH` or to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) number: i32,
    pub(crate) state: u8,
    pub(crate) class: u8,
    pub(crate) text: String,
    pub(crate) reach: Reach,
    /// The line in the batch, from 1; 0 until it is known.
    pub(crate) line: u32,
    pub(crate) procedure: String,
    /// Whether "The statement has been terminated." (3621) follows.
    pub(crate) terminated: bool,
    /// By `RAISERROR`, which `XACT_ABORT` does not count.
    pub(crate) raised: bool,
    /// What it ends has been decided.
    pub(crate) settled: bool,
}

impl Fault {
    /// An error of class 16, state 1, that ends its statement.
    pub(crate) fn new(number: i32, text: impl Into<String>) -> Self {
        Self {
            number,
            state: 1,
            class: 16,
            text: text.into(),
            reach: Reach::Statement,
            line: 0,
            procedure: String::new(),
            terminated: false,
            raised: false,
            settled: false,
        }
    }

    pub(crate) fn class(mut self, class: u8) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn state(mut self, state: u8) -> Self {
        self.state = state;
        self
    }

    pub(crate) fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    pub(crate) fn terminated(mut self) -> Self {
        self.terminated = true;
        self
    }

    /// What is T-SQL, but beyond the practice server.
    pub(crate) fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(40510, format!("{what} is not supported by the practice server.")).reach(Reach::Compile)
    }

    pub(crate) fn message(&self) -> SqlMessage {
        SqlMessage {
            number: self.number,
            state: self.state,
            class: self.class,
            text: self.text.clone(),
            procedure: self.procedure.clone(),
            line: self.line.max(1),
        }
    }

    /// As text, to get through `SQLite`, which carries only a string out of a function.
    pub(crate) fn packed(&self) -> String {
        let reach = match self.reach {
            Reach::Statement => 's',
            Reach::Batch => 'b',
            Reach::Doom => 'd',
            Reach::Compile => 'c',
        };
        format!("\u{1}{}\u{1}{}\u{1}{}\u{1}{reach}\u{1}{}", self.number, self.state, self.class, self.text)
    }

    /// The reverse of [`Self::packed`].
    pub(crate) fn unpacked(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('\u{1}')?.splitn(5, '\u{1}');
        let number = parts.next()?.parse().ok()?;
        let state = parts.next()?.parse().ok()?;
        let class = parts.next()?.parse().ok()?;
        let reach = match parts.next()? {
            "s" => Reach::Statement,
            "b" => Reach::Batch,
            "d" => Reach::Doom,
            _ => Reach::Compile,
        };
        Some(Self::new(number, parts.next()?).state(state).class(class).reach(reach))
    }
}

impl From<Syntax> for Fault {
    fn from(syntax: Syntax) -> Self {
        let class = if matches!(syntax.number, 40510) { 16 } else { 15 };
        let mut fault = Self::new(syntax.number, syntax.text).class(class).reach(Reach::Compile);
        fault.line = syntax.line;
        fault
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(code, text) = &error {
            if let Some(fault) = text.as_deref().and_then(Self::unpacked) {
                return fault;
            }
            match code.code {
                rusqlite::ErrorCode::OperationInterrupted => {
                    return Self::new(INTERRUPTED, "The operation was cancelled.").reach(Reach::Batch);
                }
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => {
                    return lock_timeout();
                }
                _ => {}
            }
        }
        Self::new(50000, format!("The practice server could not run this statement: {error}.")).reach(Reach::Batch)
    }
}

/// Not a number of SQL Server's: an attention ends a batch without any error.
pub(crate) const INTERRUPTED: i32 = -1;

/// 1222
pub(crate) fn lock_timeout() -> Fault {
    Fault::new(1222, "Lock request time out period exceeded.").state(45)
}

/// 1205
pub(crate) fn deadlock(session: i16) -> Fault {
    Fault::new(
        1205,
        format!(
            "Transaction (Process ID {session}) was deadlocked on lock resources with another process and has been \
             chosen as the deadlock victim. Rerun the transaction."
        ),
    )
    .class(13)
    .state(51)
    .reach(Reach::Batch)
}

/// 208
pub(crate) fn no_object(name: impl std::fmt::Display) -> Fault {
    Fault::new(208, format!("Invalid object name '{name}'.")).reach(Reach::Compile)
}

/// 207
pub(crate) fn no_column(name: impl std::fmt::Display) -> Fault {
    Fault::new(207, format!("Invalid column name '{name}'.")).reach(Reach::Compile)
}

/// 15151
pub(crate) fn cannot_find(verb: &str, class: &str, name: impl std::fmt::Display) -> Fault {
    Fault::new(15151, format!("Cannot {verb} the {class} '{name}', because it does not exist or you do not have permission."))
}

/// 229
pub(crate) fn denied(permission: &str, object: &str, database: &str, schema: &str) -> Fault {
    Fault::new(
        229,
        format!("The {permission} permission was denied on the object '{object}', database '{database}', schema '{schema}'."),
    )
    .class(14)
    .state(5)
}

/// 15247
pub(crate) fn no_permission() -> Fault {
    Fault::new(15247, "User does not have permission to perform this action.")
}
