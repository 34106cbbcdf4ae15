//! Binds conditions, and decides by which collation two texts are compared.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::engine::bind::Binder;
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::{BoundExpr, CollationStrength, ExprCollation};
use crate::engine::{collation, types};
use crate::value::SqlType;

impl Binder<'_> {
    /// Binds a condition. A value in its place is error 4145.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Result<String, SqlError> {
        self.depth += 1;
        self.check_depth()?;
        let result = self.condition_inner(expr);
        self.depth -= 1;
        result
    }

    fn condition_inner(&mut self, expr: &Expr) -> Result<String, SqlError> {
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
                let met = self.resolve_collation(&value, &pattern, "like")?;
                let class = met.map_or("ci_as", |met| collation::comparison_class(&met.name));
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
                // Errors in the value come first: 207 tells more than 4145.
                self.expr(other)?;
                let near = other.to_string().rsplit([' ', '(']).next().unwrap_or_default().trim_end_matches(')').to_owned();
                Err(SqlError::new(
                    4145,
                    format!(
                        "An expression of non-boolean type specified in a context where a condition is expected, near \
                         '{near}'."
                    ),
                )
                .class(15)
                .scope(ErrorScope::Compile))
            }
        }
    }

    /// Compares two values in their common type.
    pub(crate) fn comparison(&self, sign: &str, left: &BoundExpr, right: &BoundExpr) -> Result<String, SqlError> {
        let word = match sign {
            "=" | "IS" => "equal to",
            "<>" | "IS NOT" => "not equal to",
            "<" => "less than",
            "<=" => "less than or equal to",
            ">" => "greater than",
            _ => "greater than or equal to",
        };
        let met = self.resolve_collation(left, right, word)?;
        if left.null || right.null {
            return Ok(format!("({} {sign} {})", left.sql, right.sql));
        }
        let kind = types::common_type(left.kind, right.kind);
        let clash = |a: SqlType, b: SqlType| {
            types::is_integer(a)
                && matches!(b, SqlType::Date | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) | SqlType::Guid)
        };
        if clash(left.kind, right.kind) || clash(right.kind, left.kind) {
            return Err(SqlError::new(
                206,
                format!("Operand type clash: {} is incompatible with {}", types::name(left.kind), types::name(right.kind)),
            )
            .state(2)
            .scope(ErrorScope::Compile));
        }
        let (mut a, b) = if types::is_text(kind) {
            (left.sql.clone(), right.sql.clone())
        } else {
            (self.coerce(left, kind), self.coerce(right, kind))
        };
        if types::is_text(kind) || kind == SqlType::Variant {
            let by = met.as_ref().map_or("ci_as", |met| collation::comparison_class(&met.name));
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

    fn in_query(&mut self, value: &BoundExpr, subquery: &sqlparser::ast::Query, negated: bool) -> Result<String, SqlError> {
        let bound = self.query(subquery)?;
        let [field] = bound.fields.as_slice() else {
            return Err(not_one_column());
        };
        let alias = self.new_alias('q');
        let mut inner = BoundExpr::new(format!("{alias}.{}", field.stored), field.kind);
        inner.collation.clone_from(&field.collation);
        let met = self.resolve_collation(value, &inner, "equal to")?;
        let kind = types::common_type(value.kind, inner.kind);
        // The comparison is bound for its checks only; `IN` itself handles NULL correctly.
        self.comparison("=", value, &inner)?;
        let (mut left, mut right) = if types::is_text(kind) {
            (value.sql.clone(), inner.sql.clone())
        } else {
            (self.coerce(value, kind), self.coerce(&inner, kind))
        };
        if matches!(kind, SqlType::DateTimeOffset(_)) {
            left = format!("substr({left}, 1, 19)");
            right = format!("substr({right}, 1, 19)");
        }
        if let Some(met) = met {
            left = format!("{left} COLLATE {}", collation::comparison_class(&met.name));
        }
        Ok(format!("({left} {}IN (SELECT {right} FROM ({}) AS {alias}))", not(negated), bound.sql))
    }
}

pub(super) fn not_one_column() -> SqlError {
    SqlError::new(116, "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.")
        .scope(ErrorScope::Compile)
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

impl Binder<'_> {
    /// Returns the default collation: the database's.
    pub(super) fn database_collation(&self) -> String {
        self.context.catalog.collation.clone()
    }

    /// Returns the collation by which two operands are compared; `None` if neither is text.
    pub(super) fn resolve_collation(
        &self,
        left: &BoundExpr,
        right: &BoundExpr,
        operation: &str,
    ) -> Result<Option<ExprCollation>, SqlError> {
        if !types::is_text(left.kind) && !types::is_text(right.kind) {
            return Ok(None);
        }
        let of = |typed: &BoundExpr| {
            typed
                .collation
                .clone()
                .unwrap_or_else(|| ExprCollation { name: self.database_collation(), strength: CollationStrength::Default })
        };
        let (left, right) = (of(left), of(right));
        let conflict = left.strength == right.strength
            && left.strength != CollationStrength::Default
            && !left.name.eq_ignore_ascii_case(&right.name);
        if conflict {
            return Err(SqlError::new(
                468,
                format!(
                    "Cannot resolve the collation conflict between \"{}\" and \"{}\" in the {operation} operation.",
                    right.name, left.name
                ),
            )
            .state(9)
            .scope(ErrorScope::Compile));
        }
        Ok(Some(if right.strength > left.strength { right } else { left }))
    }

    /// Returns the class by which `SQLite` sorts a text.
    pub(super) fn comparison_class(&self, typed: &BoundExpr) -> &'static str {
        let name = typed.collation.as_ref().map_or_else(|| self.database_collation(), |one| one.name.clone());
        collation::comparison_class(&name)
    }

    /// Returns the expression with an explicit collation, for sorting, grouping and `DISTINCT`.
    pub(super) fn with_collation(&self, typed: &BoundExpr) -> String {
        match typed.kind {
            kind if types::is_text(kind) => {
                format!("{} COLLATE {}", typed.sql, self.comparison_class(typed))
            }
            crate::value::SqlType::Variant => format!("{} COLLATE ci_as", typed.sql),
            _ => typed.sql.clone(),
        }
    }

    /// Binds `expr COLLATE name`.
    pub(super) fn collate(&mut self, expr: &sqlparser::ast::Expr, name: &str) -> Result<BoundExpr, SqlError> {
        let typed = self.expr(expr)?;
        if !types::is_text(typed.kind) {
            return Err(SqlError::new(
                447,
                format!("Expression type {} is invalid for COLLATE clause.", types::name(typed.kind)),
            )
            .scope(ErrorScope::Compile));
        }
        let name = name.trim_matches(['[', ']']);
        let name = if name.eq_ignore_ascii_case("DATABASE_DEFAULT") {
            self.database_collation()
        } else if name.eq_ignore_ascii_case("CATALOG_DEFAULT") {
            collation::SERVER_DEFAULT.to_owned()
        } else {
            collation::canonical_name(name)
                .ok_or_else(|| SqlError::new(448, format!("Invalid collation '{name}'.")).state(2).scope(ErrorScope::Compile))?
        };
        Ok(typed.collated(Some(ExprCollation { name, strength: CollationStrength::Explicit })))
    }
}
