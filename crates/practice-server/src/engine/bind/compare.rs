//! Conditions.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use super::Binder;
use crate::engine::fault::{Fault, Reach};
use crate::engine::typed::Typed;
use crate::engine::{code, collation, types};
use crate::value::SqlType;

impl Binder<'_> {
    /// A condition. Where SQL Server wants one and a value stands, that is error 4145.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Result<String, Fault> {
        self.depth += 1;
        self.too_deep()?;
        let result = self.condition_inner(expr);
        self.depth -= 1;
        result
    }

    fn condition_inner(&mut self, expr: &Expr) -> Result<String, Fault> {
        match expr {
            Expr::Nested(inner) => Ok(format!("({})", self.condition(inner)?)),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(format!("(NOT {})", self.condition(expr)?)),
            Expr::BinaryOp { left, op: op @ (BinaryOperator::And | BinaryOperator::Or), right } => {
                Ok(format!("({} {op} {})", self.condition(left)?, self.condition(right)?))
            }
            Expr::BinaryOp { left, op, right } if sign(op).is_some() => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.comparison(sign(op).unwrap_or("="), &left, &right)
            }
            Expr::IsNull(inner) => Ok(format!("({} IS NULL)", self.expr(inner)?.sql)),
            Expr::IsNotNull(inner) => Ok(format!("({} IS NOT NULL)", self.expr(inner)?.sql)),
            Expr::Between { expr, negated, low, high } => {
                let (value, low, high) = (self.expr(expr)?, self.expr(low)?, self.expr(high)?);
                let (from, to) = (self.comparison(">=", &value, &low)?, self.comparison("<=", &value, &high)?);
                Ok(format!("({}({from} AND {to}))", not(*negated)))
            }
            Expr::InList { expr, list, negated } => {
                let value = self.expr(expr)?;
                let mut tests = Vec::new();
                for one in list {
                    let one = self.expr(one)?;
                    tests.push(self.comparison("=", &value, &one)?);
                }
                Ok(format!("({}({}))", not(*negated), tests.join(" OR ")))
            }
            Expr::InSubquery { expr, subquery, negated } => {
                let value = self.expr(expr)?;
                self.in_query(&value, subquery, *negated)
            }
            Expr::Exists { subquery, negated } => {
                let bound = self.query(subquery)?;
                Ok(format!("({}EXISTS ({}))", not(*negated), bound.sql))
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let (value, pattern) = (self.expr(expr)?, self.expr(pattern)?);
                let escape = match escape_char {
                    Some(escape) => self.expr(escape)?.sql,
                    None => "NULL".to_owned(),
                };
                let met = self.meet(&value, &pattern, "like")?;
                let class = met.map_or("ci_as", |met| collation::class(&met.name));
                let wide = SqlType::NVarChar(None);
                Ok(format!(
                    "({}fd('like', {}, {}, {escape}, '{class}'))",
                    not(*negated),
                    self.coerce(&value, wide),
                    self.coerce(&pattern, wide)
                ))
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let sign = if matches!(expr, Expr::IsDistinctFrom(..)) { "IS NOT" } else { "IS" };
                self.comparison(sign, &left, &right)
            }
            other => {
                // Finding out what is wrong with the value comes first: 207 says more than 4145.
                self.expr(other)?;
                let near = other.to_string().rsplit([' ', '(']).next().unwrap_or_default().trim_end_matches(')').to_owned();
                Err(Fault::new(
                    4145,
                    format!(
                        "An expression of non-boolean type specified in a context where a condition is expected, near \
                         '{near}'."
                    ),
                )
                .class(15)
                .reach(Reach::Compile))
            }
        }
    }

    /// Two values compared, in the type in which they meet.
    pub(crate) fn comparison(&self, sign: &str, left: &Typed, right: &Typed) -> Result<String, Fault> {
        let word = match sign {
            "=" | "IS" => "equal to",
            "<>" | "IS NOT" => "not equal to",
            "<" => "less than",
            "<=" => "less than or equal to",
            ">" => "greater than",
            _ => "greater than or equal to",
        };
        let met = self.meet(left, right, word)?;
        if left.null || right.null {
            return Ok(format!("({} {sign} {})", left.sql, right.sql));
        }
        let kind = types::common(left.kind, right.kind);
        let clash = |a: SqlType, b: SqlType| {
            types::integer(a) && matches!(b, SqlType::Date | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) | SqlType::Guid)
        };
        if clash(left.kind, right.kind) || clash(right.kind, left.kind) {
            return Err(Fault::new(
                206,
                format!("Operand type clash: {} is incompatible with {}", types::name(left.kind), types::name(right.kind)),
            )
            .state(2)
            .reach(Reach::Compile));
        }
        let (mut a, b) = if types::text(kind) {
            (left.sql.clone(), right.sql.clone())
        } else {
            (self.coerce(left, kind), self.coerce(right, kind))
        };
        if types::text(kind) || kind == SqlType::Variant {
            let by = met.as_ref().map_or("ci_as", |met| collation::class(&met.name));
            a = format!("{a} COLLATE {by}");
        }
        if matches!(kind, SqlType::DateTimeOffset(_)) {
            return Ok(format!("(substr({a}, 1, 19) {sign} substr({b}, 1, 19))"));
        }
        if let (SqlType::VarBinary(_), SqlType::VarBinary(_)) = (left.kind, right.kind) {
            return Ok(format!("({a} {sign} {b})"));
        }
        Ok(format!("({a} {sign} {b})"))
    }

    fn in_query(&mut self, value: &Typed, subquery: &sqlparser::ast::Query, negated: bool) -> Result<String, Fault> {
        let bound = self.query(subquery)?;
        let [field] = bound.fields.as_slice() else {
            return Err(one_expression());
        };
        let alias = self.fresh('q');
        let mut inner = Typed::new(format!("{alias}.{}", field.stored), field.kind);
        inner.collation.clone_from(&field.collation);
        let met = self.meet(value, &inner, "equal to")?;
        let kind = types::common(value.kind, inner.kind);
        // The comparison is made for its checks; `IN` itself keeps the third truth value right.
        self.comparison("=", value, &inner)?;
        let (mut left, mut right) = if types::text(kind) {
            (value.sql.clone(), inner.sql.clone())
        } else {
            (self.coerce(value, kind), self.coerce(&inner, kind))
        };
        if matches!(kind, SqlType::DateTimeOffset(_)) {
            left = format!("substr({left}, 1, 19)");
            right = format!("substr({right}, 1, 19)");
        }
        if let Some(met) = met {
            left = format!("{left} COLLATE {}", collation::class(&met.name));
        }
        Ok(format!("({left} {}IN (SELECT {right} FROM ({}) AS {alias}))", not(negated), bound.sql))
    }

    /// For `ISNULL` and the like: the converted form of a value in another's type.
    #[expect(clippy::unused_self, reason = "reads like its neighbours at every call")]
    pub(super) fn as_type(&self, typed: &Typed, kind: SqlType) -> String {
        if typed.null || super::same_form(typed.kind, kind) {
            typed.sql.clone()
        } else {
            format!("cv({}, {}, {}, 0)", typed.sql, code::encode(typed.kind), code::encode(kind))
        }
    }
}

pub(super) fn one_expression() -> Fault {
    Fault::new(116, "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.")
        .reach(Reach::Compile)
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn sign(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => return None,
    })
}
