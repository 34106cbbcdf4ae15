//! `CREATE`, `ALTER` and `DROP` of tables, indexes and schemas.

use super::lexer::{Construct, find_statement_end};
use sqlparser::tokenizer::Token;

use super::lexer::SyntaxError;
use super::parser::BatchParser;
use super::statement::{
    ColumnDefinition, Constraint, ConstraintRule, IndexDefinition, ReferentialAction, StatementKind, TableChange, TableDefinition,
};

impl BatchParser {
    pub(super) fn create_table(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.name()?;
        if name.object().starts_with('#') {
            return Err(self.unsupported("A temporary table"));
        }
        self.expect_token(&Token::LParen)?;
        let mut columns = Vec::new();
        let mut constraints = Vec::new();
        loop {
            if self.table_constraint_begins() {
                constraints.push(self.constraint(None)?);
            } else if self.is(0, "INDEX") || self.is(0, "PERIOD") {
                return Err(self.unsupported(&format!("{} in a table definition", self.next_text())));
            } else {
                columns.push(self.column()?);
            }
            if !self.accept_token(&Token::Comma) || self.peek(0) == Some(&Token::RParen) {
                break;
            }
        }
        self.expect_token(&Token::RParen)?;
        self.filegroup()?;
        if self.is(0, "WITH") {
            return Err(self.unsupported("CREATE TABLE … WITH"));
        }
        Ok(StatementKind::CreateTable(TableDefinition { name, columns, constraints }))
    }

    /// Skips `ON [PRIMARY]` and `TEXTIMAGE_ON [PRIMARY]`: there is one file group.
    fn filegroup(&mut self) -> Result<(), SyntaxError> {
        while self.is(0, "ON") || self.is(0, "TEXTIMAGE_ON") {
            let primary = matches!(self.peek(1), Some(Token::Word(word)) if word.value.eq_ignore_ascii_case("PRIMARY"));
            if !primary {
                return Err(self.unsupported("A file group other than PRIMARY"));
            }
            self.at += 2;
        }
        Ok(())
    }

