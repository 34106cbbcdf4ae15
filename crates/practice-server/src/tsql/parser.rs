//! The parser's basic steps, blocks and control flow, and which parser takes which statement.

use super::lexer::find_statement_end;
use sqlparser::ast::{Expr, Query};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::tsql::lexer::{Construct, Name, SyntaxError, is_reserved, line_of, nested_too_deeply, token_text, tokens};
use crate::tsql::statement::{Declaration, Statement, StatementKind, Transaction};

/// Parses a batch, token by token.
#[derive(Debug)]
pub(crate) struct BatchParser {
    pub(super) tokens: Vec<TokenWithSpan>,
    pub(super) at: usize,
}

/// The deepest nesting of expressions, and of blocks, so that a hostile batch cannot exhaust the stack.
const MAX_DEPTH: usize = 64;
const MAX_BLOCKS: usize = 32;

impl BatchParser {
    pub(crate) fn new(tokens: Vec<TokenWithSpan>) -> Self {
        Self { tokens, at: 0 }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|token| &token.token)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Returns the line of the next token, or of the last.
    pub(super) fn line(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, line_of)
    }

    /// Returns the unquoted word at a distance in capitals; `None` for a quoted one.
    pub(super) fn word(&self, ahead: usize) -> Option<String> {
        match self.peek(ahead) {
            Some(Token::Word(word)) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
            _ => None,
        }
    }

    pub(super) fn is(&self, ahead: usize, keyword: &str) -> bool {
        matches!(self.peek(ahead), Some(Token::Word(word))
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_sequence(&self, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(ahead, keyword)| self.is(ahead, keyword))
    }

    pub(super) fn accept(&mut self, keyword: &str) -> bool {
        let found = self.is(0, keyword);
        self.at += usize::from(found);
        found
    }

    pub(super) fn accept_all(&mut self, keywords: &[&str]) -> bool {
        let found = self.is_sequence(keywords);
        if found {
            self.at += keywords.len();
        }
        found
    }

    pub(super) fn expect(&mut self, keyword: &str) -> Result<(), SyntaxError> {
        if self.accept(keyword) { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn accept_token(&mut self, token: &Token) -> bool {
        let found = self.peek(0) == Some(token);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_token(&mut self, token: &Token) -> Result<(), SyntaxError> {
        if self.accept_token(token) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Returns the error at the next token, or at the last one if the batch ended too early.
    pub(super) fn syntax_error(&self) -> SyntaxError {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or_else(|| SyntaxError { number: 102, text: "Incorrect syntax near ''.".to_owned(), line: 1 }, SyntaxError::near)
    }

    pub(super) fn unsupported(&self, what: &str) -> SyntaxError {
        SyntaxError::unsupported(what, self.line())
    }

    /// Reads one part of a name; reserved words only in quotes.
    pub(super) fn ident(&mut self) -> Result<String, SyntaxError> {
        match self.peek(0) {
            Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value) => {
                let value = word.value.clone();
                self.at += 1;
                Ok(value)
            }
            _ => Err(self.syntax_error()),
        }
    }

    pub(super) fn name(&mut self) -> Result<Name, SyntaxError> {
        let mut parts = vec![self.ident()?];
        while self.accept_token(&Token::Period) {
            if self.peek(0) == Some(&Token::Period) {
                parts.push(String::new());
            } else {
                parts.push(self.ident()?);
            }
        }
        if parts.len() > 4 {
            return Err(self.syntax_error());
        }
        Ok(Name { parts })
    }

    /// Reads a variable, `@x`.
    pub(super) fn variable(&mut self) -> Option<String> {
        match self.peek(0) {
            Some(Token::Word(word))
                if word.quote_style.is_none() && word.value.starts_with('@') && !word.value.starts_with("@@") =>
            {
                let name = word.value.to_lowercase();
                self.at += 1;
                Some(name)
            }
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<String> {
        match self.peek(0) {
            Some(Token::SingleQuotedString(text) | Token::NationalStringLiteral(text)) => {
                let text = text.clone();
                self.at += 1;
                Some(text)
            }
            _ => None,
        }
    }

    pub(super) fn number(&mut self) -> Option<i64> {
        let negative = usize::from(self.peek(0) == Some(&Token::Minus));
        let Some(Token::Number(digits, _)) = self.peek(negative) else {
            return None;
        };
        let value: i64 = digits.parse().ok()?;
        self.at += negative + 1;
        Some(if negative == 1 { -value } else { value })
    }

    pub(super) fn comma_separated<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<Vec<T>, SyntaxError> {
        let mut all = vec![one(self)?];
        while self.accept_token(&Token::Comma) {
            all.push(one(self)?);
        }
        Ok(all)
    }

    pub(super) fn names_in_parens(&mut self) -> Result<Vec<String>, SyntaxError> {
        self.expect_token(&Token::LParen)?;
        let names = self.comma_separated(Self::ident)?;
        self.expect_token(&Token::RParen)?;
        Ok(names)
    }

    /// Returns the end of the parentheses that open at the next token, after the closing one.
    pub(super) fn closing_paren(&self) -> Result<usize, SyntaxError> {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(self.at) {
            match token.token {
                Token::LParen => depth += 1,
                Token::RParen => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(at + 1);
                    }
                }
                _ => {}
            }
        }
        Err(self.tokens.last().map_or_else(|| self.syntax_error(), SyntaxError::near))
    }

    /// Parses an expression that extends to `end`.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough in its lifetime")]
    pub(super) fn expr_to(&mut self, end: usize) -> Result<Expr, SyntaxError> {
        self.parse_to(end, |parser| parser.parse_expr())
    }

    /// Parses an expression that ends where the next statement can start.
    pub(super) fn expr(&mut self, within: Construct) -> Result<Expr, SyntaxError> {
        let end = find_statement_end(&self.tokens, self.at, within);
        self.expr_to(end)
    }

    /// Parses a query that extends to `end`.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough in its lifetime")]
    pub(super) fn query_to(&mut self, end: usize) -> Result<Query, SyntaxError> {
        self.parse_to(end, |parser| parser.parse_query()).map(|query| *query)
    }

    /// Parses the tokens up to `end` with `sqlparser`.
    pub(super) fn parse_to<T>(
        &mut self,
        end: usize,
        parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
    ) -> Result<T, SyntaxError> {
        let part = self.tokens.get(self.at..end).unwrap_or_default();
        if part.is_empty() {
            return Err(self.syntax_error());
        }
        let dialect = MsSqlDialect {};
        let mut tokens = part.to_vec();
        name_fetched_variables(&mut tokens);
        let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
        match parse(&mut parser) {
            Ok(parsed) if parser.index() >= part.len() => {
                self.at = end;
                Ok(parsed)
            }
            Ok(_) => {
                let unsupported = unsupported_construct(part);
                self.at += parser.index();
                Err(unsupported.unwrap_or_else(|| self.syntax_error()))
            }
            Err(ParserError::RecursionLimitExceeded) => Err(nested_too_deeply(part.first().map_or(1, line_of))),
            Err(error) => {
                Err(unsupported_construct(part).or_else(|| error_position(&error, part)).unwrap_or_else(|| self.syntax_error()))
            }
        }
    }
}

/// Turns the variable in `FETCH NEXT @b ROWS ONLY` into a placeholder: `sqlparser` takes only literals and placeholders there.
fn name_fetched_variables(tokens: &mut [TokenWithSpan]) {
    let is = |token: &TokenWithSpan, keywords: &[&str]| matches!(&token.token, Token::Word(word) if keywords.iter().any(|one| word.value.eq_ignore_ascii_case(one)));
    for at in 2..tokens.len() {
        if is(&tokens[at - 2], &["FETCH"])
            && is(&tokens[at - 1], &["NEXT", "FIRST"])
            && let Token::Word(word) = &tokens[at].token
            && word.quote_style.is_none()
            && word.value.starts_with('@')
        {
            tokens[at].token = Token::Placeholder(word.value.clone());
        }
    }
}

/// T-SQL that `sqlparser` does not parse, by the words that give it away.
const UNPARSED: &[(&[&str], &str)] = &[
    (&["FOR", "JSON"], "FOR JSON"),
    (&["FOR", "XML"], "FOR XML"),
    (&["FOR", "BROWSE"], "FOR BROWSE"),
    (&["NEXT", "VALUE", "FOR"], "NEXT VALUE FOR"),
    (&["PARSE"], "PARSE"),
    (&["TRY_PARSE"], "TRY_PARSE"),
    (&["PIVOT"], "PIVOT"),
    (&["UNPIVOT"], "UNPIVOT"),
    (&["TABLESAMPLE"], "TABLESAMPLE"),
    (&["OPENROWSET"], "OPENROWSET"),
    (&["OPENQUERY"], "OPENQUERY"),
    (&["OPENDATASOURCE"], "OPENDATASOURCE"),
    (&["OPENXML"], "OPENXML"),
    (&["OPENJSON"], "OPENJSON"),
    (&["CONTAINS"], "CONTAINS"),
    (&["FREETEXT"], "FREETEXT"),
    (&["CONTAINSTABLE"], "CONTAINSTABLE"),
    (&["FREETEXTTABLE"], "FREETEXTTABLE"),
    (&["GROUPING", "SETS"], "GROUPING SETS"),
    (&["WITH", "ROLLUP"], "WITH ROLLUP"),
    (&["WITH", "CUBE"], "WITH CUBE"),
    (&["XMLNAMESPACES"], "WITH XMLNAMESPACES"),
    (&["SYSTEM_TIME"], "FOR SYSTEM_TIME"),
    (&["IDENTITYCOL"], "IDENTITYCOL"),
    (&["ROWGUIDCOL"], "ROWGUIDCOL"),
    (&["MATCH"], "MATCH"),
    (&["CURSOR"], "CURSOR"),
];

/// Finds what is valid T-SQL in a part that could not be parsed.
fn unsupported_construct(part: &[TokenWithSpan]) -> Option<SyntaxError> {
    let is = |at: usize, keyword: &str| {
        matches!(part.get(at).map(|token| &token.token), Some(Token::Word(word))
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
    };
    part.iter().enumerate().find_map(|(at, token)| {
        let found = UNPARSED.iter().find(|(words, _)| words.iter().enumerate().all(|(ahead, word)| is(at + ahead, word)));
        found.map(|(_, name)| SyntaxError::unsupported(name, line_of(token)))
    })
}

/// Finds the token at which `sqlparser` failed.
fn error_position(error: &ParserError, part: &[TokenWithSpan]) -> Option<SyntaxError> {
    let text = match error {
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
        ParserError::RecursionLimitExceeded => return None,
    };
    let Some((_, place)) = text.rsplit_once(" at Line: ") else {
        // The tokens ended too early.
        return part.last().map(SyntaxError::near);
    };
    let (line, column) = place.split_once(", Column: ")?;
    let (line, column): (u64, u64) = (line.trim().parse().ok()?, column.trim().parse().ok()?);
    let found = part.iter().find(|token| token.span.start.line == line && token.span.start.column == column).or(part.last())?;
    Some(SyntaxError::near(found))
}

impl BatchParser {
    /// Returns the next token's spelling, for messages.
    pub(super) fn next_text(&self) -> String {
        self.peek(0).map(token_text).unwrap_or_default()
    }
}

/// Parses a batch. `quoted` is `SET QUOTED_IDENTIFIER`.
pub(crate) fn parse(text: &str, quoted: bool) -> Result<Vec<Statement>, SyntaxError> {
    let mut parser = BatchParser::new(tokens(text, quoted)?);
    let mut statements = Vec::new();
    parser.semicolons();
    while !parser.is_at_end() {
        let first = statements.is_empty();
        statements.push(parser.statement(MAX_BLOCKS, first)?);
        parser.semicolons();
    }
    Ok(statements)
}

/// A declared parameter of `sp_executesql`.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredParameter {
    /// In lower case, with the `@`.
    pub(crate) name: String,
    pub(crate) kind: sqlparser::ast::DataType,
}

/// Parses `@a int, @b nvarchar(10) OUTPUT`.
pub(crate) fn parameters(text: &str) -> Result<Vec<DeclaredParameter>, SyntaxError> {
    let mut parser = BatchParser::new(tokens(text, true)?);
    if parser.is_at_end() {
        return Ok(Vec::new());
    }
    let all = parser.comma_separated(|parser| {
        let name = parser.variable().ok_or_else(|| parser.syntax_error())?;
        parser.accept("AS");
        let kind = parser.data_type()?;
        if parser.peek(0) == Some(&Token::Eq) {
            return Err(parser.unsupported("A parameter with a default"));
        }
        let _ = parser.accept("OUTPUT") || parser.accept("OUT");
        Ok(DeclaredParameter { name, kind })
    })?;
    if parser.is_at_end() { Ok(all) } else { Err(parser.syntax_error()) }
}

/// Parses one expression or condition that was stored as text.
pub(crate) fn expression(text: &str) -> Result<sqlparser::ast::Expr, SyntaxError> {
    let mut parser = BatchParser::new(tokens(text, true)?);
    let end = parser.tokens.len();
    parser.expr_to(end)
}

impl BatchParser {
    fn semicolons(&mut self) {
        while self.accept_token(&Token::SemiColon) {}
    }

    fn statement(&mut self, depth: usize, first: bool) -> Result<Statement, SyntaxError> {
        let line = self.line();
        let Some(depth) = depth.checked_sub(1) else {
            return Err(nested_too_deeply(line));
        };
        let kind = self.kind(depth, first)?;
        Ok(Statement { line, kind })
    }

    fn kind(&mut self, depth: usize, first: bool) -> Result<StatementKind, SyntaxError> {
        let Some(word) = self.word(0) else {
            return if first && matches!(self.peek(0), Some(Token::Word(_))) {
                self.execute_bare()
            } else {
                Err(self.syntax_error())
            };
        };
        match word.as_str() {
            "BEGIN" => self.begin(depth),
            "IF" => self.condition(depth),
            "WHILE" => {
                self.at += 1;
                let condition = self.expr(Construct::Expression)?;
                let body = Box::new(self.statement(depth, false)?);
                Ok(StatementKind::While { condition, body })
            }
            "BREAK" => Ok(self.single_word(StatementKind::Break)),
            "CONTINUE" => Ok(self.single_word(StatementKind::Continue)),
            "RETURN" => {
                self.at += 1;
                let end = find_statement_end(&self.tokens, self.at, Construct::Expression);
                let value = if end > self.at { Some(self.expr_to(end)?) } else { None };
                Ok(StatementKind::Return(value))
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
                Ok(StatementKind::Truncate(self.name()?))
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
                Ok(StatementKind::Print(self.expr(Construct::Expression)?))
            }
            "WAITFOR" => {
                self.at += 1;
                if !self.accept("DELAY") {
                    return Err(self.unsupported("WAITFOR other than DELAY"));
                }
                Ok(StatementKind::WaitFor(self.expr(Construct::Expression)?))
            }
            "USE" => {
                self.at += 1;
                Ok(StatementKind::Use(self.ident()?))
            }
            "MERGE" | "BACKUP" | "RESTORE" | "DBCC" | "KILL" | "GOTO" | "REVERT" | "OPEN" | "CLOSE" | "FETCH" | "DEALLOCATE"
            | "BULK" | "CHECKPOINT" | "RECONFIGURE" | "SHUTDOWN" => Err(self.unsupported(&format!("The statement {word}"))),
            _ if first && !is_reserved(&word) => self.execute_bare(),
            _ => Err(self.syntax_error()),
        }
    }

    fn single_word(&mut self, kind: StatementKind) -> StatementKind {
        self.at += 1;
        kind
    }

    fn begin(&mut self, depth: usize) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        if self.is(0, "TRAN") || self.is(0, "TRANSACTION") {
            self.at += 1;
            let name = self.transaction_name();
            if self.is(0, "WITH") {
                return Err(self.unsupported("WITH MARK"));
            }
            return Ok(StatementKind::Transaction(Transaction::Begin(name)));
        }
        if self.is(0, "DISTRIBUTED") || self.is(0, "DIALOG") || self.is(0, "CONVERSATION") {
            return Err(self.unsupported(&format!("BEGIN {}", self.next_text())));
        }
        if self.accept("TRY") {
            let body = self.statements(depth)?;
            self.expect("TRY")?;
            self.semicolons();
            if !self.accept_all(&["BEGIN", "CATCH"]) {
                return Err(self.syntax_error());
            }
            let handler = self.statements(depth)?;
            self.expect("CATCH")?;
            return Ok(StatementKind::Try { body, handler });
        }
        let block = self.statements(depth)?;
        if block.is_empty() {
            self.at -= 1;
            return Err(self.syntax_error());
        }
        Ok(StatementKind::Block(block))
    }

    /// Parses statements up to and including `END`.
    fn statements(&mut self, depth: usize) -> Result<Vec<Statement>, SyntaxError> {
        let mut statements = Vec::new();
        loop {
            self.semicolons();
            if self.accept("END") {
                return Ok(statements);
            }
            if self.is_at_end() {
                return Err(self.syntax_error());
            }
            statements.push(self.statement(depth, false)?);
        }
    }

    fn condition(&mut self, depth: usize) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let condition = self.expr(Construct::Expression)?;
        let then = Box::new(self.statement(depth, false)?);
        let back = self.at;
        self.semicolons();
        let otherwise = if self.accept("ELSE") {
            Some(Box::new(self.statement(depth, false)?))
        } else {
            self.at = back;
            None
        };
        Ok(StatementKind::If { condition, then, otherwise })
    }

    fn transaction(&mut self) -> Result<StatementKind, SyntaxError> {
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
            _ => Transaction::Save(name.ok_or_else(|| self.syntax_error())?),
        };
        Ok(StatementKind::Transaction(kind))
    }

    /// Reads a transaction's name unless it starts the next statement.
    fn transaction_name(&mut self) -> Option<String> {
        if matches!(self.word(0).as_deref(), Some("THROW")) {
            return None;
        }
        self.ident().ok()
    }

    fn declare(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let all = self.comma_separated(|parser| {
            let Some(name) = parser.variable() else {
                return Err(if parser.is(1, "CURSOR") { parser.unsupported("CURSOR") } else { parser.syntax_error() });
            };
            parser.accept("AS");
            if parser.is(0, "TABLE") {
                return Err(parser.unsupported("A table variable"));
            }
            let kind = parser.data_type()?;
            let value = if parser.accept_token(&Token::Eq) { Some(parser.expr(Construct::ListItem)?) } else { None };
            Ok(Declaration { name, kind, value })
        })?;
        Ok(StatementKind::Declare(all))
    }

    fn create(&mut self) -> Result<StatementKind, SyntaxError> {
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
            "OR" if self.is(1, "ALTER") => {
                self.at += 2;
                Err(self.unsupported(&format!("CREATE OR ALTER {}", self.next_text())))
            }
            _ => Err(self.unsupported(&format!("CREATE {}", self.next_text()))),
        }
    }

    fn alter(&mut self) -> Result<StatementKind, SyntaxError> {
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
            _ => Err(self.unsupported(&format!("ALTER {}", self.next_text()))),
        }
    }

    fn drop(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let word = self.word(0).unwrap_or_default();
        match word.as_str() {
            "TABLE" => self.drop_table(),
            "INDEX" => self.drop_index(),
            "SCHEMA" => self.drop_schema(),
            "DATABASE" => self.drop_database(),
            "LOGIN" | "USER" | "ROLE" => self.drop_principal(),
            _ => Err(self.unsupported(&format!("DROP {}", self.next_text()))),
        }
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.accept_all(&["IF", "EXISTS"])
    }
}
