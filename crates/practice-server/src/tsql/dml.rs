//! `SELECT`, `INSERT`, `UPDATE`, `DELETE`: their heads are parsed by hand, queries and expressions by `sqlparser`; `EXECUTE`, `THROW`,
//! `RAISERROR`.

use super::lexer::{Name, find_statement_end};
use sqlparser::ast::{Expr, Ident, SelectItem, TableWithJoins};
use sqlparser::tokenizer::Token;

use crate::tsql::administration::compound;
use crate::tsql::lexer::{Construct, SyntaxError};
use crate::tsql::parser::BatchParser;
use crate::tsql::statement::{Argument, Delete, Insert, InsertSource, Selection, Statement, StatementKind, Update};

impl BatchParser {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough in its lifetime")]
    pub(super) fn data_type(&mut self) -> Result<sqlparser::ast::DataType, SyntaxError> {
        // The type is a name followed by optional parentheses; `sqlparser` must not read further.
        let mut end = self.at + 1;
        if self.peek(1) == Some(&Token::Period) {
            end += 2;
        }
        if self.tokens.get(end).is_some_and(|token| token.token == Token::LParen) {
            let back = self.at;
            self.at = end;
            end = self.closing_paren()?;
            self.at = back;
        }
        self.parse_to(end.min(self.tokens.len()), |parser| parser.parse_data_type())
    }

    pub(super) fn select(&mut self) -> Result<StatementKind, SyntaxError> {
        let end = find_statement_end(&self.tokens, self.at, Construct::Select);
        self.selection(end).map(StatementKind::Query)
    }

    /// Parses a query that extends to `end`, with its `OPTION`.
    fn selection(&mut self, end: usize) -> Result<Box<Selection>, SyntaxError> {
        let end = self.option_start(end);
        let query = self.query_to(end)?;
        Ok(Box::new(Selection { query, max_recursion: self.skip_option()? }))
    }

