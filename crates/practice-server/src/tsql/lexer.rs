//! Splits a batch into tokens; names and reserved words; where a statement without a semicolon ends.

use sqlparser::dialect::MsSqlDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// A batch that is not valid T-SQL, or uses a part of it that the practice server does not support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) number: i32,
    pub(crate) text: String,
    pub(crate) line: u32,
}

impl SyntaxError {
    /// Creates error 102, or 156 for a reserved word.
    pub(crate) fn near(token: &TokenWithSpan) -> Self {
        let line = line_of(token);
        let text = token_text(&token.token);
        let is_reserved = matches!(&token.token, Token::Word(word)
            if word.quote_style.is_none() && is_reserved(&word.value));
        if is_reserved {
            Self { number: 156, text: format!("Incorrect syntax near the keyword '{text}'."), line }
        } else {
            Self { number: 102, text: format!("Incorrect syntax near '{text}'."), line }
        }
    }

    /// Creates error 40510, for valid T-SQL that the practice server does not support.
    pub(crate) fn unsupported(what: &str, line: u32) -> Self {
        Self { number: 40510, text: format!("{what} is not supported by the practice server."), line }
    }
}

/// The most operators in one expression, and the most set operations in one statement: trees of them are walked recursively.
const MAX_CHAIN: usize = 500;
const MAX_SETS: usize = 100;

/// Creates error 191.
pub(crate) fn nested_too_deeply(line: u32) -> SyntaxError {
    let text = "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries.";
    SyntaxError { number: 191, text: text.to_owned(), line }
}

/// Refuses expressions of so many terms that they would exhaust the stack.
fn check_chains(tokens: &[TokenWithSpan]) -> Result<(), SyntaxError> {
    // For each open parenthesis, the operators of each precedence since the last comma or parenthesis.
    let mut chains = vec![[0_usize; 4]];
    let mut sets = 0_usize;
    for token in tokens {
        let precedence = match &token.token {
            Token::LParen => {
                chains.push([0; 4]);
                continue;
            }
            Token::RParen => {
                if chains.len() > 1 {
                    chains.pop();
                }
                continue;
            }
            Token::Comma | Token::SemiColon => {
                if let Some(chain) = chains.last_mut() {
                    *chain = [0; 4];
                }
                continue;
            }
            Token::Number(..) | Token::SingleQuotedString(_) | Token::NationalStringLiteral(_) => continue,
            Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => 2,
            Token::Word(word) if word.quote_style.is_some() => continue,
            Token::Word(word) => match word.value.to_ascii_uppercase().as_str() {
                "UNION" | "EXCEPT" | "INTERSECT" => {
                    sets += 1;
                    3
                }
                "OR" => 0,
                "AND" => 1,
                "NOT" | "IS" | "IN" | "LIKE" | "BETWEEN" | "COLLATE" | "AT" | "JOIN" => 3,
                "SELECT" => continue,
                starter if STATEMENT_STARTERS.contains(&starter) => {
                    chains = vec![[0; 4]];
                    sets = 0;
                    continue;
                }
                _ => continue,
            },
            _ => 3,
        };
        let chain = chains.last_mut().map_or(0, |chain| {
            chain[precedence] += 1;
            chain[precedence]
        });
        if chain > MAX_CHAIN || sets > MAX_SETS {
            return Err(nested_too_deeply(line_of(token)));
        }
    }
    Ok(())
}

