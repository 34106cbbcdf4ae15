//! Aggregates and window functions.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, GroupByExpr, ObjectName, Query, Select, SelectItem, Visit, Visitor};

use crate::engine::bind::binder::Binder;
use crate::engine::bind::operators;
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::BoundExpr;
use crate::engine::types;
use crate::value::SqlType;

const NAMES: &[&str] = &["COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG", "STRING_AGG"];

pub(super) fn is_aggregate(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Returns whether a select is grouped: explicitly, or by an aggregate of its own.
pub(super) fn is_grouped(select: &Select) -> bool {
    let by = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if !keys.is_empty());
    by || select.having.is_some()
        || select.projection.iter().any(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => has_aggregate(expr),
            _ => false,
        })
}

/// Returns whether the expression contains an aggregate that does not belong to a nested query.
fn has_aggregate(expr: &Expr) -> bool {
    let mut queries = 0_usize;
    walk(expr, &mut |part| {
        match part {
            Part::Query => queries += 1,
            Part::QueryEnd => queries -= 1,
            Part::Expr(Expr::Function(function))
                if queries == 0 && function.over.is_none() && is_aggregate(&function.name.to_string().to_ascii_uppercase()) =>
            {
                return ControlFlow::Break(());
            }
            Part::Expr(_) | Part::Relation(_) => {}
        }
        ControlFlow::Continue(())
    })
}

/// A `SELECT` or `OVER` clause's list, with its words before it; nothing for no items.
pub(super) fn list(words: &str, items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!("{words}{}", items.join(", ")) }
}

/// The clauses of an aggregate, bound.
#[derive(Debug, Default)]
pub(super) struct AggregateClauses {
    pub(super) distinct: bool,
    /// `COUNT(*)`
    pub(super) all_rows: bool,
    /// `WITHIN GROUP (ORDER BY …)`, as `SQLite`'s `ORDER BY`.
    pub(super) order: String,
    /// `OVER (…)`
    pub(super) over: Option<String>,
}

impl Binder<'_> {
    /// Checks that an aggregate may stand here; it may within a grouped query, and not within another aggregate.
    pub(super) fn check_aggregate(&self) -> Result<(), SqlError> {
        let Some(grouping) = self.scopes.last().and_then(|scope| scope.grouping.as_ref()) else {
            return Err(SqlError::new(
                147,
                "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a \
                 select list, and the column being aggregated is an outer reference.",
            )
            .class(15)
            .scope(ErrorScope::Compile));
        };
        if grouping.inside_aggregate {
            return Err(SqlError::new(
                130,
                "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.",
            )
            .scope(ErrorScope::Compile));
        }
        Ok(())
    }

    /// Binds an aggregate over its arguments.
    pub(super) fn aggregate(
        &self,
        name: &str,
        arguments: &[BoundExpr],
        clauses: &AggregateClauses,
    ) -> Result<BoundExpr, SqlError> {
        let over = clauses.over.as_deref().unwrap_or_default();
        let mark = if clauses.distinct { "DISTINCT " } else { "" };
        let count_type = if name == "COUNT" { SqlType::Int } else { SqlType::BigInt };
        let mut typed = match (name, arguments) {
            ("COUNT" | "COUNT_BIG", _) if clauses.all_rows => BoundExpr::new(format!("count(*){over}"), count_type).not_null(),
            ("STRING_AGG", [value, separator]) => {
                let kind = match value.kind {
                    SqlType::VarChar(_) => SqlType::VarChar(None),
                    _ => SqlType::NVarChar(None),
                };
                let (text, separator) = (self.coerce(value, kind), self.coerce(separator, kind));
                BoundExpr::new(format!("group_concat({text}, {separator}{}){over}", clauses.order), kind)
                    .collated(value.collation.clone())
            }
            ("STRING_AGG", _) => return Err(argument_count("STRING_AGG", 2)),
            (_, [argument]) => {
                let sorted = self.with_collation(argument);
                match name {
                    "COUNT" | "COUNT_BIG" => BoundExpr::new(format!("count({mark}{sorted}){over}"), count_type).not_null(),
                    "MIN" | "MAX" if argument.kind == SqlType::Bit => return Err(invalid(argument.kind, name)),
                    "MIN" | "MAX" => BoundExpr::new(format!("{}({sorted}){over}", name.to_ascii_lowercase()), argument.kind)
                        .collated(argument.collation.clone()),
                    _ => sum_or_average(name, mark, argument, over)?,
                }
            }
            _ => return Err(argument_count(&name.to_ascii_lowercase(), 1)),
        };
        if clauses.over.is_some() {
            typed.sql = format!("({})", typed.sql);
        }
        Ok(typed)
    }
}

