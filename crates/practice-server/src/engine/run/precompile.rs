//! What SQL Server finds before a batch begins: unknown columns of known tables, undeclared variables.
//!
//! Unknown tables are left to the statement itself, as with SQL Server's deferred name resolution.

use super::super::bind::{Binder, Variable, Variables};
use super::super::fault::Fault;
use super::super::types;
use super::{Frame, Run};
use crate::tsql::statement::{Kind, Statement};

/// The errors that stop a batch before its first statement.
const EARLY: &[i32] = &[137, 207, 209, 8120, 4104, 195, 4145, 141, 116];

impl Run<'_> {
    pub(super) fn precompile(&mut self, statements: &[Statement], frame: &Frame) -> Result<(), Fault> {
        let mut variables = frame.variables.clone();
        // After USE the names are another database's, which is known only then.
        if declare(statements, &mut variables)? {
            return Ok(());
        }
        self.check(statements, &variables)
    }

    fn check(&mut self, statements: &[Statement], variables: &Variables) -> Result<(), Fault> {
        for statement in statements {
            let result = match &statement.kind {
                Kind::Block(block) => self.check(block, variables),
                Kind::Try { body, handler } => self.check(body, variables).and_then(|()| self.check(handler, variables)),
                Kind::While { body, condition } => {
                    self.check_condition(condition, variables).and_then(|()| self.check(std::slice::from_ref(body), variables))
                }
                Kind::If { condition, then, otherwise } => self
                    .check_condition(condition, variables)
                    .and_then(|()| self.check(std::slice::from_ref(then), variables))
                    .and_then(|()| match otherwise {
                        Some(otherwise) => self.check(std::slice::from_ref(otherwise), variables),
                        None => Ok(()),
                    }),
                Kind::Query(query) => {
                    let Ok(context) = self.session.context_for(query) else {
                        continue;
                    };
                    Binder::new(&context, variables).query(query).map(|_| ())
                }
                Kind::Assign { variable, .. } if !variables.contains_key(variable) => Err(super::query::undeclared(variable)),
                _ => Ok(()),
            };
            if let Err(mut fault) = result
                && EARLY.contains(&fault.number)
            {
                if fault.line == 0 {
                    fault.line = statement.line;
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    fn check_condition(&mut self, condition: &sqlparser::ast::Expr, variables: &Variables) -> Result<(), Fault> {
        match self.session.context() {
            Ok(context) => Binder::new(&context, variables).condition(condition).map(|_| ()),
            Err(_) => Ok(()),
        }
    }
}

/// Collects all declarations of a batch; `true` when there is a `USE` among its statements.
fn declare(statements: &[Statement], variables: &mut Variables) -> Result<bool, Fault> {
    let mut moves = false;
    for statement in statements {
        match &statement.kind {
            Kind::Declare(all) => {
                for one in all {
                    if variables.contains_key(&one.name) {
                        let mut fault = Fault::new(
                            134,
                            format!(
                                "The variable name '{}' has already been declared. Variable names must be unique within a \
                                 query batch or stored procedure.",
                                one.name
                            ),
                        )
                        .class(15)
                        .reach(super::Reach::Compile);
                        fault.line = statement.line;
                        return Err(fault);
                    }
                    let declared = types::declared(&one.kind, 1)?;
                    let variable = Variable { kind: declared.kind, fixed: declared.fixed, value: rusqlite::types::Value::Null };
                    variables.insert(one.name.clone(), variable);
                }
            }
            Kind::Use(_) => moves = true,
            Kind::Block(block) => moves |= declare(block, variables)?,
            Kind::Try { body, handler } => moves |= declare(body, variables)? | declare(handler, variables)?,
            Kind::While { body, .. } => moves |= declare(std::slice::from_ref(body), variables)?,
            Kind::If { then, otherwise, .. } => {
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
