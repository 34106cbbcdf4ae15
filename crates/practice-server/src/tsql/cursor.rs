//! A place in the tokens of a batch, and the small steps from there.

use sqlparser::ast::{Expr, Query};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::extent::{self, Within};
use super::lexer::{Syntax, line_of, spell};
use super::names::{Name, reserved};

/// Reads on through a batch.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(super) tokens: Vec<TokenWithSpan>,
    pub(super) at: usize,
}

/// How deep blocks may nest, so that a hostile batch cannot use up the stack.
pub(super) const DEPTH: usize = 64;

impl Cursor {
    pub(crate) fn new(tokens: Vec<TokenWithSpan>) -> Self {
        Self { tokens, at: 0 }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|token| &token.token)
    }

    pub(super) fn ended(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The line of the next token, or of the last.
    pub(super) fn line(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, line_of)
    }

    /// The bare word at a distance, in capitals; nothing for a quoted one.
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

    pub(super) fn are(&self, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(ahead, keyword)| self.is(ahead, keyword))
    }

    pub(super) fn accept(&mut self, keyword: &str) -> bool {
        let found = self.is(0, keyword);
        self.at += usize::from(found);
        found
    }

    pub(super) fn accept_all(&mut self, keywords: &[&str]) -> bool {
        let found = self.are(keywords);
        if found {
            self.at += keywords.len();
        }
        found
    }

    pub(super) fn expect(&mut self, keyword: &str) -> Result<(), Syntax> {
        if self.accept(keyword) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn accept_token(&mut self, token: &Token) -> bool {
        let found = self.peek(0) == Some(token);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_token(&mut self, token: &Token) -> Result<(), Syntax> {
        if self.accept_token(token) { Ok(()) } else { Err(self.wrong()) }
    }

    /// The error at the next token, or at the last one when the batch ended too early.
    pub(super) fn wrong(&self) -> Syntax {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or_else(|| Syntax { number: 102, text: "Incorrect syntax near ''.".to_owned(), line: 1 }, Syntax::near)
    }

    pub(super) fn unsupported(&self, what: &str) -> Syntax {
        Syntax::unsupported(what, self.line())
    }

    /// One part of a name; reserved words only in quotes.
    pub(super) fn ident(&mut self) -> Result<String, Syntax> {
        match self.peek(0) {
            Some(Token::Word(word)) if word.quote_style.is_some() || !reserved(&word.value) => {
                let value = word.value.clone();
                self.at += 1;
                Ok(value)
            }
            _ => Err(self.wrong()),
        }
    }

    pub(super) fn name(&mut self) -> Result<Name, Syntax> {
        let mut parts = vec![self.ident()?];
        while self.accept_token(&Token::Period) {
            if self.peek(0) == Some(&Token::Period) {
                parts.push(String::new());
            } else {
                parts.push(self.ident()?);
            }
        }
        if parts.len() > 4 {
            return Err(self.wrong());
        }
        Ok(Name { parts })
    }

    /// A variable, `@x`.
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

    pub(super) fn commas<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Syntax>) -> Result<Vec<T>, Syntax> {
        let mut all = vec![one(self)?];
        while self.accept_token(&Token::Comma) {
            all.push(one(self)?);
        }
        Ok(all)
    }

    pub(super) fn names_in_parens(&mut self) -> Result<Vec<String>, Syntax> {
        self.expect_token(&Token::LParen)?;
        let names = self.commas(Self::ident)?;
        self.expect_token(&Token::RParen)?;
        Ok(names)
    }

    /// The end of the parentheses that open at the next token, past the closing one.
    pub(super) fn closing(&self) -> Result<usize, Syntax> {
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
        Err(self.tokens.last().map_or_else(|| self.wrong(), Syntax::near))
    }

    /// An expression from here up to `end`, which it must use up.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough in its lifetime")]
    pub(super) fn expr_to(&mut self, end: usize) -> Result<Expr, Syntax> {
        self.parse_to(end, |parser| parser.parse_expr())
    }

    /// An expression that ends where the next statement can begin.
    pub(super) fn expr(&mut self, within: Within) -> Result<Expr, Syntax> {
        let end = extent::end(&self.tokens, self.at, within);
        self.expr_to(end)
    }

    /// A query from here up to `end`, which it must use up.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is not general enough in its lifetime")]
    pub(super) fn query_to(&mut self, end: usize) -> Result<Query, Syntax> {
        self.parse_to(end, |parser| parser.parse_query()).map(|query| *query)
    }

    /// Hands the tokens up to `end` to `sqlparser`.
    pub(super) fn parse_to<T>(
        &mut self,
        end: usize,
        parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
    ) -> Result<T, Syntax> {
        let part = self.tokens.get(self.at..end).unwrap_or_default();
        if part.is_empty() {
            return Err(self.wrong());
        }
        let dialect = MsSqlDialect {};
        let mut parser = Parser::new(&dialect).with_recursion_limit(DEPTH).with_tokens_with_locations(part.to_vec());
        match parse(&mut parser) {
            Ok(parsed) if parser.index() >= part.len() => {
                self.at = end;
                Ok(parsed)
            }
            Ok(_) => {
                self.at += parser.index();
                Err(self.wrong())
            }
            Err(error) => Err(near(&error, part).unwrap_or_else(|| self.wrong())),
        }
    }
}

/// Finds the token that `sqlparser` stumbled over.
fn near(error: &ParserError, part: &[TokenWithSpan]) -> Option<Syntax> {
    let text = match error {
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
        ParserError::RecursionLimitExceeded => {
            return Some(Syntax {
                number: 191,
                text: "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into \
                       smaller queries."
                    .to_owned(),
                line: part.first().map_or(1, line_of),
            });
        }
    };
    let Some((_, place)) = text.rsplit_once(" at Line: ") else {
        // The tokens came to an end too early.
        return part.last().map(Syntax::near);
    };
    let (line, column) = place.split_once(", Column: ")?;
    let (line, column): (u64, u64) = (line.trim().parse().ok()?, column.trim().parse().ok()?);
    let found = part.iter().find(|token| token.span.start.line == line && token.span.start.column == column).or(part.last())?;
    Some(Syntax::near(found))
}

impl Cursor {
    /// The next token's spelling, for messages.
    pub(super) fn spelled(&self) -> String {
        self.peek(0).map(spell).unwrap_or_default()
    }
}