/// Returns the token as written, without quotes where SQL Server omits them.
pub(crate) fn token_text(token: &Token) -> String {
    match token {
        Token::Word(word) => word.value.clone(),
        Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns the token's line, starting at 1.
pub(crate) fn line_of(token: &TokenWithSpan) -> u32 {
    u32::try_from(token.span.start.line).unwrap_or(u32::MAX).max(1)
}

/// Splits a batch into tokens. `quoted` is `SET QUOTED_IDENTIFIER`: if it is off, `"x"` is a string.
pub(crate) fn tokens(text: &str, quoted: bool) -> Result<Vec<TokenWithSpan>, SyntaxError> {
    let dialect = MsSqlDialect {};
    let all = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|error| {
        let line = u32::try_from(error.location.line).unwrap_or(1).max(1);
        if error.message.contains("comment") {
            SyntaxError { number: 113, text: "Missing end comment mark '*/'.".to_owned(), line }
        } else {
            let rest = text
                .lines()
                .nth(line as usize - 1)
                .unwrap_or_default()
                .chars()
                .skip(usize::try_from(error.location.column).unwrap_or(0))
                .take(60)
                .collect::<String>();
            SyntaxError { number: 105, text: format!("Unclosed quotation mark after the character string '{rest}'."), line }
        }
    })?;
    let all: Vec<TokenWithSpan> = all
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
        .collect();
    check_chains(&all)?;
    Ok(all)
}

/// A name of one to four parts, `server.database.schema.object`; a part omitted between dots is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) parts: Vec<String>,
}

impl Name {
    /// Creates a name of one part.
    pub(crate) fn plain(object: &str) -> Self {
        Self { parts: vec![object.to_owned()] }
    }

    /// Returns the last part.
    pub(crate) fn object(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Returns the schema, if given.
    pub(crate) fn schema(&self) -> Option<&str> {
        self.nth_last(1)
    }

    /// Returns the database, if given.
    pub(crate) fn database(&self) -> Option<&str> {
        self.nth_last(2)
    }

    /// Returns the linked server, if given.
    pub(crate) fn server(&self) -> Option<&str> {
        self.nth_last(3)
    }

    fn nth_last(&self, back: usize) -> Option<&str> {
        let at = self.parts.len().checked_sub(back + 1)?;
        self.parts.get(at).map(String::as_str).filter(|part| !part.is_empty())
    }

    /// Parses a name from a string value, as `OBJECT_ID` takes it: `a.b`, `[a].[b]`, `"a"."b"`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        loop {
            let (part, after) = if let Some(open @ ('[' | '"')) = rest.chars().next() {
                quoted_part(rest, if open == '[' { ']' } else { '"' })?
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            };
            parts.push(part);
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => break,
                None => return None,
            }
        }
        let fits = parts.len() <= 4 && parts.last().is_some_and(|last| !last.is_empty());
        fits.then_some(Self { parts })
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parts.join("."))
    }
}

fn quoted_part(text: &str, close: char) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char == close {
            if chars.peek().is_some_and(|(_, next)| *next == close) {
                chars.next();
                part.push(close);
                continue;
            }
            return Some((part, text[at + close.len_utf8()..].trim_start()));
        }
        part.push(char);
    }
    None
}

/// T-SQL's reserved words: they decide between errors 102 and 156, and cannot be bare aliases.
const RESERVED: &str = " ADD ALL ALTER AND ANY AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BROWSE BULK BY \
CASCADE CASE CHECK CHECKPOINT CLOSE CLUSTERED COALESCE COLLATE COLUMN COMMIT COMPUTE CONSTRAINT CONTAINS \
CONTINUE CONVERT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE \
DBCC DEALLOCATE DECLARE DEFAULT DELETE DENY DESC DISK DISTINCT DISTRIBUTED DOUBLE DROP DUMP ELSE END ERRLVL \
ESCAPE EXCEPT EXEC EXECUTE EXISTS EXIT EXTERNAL FETCH FILE FILLFACTOR FOR FOREIGN FREETEXT FROM FULL FUNCTION \
GOTO GRANT GROUP HAVING HOLDLOCK IDENTITY IDENTITY_INSERT IDENTITYCOL IF IN INDEX INNER INSERT INTERSECT INTO \
IS JOIN KEY KILL LEFT LIKE LINENO LOAD MERGE NATIONAL NOCHECK NONCLUSTERED NOT NULL NULLIF OF OFF OFFSETS ON \
OPEN OPTION OR ORDER OUTER OVER PERCENT PIVOT PLAN PRIMARY PRINT PROC PROCEDURE PUBLIC RAISERROR READ \
READTEXT RECONFIGURE REFERENCES REPLICATION RESTORE RESTRICT RETURN REVERT REVOKE RIGHT ROLLBACK ROWCOUNT \
ROWGUIDCOL RULE SAVE SCHEMA SELECT SESSION_USER SET SETUSER SHUTDOWN SOME STATISTICS SYSTEM_USER TABLE \
TABLESAMPLE TEXTSIZE THEN TO TOP TRAN TRANSACTION TRIGGER TRUNCATE TRY_CONVERT TSEQUAL UNION UNIQUE UNPIVOT \
UPDATE UPDATETEXT USE USER VALUES VARYING VIEW WAITFOR WHEN WHERE WHILE WITH WITHIN WRITETEXT ";

