//! `SELECT`, `INSERT`, `UPDATE`, `DELETE`: the heads by hand, the queries and expressions by `sqlparser`.

use sqlparser::ast::{Expr, SelectItem, TableWithJoins};
use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::extent::{self, Within};
use super::lexer::Syntax;
use super::statement::{Delete, Insert, Kind, Source, Statement, Update};

impl Cursor {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough in its lifetime")]
    pub(super) fn data_type(&mut self) -> Result<sqlparser::ast::DataType, Syntax> {
        // The type is a name, and parentheses after it; `sqlparser` must not look beyond.
        let mut end = self.at + 1;
        if self.peek(1) == Some(&Token::Period) {
            end += 2;
        }
        if self.tokens.get(end).is_some_and(|token| token.token == Token::LParen) {
            let back = self.at;
            self.at = end;
            end = self.closing()?;
            self.at = back;
        }
        self.parse_to(end.min(self.tokens.len()), |parser| parser.parse_data_type())
    }

    pub(super) fn select(&mut self) -> Result<Kind, Syntax> {
        let end = extent::end(&self.tokens, self.at, Within::Select);
        let end = self.without_option(end);
        let query = self.query_to(end)?;
        self.skip_option()?;
        Ok(Kind::Query(Box::new(query)))
    }

