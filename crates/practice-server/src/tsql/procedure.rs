//! `EXECUTE`, `THROW`, `RAISERROR`.

use sqlparser::ast::{Expr, Ident};
use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::extent::{self, Within};
use super::lexer::Syntax;
use super::statement::{Argument, Kind};

impl Cursor {
    pub(super) fn execute(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        if self.is(0, "AS") {
            return Err(self.unsupported("EXECUTE AS"));
        }
        if self.peek(0) == Some(&Token::LParen) {
            let end = self.closing()?;
            self.at += 1;
            let mut parts = Vec::new();
            while self.at < end - 1 {
                let stop = extent::end(&self.tokens, self.at, Within::ListItem).min(end - 1);
                parts.push(self.expr_to(stop)?);
                if self.at < end - 1 {
                    return Err(self.unsupported("EXECUTE with parameters for a linked server"));
                }
            }
            self.at = end;
            if self.is(0, "AT") || self.is(0, "AS") {
                return Err(self.unsupported(&format!("EXECUTE … {}", self.spelled())));
            }
            return Ok(Kind::ExecuteText(parts));
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

    /// A procedure's name without `EXEC`, as the first statement of a batch.
    pub(super) fn execute_bare(&mut self) -> Result<Kind, Syntax> {
        self.execute_named(None)
    }

    fn execute_named(&mut self, result: Option<String>) -> Result<Kind, Syntax> {
        let procedure = self.name()?;
        let end = extent::end(&self.tokens, self.at, Within::Expression);
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
        Ok(Kind::Execute { result, procedure, arguments })
    }

    fn argument(&mut self) -> Result<Argument, Syntax> {
        let named = self.peek(1) == Some(&Token::Eq);
        let name = if named { self.variable() } else { None };
        if name.is_some() {
            self.at += 1;
        }
        let mut end = extent::end(&self.tokens, self.at, Within::ListItem);
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

    pub(super) fn throw(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let end = extent::end(&self.tokens, self.at, Within::Expression);
        if end == self.at {
            return Ok(Kind::Throw(None));
        }
        let number = self.expr(Within::ListItem)?;
        self.expect_token(&Token::Comma)?;
        let message = self.expr(Within::ListItem)?;
        self.expect_token(&Token::Comma)?;
        let state = self.expr(Within::ListItem)?;
        Ok(Kind::Throw(Some((number, message, state))))
    }

    pub(super) fn raise(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let end = self.closing()?;
        self.expect_token(&Token::LParen)?;
        let mut values = self.commas(|cursor| cursor.expr(Within::ListItem))?;
        if self.at != end - 1 || values.len() < 3 {
            return Err(self.wrong());
        }
        self.at = end;
        if self.accept("WITH") && !self.accept("NOWAIT") {
            return Err(self.unsupported("RAISERROR WITH other than NOWAIT"));
        }
        let arguments = values.split_off(3);
        let mut values = values.into_iter();
        match (values.next(), values.next(), values.next()) {
            (Some(message), Some(severity), Some(state)) => Ok(Kind::RaiseError { message, severity, state, arguments }),
            _ => Err(self.wrong()),
        }
    }
}