/// Returns whether an unquoted word is reserved.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&format!(" {} ", word.to_ascii_uppercase()))
}

/// What is being parsed; it decides which words belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Construct {
    /// A condition, or a value in `SET`, `PRINT`, `DECLARE`: a bare `SELECT` does not belong to it.
    Expression,
    /// One value in a comma-separated list outside parentheses.
    ListItem,
    /// `SELECT`.
    Select,
    /// `INSERT`, whose source may be a `SELECT` or an `EXEC`.
    Insert,
    /// `UPDATE`, with its `SET`.
    Update,
    /// `DELETE`.
    Delete,
    /// `WITH …` before any of the four.
    With,
}

const STATEMENT_STARTERS: &[&str] = &[
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "DECLARE",
    "SET",
    "IF",
    "ELSE",
    "WHILE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVE",
    "EXEC",
    "EXECUTE",
    "PRINT",
    "RAISERROR",
    "THROW",
    "RETURN",
    "BREAK",
    "CONTINUE",
    "GOTO",
    "WAITFOR",
    "USE",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "GRANT",
    "DENY",
    "REVOKE",
    "REVERT",
    "BACKUP",
    "RESTORE",
    "DBCC",
    "KILL",
    "RECONFIGURE",
    "CHECKPOINT",
];

/// Returns the index of the first token after `start` that does not belong to the construct.
pub(super) fn find_statement_end(tokens: &[TokenWithSpan], start: usize, within: Construct) -> usize {
    let mut depth = 0_usize;
    let mut cases = 0_usize;
    let mut main_word = !matches!(within, Construct::Insert | Construct::With);
    let mut verb = !matches!(within, Construct::With);
    let mut set = !matches!(within, Construct::Update | Construct::With);
    let own = usize::from(!matches!(within, Construct::Expression | Construct::ListItem));
    for (at, token) in tokens.iter().enumerate().skip(start) {
        let first = at < start + own;
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => {
                if depth == 0 {
                    return at;
                }
                depth -= 1;
            }
            Token::SemiColon if depth == 0 => return at,
            Token::Comma if depth == 0 && within == Construct::ListItem => return at,
            Token::Word(word) if depth == 0 && !first && word.quote_style.is_none() => {
                let upper = word.value.to_ascii_uppercase();
                let before = at.checked_sub(1).filter(|before| *before >= start).map(|before| &tokens[before].token);
                match upper.as_str() {
                    "CASE" => cases += 1,
                    "END" => {
                        if cases == 0 {
                            return at;
                        }
                        cases -= 1;
                    }
                    "ELSE" if cases > 0 => {}
                    "SELECT" if follows(before, &["UNION", "ALL", "EXCEPT", "INTERSECT"]) => {}
                    "SELECT" if !main_word => {
                        main_word = true;
                        verb = true;
                    }
                    "EXEC" | "EXECUTE" if within == Construct::Insert && !main_word => main_word = true,
                    "VALUES" | "DEFAULT" => main_word = true,
                    "INSERT" if !verb => {
                        verb = true;
                        main_word = false;
                    }
                    "UPDATE" if !verb => {
                        verb = true;
                        main_word = true;
                        set = false;
                    }
                    "DELETE" if !verb => {
                        verb = true;
                        main_word = true;
                    }
                    "SET" if !set => set = true,
                    "UPDATE" | "DELETE" if follows(before, &["ON"]) => {}
                    word if STATEMENT_STARTERS.contains(&word) => return at,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

fn follows(before: Option<&Token>, words: &[&str]) -> bool {
    matches!(before, Some(Token::Word(word))
        if word.quote_style.is_none() && words.iter().any(|one| word.value.eq_ignore_ascii_case(one)))
}
