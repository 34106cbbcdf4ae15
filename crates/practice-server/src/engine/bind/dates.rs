//! Functions of dates and times.

use sqlparser::ast::Expr;

use crate::engine::bind::aggregate::argument_count;
use crate::engine::bind::binder::Binder;
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::function::date_part;
use crate::engine::typed::{BoundExpr, quote};
use crate::engine::{instant, types};
use crate::value::SqlType;

/// The functions whose first argument is a part of a date.
pub(super) const OF_A_PART: &[&str] = &["DATEADD", "DATEDIFF", "DATEDIFF_BIG", "DATEPART"];

/// Reads the part of a date that a function is given first.
pub(super) fn part(name: &str, expr: &Expr) -> Result<&'static str, SqlError> {
    let Expr::Identifier(ident) = expr else {
        return Err(SqlError::new(1023, format!("Invalid parameter 1 specified for {}.", name.to_ascii_lowercase()))
            .class(15)
            .scope(ErrorScope::Compile));
    };
    date_part(&ident.value).ok_or_else(|| {
        SqlError::new(155, format!("'{}' is not a recognized {} option.", ident.value, name.to_ascii_lowercase()))
            .class(15)
            .scope(ErrorScope::Compile)
    })
}

impl Binder<'_> {
    /// Binds the clock's functions. The server's time zone is UTC, so local time is UTC.
    pub(super) fn clock(&self, name: &str) -> Option<BoundExpr> {
        let now = self.context.now;
        Some(match name {
            "SYSUTCDATETIME" | "SYSDATETIME" => BoundExpr::new(now.to_string(), SqlType::DateTime2(7)).not_null(),
            "GETDATE" | "GETUTCDATE" => BoundExpr::new(instant::rounded_datetime(now).to_string(), SqlType::DateTime).not_null(),
            "SYSDATETIMEOFFSET" => BoundExpr::new(quote(&instant::offset_text(now, 0)), SqlType::DateTimeOffset(7)).not_null(),
            _ => return None,
        })
    }

    /// Returns a date's ticks and the type it counts as: texts are read as `datetime2(7)`.
    fn ticks(&self, moment: &BoundExpr) -> Result<(String, BoundExpr), SqlError> {
        let mut typed = moment.clone();
        if types::is_text(typed.kind) || typed.null {
            typed.sql = self.coerce(&typed, SqlType::DateTime2(7));
            typed.kind = SqlType::DateTime2(7);
        }
        let sql = match typed.kind {
            SqlType::DateTimeOffset(_) => format!("fd('local', {})", typed.sql),
            kind if types::is_temporal(kind) => typed.sql.clone(),
            _ => return Err(SqlError::unsupported("A date function of a number")),
        };
        Ok((sql, typed))
    }

    /// Binds the functions of [`OF_A_PART`].
    pub(super) fn function_of_a_part(&self, name: &str, part: &str, arguments: &[BoundExpr]) -> Result<BoundExpr, SqlError> {
        match (name, arguments) {
            ("DATEPART", [moment]) => self.date_part(part, moment),
            ("DATEADD", [amount, moment]) => self.dateadd(part, amount, moment),
            ("DATEDIFF" | "DATEDIFF_BIG", [from, to]) => {
                let sides = [self.utc_ticks(from)?, self.utc_ticks(to)?];
                let big = i64::from(name == "DATEDIFF_BIG");
                let kind = if big == 1 { SqlType::BigInt } else { SqlType::Int };
                Ok(BoundExpr::new(format!("fd('datediff', '{part}', {}, {}, {big})", sides[0], sides[1]), kind))
            }
            _ => Err(argument_count(&name.to_ascii_lowercase(), if name == "DATEPART" { 2 } else { 3 })),
        }
    }

    fn dateadd(&self, part: &str, amount: &BoundExpr, moment: &BoundExpr) -> Result<BoundExpr, SqlError> {
        let amount = self.coerce(amount, SqlType::Int);
        let (ticks, moment) = self.ticks(moment)?;
        if moment.kind == SqlType::Date
            && ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"].contains(&part)
        {
            return Err(SqlError::new(
                9810,
                format!("The datepart {part} is not supported by date function dateadd for data type date."),
            )
            .scope(ErrorScope::Compile));
        }
        let sql = if let SqlType::DateTimeOffset(_) = moment.kind {
            format!(
                "fd('withoffset', fd('dateadd', '{part}', {amount}, fd('local', {0})) - fd('offset', {0}) * 600000000, fd('offset', {0}))",
                moment.sql
            )
        } else {
            let moved = format!("fd('dateadd', '{part}', {amount}, {ticks})");
            format!("cv({moved}, {}, {}, 0)", types::encode(SqlType::DateTime2(7)), types::encode(moment.kind))
        };
        Ok(BoundExpr::new(sql, moment.kind))
    }

    fn utc_ticks(&self, moment: &BoundExpr) -> Result<String, SqlError> {
        let (ticks, typed) = self.ticks(moment)?;
        Ok(match typed.kind {
            SqlType::DateTimeOffset(_) => format!("fd('utc', {})", typed.sql),
            _ => ticks,
        })
    }

    pub(super) fn date_part(&self, part: &str, moment: &BoundExpr) -> Result<BoundExpr, SqlError> {
        let (ticks, _) = self.ticks(moment)?;
        Ok(BoundExpr::new(format!("fd('datepart', '{part}', {ticks})"), SqlType::Int))
    }
}

/// Binds `AT TIME ZONE 'UTC'`; the server knows no other zone.
pub(super) fn at_time_zone(typed: &BoundExpr, zone: &BoundExpr) -> Result<BoundExpr, SqlError> {
    if !zone.sql.eq_ignore_ascii_case("'UTC'") {
        return Err(SqlError::unsupported("A time zone other than UTC"));
    }
    Ok(match typed.kind {
        SqlType::DateTimeOffset(scale) => {
            BoundExpr::new(format!("fd('withoffset', fd('utc', {}), 0)", typed.sql), SqlType::DateTimeOffset(scale))
        }
        SqlType::DateTime2(scale) => {
            BoundExpr::new(format!("fd('withoffset', {}, 0)", typed.sql), SqlType::DateTimeOffset(scale))
        }
        SqlType::DateTime => BoundExpr::new(format!("fd('withoffset', {}, 0)", typed.sql), SqlType::DateTimeOffset(3)),
        other => {
            return Err(SqlError::new(
                8116,
                format!("Argument data type {} is invalid for argument 1 of AT TIME ZONE function.", types::name(other)),
            )
            .scope(ErrorScope::Compile));
        }
    })
}