    fn table_constraint_begins(&self) -> bool {
        ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "DEFAULT"].iter().any(|word| self.is(0, word))
    }

    fn column(&mut self) -> Result<ColumnDefinition, SyntaxError> {
        let name = self.ident()?;
        if self.is(0, "AS") {
            return Err(self.unsupported("A computed column"));
        }
        let kind = self.data_type()?;
        let mut column = ColumnDefinition { name, kind, collation: None, null: None, identity: None, constraints: Vec::new() };
        loop {
            if self.accept("COLLATE") {
                column.collation = Some(self.ident()?);
            } else if self.accept_all(&["NOT", "NULL"]) {
                column.null = Some(false);
            } else if self.accept("NULL") {
                column.null = Some(true);
            } else if self.accept("IDENTITY") {
                column.identity = Some(self.identity_seed()?);
            } else if self.table_constraint_begins() || self.is(0, "REFERENCES") {
                let constraint = self.constraint(Some(&column.name))?;
                column.constraints.push(constraint);
            } else if self.is(0, "WITH") && self.is(1, "VALUES") {
                // Existing rows would take the default, which they do for NOT NULL columns anyway.
                return Err(self.unsupported("WITH VALUES"));
            } else if ["SPARSE", "ROWGUIDCOL", "MASKED", "FILESTREAM", "GENERATED", "ENCRYPTED", "HIDDEN"]
                .iter()
                .any(|word| self.is(0, word))
            {
                return Err(self.unsupported(&format!("The column property {}", self.next_text())));
            } else {
                return Ok(column);
            }
        }
    }

    fn identity_seed(&mut self) -> Result<(i64, i64), SyntaxError> {
        let mut pair = (1, 1);
        if self.accept_token(&Token::LParen) {
            pair.0 = self.number().ok_or_else(|| self.syntax_error())?;
            self.expect_token(&Token::Comma)?;
            pair.1 = self.number().ok_or_else(|| self.syntax_error())?;
            self.expect_token(&Token::RParen)?;
        }
        if self.is(0, "NOT") && self.is(1, "FOR") {
            return Err(self.unsupported("NOT FOR REPLICATION"));
        }
        Ok(pair)
    }

    /// Parses a constraint of a column (if named) or of the table.
    fn constraint(&mut self, column: Option<&str>) -> Result<Constraint, SyntaxError> {
        let name = if self.accept("CONSTRAINT") { Some(self.ident()?) } else { None };
        let rule = if self.accept_all(&["PRIMARY", "KEY"]) {
            self.key(true, column)?
        } else if self.accept("UNIQUE") {
            self.key(false, column)?
        } else if self.accept("CHECK") {
            ConstraintRule::Check { text: self.parenthesized()? }
        } else if self.accept("DEFAULT") {
            let text = self.default_text()?;
            let column = if let Some(column) = column {
                column.to_owned()
            } else {
                self.expect("FOR")?;
                self.ident()?
            };
            ConstraintRule::Default { column, text }
        } else {
            self.foreign(column)?
        };
        Ok(Constraint { name, rule })
    }

    fn key(&mut self, primary: bool, column: Option<&str>) -> Result<ConstraintRule, SyntaxError> {
        // Rows are stored the same way for both.
        let _ = self.accept("CLUSTERED") || self.accept("NONCLUSTERED");
        let columns = match column {
            Some(column) if self.peek(0) != Some(&Token::LParen) => vec![column.to_owned()],
            _ => self.index_columns()?.into_iter().map(|(name, _)| name).collect(),
        };
        self.index_options()?;
        self.filegroup()?;
        Ok(ConstraintRule::Key { primary, columns })
    }

    fn index_columns(&mut self) -> Result<Vec<(String, bool)>, SyntaxError> {
        self.expect_token(&Token::LParen)?;
        let columns = self.comma_separated(|parser| {
            let name = parser.ident()?;
            let descending = parser.accept("DESC");
            if !descending {
                parser.accept("ASC");
            }
            Ok((name, descending))
        })?;
        self.expect_token(&Token::RParen)?;
        Ok(columns)
    }

    /// Skips options about pages and statistics; `IGNORE_DUP_KEY = ON` would change results.
    fn index_options(&mut self) -> Result<(), SyntaxError> {
        if self.is(0, "WITH") && self.peek(1) == Some(&Token::LParen) {
            self.at += 1;
            let end = self.closing_paren()?;
            self.at += 1;
            while self.at < end - 1 {
                let option = self.word(0).ok_or_else(|| self.syntax_error())?;
                let known = [
                    "PAD_INDEX",
                    "FILLFACTOR",
                    "STATISTICS_NORECOMPUTE",
                    "ALLOW_ROW_LOCKS",
                    "ALLOW_PAGE_LOCKS",
                    "SORT_IN_TEMPDB",
                    "ONLINE",
                    "MAXDOP",
                    "OPTIMIZE_FOR_SEQUENTIAL_KEY",
                ]
                .contains(&option.as_str())
                    || (["IGNORE_DUP_KEY", "DROP_EXISTING"].contains(&option.as_str()) && self.is(2, "OFF"));
                if !known {
                    return Err(self.unsupported(&format!("The index option {option}")));
                }
                self.at += 3;
                self.accept_token(&Token::Comma);
            }
            self.at = end;
        }
        Ok(())
    }

    fn foreign(&mut self, column: Option<&str>) -> Result<ConstraintRule, SyntaxError> {
        let columns = if self.accept_all(&["FOREIGN", "KEY"]) {
            match column {
                Some(column) if self.peek(0) != Some(&Token::LParen) => vec![column.to_owned()],
                _ => self.names_in_parens()?,
            }
        } else {
            vec![column.ok_or_else(|| self.syntax_error())?.to_owned()]
        };
        self.expect("REFERENCES")?;
        let table = self.name()?;
        let references = if self.peek(0) == Some(&Token::LParen) { self.names_in_parens()? } else { Vec::new() };
        let (mut on_delete, mut on_update) = (ReferentialAction::Refuse, ReferentialAction::Refuse);
        while self.is(0, "ON") && (self.is(1, "DELETE") || self.is(1, "UPDATE")) {
            let delete = self.is(1, "DELETE");
            self.at += 2;
            let action = if self.accept_all(&["NO", "ACTION"]) {
                ReferentialAction::Refuse
            } else if self.accept("CASCADE") {
                ReferentialAction::Cascade
            } else if self.accept_all(&["SET", "NULL"]) {
                ReferentialAction::SetNull
            } else {
                return Err(self.unsupported("SET DEFAULT of a foreign key"));
            };
            if delete {
                on_delete = action;
            } else {
                on_update = action;
            }
        }
        Ok(ConstraintRule::Foreign { columns, table, references, on_delete, on_update })
    }

    /// Returns the text in parentheses, including them.
    fn parenthesized(&mut self) -> Result<String, SyntaxError> {
        if self.peek(0) != Some(&Token::LParen) {
            return Err(self.syntax_error());
        }
        let end = self.closing_paren()?;
        Ok(self.take_text(end))
    }

    /// Returns the text of a default: a literal, a call, or an expression in parentheses.
    fn default_text(&mut self) -> Result<String, SyntaxError> {
        let end = match self.peek(0) {
            Some(Token::LParen) => self.closing_paren()?,
            Some(Token::Minus | Token::Plus) => self.at + 2,
            Some(Token::Word(_)) if self.peek(1) == Some(&Token::LParen) => {
                self.at += 1;
                let end = self.closing_paren();
                self.at -= 1;
                end?
            }
            Some(_) => self.at + 1,
            None => return Err(self.syntax_error()),
        };
        if end > self.tokens.len() {
            return Err(self.syntax_error());
        }
        Ok(self.take_text(end))
    }

    /// Takes the tokens up to `end` as text that parses to the same.
    fn take_text(&mut self, end: usize) -> String {
        let text = self.tokens[self.at..end].iter().map(|token| token.token.to_string()).collect::<Vec<_>>().join(" ");
        self.at = end;
        text
    }

    pub(super) fn alter_table(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.name()?;
        if self.is(0, "WITH") && (self.is(1, "CHECK") || self.is(1, "NOCHECK")) {
            if self.is(1, "NOCHECK") {
                return Err(self.unsupported("WITH NOCHECK"));
            }
            self.at += 2;
            if self.is(0, "CHECK") {
                return Err(self.unsupported("ALTER TABLE … CHECK CONSTRAINT"));
            }
        }
        let change = if self.accept("ADD") {
            let mut columns = Vec::new();
            let mut constraints = Vec::new();
            loop {
                if self.table_constraint_begins() {
                    constraints.push(self.constraint(None)?);
                } else {
                    columns.push(self.column()?);
                }
                if !self.accept_token(&Token::Comma) {
                    break;
                }
            }
            TableChange::AddColumns { columns, constraints }
        } else if self.accept_all(&["ALTER", "COLUMN"]) {
            TableChange::AlterColumn(self.column()?)
        } else if self.accept_all(&["DROP", "COLUMN"]) {
            if self.is(0, "IF") {
                return Err(self.unsupported("DROP COLUMN IF EXISTS"));
            }
            TableChange::DropColumns(self.comma_separated(Self::ident)?)
        } else if self.accept("DROP") {
            self.accept("CONSTRAINT");
            if self.is(0, "IF") {
                return Err(self.unsupported("DROP CONSTRAINT IF EXISTS"));
            }
            TableChange::DropConstraints(self.comma_separated(Self::ident)?)
        } else {
            return Err(self.unsupported(&format!("ALTER TABLE … {}", self.next_text())));
        };
        Ok(StatementKind::AlterTable { name, change })
    }

    pub(super) fn drop_table(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let if_exists = self.if_exists();
        let names = self.comma_separated(Self::name)?;
        Ok(StatementKind::DropTable { names, if_exists })
    }

    pub(super) fn create_index(&mut self) -> Result<StatementKind, SyntaxError> {
        let unique = self.accept("UNIQUE");
        let _ = self.accept("CLUSTERED") || self.accept("NONCLUSTERED");
        if !self.is(0, "INDEX") {
            return Err(self.unsupported(&format!("CREATE {}", self.next_text())));
        }
        self.at += 1;
        let name = self.ident()?;
        self.expect("ON")?;
        let table = self.name()?;
        let columns = self.index_columns()?;
        let include = if self.accept("INCLUDE") { self.names_in_parens()? } else { Vec::new() };
        let filter = if self.accept("WHERE") {
            let end = find_statement_end(&self.tokens, self.at, Construct::Expression);
            let end = (self.at..end)
                .find(|at| {
                    matches!(&self.tokens[*at].token, Token::Word(word)
                    if word.quote_style.is_none() && ["WITH", "ON"].contains(&word.value.to_ascii_uppercase().as_str()))
                })
                .unwrap_or(end);
            Some(self.take_text(end))
        } else {
            None
        };
        self.index_options()?;
        self.filegroup()?;
        Ok(StatementKind::CreateIndex(IndexDefinition { name, table, unique, columns, include, filter }))
    }

    pub(super) fn drop_index(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let if_exists = self.if_exists();
        let index = self.ident()?;
        self.expect("ON")?;
        let table = self.name()?;
        Ok(StatementKind::DropIndex { index, table, if_exists })
    }

    pub(super) fn create_schema(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        if self.is(0, "AUTHORIZATION") {
            return Err(self.unsupported("CREATE SCHEMA AUTHORIZATION without a name"));
        }
        let name = self.ident()?;
        let owner = if self.accept("AUTHORIZATION") { Some(self.ident()?) } else { None };
        if ["CREATE", "GRANT", "DENY", "REVOKE"].iter().any(|word| self.is(0, word)) {
            return Err(self.unsupported("CREATE SCHEMA with elements"));
        }
        Ok(StatementKind::CreateSchema { name, owner })
    }

    pub(super) fn drop_schema(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let if_exists = self.if_exists();
        Ok(StatementKind::DropSchema { name: self.ident()?, if_exists })
    }
}
