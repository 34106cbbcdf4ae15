//! Where a statement ends when nobody wrote a semicolon: at the next word that can only begin another one.

use sqlparser::tokenizer::{Token, TokenWithSpan};

/// What is being read; it decides which words belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// A condition, or a value in `SET`, `PRINT`, `DECLARE`: no bare `SELECT` belongs to it.
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

const STARTERS: &[&str] = &[
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

/// The index of the first token after `start` that is no longer part of it.
pub(super) fn end(tokens: &[TokenWithSpan], start: usize, within: Within) -> usize {
    let mut depth = 0_usize;
    let mut cases = 0_usize;
    let mut main_word = !matches!(within, Within::Insert | Within::With);
    let mut verb = !matches!(within, Within::With);
    let mut set = !matches!(within, Within::Update | Within::With);
    let own = usize::from(!matches!(within, Within::Expression | Within::ListItem));
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
            Token::Comma if depth == 0 && within == Within::ListItem => return at,
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
                    "SELECT" if after(before, &["UNION", "ALL", "EXCEPT", "INTERSECT"]) => {}
                    "SELECT" if !main_word => {
                        main_word = true;
                        verb = true;
                    }
                    "EXEC" | "EXECUTE" if within == Within::Insert && !main_word => main_word = true,
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
                    "UPDATE" | "DELETE" if after(before, &["ON"]) => {}
                    word if STARTERS.contains(&word) => return at,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

fn after(before: Option<&Token>, words: &[&str]) -> bool {
    matches!(before, Some(Token::Word(word))
        if word.quote_style.is_none() && words.iter().any(|one| word.value.eq_ignore_ascii_case(one)))
}
