//! `CREATE`, `ALTER` and `DROP` of tables, indexes and schemas.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::lexer::Syntax;
use super::statement::{Action, ColumnDefinition, Constraint, Index, Kind, Rule, TableChange, TableDefinition};

impl Cursor {
    pub(super) fn create_table(&mut self) -> Result<Kind, Syntax> {
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
                return Err(self.unsupported(&format!("{} in a table definition", self.spelled())));
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
        Ok(Kind::CreateTable(TableDefinition { name, columns, constraints }))
    }

    /// `ON [PRIMARY]`, `TEXTIMAGE_ON [PRIMARY]`: there is one file group.
    fn filegroup(&mut self) -> Result<(), Syntax> {
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

    fn column(&mut self) -> Result<ColumnDefinition, Syntax> {
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
                column.identity = Some(self.identity()?);
            } else if self.table_constraint_begins() || self.is(0, "REFERENCES") {
                let constraint = self.constraint(Some(&column.name))?;
                column.constraints.push(constraint);
            } else if self.is(0, "WITH") && self.is(1, "VALUES") {
                // Existing rows take the default; they do so for NOT NULL columns anyway.
                return Err(self.unsupported("WITH VALUES"));
            } else if ["SPARSE", "ROWGUIDCOL", "MASKED", "FILESTREAM", "GENERATED", "ENCRYPTED", "HIDDEN"]
                .iter()
                .any(|word| self.is(0, word))
            {
                return Err(self.unsupported(&format!("The column property {}", self.spelled())));
            } else {
                return Ok(column);
            }
        }
    }

    fn identity(&mut self) -> Result<(i64, i64), Syntax> {
        let mut pair = (1, 1);
        if self.accept_token(&Token::LParen) {
            pair.0 = self.number().ok_or_else(|| self.wrong())?;
            self.expect_token(&Token::Comma)?;
            pair.1 = self.number().ok_or_else(|| self.wrong())?;
            self.expect_token(&Token::RParen)?;
        }
        if self.is(0, "NOT") && self.is(1, "FOR") {
            return Err(self.unsupported("NOT FOR REPLICATION"));
        }
        Ok(pair)
    }

    /// A constraint of a column (named) or of the table.
    fn constraint(&mut self, column: Option<&str>) -> Result<Constraint, Syntax> {
        let name = if self.accept("CONSTRAINT") { Some(self.ident()?) } else { None };
        let rule = if self.accept_all(&["PRIMARY", "KEY"]) {
            self.key(true, column)?
        } else if self.accept("UNIQUE") {
            self.key(false, column)?
        } else if self.accept("CHECK") {
            Rule::Check { text: self.parenthesised()? }
        } else if self.accept("DEFAULT") {
            let text = self.default_text()?;
            let column = if let Some(column) = column {
                column.to_owned()
            } else {
                self.expect("FOR")?;
                self.ident()?
            };
            Rule::Default { column, text }
        } else {
            self.foreign(column)?
        };
        Ok(Constraint { name, rule })
    }

    fn key(&mut self, primary: bool, column: Option<&str>) -> Result<Rule, Syntax> {
        // There is no difference in how rows are kept.
        let _ = self.accept("CLUSTERED") || self.accept("NONCLUSTERED");
        let columns = match column {
            Some(column) if self.peek(0) != Some(&Token::LParen) => vec![column.to_owned()],
            _ => self.index_columns()?.into_iter().map(|(name, _)| name).collect(),
        };
        self.index_options()?;
        self.filegroup()?;
        Ok(Rule::Key { primary, columns })
    }

    fn index_columns(&mut self) -> Result<Vec<(String, bool)>, Syntax> {
        self.expect_token(&Token::LParen)?;
        let columns = self.commas(|cursor| {
            let name = cursor.ident()?;
            let descending = cursor.accept("DESC");
            if !descending {
                cursor.accept("ASC");
            }
            Ok((name, descending))
        })?;
        self.expect_token(&Token::RParen)?;
        Ok(columns)
    }

    /// Options about pages and statistics; `IGNORE_DUP_KEY = ON` would change results.
    fn index_options(&mut self) -> Result<(), Syntax> {
        if self.is(0, "WITH") && self.peek(1) == Some(&Token::LParen) {
            self.at += 1;
            let end = self.closing()?;
            self.at += 1;
            while self.at < end - 1 {
                let option = self.word(0).ok_or_else(|| self.wrong())?;
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

    fn foreign(&mut self, column: Option<&str>) -> Result<Rule, Syntax> {
        let columns = if self.accept_all(&["FOREIGN", "KEY"]) {
            match column {
                Some(column) if self.peek(0) != Some(&Token::LParen) => vec![column.to_owned()],
                _ => self.names_in_parens()?,
            }
        } else {
            vec![column.ok_or_else(|| self.wrong())?.to_owned()]
        };
        self.expect("REFERENCES")?;
        let table = self.name()?;
        let references = if self.peek(0) == Some(&Token::LParen) { self.names_in_parens()? } else { Vec::new() };
        let (mut on_delete, mut on_update) = (Action::Refuse, Action::Refuse);
        while self.is(0, "ON") && (self.is(1, "DELETE") || self.is(1, "UPDATE")) {
            let delete = self.is(1, "DELETE");
            self.at += 2;
            let action = if self.accept_all(&["NO", "ACTION"]) {
                Action::Refuse
            } else if self.accept("CASCADE") {
                Action::Cascade
            } else if self.accept_all(&["SET", "NULL"]) {
                Action::SetNull
            } else {
                return Err(self.unsupported("SET DEFAULT of a foreign key"));
            };
            if delete {
                on_delete = action;
            } else {
                on_update = action;
            }
        }
        Ok(Rule::Foreign { columns, table, references, on_delete, on_update })
    }

    /// The text between parentheses, with them.
    fn parenthesised(&mut self) -> Result<String, Syntax> {
        if self.peek(0) != Some(&Token::LParen) {
            return Err(self.wrong());
        }
        let end = self.closing()?;
        Ok(self.taken(end))
    }

    /// A default: a literal, a call, or something in parentheses.
    fn default_text(&mut self) -> Result<String, Syntax> {
        let end = match self.peek(0) {
            Some(Token::LParen) => self.closing()?,
            Some(Token::Minus | Token::Plus) => self.at + 2,
            Some(Token::Word(_)) if self.peek(1) == Some(&Token::LParen) => {
                self.at += 1;
                let end = self.closing();
                self.at -= 1;
                end?
            }
            Some(_) => self.at + 1,
            None => return Err(self.wrong()),
        };
        if end > self.tokens.len() {
            return Err(self.wrong());
        }
        Ok(self.taken(end))
    }

    /// The tokens up to `end` as text that reads the same again.
    fn taken(&mut self, end: usize) -> String {
        let text = self.tokens[self.at..end].iter().map(|token| token.token.to_string()).collect::<Vec<_>>().join(" ");
        self.at = end;
        text
    }

    pub(super) fn alter_table(&mut self) -> Result<Kind, Syntax> {
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
            TableChange::DropColumns(self.commas(Self::ident)?)
        } else if self.accept("DROP") {
            self.accept("CONSTRAINT");
            if self.is(0, "IF") {
                return Err(self.unsupported("DROP CONSTRAINT IF EXISTS"));
            }
            TableChange::DropConstraints(self.commas(Self::ident)?)
        } else {
            return Err(self.unsupported(&format!("ALTER TABLE … {}", self.spelled())));
        };
        Ok(Kind::AlterTable { name, change })
    }

    pub(super) fn drop_table(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let if_exists = self.if_exists();
        let names = self.commas(Self::name)?;
        Ok(Kind::DropTable { names, if_exists })
    }

    pub(super) fn create_index(&mut self) -> Result<Kind, Syntax> {
        let unique = self.accept("UNIQUE");
        let _ = self.accept("CLUSTERED") || self.accept("NONCLUSTERED");
        if !self.is(0, "INDEX") {
            return Err(self.unsupported(&format!("CREATE {}", self.spelled())));
        }
        self.at += 1;
        let name = self.ident()?;
        self.expect("ON")?;
        let table = self.name()?;
        let columns = self.index_columns()?;
        let include = if self.accept("INCLUDE") { self.names_in_parens()? } else { Vec::new() };
        let filter = if self.accept("WHERE") {
            let end = super::extent::end(&self.tokens, self.at, super::extent::Within::Expression);
            let end = (self.at..end)
                .find(|at| {
                    matches!(&self.tokens[*at].token, Token::Word(word)
                    if word.quote_style.is_none() && ["WITH", "ON"].contains(&word.value.to_ascii_uppercase().as_str()))
                })
                .unwrap_or(end);
            Some(self.taken(end))
        } else {
            None
        };
        self.index_options()?;
        self.filegroup()?;
        Ok(Kind::CreateIndex(Index { name, table, unique, columns, include, filter }))
    }

    pub(super) fn drop_index(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let if_exists = self.if_exists();
        let index = self.ident()?;
        self.expect("ON")?;
        let table = self.name()?;
        Ok(Kind::DropIndex { index, table, if_exists })
    }

    pub(super) fn create_schema(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        if self.is(0, "AUTHORIZATION") {
            return Err(self.unsupported("CREATE SCHEMA AUTHORIZATION without a name"));
        }
        let name = self.ident()?;
        let owner = if self.accept("AUTHORIZATION") { Some(self.ident()?) } else { None };
        if ["CREATE", "GRANT", "DENY", "REVOKE"].iter().any(|word| self.is(0, word)) {
            return Err(self.unsupported("CREATE SCHEMA with elements"));
        }
        Ok(Kind::CreateSchema { name, owner })
    }

    pub(super) fn drop_schema(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let if_exists = self.if_exists();
        Ok(Kind::DropSchema { name: self.ident()?, if_exists })
    }
}
