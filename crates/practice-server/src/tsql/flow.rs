//! Blocks and control flow, and which reader takes which statement.

use sqlparser::tokenizer::Token;

use super::cursor::{Cursor, DEPTH};
use super::extent::Within;
use super::lexer::{Syntax, tokens};
use super::statement::{Declaration, Kind, Statement, Transaction};

/// Reads a batch. `quoted` is `SET QUOTED_IDENTIFIER`.
pub(crate) fn parse(text: &str, quoted: bool) -> Result<Vec<Statement>, Syntax> {
    let mut cursor = Cursor::new(tokens(text, quoted)?);
    let mut statements = Vec::new();
    cursor.semicolons();
    while !cursor.ended() {
        let first = statements.is_empty();
        statements.push(cursor.statement(DEPTH, first)?);
        cursor.semicolons();
    }
    Ok(statements)
}

/// A declared parameter of `sp_executesql`.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// In small letters, with the `@`.
    pub(crate) name: String,
    pub(crate) kind: sqlparser::ast::DataType,
}

/// Reads `@a int, @b nvarchar(10) OUTPUT`.
pub(crate) fn parameters(text: &str) -> Result<Vec<Parameter>, Syntax> {
    let mut cursor = Cursor::new(tokens(text, true)?);
    if cursor.ended() {
        return Ok(Vec::new());
    }
    let all = cursor.commas(|cursor| {
        let name = cursor.variable().ok_or_else(|| cursor.wrong())?;
        cursor.accept("AS");
        let kind = cursor.data_type()?;
        if cursor.peek(0) == Some(&Token::Eq) {
            return Err(cursor.unsupported("A parameter with a default"));
        }
        let _ = cursor.accept("OUTPUT") || cursor.accept("OUT");
        Ok(Parameter { name, kind })
    })?;
    if cursor.ended() { Ok(all) } else { Err(cursor.wrong()) }
}

/// Reads one expression or condition that was kept as text.
pub(crate) fn expression(text: &str) -> Result<sqlparser::ast::Expr, Syntax> {
    let mut cursor = Cursor::new(tokens(text, true)?);
    let end = cursor.tokens.len();
    cursor.expr_to(end)
}

impl Cursor {
    fn semicolons(&mut self) {
        while self.accept_token(&Token::SemiColon) {}
    }

