//! Parses T-SQL text into statements. The parts that differ between SQL dialects are parsed by hand here (blocks, control
//! flow, security, databases, table definitions), queries and expressions by `sqlparser`.
//!
//! Nothing here runs anything, and no statement is recognised by its whole text.

mod administration;
mod dml;
mod lexer;
mod parser;
pub(crate) mod statement;
mod table;

pub(crate) use lexer::{Name, SyntaxError, is_reserved};
pub(crate) use parser::{expression, parameters, parse};
