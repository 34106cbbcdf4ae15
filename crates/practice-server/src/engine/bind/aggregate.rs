//! Aggregates and window functions.

use std::ops::ControlFlow;

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, ObjectName, Query, Select,
    SelectItem, Visit, Visitor, WindowType,
};

use crate::engine::bind::Binder;
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

impl Binder<'_> {
    pub(super) fn aggregate(&mut self, name: &str, function: &Function) -> Result<BoundExpr, SqlError> {
        let window = function.over.is_some();
        let already =
            self.scopes.last().and_then(|scope| scope.grouping.as_ref()).is_some_and(|grouping| grouping.inside_aggregate);
        if already && !window {
            return Err(SqlError::new(
                130,
                "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.",
            )
            .scope(ErrorScope::Compile));
        }
        let in_group = self.scopes.last().is_some_and(|scope| scope.grouping.is_some());
        if !in_group && !window {
            return Err(SqlError::new(
                147,
                "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a \
                 select list, and the column being aggregated is an outer reference.",
            )
            .class(15)
            .scope(ErrorScope::Compile));
        }
        if !window {
            self.set_inside_aggregate(true);
        }
        let result = self.aggregate_inside(name, function);
        if !window {
            self.set_inside_aggregate(false);
        }
        let mut typed = result?;
        if let Some(over) = &function.over {
            typed.sql = format!("({})", typed.sql.replacen("/*over*/", &self.over(over)?, 2));
        } else {
            typed.sql = typed.sql.replace("/*over*/", "");
        }
        Ok(typed)
    }

    fn aggregate_inside(&mut self, name: &str, function: &Function) -> Result<BoundExpr, SqlError> {
        let FunctionArguments::List(list) = &function.args else {
            return Err(SqlError::unsupported(format!("{name} of this")));
        };
        let distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
        let mut arguments = Vec::new();
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name.starts_with("COUNT") => {
                    let kind = if name == "COUNT" { SqlType::Int } else { SqlType::BigInt };
                    return Ok(BoundExpr::new("count(*)/*over*/", kind).not_null());
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => arguments.push(self.expr(expr)?),
                _ => return Err(SqlError::unsupported(format!("{name} of this"))),
            }
        }
        if name == "STRING_AGG" {
            return self.string_agg(&arguments, function);
        }
        let [argument] = arguments.as_slice() else {
            return Err(SqlError::new(174, format!("The {} function requires 1 argument(s).", name.to_ascii_lowercase()))
                .class(15)
                .scope(ErrorScope::Compile));
        };
        let mark = if distinct { "DISTINCT " } else { "" };
        let sorted = self.with_collation(argument);
        match name {
            "COUNT" | "COUNT_BIG" => {
                let kind = if name == "COUNT" { SqlType::Int } else { SqlType::BigInt };
                Ok(BoundExpr::new(format!("count({mark}{sorted})/*over*/"), kind).not_null())
            }
            "MIN" | "MAX" => {
                if argument.kind == SqlType::Bit {
                    return Err(invalid(argument.kind, name));
                }
                let sql = format!("{}({sorted})/*over*/", name.to_ascii_lowercase());
                Ok(BoundExpr::new(sql, argument.kind).collated(argument.collation.clone()))
            }
            _ => sum_or_average(name, mark, argument),
        }
    }

    fn string_agg(&mut self, arguments: &[BoundExpr], function: &Function) -> Result<BoundExpr, SqlError> {
        let [value, separator] = arguments else {
            return Err(SqlError::new(174, "The STRING_AGG function requires 2 argument(s).")
                .class(15)
                .scope(ErrorScope::Compile));
        };
        let kind = match value.kind {
            SqlType::VarChar(_) => SqlType::VarChar(None),
            _ => SqlType::NVarChar(None),
        };
        let mut order = String::new();
        for one in &function.within_group {
            let key = self.expr(&one.expr)?;
            let word = if order.is_empty() { " ORDER BY " } else { ", " };
            order = format!("{order}{word}{}{}", self.with_collation(&key), crate::engine::bind::query::direction(one)?);
        }
        let sql = format!("group_concat({}, {}{order})/*over*/", self.coerce(value, kind), self.coerce(separator, kind));
        Ok(BoundExpr::new(sql, kind).collated(value.collation.clone()))
    }

    fn over(&mut self, over: &WindowType) -> Result<String, SqlError> {
        let WindowType::WindowSpec(spec) = over else {
            return Err(SqlError::unsupported("A named window"));
        };
        if spec.window_name.is_some() || spec.window_frame.is_some() {
            return Err(SqlError::unsupported("A window frame"));
        }
        let mut parts = Vec::new();
        let mut partition = Vec::new();
        for expr in &spec.partition_by {
            let key = self.expr(expr)?;
            partition.push(self.with_collation(&key));
        }
        if !partition.is_empty() {
            parts.push(format!("PARTITION BY {}", partition.join(", ")));
        }
        let mut order = Vec::new();
        for one in &spec.order_by {
            let key = self.expr(&one.expr)?;
            order.push(format!("{}{}", self.with_collation(&key), crate::engine::bind::query::direction(one)?));
        }
        if !order.is_empty() {
            parts.push(format!("ORDER BY {}", order.join(", ")));
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    /// Binds `ROW_NUMBER()`, `RANK()` and `DENSE_RANK()`.
    pub(super) fn ranking(&mut self, name: &str, function: &Function) -> Result<BoundExpr, SqlError> {
        let Some(over) = &function.over else {
            return Err(SqlError::new(10753, format!("The function '{name}' must have an OVER clause."))
                .class(15)
                .scope(ErrorScope::Compile));
        };
        let over = self.over(over)?;
        if !over.contains("ORDER BY") {
            return Err(SqlError::new(4112, format!("The function '{name}' must have an OVER clause with ORDER BY."))
                .class(15)
                .scope(ErrorScope::Compile));
        }
        Ok(BoundExpr::new(format!("({}(){over})", name.to_ascii_lowercase()), SqlType::BigInt).not_null())
    }
}

fn invalid(kind: SqlType, name: &str) -> SqlError {
    SqlError::new(8117, format!("Operand data type {} is invalid for {} operator.", types::name(kind), name.to_ascii_lowercase()))
        .scope(ErrorScope::Compile)
}

fn sum_or_average(name: &str, mark: &str, argument: &BoundExpr) -> Result<BoundExpr, SqlError> {
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
    let sum = format!("sum({mark}{sql})/*over*/");
    if name == "SUM" {
        let checked = match kind {
            SqlType::Int => format!("cv({sum}, {}, {}, 0)", types::encode(SqlType::BigInt), types::encode(kind)),
            _ => sum,
        };
        return Ok(BoundExpr::new(checked, kind));
    }
    let count = format!("count({mark}{sql})/*over*/");
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
