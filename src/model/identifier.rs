//! Names inside T-SQL text, quoted so that no name can become a statement.

/// Quotes an identifier as `QUOTENAME` does: `a]b` becomes `[a]]b]`.
pub fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// Quotes a text as a Unicode literal: `it's` becomes `N'it''s'`.
pub fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_quotes_are_doubled() {
        assert_eq!(quoted("a]; DROP DATABASE b"), "[a]]; DROP DATABASE b]");
        assert_eq!(literal("it's"), "N'it''s'");
    }
}