    /// Finds the start of `OPTION (…)`. Query hints change plans and not results; known ones are skipped.
    fn option_start(&self, end: usize) -> usize {
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

    /// Returns `MAXRECURSION`, or its default.
    fn skip_option(&mut self) -> Result<i64, SyntaxError> {
        let mut recursion = 100;
        if !self.accept("OPTION") {
            return Ok(recursion);
        }
        let end = self.closing_paren()?;
        for at in self.at..end {
            if let (Token::Word(word), Some(Token::Number(digits, _))) =
                (&self.tokens[at].token, self.tokens.get(at + 1).map(|token| &token.token))
                && word.value.eq_ignore_ascii_case("MAXRECURSION")
            {
                recursion = digits.parse().ok().filter(|levels| *levels <= 32767).ok_or_else(|| SyntaxError {
                    number: 310,
                    text: format!(
                        "The value {digits} specified for the MAXRECURSION option exceeds the allowed maximum of 32767."
                    ),
                    line: self.line(),
                })?;
            }
        }
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
        Ok(recursion)
    }

    /// Parses `WITH a AS (…)` before one of the four.
    pub(super) fn with(&mut self) -> Result<StatementKind, SyntaxError> {
        let start = self.at;
        let end = find_statement_end(&self.tokens, self.at, Construct::With);
        let mut depth = 0_usize;
        for at in start + 1..end {
            match &self.tokens[at].token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && word.quote_style.is_none() => match word.value.to_ascii_uppercase().as_str() {
                    "SELECT" => return self.selection(end).map(StatementKind::Query),
                    verb @ ("INSERT" | "UPDATE" | "DELETE") => {
                        return Err(self.unsupported(&format!("WITH before {verb}")));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        Err(self.syntax_error())
    }

    fn top_clause(&mut self) -> Result<Option<Expr>, SyntaxError> {
        if !self.accept("TOP") {
            return Ok(None);
        }
        let expr = if self.peek(0) == Some(&Token::LParen) {
            let end = self.closing_paren()?;
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

    /// Skips hints on a target: each writer has the database to itself, so all lock hints hold.
    fn target_hints(&mut self) -> Result<(), SyntaxError> {
        if self.is(0, "WITH") && self.peek(1) == Some(&Token::LParen) {
            self.at += 1;
            let end = self.closing_paren()?;
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

    fn output_clause(&mut self, end: usize) -> Result<Option<Vec<SelectItem>>, SyntaxError> {
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

    pub(super) fn insert(&mut self) -> Result<StatementKind, SyntaxError> {
        let end = find_statement_end(&self.tokens, self.at, Construct::Insert);
        self.at += 1;
        if self.top_clause()?.is_some() {
            return Err(self.unsupported("INSERT TOP"));
        }
        self.accept("INTO");
        let table = self.target_name()?;
        self.target_hints()?;
        let columns =
            if self.peek(0) == Some(&Token::LParen) && !self.is(1, "SELECT") { Some(self.names_in_parens()?) } else { None };
        let output = self.output_clause(end)?;
        let source = if self.accept("VALUES") {
            let rows = self.comma_separated(|parser| {
                let close = parser.closing_paren()?;
                parser.expect_token(&Token::LParen)?;
                let row = parser.comma_separated(|parser| {
                    let stop = find_statement_end(&parser.tokens, parser.at, Construct::ListItem);
                    parser.expr_to(stop.min(close - 1))
                })?;
                parser.expect_token(&Token::RParen)?;
                Ok(row)
            })?;
            InsertSource::Values(rows)
        } else if self.accept_all(&["DEFAULT", "VALUES"]) {
            InsertSource::Defaults
        } else if self.is(0, "EXEC") || self.is(0, "EXECUTE") {
            let line = self.line();
            let kind = self.execute()?;
            InsertSource::Execute(Box::new(Statement { line, kind }))
        } else if self.is(0, "SELECT") || self.is(0, "WITH") || self.peek(0) == Some(&Token::LParen) {
            InsertSource::Query(self.selection(end)?)
        } else {
            return Err(self.syntax_error());
        };
        if self.at != end {
            self.skip_option()?;
            if self.at != end {
                return Err(self.syntax_error());
            }
        }
        Ok(StatementKind::Insert(Box::new(Insert { table, columns, output, source })))
    }

    fn target_name(&mut self) -> Result<Name, SyntaxError> {
        if matches!(self.peek(0), Some(Token::Word(word)) if word.quote_style.is_none() && word.value.starts_with('@')) {
            return Err(self.unsupported("A table variable"));
        }
        self.name()
    }

    pub(super) fn update(&mut self) -> Result<StatementKind, SyntaxError> {
        let end = find_statement_end(&self.tokens, self.at, Construct::Update);
        self.at += 1;
        if self.is(0, "STATISTICS") {
            return Err(self.unsupported("UPDATE STATISTICS"));
        }
        let top = self.top_clause()?;
        let target = self.target_name()?;
        self.target_hints()?;
        self.expect("SET")?;
        let mut set = Vec::new();
        loop {
            if self.variable().is_some() {
                return Err(self.unsupported("UPDATE … SET @variable"));
            }
            let column = self.name()?;
            let operator = self.assignment()?;
            let stop = self.clause_end(end, true);
            let old = Expr::CompoundIdentifier(column.parts.iter().map(|part| Ident::with_quote('[', part)).collect());
            set.push((column.parts, compound(operator, old, self.expr_to(stop)?)));
            if !self.accept_token(&Token::Comma) {
                break;
            }
        }
        let output = self.output_clause(end)?;
        let from = self.source_tables(end)?;
        let filter = self.where_clause(end)?;
        Ok(StatementKind::Update(Box::new(Update { target, top, set, output, from, filter })))
    }

    /// Finds the end of the current clause: at `FROM`, `WHERE`, `OUTPUT`, `OPTION`, or at a comma.
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

    fn source_tables(&mut self, end: usize) -> Result<Vec<TableWithJoins>, SyntaxError> {
        if !self.accept("FROM") {
            return Ok(Vec::new());
        }
        let stop = self.clause_end(end, false);
        self.parse_to(stop, |parser| parser.parse_comma_separated(sqlparser::parser::Parser::parse_table_and_joins))
    }

    fn where_clause(&mut self, end: usize) -> Result<Option<Expr>, SyntaxError> {
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
        if self.at == end { Ok(filter) } else { Err(self.syntax_error()) }
    }

    pub(super) fn delete(&mut self) -> Result<StatementKind, SyntaxError> {
        let end = find_statement_end(&self.tokens, self.at, Construct::Delete);
        self.at += 1;
        let top = self.top_clause()?;
        self.accept("FROM");
        let target = self.target_name()?;
        self.target_hints()?;
        let output = self.output_clause(end)?;
        let from = self.source_tables(end)?;
        let filter = self.where_clause(end)?;
        Ok(StatementKind::Delete(Box::new(Delete { target, top, output, from, filter })))
    }
}

impl BatchParser {
    pub(super) fn execute(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        if self.is(0, "AS") {
            return Err(self.unsupported("EXECUTE AS"));
        }
        if self.peek(0) == Some(&Token::LParen) {
            let end = self.closing_paren()?;
            self.at += 1;
            let mut parts = Vec::new();
            while self.at < end - 1 {
                let stop = find_statement_end(&self.tokens, self.at, Construct::ListItem).min(end - 1);
                parts.push(self.expr_to(stop)?);
                if self.at < end - 1 {
                    return Err(self.unsupported("EXECUTE with parameters for a linked server"));
                }
            }
            self.at = end;
            if self.is(0, "AT") || self.is(0, "AS") {
                return Err(self.unsupported(&format!("EXECUTE … {}", self.next_text())));
            }
            return Ok(StatementKind::ExecuteText(parts));
        }
        let result = self.variable();
        if result.is_some() {
            self.expect_token(&Token::Eq)?;
        }
        if self.variable().is_some() {
            return Err(self.unsupported("EXECUTE of a procedure named by a variable"));
        }
        self.execute_named(result)
    }

    /// Parses a procedure call without `EXEC`, as the first statement of a batch.
    pub(super) fn execute_bare(&mut self) -> Result<StatementKind, SyntaxError> {
        self.execute_named(None)
    }

    fn execute_named(&mut self, result: Option<String>) -> Result<StatementKind, SyntaxError> {
        let procedure = self.name()?;
        let end = find_statement_end(&self.tokens, self.at, Construct::Expression);
        let mut arguments = Vec::new();
        while self.at < end {
            if self.is(0, "WITH") {
                return Err(self.unsupported("EXECUTE … WITH"));
            }
            arguments.push(self.argument()?);
            if self.at < end {
                self.expect_token(&Token::Comma)?;
            }
        }
        Ok(StatementKind::Execute { result, procedure, arguments })
    }

    fn argument(&mut self) -> Result<Argument, SyntaxError> {
        let named = self.peek(1) == Some(&Token::Eq);
        let name = if named { self.variable() } else { None };
        if name.is_some() {
            self.at += 1;
        }
        let mut end = find_statement_end(&self.tokens, self.at, Construct::ListItem);
        let output = end > self.at + 1
            && matches!(&self.tokens[end - 1].token, Token::Word(word)
                if word.value.eq_ignore_ascii_case("OUTPUT") || word.value.eq_ignore_ascii_case("OUT"));
        if output {
            end -= 1;
        }
        // A bare word is a string here: `EXEC sp_x dbo`.
        let bare = match (self.peek(0), end == self.at + 1) {
            (Some(Token::Word(word)), true)
                if word.quote_style.is_none()
                    && !word.value.starts_with('@')
                    && !["NULL", "DEFAULT"].contains(&word.value.to_ascii_uppercase().as_str()) =>
            {
                Some(word.value.clone())
            }
            _ => None,
        };
        let value = if let Some(text) = bare {
            self.at = end;
            Expr::Value(sqlparser::ast::Value::NationalStringLiteral(text).into())
        } else if self.is(0, "DEFAULT") && end == self.at + 1 {
            self.at = end;
            Expr::Identifier(Ident::new("DEFAULT"))
        } else {
            self.expr_to(end)?
        };
        self.at = end + usize::from(output);
        Ok(Argument { name, value, output })
    }

    pub(super) fn throw(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let end = find_statement_end(&self.tokens, self.at, Construct::Expression);
        if end == self.at {
            return Ok(StatementKind::Throw(None));
        }
        let number = self.expr(Construct::ListItem)?;
        self.expect_token(&Token::Comma)?;
        let message = self.expr(Construct::ListItem)?;
        self.expect_token(&Token::Comma)?;
        let state = self.expr(Construct::ListItem)?;
        Ok(StatementKind::Throw(Some((number, message, state))))
    }

    pub(super) fn raise(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let end = self.closing_paren()?;
        self.expect_token(&Token::LParen)?;
        let mut values = self.comma_separated(|parser| parser.expr(Construct::ListItem))?;
        if self.at != end - 1 || values.len() < 3 {
            return Err(self.syntax_error());
        }
        self.at = end;
        if self.accept("WITH") && !self.accept("NOWAIT") {
            return Err(self.unsupported("RAISERROR WITH other than NOWAIT"));
        }
        let arguments = values.split_off(3);
        let mut values = values.into_iter();
        match (values.next(), values.next(), values.next()) {
            (Some(message), Some(severity), Some(state)) => Ok(StatementKind::RaiseError { message, severity, state, arguments }),
            _ => Err(self.syntax_error()),
        }
    }
}
