//! The statements of a batch.

use serde::{Deserialize, Serialize};
use sqlparser::ast::{DataType, Expr, Query, SelectItem, TableWithJoins};

use crate::tsql::lexer::Name;

/// A statement and the line on which it starts.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) line: u32,
    pub(crate) kind: StatementKind,
}

/// All statements that the practice server supports.
#[derive(Debug, Clone)]
pub(crate) enum StatementKind {
    Block(Vec<Statement>),
    Try {
        body: Vec<Statement>,
        handler: Vec<Statement>,
    },
    If {
        condition: Expr,
        then: Box<Statement>,
        otherwise: Option<Box<Statement>>,
    },
    While {
        condition: Expr,
        body: Box<Statement>,
    },
    Break,
    Continue,
    Return(Option<Expr>),
    Declare(Vec<Declaration>),
    Assign {
        variable: String,
        value: Expr,
    },
    Setting(Setting),
    Query(Box<Selection>),
    Insert(Box<Insert>),
    Update(Box<Update>),
    Delete(Box<Delete>),
    Truncate(Name),
    CreateTable(TableDefinition),
    AlterTable {
        name: Name,
        change: TableChange,
    },
    DropTable {
        names: Vec<Name>,
        if_exists: bool,
    },
    CreateIndex(IndexDefinition),
    DropIndex {
        index: String,
        table: Name,
        if_exists: bool,
    },
    CreateSchema {
        name: String,
        owner: Option<String>,
    },
    DropSchema {
        name: String,
        if_exists: bool,
    },
    CreateDatabase {
        name: String,
        collation: Option<String>,
    },
    DropDatabase {
        names: Vec<String>,
        if_exists: bool,
    },
    /// `rollback` is `WITH ROLLBACK IMMEDIATE`.
    AlterDatabase {
        name: Option<String>,
        change: DatabaseChange,
        rollback: bool,
    },
    Security(Security),
    Transaction(Transaction),
    ExecuteText(Vec<Expr>),
    Execute {
        result: Option<String>,
        procedure: Name,
        arguments: Vec<Argument>,
    },
    Throw(Option<(Expr, Expr, Expr)>),
    RaiseError {
        message: Expr,
        severity: Expr,
        state: Expr,
        arguments: Vec<Expr>,
    },
    Print(Expr),
    WaitFor(Expr),
    Use(String),
}

/// A `SELECT` and the most levels of recursion in it; 0 is without limit.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) query: Query,
    pub(crate) max_recursion: i64,
}

/// `DECLARE @x int = 1`.
#[derive(Debug, Clone)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) kind: DataType,
    pub(crate) value: Option<Expr>,
}

/// `SET …`, except of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    NoCount(bool),
    XactAbort(bool),
    QuotedIdentifier(bool),
    ImplicitTransactions(bool),
    /// In milliseconds; -1 waits forever.
    LockTimeout(i64),
    Isolation(Isolation),
    DateFormat(String),
    Language(String),
    TextSize(i64),
    RowCount(i64),
    IdentityInsert {
        table: Name,
        on: bool,
    },
    /// An accepted setting that changes nothing, such as `ANSI_WARNINGS ON`.
    Ansi,
}

/// Transaction isolation levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
    Snapshot,
}

#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub(crate) table: Name,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) output: Option<Vec<SelectItem>>,
    pub(crate) source: InsertSource,
}

#[derive(Debug, Clone)]
pub(crate) enum InsertSource {
    Values(Vec<Vec<Expr>>),
    Query(Box<Selection>),
    Execute(Box<Statement>),
    Defaults,
}

#[derive(Debug, Clone)]
pub(crate) struct Update {
    pub(crate) target: Name,
    pub(crate) top: Option<Expr>,
    pub(crate) set: Vec<(Vec<String>, Expr)>,
    pub(crate) output: Option<Vec<SelectItem>>,
    pub(crate) from: Vec<TableWithJoins>,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Delete {
    pub(crate) target: Name,
    pub(crate) top: Option<Expr>,
    pub(crate) output: Option<Vec<SelectItem>>,
    pub(crate) from: Vec<TableWithJoins>,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct TableDefinition {
    pub(crate) name: Name,
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) constraints: Vec<Constraint>,
}

#[derive(Debug, Clone)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: String,
    pub(crate) kind: DataType,
    pub(crate) collation: Option<String>,
    pub(crate) null: Option<bool>,
    pub(crate) identity: Option<(i64, i64)>,
    pub(crate) constraints: Vec<Constraint>,
}

#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    pub(crate) name: Option<String>,
    pub(crate) rule: ConstraintRule,
}

#[derive(Debug, Clone)]
pub(crate) enum ConstraintRule {
    Key {
        primary: bool,
        columns: Vec<String>,
    },
    Check {
        text: String,
    },
    Foreign {
        columns: Vec<String>,
        table: Name,
        references: Vec<String>,
        on_delete: ReferentialAction,
        on_update: ReferentialAction,
    },
    Default {
        column: String,
        text: String,
    },
}

/// What a foreign key does to the referencing rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReferentialAction {
    Refuse,
    Cascade,
    SetNull,
}

#[derive(Debug, Clone)]
pub(crate) enum TableChange {
    AddColumns { columns: Vec<ColumnDefinition>, constraints: Vec<Constraint> },
    DropColumns(Vec<String>),
    DropConstraints(Vec<String>),
    AlterColumn(ColumnDefinition),
}

#[derive(Debug, Clone)]
pub(crate) struct IndexDefinition {
    pub(crate) name: String,
    pub(crate) table: Name,
    pub(crate) unique: bool,
    pub(crate) columns: Vec<(String, bool)>,
    pub(crate) include: Vec<String>,
    pub(crate) filter: Option<String>,
}

/// `ALTER DATABASE … SET …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DatabaseChange {
    ReadOnly(bool),
    Access(UserAccess),
    Online(bool),
    ReadCommittedSnapshot(bool),
    AllowSnapshot(bool),
    AutoClose(bool),
    Compatibility(i64),
    Recovery(String),
    Collate(String),
    Rename(String),
}

/// Which users may open a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserAccess {
    Multi,
    Single,
    Restricted,
}

#[derive(Debug, Clone)]
pub(crate) enum Security {
    CreateLogin { name: String, password: String, database: Option<String> },
    AlterLogin { name: String, change: LoginChange },
    DropLogin(String),
    ServerRole { role: String, member: String, add: bool },
    CreateUser { name: String, login: Option<String>, without_login: bool, schema: Option<String> },
    UserSchema { name: String, schema: String },
    UserLogin { name: String, login: String },
    DropUser { name: String, if_exists: bool },
    CreateRole(String),
    DropRole { name: String, if_exists: bool },
    Role { role: String, member: String, add: bool },
    Permission { effect: GrantEffect, permissions: Vec<PermissionName>, on: Securable, to: Vec<String> },
    OwnDatabase { database: String, owner: String },
    OwnSchema { schema: String, owner: String },
}

#[derive(Debug, Clone)]
pub(crate) enum LoginChange {
    Enable(bool),
    Password(String),
    DefaultDatabase(String),
    Rename(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantEffect {
    Grant,
    Deny,
    Revoke,
}

/// A permission in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermissionName {
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Securable {
    /// Nothing named: the database or the server, depending on the permission.
    Current,
    Database(String),
    Schema(String),
    Object(Name),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transaction {
    Begin(Option<String>),
    Commit,
    Rollback(Option<String>),
    Save(String),
}

/// An argument of `EXECUTE`.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Expr,
    pub(crate) output: bool,
}
