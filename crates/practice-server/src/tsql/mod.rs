//! T-SQL text to statements: the parts that differ between SQL dialects are read here by hand (blocks, control
//! flow, security, databases, table definitions), queries and expressions by `sqlparser`.
//!
//! Nothing here runs anything, and nothing recognises a statement by its whole text.

pub(crate) mod cursor;
mod database;
mod dml;
mod extent;
mod flow;
mod lexer;
pub(crate) mod names;
mod procedure;
mod security;
mod setting;
pub(crate) mod statement;
mod table;

pub(crate) use flow::{expression, parameters, parse};
pub(crate) use lexer::Syntax;