    /// Query hints change plans, not results; only those that are known to be such are passed over.
    fn without_option(&self, end: usize) -> usize {
        let mut depth = 0_usize;
        for at in self.at..end {
            match &self.tokens[at].token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && word.quote_style.is_none() && word.value.eq_ignore_ascii_case("OPTION") => {
                    return at;
                }
                _ => {}
            }
        }
        end
    }

    fn skip_option(&mut self) -> Result<(), Syntax> {
        if !self.accept("OPTION") {
            return Ok(());
        }
        let end = self.closing()?;
        let known = self.tokens[self.at..end].iter().all(|token| match &token.token {
            Token::Word(word) => [
                "RECOMPILE",
                "MAXDOP",
                "OPTIMIZE",
                "FOR",
                "UNKNOWN",
                "HASH",
                "MERGE",
                "LOOP",
                "JOIN",
                "KEEP",
                "PLAN",
                "FORCE",
                "ORDER",
                "FAST",
                "MAXRECURSION",
            ]
            .contains(&word.value.to_ascii_uppercase().as_str()),
            _ => true,
        });
        if !known {
            return Err(self.unsupported("This query hint"));
        }
        self.at = end;
        Ok(())
    }

    /// `WITH a AS (…)` before any of the four.
    pub(super) fn with(&mut self) -> Result<Kind, Syntax> {
        let start = self.at;
        let end = extent::end(&self.tokens, self.at, Within::With);
        let mut depth = 0_usize;
        for at in start + 1..end {
            match &self.tokens[at].token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && word.quote_style.is_none() => match word.value.to_ascii_uppercase().as_str() {
                    "SELECT" => {
                        let end = self.without_option(end);
                        let query = self.query_to(end)?;
                        self.skip_option()?;
                        return Ok(Kind::Query(Box::new(query)));
                    }
                    verb @ ("INSERT" | "UPDATE" | "DELETE") => {
                        return Err(self.unsupported(&format!("WITH before {verb}")));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        Err(self.wrong())
    }

    fn top(&mut self) -> Result<Option<Expr>, Syntax> {
        if !self.accept("TOP") {
            return Ok(None);
        }
        let expr = if self.peek(0) == Some(&Token::LParen) {
            let end = self.closing()?;
            self.expr_to(end)?
        } else {
            let end = self.at + 1;
            self.expr_to(end)?
        };
        if self.is(0, "PERCENT") {
            return Err(self.unsupported("TOP … PERCENT"));
        }
        Ok(Some(expr))
    }

    /// Hints on a target: each writer has the database to itself anyway, so all lock hints hold.
    fn target_hints(&mut self) -> Result<(), Syntax> {
        if self.is(0, "WITH") && self.peek(1) == Some(&Token::LParen) {
            self.at += 1;
            let end = self.closing()?;
            for token in &self.tokens[self.at..end] {
                if let Token::Word(word) = &token.token
                    && ![
                        "UPDLOCK",
                        "HOLDLOCK",
                        "ROWLOCK",
                        "PAGLOCK",
                        "TABLOCK",
                        "TABLOCKX",
                        "XLOCK",
                        "SERIALIZABLE",
                        "REPEATABLEREAD",
                        "READCOMMITTED",
                        "READCOMMITTEDLOCK",
                    ]
                    .contains(&word.value.to_ascii_uppercase().as_str())
                {
                    return Err(self.unsupported(&format!("The table hint {}", word.value)));
                }
            }
            self.at = end;
        }
        Ok(())
    }

    fn output(&mut self, end: usize) -> Result<Option<Vec<SelectItem>>, Syntax> {
        if !self.accept("OUTPUT") {
            return Ok(None);
        }
        let mut depth = 0_usize;
        let mut stop = end;
        for at in self.at..end {
            match &self.tokens[at].token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && word.quote_style.is_none() => {
                    let upper = word.value.to_ascii_uppercase();
                    if upper == "INTO" {
                        return Err(self.unsupported("OUTPUT … INTO"));
                    }
                    if ["VALUES", "SELECT", "DEFAULT", "FROM", "WHERE", "EXEC", "EXECUTE", "WITH", "OPTION"]
                        .contains(&upper.as_str())
                    {
                        stop = at;
                        break;
                    }
                }
                _ => {}
            }
        }
        self.parse_to(stop, |parser| parser.parse_comma_separated(sqlparser::parser::Parser::parse_select_item)).map(Some)
    }

    pub(super) fn insert(&mut self) -> Result<Kind, Syntax> {
        let end = extent::end(&self.tokens, self.at, Within::Insert);
        self.at += 1;
        if self.top()?.is_some() {
            return Err(self.unsupported("INSERT TOP"));
        }
        self.accept("INTO");
        let table = self.target_name()?;
        self.target_hints()?;
        let columns =
            if self.peek(0) == Some(&Token::LParen) && !self.is(1, "SELECT") { Some(self.names_in_parens()?) } else { None };
        let output = self.output(end)?;
        let source = if self.accept("VALUES") {
            let rows = self.commas(|cursor| {
                let close = cursor.closing()?;
                cursor.expect_token(&Token::LParen)?;
                let row = cursor.commas(|cursor| {
                    let stop = extent::end(&cursor.tokens, cursor.at, Within::ListItem);
                    cursor.expr_to(stop.min(close - 1))
                })?;
                cursor.expect_token(&Token::RParen)?;
                Ok(row)
            })?;
            Source::Values(rows)
        } else if self.accept_all(&["DEFAULT", "VALUES"]) {
            Source::Defaults
        } else if self.is(0, "EXEC") || self.is(0, "EXECUTE") {
            let line = self.line();
            let kind = self.execute()?;
            Source::Execute(Box::new(Statement { line, kind }))
        } else if self.is(0, "SELECT") || self.is(0, "WITH") || self.peek(0) == Some(&Token::LParen) {
            let stop = self.without_option(end);
            let query = self.query_to(stop)?;
            self.skip_option()?;
            Source::Query(Box::new(query))
        } else {
            return Err(self.wrong());
        };
        if self.at != end {
            self.skip_option()?;
            if self.at != end {
                return Err(self.wrong());
            }
        }
        Ok(Kind::Insert(Box::new(Insert { table, columns, output, source })))
    }

    fn target_name(&mut self) -> Result<super::names::Name, Syntax> {
        if matches!(self.peek(0), Some(Token::Word(word)) if word.quote_style.is_none() && word.value.starts_with('@')) {
            return Err(self.unsupported("A table variable"));
        }
        self.name()
    }

    pub(super) fn update(&mut self) -> Result<Kind, Syntax> {
        let end = extent::end(&self.tokens, self.at, Within::Update);
        self.at += 1;
        if self.is(0, "STATISTICS") {
            return Err(self.unsupported("UPDATE STATISTICS"));
        }
        let top = self.top()?;
        let target = self.target_name()?;
        self.target_hints()?;
        self.expect("SET")?;
        let mut set = Vec::new();
        loop {
            if self.variable().is_some() {
                return Err(self.unsupported("UPDATE … SET @variable"));
            }
            let column = self.name()?;
            if self.peek(0) != Some(&Token::Eq) {
                return Err(if self.peek(1) == Some(&Token::Eq) {
                    self.unsupported("A compound assignment")
                } else {
                    self.wrong()
                });
            }
            self.at += 1;
            let stop = self.clause_end(end, true);
            set.push((column.parts, self.expr_to(stop)?));
            if !self.accept_token(&Token::Comma) {
                break;
            }
        }
        let output = self.output(end)?;
        let from = self.from(end)?;
        let filter = self.filter(end)?;
        Ok(Kind::Update(Box::new(Update { target, top, set, output, from, filter })))
    }

    /// Where the current clause ends: at `FROM`, `WHERE`, `OUTPUT`, `OPTION`, or at a comma.
    fn clause_end(&self, end: usize, commas: bool) -> usize {
        let mut depth = 0_usize;
        for at in self.at..end {
            match &self.tokens[at].token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Comma if depth == 0 && commas => return at,
                Token::Word(word)
                    if depth == 0
                        && word.quote_style.is_none()
                        && ["FROM", "WHERE", "OUTPUT", "OPTION"].contains(&word.value.to_ascii_uppercase().as_str()) =>
                {
                    return at;
                }
                _ => {}
            }
        }
        end
    }

    fn from(&mut self, end: usize) -> Result<Vec<TableWithJoins>, Syntax> {
        if !self.accept("FROM") {
            return Ok(Vec::new());
        }
        let stop = self.clause_end(end, false);
        self.parse_to(stop, |parser| parser.parse_comma_separated(sqlparser::parser::Parser::parse_table_and_joins))
    }

    fn filter(&mut self, end: usize) -> Result<Option<Expr>, Syntax> {
        let filter = if self.accept("WHERE") {
            if self.accept("CURRENT") {
                return Err(self.unsupported("WHERE CURRENT OF"));
            }
            let stop = self.clause_end(end, false);
            Some(self.expr_to(stop)?)
        } else {
            None
        };
        self.skip_option()?;
        if self.at == end { Ok(filter) } else { Err(self.wrong()) }
    }

    pub(super) fn delete(&mut self) -> Result<Kind, Syntax> {
        let end = extent::end(&self.tokens, self.at, Within::Delete);
        self.at += 1;
        let top = self.top()?;
        self.accept("FROM");
        let target = self.target_name()?;
        self.target_hints()?;
        let output = self.output(end)?;
        let from = self.from(end)?;
        let filter = self.filter(end)?;
        Ok(Kind::Delete(Box::new(Delete { target, top, output, from, filter })))
    }
}