/// Binds `ROW_NUMBER()`, `RANK()` and `DENSE_RANK()`.
pub(super) fn ranking(name: &str, over: Option<&str>) -> Result<BoundExpr, SqlError> {
    let wrong = |number, text: &str| {
        SqlError::new(number, format!("The function '{name}' must have an OVER clause{text}."))
            .class(15)
            .scope(ErrorScope::Compile)
    };
    match over {
        None => Err(wrong(10753, "")),
        Some(over) if !over.contains("ORDER BY") => Err(wrong(4112, " with ORDER BY")),
        Some(over) => Ok(BoundExpr::new(format!("({}(){over})", name.to_ascii_lowercase()), SqlType::BigInt).not_null()),
    }
}

fn invalid(kind: SqlType, name: &str) -> SqlError {
    operators::invalid(kind, &name.to_ascii_lowercase())
}

/// Creates error 174.
pub(super) fn argument_count(name: &str, wanted: usize) -> SqlError {
    SqlError::new(174, format!("The {name} function requires {wanted} argument(s).")).class(15).scope(ErrorScope::Compile)
}

fn sum_or_average(name: &str, mark: &str, argument: &BoundExpr, over: &str) -> Result<BoundExpr, SqlError> {
    let kind = match argument.kind {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int => SqlType::Int,
        SqlType::BigInt => SqlType::BigInt,
        SqlType::Decimal { scale, .. } => {
            SqlType::Decimal { precision: 18, scale: if name == "AVG" { scale.max(6) } else { scale } }
        }
        SqlType::Float | SqlType::Real => SqlType::Float,
        other => return Err(invalid(other, name)),
    };
    let sql = &argument.sql;
    let sum = format!("sum({mark}{sql}){over}");
    if name == "SUM" {
        let checked = match kind {
            SqlType::Int => format!("cv({sum}, {}, {}, 0)", types::encode(SqlType::BigInt), types::encode(kind)),
            _ => sum,
        };
        return Ok(BoundExpr::new(checked, kind));
    }
    let count = format!("count({mark}{sql}){over}");
    let (from, result) = (types::encode(argument.kind), types::encode(kind));
    let from = if types::is_integer(argument.kind) { types::encode(SqlType::BigInt) } else { from };
    Ok(BoundExpr::new(
        format!("fd('arith', '/', {sum}, nullif({count}, 0), {from}, {}, {result})", types::encode(SqlType::BigInt)),
        kind,
    ))
}

/// A part of a query in the order of the walk.
pub(super) enum Part<'a> {
    /// A nested query starts.
    Query,
    /// A nested query ends.
    QueryEnd,
    /// The name of a table or view.
    Relation(&'a ObjectName),
    /// An expression, before those inside it.
    Expr(&'a Expr),
}

/// Passes the parts to `look` until it breaks, and returns whether it did.
pub(super) fn walk(over: &impl Visit, look: &mut dyn FnMut(Part<'_>) -> ControlFlow<()>) -> bool {
    over.visit(&mut Walk(look)).is_break()
}

struct Walk<'w>(&'w mut dyn FnMut(Part<'_>) -> ControlFlow<()>);

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        (self.0)(Part::Query)
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        (self.0)(Part::QueryEnd)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        (self.0)(Part::Relation(relation))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        (self.0)(Part::Expr(expr))
    }
}

/// Passes the tables and views to `look`.
pub(crate) fn relations(over: &impl Visit, look: &mut dyn FnMut(&ObjectName) -> ControlFlow<()>) {
    walk(over, &mut |part| match part {
        Part::Relation(relation) => look(relation),
        _ => ControlFlow::Continue(()),
    });
}
