//! Operators on bound operands: conversions, collations, comparisons, arithmetic; and literals.

use sqlparser::ast::Value as Literal;

use crate::engine::bind::binder::Binder;
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::{BoundExpr, CollationStrength, ExprCollation, quote};
use crate::engine::{collation, convert, types};
use crate::value::SqlType;

impl Binder<'_> {
    /// Converts an expression to another type if `SQLite` would otherwise compare or store something different.
    #[expect(clippy::unused_self, reason = "reads like its neighbours at every call")]
    pub(crate) fn coerce(&self, typed: &BoundExpr, to: SqlType) -> String {
        if typed.null || has_same_storage(typed.kind, to) {
            return typed.sql.clone();
        }
        format!("cv({}, {}, {}, 0)", typed.sql, types::encode(typed.kind), types::encode(to))
    }

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
        let collation_of = |typed: &BoundExpr| {
            typed
                .collation
                .clone()
                .unwrap_or_else(|| ExprCollation { name: self.database_collation(), strength: CollationStrength::Default })
        };
        let (left, right) = (collation_of(left), collation_of(right));
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

    /// Gives an expression the collation of `COLLATE name`.
    pub(super) fn collate(&self, typed: BoundExpr, name: &str) -> Result<BoundExpr, SqlError> {
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
        let collated = self.resolve_collation(left, right, word)?;
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
            let sorting = collated.map_or("ci_as", |one| collation::comparison_class(&one.name));
            a = format!("{a} COLLATE {sorting}");
        }
        if matches!(kind, SqlType::DateTimeOffset(_)) {
            return Ok(format!("(substr({a}, 1, 19) {sign} substr({b}, 1, 19))"));
        }
        Ok(format!("({a} {sign} {b})"))
    }

    /// Binds an operator on two values.
    pub(super) fn operation(&self, sign: &str, left: &BoundExpr, right: &BoundExpr) -> Result<BoundExpr, SqlError> {
        if "&|^".contains(sign) { bitwise(sign, left, right) } else { self.arithmetic(sign, left, right) }
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

/// Returns whether values of both types are stored in the same form.
pub(crate) fn has_same_storage(from: SqlType, to: SqlType) -> bool {
    use SqlType::{
        BigInt, Bit, Date, DateTime, DateTime2, DateTimeOffset, Decimal, Float, Int, NVarChar, Real, SmallInt, TinyInt,
        VarBinary, VarChar, Variant,
    };
    if from == to || to == Variant {
        return true;
    }
    match (from, to) {
        (NVarChar(_) | VarChar(_), NVarChar(a) | VarChar(a)) => match (from, a) {
            (NVarChar(Some(old)) | VarChar(Some(old)), Some(new)) => old <= new,
            (_, new) => new.is_none(),
        },
        (VarBinary(old), VarBinary(new)) => new.is_none_or(|new| old.is_some_and(|old| old <= new)),
        (Bit, TinyInt | SmallInt | Int | BigInt)
        | (TinyInt, SmallInt | Int | BigInt)
        | (SmallInt, Int | BigInt)
        | (Int, BigInt)
        | (Real, Float)
        | (Date, DateTime | DateTime2(_))
        | (DateTime, DateTime2(7)) => true,
        (DateTime2(old), DateTime2(new)) | (DateTimeOffset(old), DateTimeOffset(new)) => old <= new,
        (Decimal { precision, scale }, Decimal { precision: wide, scale: same }) => scale == same && precision <= wide,
        _ => false,
    }
}

pub(super) fn shortened(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

pub(super) fn invalid(kind: SqlType, operator: &str) -> SqlError {
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
    // A datetime counts in days, so numbers and other datetimes can be added and subtracted.
    if [left, right].iter().any(|typed| typed.kind == SqlType::DateTime)
        && ![left, right].iter().any(|typed| types::is_temporal(typed.kind) && typed.kind != SqlType::DateTime)
        && ["+", "-"].contains(&sign)
    {
        return Ok(SqlType::DateTime);
    }
    for (typed, other) in [(left, right), (right, left)] {
        match typed.kind {
            kind if types::is_temporal(kind) && types::is_integer(other.kind) && ["+", "-"].contains(&sign) => {
                let (kind, other) = (types::name(kind), types::name(other.kind));
                return Err(SqlError::new(206, format!("Operand type clash: {kind} is incompatible with {other}"))
                    .state(2)
                    .scope(ErrorScope::Compile));
            }
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
