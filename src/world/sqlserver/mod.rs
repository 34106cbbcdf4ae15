//! The connection to SQL Server, and the only code that knows tiberius.
