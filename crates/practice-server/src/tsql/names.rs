//! Names as T-SQL writes them, and the words that cannot be names.

/// A name of one to four parts, `server.database.schema.object`; a part left out between dots is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) parts: Vec<String>,
}

impl Name {
    /// A name of one part.
    pub(crate) fn plain(object: &str) -> Self {
        Self { parts: vec![object.to_owned()] }
    }

    /// The last part.
    pub(crate) fn object(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// The schema, when one is given.
    pub(crate) fn schema(&self) -> Option<&str> {
        self.nth_last(1)
    }

    /// The database, when one is given.
    pub(crate) fn database(&self) -> Option<&str> {
        self.nth_last(2)
    }

    /// The linked server, when one is given.
    pub(crate) fn server(&self) -> Option<&str> {
        self.nth_last(3)
    }

    fn nth_last(&self, back: usize) -> Option<&str> {
        let at = self.parts.len().checked_sub(back + 1)?;
        self.parts.get(at).map(String::as_str).filter(|part| !part.is_empty())
    }

    /// Reads a name out of a string value, as `OBJECT_ID` takes it: `a.b`, `[a].[b]`, `"a"."b"`.
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

/// The reserved words of T-SQL, for the choice between 102 and 156 and for what cannot be a bare alias.
const RESERVED: &str = " ADD ALL ALTER AND ANY AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BROWSE BULK BY \
CASCADE CASE CHECK CHECKPOINT CLOSE CLUSTERED COALESCE COLLATE COLUMN COMMIT COMPUTE CONSTRAINT CONTAINS \
CONTINUE CONVERT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE \
DBCC DEALLOCATE DECLARE DEFAULT DELETE DENY DESC DISK DISTINCT DISTRIBUTED DOUBLE DROP DUMP ELSE END ERRLVL \
ESCAPE EXCEPT EXEC EXECUTE EXISTS EXIT EXTERNAL FETCH FILE FILLFACTOR FOR FOREIGN FREETEXT FROM FULL FUNCTION \
GOTO GRANT GROUP HAVING HOLDLOCK IDENTITY IDENTITY_INSERT IDENTITYCOL IF IN INDEX INNER INSERT INTERSECT INTO \
IS JOIN KEY KILL LEFT LIKE LINENO LOAD MERGE NATIONAL NOCHECK NONCLUSTERED NOT NULL NULLIF OF OFF OFFSETS ON \
OPEN OPTION OR ORDER OUTER OVER PERCENT PIVOT PLAN PRECISION PRIMARY PRINT PROC PROCEDURE PUBLIC RAISERROR READ \
READTEXT RECONFIGURE REFERENCES REPLICATION RESTORE RESTRICT RETURN REVERT REVOKE RIGHT ROLLBACK ROWCOUNT \
ROWGUIDCOL RULE SAVE SCHEMA SELECT SESSION_USER SET SETUSER SHUTDOWN SOME STATISTICS SYSTEM_USER TABLE \
TABLESAMPLE TEXTSIZE THEN TO TOP TRAN TRANSACTION TRIGGER TRUNCATE TRY_CONVERT TSEQUAL UNION UNIQUE UNPIVOT \
UPDATE UPDATETEXT USE USER VALUES VARYING VIEW WAITFOR WHEN WHERE WHILE WITH WITHIN WRITETEXT ";

/// Whether a bare word is reserved.
pub(crate) fn reserved(word: &str) -> bool {
    RESERVED.contains(&format!(" {} ", word.to_ascii_uppercase()))
}
