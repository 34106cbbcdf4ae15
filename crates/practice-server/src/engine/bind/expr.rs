//! Binds expressions; conditions are in `compare`.

use sqlparser::ast::{BinaryOperator, CastKind, Expr, UnaryOperator, Value as Literal};

use super::Binder;
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::{BoundExpr, quote};
use crate::engine::{convert, types};
use crate::value::SqlType;

impl Binder<'_> {
    /// Binds a value. A condition in its place is a syntax error.
    pub(crate) fn expr(&mut self, expr: &Expr) -> Result<BoundExpr, SqlError> {
        self.depth += 1;
        self.check_depth()?;
        let result = self.expr_checked(expr);
        self.depth -= 1;
        result
    }

    /// Allows a whole grouping expression where its columns alone are not allowed.
    fn expr_checked(&mut self, expr: &Expr) -> Result<BoundExpr, SqlError> {
        let keys = match self.scopes.last().and_then(|scope| scope.grouping.as_ref()) {
            Some(grouping)
                if !grouping.inside_aggregate
                    && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_)) =>
            {
                grouping.keys.clone()
            }
            _ => return self.value(expr),
        };
        if keys.iter().any(|key| key.contains('(')) {
            let before = self.used.clone();
            self.set_inside_aggregate(true);
            let free = self.value(expr);
            self.set_inside_aggregate(false);
            match free {
                Ok(typed) if keys.contains(&typed.sql) => return Ok(typed),
                _ => self.used = before,
            }
        }
        self.value(expr)
    }

    pub(super) fn set_inside_aggregate(&mut self, inside: bool) {
        if let Some(grouping) = self.scopes.last_mut().and_then(|scope| scope.grouping.as_mut()) {
            grouping.inside_aggregate = inside;
        }
    }

    fn value(&mut self, expr: &Expr) -> Result<BoundExpr, SqlError> {
        match expr {
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.starts_with("@@") => {
                self.global_variable(&ident.value)
            }
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.starts_with('@') => self.variable(&ident.value),
            Expr::Identifier(ident) => match self.niladic_function(ident) {
                Some(typed) => Ok(typed),
                None => self.column(std::slice::from_ref(ident)),
            },
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Value(value) => literal(&value.value),
            Expr::Nested(inner) => {
                let mut typed = self.expr(inner)?;
                typed.sql = format!("({})", typed.sql);
                Ok(typed)
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr),
            Expr::Cast { kind, expr, data_type, format: None } => {
                let lenient = match kind {
                    CastKind::Cast => false,
                    CastKind::TryCast => true,
                    _ => return Err(SqlError::unsupported("This kind of cast")),
                };
                self.cast(expr, data_type, None, lenient)
            }
            Expr::Convert { is_try, expr, data_type: Some(data_type), charset: None, styles, .. } => {
                let style = match styles.as_slice() {
                    [] => None,
                    [style] => Some(style),
                    _ => return Err(SqlError::unsupported("CONVERT with several styles")),
                };
                self.cast(expr, data_type, style, *is_try)
            }
            Expr::Collate { expr, collation } => self.collate(expr, &collation.to_string()),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Subquery(query) => self.scalar_query(query),
            Expr::Function(function) => self.call(function),
            Expr::Ceil { expr, .. } => self.rounding("CEILING", expr),
            Expr::Floor { expr, .. } => self.rounding("FLOOR", expr),
            Expr::Substring { expr, substring_from: Some(from), substring_for: Some(length), .. } => {
                self.substring(expr, from, length)
            }
            Expr::Trim { trim_where: None, trim_what: None, trim_characters: None, expr } => self.text_call("trim", expr),
            Expr::AtTimeZone { timestamp, time_zone } => self.at_time_zone(timestamp, time_zone),
            Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::Exists { .. } => Err(SqlError::new(156, format!("Incorrect syntax near the keyword '{}'.", keyword(expr)))
                .class(15)
                .scope(ErrorScope::Compile)),
            other => Err(SqlError::unsupported(format!("The expression {}", shortened(&other.to_string())))),
        }
    }

    fn unary(&mut self, operator: UnaryOperator, expr: &Expr) -> Result<BoundExpr, SqlError> {
        match operator {
            UnaryOperator::Plus => self.expr(expr),
            UnaryOperator::Minus => {
                if let Expr::Value(value) = expr
                    && let Literal::Number(digits, _) = &value.value
                {
                    return literal(&Literal::Number(format!("-{digits}"), false));
                }
                let typed = self.expr(expr)?;
                self.arithmetic(
                    "-",
                    &BoundExpr::int(0, if types::is_integer(typed.kind) { typed.kind } else { SqlType::Int }).not_null(),
                    &typed,
                )
            }
            UnaryOperator::BitwiseNot => {
                let typed = self.expr(expr)?;
                if !types::is_integer(typed.kind) {
                    return Err(invalid(typed.kind, "'~'"));
                }
                let sql = match typed.kind {
                    SqlType::Bit => format!("(1 - {})", typed.sql),
                    SqlType::TinyInt => format!("(255 - {})", typed.sql),
                    _ => format!("(~{})", typed.sql),
                };
                Ok(BoundExpr::new(sql, typed.kind).with_nullable(typed.nullable))
            }
            UnaryOperator::Not => {
                Err(SqlError::new(156, "Incorrect syntax near the keyword 'NOT'.").class(15).scope(ErrorScope::Compile))
            }
            _ => Err(SqlError::unsupported(format!("The operator {operator}"))),
        }
    }

    fn binary(&mut self, left: &Expr, operator: &BinaryOperator, right: &Expr) -> Result<BoundExpr, SqlError> {
        let sign = match operator {
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Modulo => "%",
            BinaryOperator::BitwiseAnd => "&",
            BinaryOperator::BitwiseOr => "|",
            BinaryOperator::BitwiseXor => "^",
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                return Err(SqlError::new(102, format!("Incorrect syntax near '{operator}'."))
                    .class(15)
                    .scope(ErrorScope::Compile));
            }
            BinaryOperator::And | BinaryOperator::Or => {
                return Err(SqlError::new(156, format!("Incorrect syntax near the keyword '{operator}'."))
                    .class(15)
                    .scope(ErrorScope::Compile));
            }
            other => return Err(SqlError::unsupported(format!("The operator {other}"))),
        };
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        if "&|^".contains(sign) {
            return bitwise(sign, &left, &right);
        }
        self.arithmetic(sign, &left, &right)
    }

    pub(super) fn arithmetic(&self, sign: &str, left: &BoundExpr, right: &BoundExpr) -> Result<BoundExpr, SqlError> {
        let nullable = left.nullable || right.nullable;
        if sign == "+"
            && (types::is_text(left.kind) || left.null)
            && (types::is_text(right.kind) || right.null)
            && !(left.null && right.null)
        {
            return self.concatenation(left, right, nullable);
        }
        if let (SqlType::VarBinary(a), SqlType::VarBinary(b)) = (left.kind, right.kind)
            && sign == "+"
        {
            let length = a.zip(b).and_then(|(a, b)| a.checked_add(b)).filter(|sum| *sum <= 8000);
            let sql = format!("fd('bytes_concat', {}, {})", left.sql, right.sql);
            return Ok(BoundExpr::new(sql, SqlType::VarBinary(length)).with_nullable(nullable));
        }
        let kind = arithmetic_type(sign, left, right)?;
        let sql = format!(
            "fd('arith', '{sign}', {}, {}, {}, {}, {})",
            left.sql,
            right.sql,
            types::encode(left.kind),
            types::encode(right.kind),
            types::encode(kind)
        );
        Ok(BoundExpr::new(sql, kind).with_nullable(nullable))
    }

    fn concatenation(&self, left: &BoundExpr, right: &BoundExpr, nullable: bool) -> Result<BoundExpr, SqlError> {
        let collation = self.resolve_collation(left, right, "add")?;
        let sum = |a: Option<u16>, b: Option<u16>, limit| Some(a?.saturating_add(b?).min(limit));
        let kind = match (left.kind, right.kind) {
            (SqlType::VarChar(a), SqlType::VarChar(b)) => SqlType::VarChar(sum(a, b, 8000)),
            (SqlType::NVarChar(a) | SqlType::VarChar(a), SqlType::NVarChar(b) | SqlType::VarChar(b)) => {
                SqlType::NVarChar(sum(a, b, 4000))
            }
            (kind, _) if types::is_text(kind) => kind,
            (_, kind) => kind,
        };
        let mut sql = format!("({} || {})", left.sql, right.sql);
        // SQL Server truncates to 8,000 bytes unless the type is max.
        if matches!(kind, SqlType::NVarChar(Some(4000)) | SqlType::VarChar(Some(8000))) {
            sql = format!("cv({sql}, {}, {}, 0)", types::encode(SqlType::NVarChar(None)), types::encode(kind));
        }
        Ok(BoundExpr::new(sql, kind).with_nullable(nullable).collated(collation))
    }

    pub(super) fn cast(
        &mut self,
        expr: &Expr,
        data_type: &sqlparser::ast::DataType,
        style: Option<&Expr>,
        lenient: bool,
    ) -> Result<BoundExpr, SqlError> {
        let declared = types::read_declared(data_type, 30)?;
        let typed = self.expr(expr)?;
        let style = match style {
            None => "0".to_owned(),
            Some(style) => {
                let style = self.expr(style)?;
                self.coerce(&style, SqlType::Int)
            }
        };
        let explicit = style == "0";
        let kind = declared.kind;
        let mut sql = if typed.null || (explicit && has_same_storage(&typed, kind)) {
            typed.sql.clone()
        } else {
            let function = if lenient { "tcv" } else { "cv" };
            format!("{function}({}, {}, {}, {style})", typed.sql, types::encode(typed.kind), types::encode(kind))
        };
        if declared.fixed {
            sql = format!("pad({sql}, {})", types::encode(kind));
        }
        let collation = if types::is_text(typed.kind) { typed.collation } else { None };
        Ok(BoundExpr::new(sql, kind).with_nullable(typed.nullable || lenient).collated(collation))
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[sqlparser::ast::CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<BoundExpr, SqlError> {
        let mut tests = Vec::new();
        let mut results = Vec::new();
        for when in conditions {
            tests.push(match operand {
                Some(operand) => {
                    let (left, right) = (self.expr(operand)?, self.expr(&when.condition)?);
                    self.comparison("=", &left, &right)?
                }
                None => self.condition(&when.condition)?,
            });
            results.push(self.expr(&when.result)?);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.expr(otherwise)?);
        }
        let mut typed = self.unify(&results, "CASE")?;
        if otherwise.is_none() {
            typed.nullable = true;
        }
        let mut sql = String::from("CASE");
        for (test, result) in tests.iter().zip(&results) {
            sql = format!("{sql} WHEN {test} THEN {}", self.coerce(result, typed.kind));
        }
        if otherwise.is_some()
            && let Some(last) = results.last()
        {
            sql = format!("{sql} ELSE {}", self.coerce(last, typed.kind));
        }
        typed.sql = format!("({sql} END)");
        Ok(typed)
    }

    /// Returns the common type and collation of several results; the caller fills in the SQL.
    pub(super) fn unify(&self, all: &[BoundExpr], operation: &str) -> Result<BoundExpr, SqlError> {
        let mut result: Option<BoundExpr> = None;
        for typed in all.iter().filter(|typed| !typed.null) {
            result = Some(match result {
                None => typed.clone(),
                Some(so_far) => {
                    let collation = self.resolve_collation(&so_far, typed, operation)?;
                    let kind = types::common_type(so_far.kind, typed.kind);
                    let collation = collation.filter(|_| types::is_text(kind));
                    BoundExpr::new("", kind).with_nullable(so_far.nullable || typed.nullable).collated(collation)
                }
            });
        }
        let mut result = result.unwrap_or_else(BoundExpr::null_literal);
        result.name = None;
        result.nullable |= all.iter().any(|typed| typed.null);
        Ok(result)
    }
}