    fn statement(&mut self, depth: usize, first: bool) -> Result<Statement, Syntax> {
        let line = self.line();
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.unsupported("Such deep nesting of blocks"));
        };
        let kind = self.kind(depth, first)?;
        Ok(Statement { line, kind })
    }

    fn kind(&mut self, depth: usize, first: bool) -> Result<Kind, Syntax> {
        let Some(word) = self.word(0) else {
            return if first && matches!(self.peek(0), Some(Token::Word(_))) { self.execute_bare() } else { Err(self.wrong()) };
        };
        match word.as_str() {
            "BEGIN" => self.begin(depth),
            "IF" => self.condition(depth),
            "WHILE" => {
                self.at += 1;
                let condition = self.expr(Within::Expression)?;
                let body = Box::new(self.statement(depth, false)?);
                Ok(Kind::While { condition, body })
            }
            "BREAK" => Ok(self.alone(Kind::Break)),
            "CONTINUE" => Ok(self.alone(Kind::Continue)),
            "RETURN" => {
                self.at += 1;
                let end = super::extent::end(&self.tokens, self.at, Within::Expression);
                let value = if end > self.at { Some(self.expr_to(end)?) } else { None };
                Ok(Kind::Return(value))
            }
            "COMMIT" | "ROLLBACK" | "SAVE" => self.transaction(),
            "DECLARE" => self.declare(),
            "SET" => self.set(),
            "SELECT" => self.select(),
            "WITH" => self.with(),
            "INSERT" => self.insert(),
            "UPDATE" => self.update(),
            "DELETE" => self.delete(),
            "TRUNCATE" => {
                self.at += 1;
                self.expect("TABLE")?;
                Ok(Kind::Truncate(self.name()?))
            }
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop(),
            "GRANT" | "DENY" | "REVOKE" => self.permission(),
            "EXEC" | "EXECUTE" => self.execute(),
            "THROW" => self.throw(),
            "RAISERROR" => self.raise(),
            "PRINT" => {
                self.at += 1;
                Ok(Kind::Print(self.expr(Within::Expression)?))
            }
            "WAITFOR" => {
                self.at += 1;
                if !self.accept("DELAY") {
                    return Err(self.unsupported("WAITFOR other than DELAY"));
                }
                Ok(Kind::WaitFor(self.expr(Within::Expression)?))
            }
            "USE" => {
                self.at += 1;
                Ok(Kind::Use(self.ident()?))
            }
            "MERGE" | "BACKUP" | "RESTORE" | "DBCC" | "KILL" | "GOTO" | "REVERT" | "OPEN" | "CLOSE" | "FETCH" | "DEALLOCATE"
            | "BULK" | "CHECKPOINT" | "RECONFIGURE" | "SHUTDOWN" => Err(self.unsupported(&format!("The statement {word}"))),
            _ if first && !super::names::reserved(&word) => self.execute_bare(),
            _ => Err(self.wrong()),
        }
    }

    fn alone(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn begin(&mut self, depth: usize) -> Result<Kind, Syntax> {
        self.at += 1;
        if self.is(0, "TRAN") || self.is(0, "TRANSACTION") {
            self.at += 1;
            let name = self.transaction_name();
            if self.is(0, "WITH") {
                return Err(self.unsupported("WITH MARK"));
            }
            return Ok(Kind::Transaction(Transaction::Begin(name)));
        }
        if self.is(0, "DISTRIBUTED") || self.is(0, "DIALOG") || self.is(0, "CONVERSATION") {
            return Err(self.unsupported(&format!("BEGIN {}", self.spelled())));
        }
        if self.accept("TRY") {
            let body = self.statements(depth)?;
            self.expect("TRY")?;
            self.semicolons();
            if !self.accept_all(&["BEGIN", "CATCH"]) {
                return Err(self.wrong());
            }
            let handler = self.statements(depth)?;
            self.expect("CATCH")?;
            return Ok(Kind::Try { body, handler });
        }
        let block = self.statements(depth)?;
        if block.is_empty() {
            self.at -= 1;
            return Err(self.wrong());
        }
        Ok(Kind::Block(block))
    }

    /// Statements up to and with `END`.
    fn statements(&mut self, depth: usize) -> Result<Vec<Statement>, Syntax> {
        let mut statements = Vec::new();
        loop {
            self.semicolons();
            if self.accept("END") {
                return Ok(statements);
            }
            if self.ended() {
                return Err(self.wrong());
            }
            statements.push(self.statement(depth, false)?);
        }
    }

    fn condition(&mut self, depth: usize) -> Result<Kind, Syntax> {
        self.at += 1;
        let condition = self.expr(Within::Expression)?;
        let then = Box::new(self.statement(depth, false)?);
        let back = self.at;
        self.semicolons();
        let otherwise = if self.accept("ELSE") {
            Some(Box::new(self.statement(depth, false)?))
        } else {
            self.at = back;
            None
        };
        Ok(Kind::If { condition, then, otherwise })
    }

    fn transaction(&mut self) -> Result<Kind, Syntax> {
        let word = self.word(0).unwrap_or_default();
        self.at += 1;
        let named = self.accept("TRAN") || self.accept("TRANSACTION");
        if !named {
            self.accept("WORK");
        }
        let name = if named { self.transaction_name() } else { None };
        let kind = match word.as_str() {
            "COMMIT" => Transaction::Commit,
            "ROLLBACK" => Transaction::Rollback(name),
            _ => Transaction::Save(name.ok_or_else(|| self.wrong())?),
        };
        Ok(Kind::Transaction(kind))
    }

    /// A name follows only where it cannot begin the next statement.
    fn transaction_name(&mut self) -> Option<String> {
        if matches!(self.word(0).as_deref(), Some("THROW")) {
            return None;
        }
        self.ident().ok()
    }

    fn declare(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let all = self.commas(|cursor| {
            let Some(name) = cursor.variable() else {
                return Err(if cursor.is(1, "CURSOR") { cursor.unsupported("CURSOR") } else { cursor.wrong() });
            };
            cursor.accept("AS");
            if cursor.is(0, "TABLE") {
                return Err(cursor.unsupported("A table variable"));
            }
            let kind = cursor.data_type()?;
            let value = if cursor.accept_token(&Token::Eq) { Some(cursor.expr(Within::ListItem)?) } else { None };
            Ok(Declaration { name, kind, value })
        })?;
        Ok(Kind::Declare(all))
    }

    fn create(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let word = self.word(0).unwrap_or_default();
        match word.as_str() {
            "TABLE" => self.create_table(),
            "UNIQUE" | "CLUSTERED" | "NONCLUSTERED" | "INDEX" => self.create_index(),
            "SCHEMA" => self.create_schema(),
            "DATABASE" => self.create_database(),
            "LOGIN" => self.create_login(),
            "USER" => self.create_user(),
            "ROLE" => self.create_role(),
            _ => Err(self.unsupported(&format!("CREATE {}", self.spelled()))),
        }
    }

    fn alter(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let word = self.word(0).unwrap_or_default();
        match word.as_str() {
            "TABLE" => self.alter_table(),
            "DATABASE" => self.alter_database(),
            "LOGIN" => self.alter_login(),
            "USER" => self.alter_user(),
            "ROLE" => self.alter_role(),
            "SERVER" => self.alter_server_role(),
            "AUTHORIZATION" => self.alter_authorization(),
            _ => Err(self.unsupported(&format!("ALTER {}", self.spelled()))),
        }
    }

    fn drop(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let word = self.word(0).unwrap_or_default();
        match word.as_str() {
            "TABLE" => self.drop_table(),
            "INDEX" => self.drop_index(),
            "SCHEMA" => self.drop_schema(),
            "DATABASE" => self.drop_database(),
            "LOGIN" | "USER" | "ROLE" => self.drop_principal(),
            _ => Err(self.unsupported(&format!("DROP {}", self.spelled()))),
        }
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.accept_all(&["IF", "EXISTS"])
    }
}
