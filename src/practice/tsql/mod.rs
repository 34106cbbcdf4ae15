//! T-SQL, parsed: batches into statements.
