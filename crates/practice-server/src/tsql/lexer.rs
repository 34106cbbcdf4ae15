//! A batch's text as tokens, with their lines; and what is wrong where.

use sqlparser::dialect::MsSqlDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// A batch that is not T-SQL, or not the part of it that the practice server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) number: i32,
    pub(crate) text: String,
    pub(crate) line: u32,
}

impl Syntax {
    /// 102, or 156 for a reserved word.
    pub(crate) fn near(token: &TokenWithSpan) -> Self {
        let line = line_of(token);
        let text = spell(&token.token);
        let reserved = matches!(&token.token, Token::Word(word)
            if word.quote_style.is_none() && super::names::reserved(&word.value));
        if reserved {
            Self { number: 156, text: format!("Incorrect syntax near the keyword '{text}'."), line }
        } else {
            Self { number: 102, text: format!("Incorrect syntax near '{text}'."), line }
        }
    }

    /// What is T-SQL, but beyond the practice server.
    pub(crate) fn unsupported(what: &str, line: u32) -> Self {
        Self { number: 40510, text: format!("{what} is not supported by the practice server."), line }
    }
}

/// The token as it stood in the text, without quotes where SQL Server leaves them out.
pub(crate) fn spell(token: &Token) -> String {
    match token {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The token's line, from 1.
pub(crate) fn line_of(token: &TokenWithSpan) -> u32 {
    u32::try_from(token.span.start.line).unwrap_or(u32::MAX).max(1)
}

/// Splits a batch into tokens. `quoted` is `SET QUOTED_IDENTIFIER`: with it off, `"x"` is a string.
pub(crate) fn tokens(text: &str, quoted: bool) -> Result<Vec<TokenWithSpan>, Syntax> {
    let dialect = MsSqlDialect {};
    let all = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|error| {
        let line = u32::try_from(error.location.line).unwrap_or(1).max(1);
        if error.message.contains("comment") {
            Syntax { number: 113, text: "Missing end comment mark '*/'.".to_owned(), line }
        } else {
            let rest = text
                .lines()
                .nth(line as usize - 1)
                .unwrap_or_default()
                .chars()
                .skip(usize::try_from(error.location.column).unwrap_or(0))
                .take(60)
                .collect::<String>();
            Syntax { number: 105, text: format!("Unclosed quotation mark after the character string '{rest}'."), line }
        }
    })?;
    Ok(all
        .into_iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
        .map(|mut token| {
            if !quoted
                && let Token::Word(word) = &token.token
                && word.quote_style == Some('"')
            {
                token.token = Token::SingleQuotedString(word.value.clone());
            }
            token
        })
        .collect())
}
