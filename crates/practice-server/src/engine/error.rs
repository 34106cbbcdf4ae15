//! SQL Server's errors with their numbers and texts, and how much each of them ends.

use crate::reply::SqlMessage;
use crate::tsql::{Name, SyntaxError};

/// How much an error ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorScope {
    /// The statement; the batch continues unless `XACT_ABORT` is on.
    Statement,
    /// The batch; an enclosing `TRY` still catches it.
    Batch,
    /// The batch, and an open transaction can only be rolled back.
    Doom,
    /// The batch while it is compiled: a `TRY` at the same level does not catch it, one around `EXEC(N'…')` does.
    Compile,
}

/// An error that a `CATCH` or the client receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SqlError {
    pub(crate) number: i32,
    pub(crate) state: u8,
    pub(crate) class: u8,
    pub(crate) text: String,
    pub(crate) scope: ErrorScope,
    /// The line in the batch, starting at 1; 0 until it is known.
    pub(crate) line: u32,
    pub(crate) procedure: String,
    /// Whether "The statement has been terminated." (3621) follows.
    pub(crate) terminated: bool,
    /// Whether it was raised by `RAISERROR`, which `XACT_ABORT` ignores.
    pub(crate) raised: bool,
    /// Whether what it ends has been decided.
    pub(crate) settled: bool,
}

