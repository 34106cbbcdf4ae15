//! Finds the errors that SQL Server finds before a batch starts (unknown columns of known tables, undeclared variables). Unknown tables
//! are left to the statement itself, as with SQL Server's deferred name resolution.

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use crate::engine::bind::{Binder, Variable, Variables};
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::run::execution::{Execution, Frame};
use crate::engine::run::query::undeclared;
use crate::engine::types;
use crate::tsql::statement::{Statement, StatementKind};

/// The errors that stop a batch before its first statement.
const EARLY: &[i32] = &[137, 207, 209, 8120, 4104, 195, 4145, 141, 116];

impl Execution<'_> {
    pub(super) fn precompile(&mut self, statements: &[Statement], frame: &Frame) -> Result<(), SqlError> {
        let mut variables = frame.variables.clone();
        // After USE names belong to another database, which is known only at run time.
        if declare(statements, &mut variables)? {
            return Ok(());
        }
        self.check(statements, &variables)
    }

    fn check(&mut self, statements: &[Statement], variables: &Variables) -> Result<(), SqlError> {
        for statement in statements {
            let result = match &statement.kind {
                StatementKind::Block(block) => self.check(block, variables),
                StatementKind::Try { body, handler } => self.check(body, variables).and_then(|()| self.check(handler, variables)),
                StatementKind::While { body, condition } => {
                    self.check_condition(condition, variables).and_then(|()| self.check(std::slice::from_ref(body), variables))
                }
                StatementKind::If { condition, then, otherwise } => self
                    .check_condition(condition, variables)
                    .and_then(|()| self.check(std::slice::from_ref(then), variables))
                    .and_then(|()| match otherwise {
                        Some(otherwise) => self.check(std::slice::from_ref(otherwise), variables),
                        None => Ok(()),
                    }),
                StatementKind::Query(selection) => {
                    let Ok(context) = self.session.context_for_query(&selection.query) else {
                        continue;
                    };
                    Binder::new(&context, variables).selection(selection).map(|_| ())
                }
                StatementKind::Assign { variable, .. } if !variables.contains_key(variable) => Err(undeclared(variable)),
                _ => Ok(()),
            };
            if let Err(mut error) = result
                && EARLY.contains(&error.number)
            {
                if error.line == 0 {
                    error.line = statement.line;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn check_condition(&mut self, condition: &Expr, variables: &Variables) -> Result<(), SqlError> {
        match self.session.context() {
            Ok(context) => Binder::new(&context, variables).condition(condition).map(|_| ()),
            Err(_) => Ok(()),
        }
    }
}

/// Collects all declarations of a batch; returns `true` if one of its statements is `USE`.
fn declare(statements: &[Statement], variables: &mut Variables) -> Result<bool, SqlError> {
    let mut moves = false;
    for statement in statements {
        match &statement.kind {
            StatementKind::Declare(all) => {
                for one in all {
                    if variables.contains_key(&one.name) {
                        let mut error = SqlError::new(
                            134,
                            format!(
                                "The variable name '{}' has already been declared. Variable names must be unique within a \
                                 query batch or stored procedure.",
                                one.name
                            ),
                        )
                        .class(15)
                        .scope(ErrorScope::Compile);
                        error.line = statement.line;
                        return Err(error);
                    }
                    let declared = types::read_declared(&one.kind, 1)?;
                    let variable = Variable { kind: declared.kind, fixed: declared.fixed, value: Stored::Null };
                    variables.insert(one.name.clone(), variable);
                }
            }
            StatementKind::Use(_) => moves = true,
            StatementKind::Block(block) => moves |= declare(block, variables)?,
            StatementKind::Try { body, handler } => moves |= declare(body, variables)? | declare(handler, variables)?,
            StatementKind::While { body, .. } => moves |= declare(std::slice::from_ref(body), variables)?,
            StatementKind::If { then, otherwise, .. } => {
                moves |= declare(std::slice::from_ref(then), variables)?;
                if let Some(otherwise) = otherwise {
                    moves |= declare(std::slice::from_ref(otherwise), variables)?;
                }
            }
            _ => {}
        }
    }
    Ok(moves)
}
