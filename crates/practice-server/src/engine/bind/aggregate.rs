//! Aggregates and window functions.

use std::ops::ControlFlow;

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Select, SelectItem,
    WindowType,
};

use super::Binder;
use super::walk::{Part, walk};
use crate::engine::fault::{Fault, Reach};
use crate::engine::typed::Typed;
use crate::engine::{code, types};
use crate::value::SqlType;

const NAMES: &[&str] = &["COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG", "STRING_AGG"];

pub(super) fn is_aggregate(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Whether a select makes groups: it says so, or it has an aggregate of its own.
pub(super) fn grouped(select: &Select) -> bool {
    let by = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if !keys.is_empty());
    by || select.having.is_some()
        || select.projection.iter().any(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => has_aggregate(expr),
            _ => false,
        })
}

/// Whether it holds an aggregate that is not another query's.
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
    pub(super) fn aggregate(&mut self, name: &str, function: &Function) -> Result<Typed, Fault> {
        let window = function.over.is_some();
        let already = self.scopes.last().and_then(|scope| scope.grouping.as_ref()).is_some_and(|grouping| grouping.inside);
        if already && !window {
            return Err(Fault::new(
                130,
                "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.",
            )
            .reach(Reach::Compile));
        }
        let in_group = self.scopes.last().is_some_and(|scope| scope.grouping.is_some());
        if !in_group && !window {
            return Err(Fault::new(
                147,
                "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a \
                 select list, and the column being aggregated is an outer reference.",
            )
            .class(15)
            .reach(Reach::Compile));
        }
        if !window {
            self.set_inside(true);
        }
        let result = self.aggregate_inside(name, function);
        if !window {
            self.set_inside(false);
        }
        let mut typed = result?;
        if let Some(over) = &function.over {
            typed.sql = format!("({})", typed.sql.replacen("/*over*/", &self.over(over)?, 2));
        } else {
            typed.sql = typed.sql.replace("/*over*/", "");
        }
        Ok(typed)
    }

    fn aggregate_inside(&mut self, name: &str, function: &Function) -> Result<Typed, Fault> {
        let FunctionArguments::List(list) = &function.args else {
            return Err(Fault::unsupported(format!("{name} of this")));
        };
        let distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
        let mut arguments = Vec::new();
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name.starts_with("COUNT") => {
                    let kind = if name == "COUNT" { SqlType::Int } else { SqlType::BigInt };
                    return Ok(Typed::new("count(*)/*over*/", kind).sure());
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => arguments.push(self.expr(expr)?),
                _ => return Err(Fault::unsupported(format!("{name} of this"))),
            }
        }
        if name == "STRING_AGG" {
            return self.string_agg(&arguments, function);
        }
        let [argument] = arguments.as_slice() else {
            return Err(Fault::new(174, format!("The {} function requires 1 argument(s).", name.to_ascii_lowercase()))
                .class(15)
                .reach(Reach::Compile));
        };
        let mark = if distinct { "DISTINCT " } else { "" };
        let sorted = self.sorted(argument);
        match name {
            "COUNT" | "COUNT_BIG" => {
                let kind = if name == "COUNT" { SqlType::Int } else { SqlType::BigInt };
                Ok(Typed::new(format!("count({mark}{sorted})/*over*/"), kind).sure())
            }
            "MIN" | "MAX" => {
                if argument.kind == SqlType::Bit {
                    return Err(invalid(argument.kind, name));
                }
                let sql = format!("{}({sorted})/*over*/", name.to_ascii_lowercase());
                Ok(Typed::new(sql, argument.kind).collated(argument.collation.clone()))
            }
            _ => summed(name, mark, argument),
        }
    }

    fn string_agg(&mut self, arguments: &[Typed], function: &Function) -> Result<Typed, Fault> {
        let [value, separator] = arguments else {
            return Err(Fault::new(174, "The STRING_AGG function requires 2 argument(s).").class(15).reach(Reach::Compile));
        };
        let kind = match value.kind {
            SqlType::VarChar(_) => SqlType::VarChar(None),
            _ => SqlType::NVarChar(None),
        };
        let mut order = String::new();
        for one in &function.within_group {
            let key = self.expr(&one.expr)?;
            let word = if order.is_empty() { " ORDER BY " } else { ", " };
            order = format!("{order}{word}{}{}", self.sorted(&key), super::query::direction(one)?);
        }
        let sql = format!("group_concat({}, {}{order})/*over*/", self.as_type(value, kind), self.as_type(separator, kind));
        Ok(Typed::new(sql, kind).collated(value.collation.clone()))
    }

    fn over(&mut self, over: &WindowType) -> Result<String, Fault> {
        let WindowType::WindowSpec(spec) = over else {
            return Err(Fault::unsupported("A named window"));
        };
        if spec.window_name.is_some() || spec.window_frame.is_some() {
            return Err(Fault::unsupported("A window frame"));
        }
        let mut parts = Vec::new();
        let mut partition = Vec::new();
        for expr in &spec.partition_by {
            let key = self.expr(expr)?;
            partition.push(self.sorted(&key));
        }
        if !partition.is_empty() {
            parts.push(format!("PARTITION BY {}", partition.join(", ")));
        }
        let mut order = Vec::new();
        for one in &spec.order_by {
            let key = self.expr(&one.expr)?;
            order.push(format!("{}{}", self.sorted(&key), super::query::direction(one)?));
        }
        if !order.is_empty() {
            parts.push(format!("ORDER BY {}", order.join(", ")));
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    /// `ROW_NUMBER()` and its sisters.
    pub(super) fn ranking(&mut self, name: &str, function: &Function) -> Result<Typed, Fault> {
        let Some(over) = &function.over else {
            return Err(Fault::new(10753, format!("The function '{name}' must have an OVER clause."))
                .class(15)
                .reach(Reach::Compile));
        };
        let over = self.over(over)?;
        if !over.contains("ORDER BY") {
            return Err(Fault::new(4112, format!("The function '{name}' must have an OVER clause with ORDER BY."))
                .class(15)
                .reach(Reach::Compile));
        }
        Ok(Typed::new(format!("({}(){over})", name.to_ascii_lowercase()), SqlType::BigInt).sure())
    }
}

fn invalid(kind: SqlType, name: &str) -> Fault {
    Fault::new(8117, format!("Operand data type {} is invalid for {} operator.", types::name(kind), name.to_ascii_lowercase()))
        .reach(Reach::Compile)
}

fn summed(name: &str, mark: &str, argument: &Typed) -> Result<Typed, Fault> {
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
            SqlType::Int => format!("cv({sum}, {}, {}, 0)", code::encode(SqlType::BigInt), code::encode(kind)),
            _ => sum,
        };
        return Ok(Typed::new(checked, kind));
    }
    let count = format!("count({mark}{sql})/*over*/");
    let (from, result) = (code::encode(argument.kind), code::encode(kind));
    let from = if types::integer(argument.kind) { code::encode(SqlType::BigInt) } else { from };
    Ok(Typed::new(
        format!("fd('arith', '/', {sum}, nullif({count}, 0), {from}, {}, {result})", code::encode(SqlType::BigInt)),
        kind,
    ))
}