impl SqlError {
    /// Creates an error of class 16, state 1, that ends its statement.
    pub(crate) fn new(number: i32, text: impl Into<String>) -> Self {
        Self {
            number,
            state: 1,
            class: 16,
            text: text.into(),
            scope: ErrorScope::Statement,
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

    pub(crate) fn scope(mut self, scope: ErrorScope) -> Self {
        self.scope = scope;
        self
    }

    pub(crate) fn terminated(mut self) -> Self {
        self.terminated = true;
        self
    }

    /// Creates error 40510, for T-SQL that the practice server does not support.
    pub(crate) fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(40510, format!("{what} is not supported by the practice server.")).scope(ErrorScope::Compile)
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

    /// Encodes the error as text, because `SQLite` passes only a string out of a function.
    pub(crate) fn packed(&self) -> String {
        let scope = match self.scope {
            ErrorScope::Statement => 's',
            ErrorScope::Batch => 'b',
            ErrorScope::Doom => 'd',
            ErrorScope::Compile => 'c',
        };
        format!("\u{1}{}\u{1}{}\u{1}{}\u{1}{scope}\u{1}{}", self.number, self.state, self.class, self.text)
    }

    /// Decodes the result of [`Self::packed`].
    pub(crate) fn unpacked(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('\u{1}')?.splitn(5, '\u{1}');
        let number = parts.next()?.parse().ok()?;
        let state = parts.next()?.parse().ok()?;
        let class = parts.next()?.parse().ok()?;
        let scope = match parts.next()? {
            "s" => ErrorScope::Statement,
            "b" => ErrorScope::Batch,
            "d" => ErrorScope::Doom,
            _ => ErrorScope::Compile,
        };
        Some(Self::new(number, parts.next()?).state(state).class(class).scope(scope))
    }
}

impl From<SyntaxError> for SqlError {
    fn from(syntax: SyntaxError) -> Self {
        let class = if matches!(syntax.number, 40510) { 16 } else { 15 };
        let mut error = Self::new(syntax.number, syntax.text).class(class).scope(ErrorScope::Compile);
        error.line = syntax.line;
        error
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(code, text) = &error {
            if let Some(error) = text.as_deref().and_then(Self::unpacked) {
                return error;
            }
            match code.code {
                rusqlite::ErrorCode::OperationInterrupted => {
                    return Self::new(INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch);
                }
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => {
                    return lock_timeout();
                }
                rusqlite::ErrorCode::DiskFull => {
                    let text = "Could not allocate a new page for the database because the disk is full.";
                    return Self::new(1101, text).class(17).state(12).scope(ErrorScope::Batch);
                }
                rusqlite::ErrorCode::SystemIoFailure
                | rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::ReadOnly
                | rusqlite::ErrorCode::DatabaseCorrupt
                | rusqlite::ErrorCode::NotADatabase => {
                    let text = "The practice server cannot read or write a file in its data folder.";
                    return Self::new(823, text).class(24).state(2).scope(ErrorScope::Batch);
                }
                rusqlite::ErrorCode::TooBig => return Self::unsupported("A value of this size").scope(ErrorScope::Batch),
                _ => {}
            }
        }
        // What the statement became inside tells a client nothing.
        tracing::warn!(code = ?error.sqlite_error(), "a statement could not be run");
        Self::unsupported("This statement").scope(ErrorScope::Batch)
    }
}

/// Not one of SQL Server's numbers: an Attention ends a batch without an error.
pub(crate) const INTERRUPTED: i32 = -1;

/// Creates error 1222.
pub(crate) fn lock_timeout() -> SqlError {
    SqlError::new(1222, "Lock request time out period exceeded.").state(45)
}

/// Creates error 1205.
pub(crate) fn deadlock(session: i16) -> SqlError {
    SqlError::new(
        1205,
        format!(
            "Transaction (Process ID {session}) was deadlocked on lock resources with another process and has been \
             chosen as the deadlock victim. Rerun the transaction."
        ),
    )
    .class(13)
    .state(51)
    .scope(ErrorScope::Batch)
}

/// System tables of SQL Server 2000 that every version still shows as views.
const COMPATIBILITY_VIEWS: &str = " sysaltfiles syscacheobjects syscharsets syscolumns syscomments sysconfigures syscurconfigs \
sysdatabases sysdepends sysdevices sysfilegroups sysfiles sysforeignkeys sysfulltextcatalogs sysindexes sysindexkeys syslanguages \
syslockinfo syslogins sysmembers sysmessages sysobjects sysoledbusers sysopentapes sysperfinfo syspermissions sysprocesses \
sysprotects sysreferences sysremotelogins sysservers systypes sysusers ";

/// Creates error 208, or 40510 for what SQL Server itself brings.
pub(crate) fn no_object(name: &Name) -> SqlError {
    let schema = name.schema().unwrap_or_default();
    let is_view = ["sys", "INFORMATION_SCHEMA"].iter().any(|system| schema.eq_ignore_ascii_case(system))
        || COMPATIBILITY_VIEWS.contains(&format!(" {} ", name.object().to_lowercase()));
    let is_agent_table = name.database().is_some_and(|database| database.eq_ignore_ascii_case("msdb"));
    if is_view || is_agent_table {
        return SqlError::unsupported(format!("The {} {name}", if is_view { "view" } else { "table" }));
    }
    SqlError::new(208, format!("Invalid object name '{name}'.")).scope(ErrorScope::Compile)
}

/// Creates error 207.
pub(crate) fn no_column(name: impl std::fmt::Display) -> SqlError {
    SqlError::new(207, format!("Invalid column name '{name}'.")).scope(ErrorScope::Compile)
}

/// Creates error 15151.
pub(crate) fn cannot_find(verb: &str, class: &str, name: impl std::fmt::Display) -> SqlError {
    SqlError::new(15151, format!("Cannot {verb} the {class} '{name}', because it does not exist or you do not have permission."))
}

/// Creates error 229.
pub(crate) fn denied(permission: &str, object: &str, database: &str, schema: &str) -> SqlError {
    SqlError::new(
        229,
        format!("The {permission} permission was denied on the object '{object}', database '{database}', schema '{schema}'."),
    )
    .class(14)
    .state(5)
}

/// Creates error 15247.
pub(crate) fn no_permission() -> SqlError {
    SqlError::new(15247, "User does not have permission to perform this action.")
}

/// Creates error 911.
pub(crate) fn no_database(name: &str) -> SqlError {
    SqlError::new(911, format!("Database '{name}' does not exist. Make sure that the name is entered correctly."))
}

/// Creates error 2714.
pub(crate) fn name_taken(name: &str) -> SqlError {
    SqlError::new(2714, format!("There is already an object named '{name}' in the database.")).state(6)
}