fn has_same_storage(typed: &BoundExpr, kind: SqlType) -> bool {
    // A cast of text truncates unless the target is longer. Integers keep their value only in a larger type.
    super::has_same_storage(typed.kind, kind) && typed.kind != SqlType::Variant
}

fn keyword(expr: &Expr) -> &'static str {
    match expr {
        Expr::InList { .. } | Expr::InSubquery { .. } => "IN",
        Expr::Between { .. } => "BETWEEN",
        Expr::Like { .. } => "LIKE",
        Expr::Exists { .. } => "EXISTS",
        _ => "IS",
    }
}

pub(super) fn shortened(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn invalid(kind: SqlType, operator: &str) -> SqlError {
    SqlError::new(8117, format!("Operand data type {} is invalid for {operator} operator.", types::name(kind)))
        .scope(ErrorScope::Compile)
}

fn bitwise(sign: &str, left: &BoundExpr, right: &BoundExpr) -> Result<BoundExpr, SqlError> {
    for typed in [left, right] {
        if !types::is_integer(typed.kind) && !typed.null {
            return Err(invalid(typed.kind, &format!("'{sign}'")));
        }
    }
    let (a, b) = (&left.sql, &right.sql);
    let sql = if sign == "^" { format!("(({a} | {b}) - ({a} & {b}))") } else { format!("({a} {sign} {b})") };
    Ok(BoundExpr::new(sql, types::common_type(left.kind, right.kind)).with_nullable(left.nullable || right.nullable))
}

/// Returns the result type by SQL Server's rules, with the precision limited to the server's 18 digits.
fn arithmetic_type(sign: &str, left: &BoundExpr, right: &BoundExpr) -> Result<SqlType, SqlError> {
    let word = match sign {
        "+" => "add",
        "-" => "subtract",
        "*" => "multiply",
        "/" => "divide",
        _ => "modulo",
    };
    for typed in [left, right] {
        match typed.kind {
            SqlType::DateTime => return Err(SqlError::unsupported("Arithmetic with datetime")),
            kind if types::is_temporal(kind) => return Err(invalid(kind, word)),
            SqlType::Guid | SqlType::Variant | SqlType::VarBinary(_) => {
                return Err(invalid(typed.kind, word));
            }
            _ => {}
        }
    }
    if types::is_text(left.kind) && types::is_text(right.kind) {
        return Err(invalid(left.kind, word));
    }
    let kind = if types::is_text(left.kind) || left.null {
        right.kind
    } else if types::is_text(right.kind) || right.null {
        left.kind
    } else {
        types::common_type(left.kind, right.kind)
    };
    let SqlType::Decimal { .. } = kind else {
        return Ok(if kind == SqlType::Bit { SqlType::Int } else { kind });
    };
    let scale = |kind: SqlType| {
        if let SqlType::Decimal { scale, .. } = kind { scale } else { 0 }
    };
    let (a, b) = (scale(left.kind), scale(right.kind));
    let scale = match sign {
        "*" => (a + b).min(12),
        "/" => 6.max(a),
        _ => a.max(b),
    };
    Ok(SqlType::Decimal { precision: 18, scale })
}

/// Binds a literal.
pub(super) fn literal(value: &Literal) -> Result<BoundExpr, SqlError> {
    match value {
        Literal::Null => Ok(BoundExpr::null_literal()),
        Literal::NationalStringLiteral(text) => Ok(BoundExpr::text(text)),
        Literal::SingleQuotedString(text) => {
            let length = u16::try_from(convert::utf16_len(text).max(1)).ok().filter(|length| *length <= 8000);
            Ok(BoundExpr::new(quote(text), SqlType::VarChar(length)).not_null())
        }
        Literal::HexStringLiteral(hex) => {
            let even = if hex.len() % 2 == 1 { format!("0{hex}") } else { hex.clone() };
            let length = u16::try_from(even.len() / 2).ok().filter(|length| *length <= 8000).map(|length| length.max(1));
            Ok(BoundExpr::new(format!("x'{even}'"), SqlType::VarBinary(length)).not_null())
        }
        Literal::Number(digits, _) => number(digits),
        other => Err(SqlError::unsupported(format!("The literal {}", shortened(&other.to_string())))),
    }
}

fn number(digits: &str) -> Result<BoundExpr, SqlError> {
    if digits.contains(['e', 'E']) {
        return digits
            .parse::<f64>()
            .map(|number| BoundExpr::new(format!("{number:e}"), SqlType::Float).not_null())
            .map_err(|_| SqlError::unsupported(format!("The number {digits}")));
    }
    if !digits.contains('.')
        && let Ok(number) = digits.parse::<i64>()
        && i32::try_from(number).is_ok()
    {
        return Ok(BoundExpr::int(number, SqlType::Int));
    }
    let (unscaled, scale) =
        convert::parse_decimal(digits).ok_or_else(|| SqlError::unsupported(format!("The number {digits}")))?;
    let precision = u8::try_from(unscaled.unsigned_abs().to_string().len()).unwrap_or(38).max(scale).max(1);
    match i64::try_from(unscaled) {
        Ok(number) if precision <= 18 => Ok(BoundExpr::int(number, SqlType::Decimal { precision, scale })),
        Ok(number) if scale == 0 => Ok(BoundExpr::int(number, SqlType::BigInt)),
        _ => Err(SqlError::unsupported(format!("The number {digits}"))),
    }
}
