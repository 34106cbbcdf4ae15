//! Functions of dates and times.

use sqlparser::ast::Expr;

use super::Binder;
use crate::engine::fault::{Fault, Reach};
use crate::engine::function::date_part;
use crate::engine::typed::{Typed, quote};
use crate::engine::{code, instant, types};
use crate::value::SqlType;

impl Binder<'_> {
    /// The clock's functions. The server's zone is UTC, so local time and UTC are one.
    pub(super) fn clock(&self, name: &str) -> Option<Typed> {
        let now = self.context.now;
        Some(match name {
            "SYSUTCDATETIME" | "SYSDATETIME" => Typed::new(now.to_string(), SqlType::DateTime2(7)).sure(),
            "GETDATE" | "GETUTCDATE" => Typed::new(instant::rounded_datetime(now).to_string(), SqlType::DateTime).sure(),
            "SYSDATETIMEOFFSET" => Typed::new(quote(&instant::offset_text(now, 0)), SqlType::DateTimeOffset(7)).sure(),
            _ => return None,
        })
    }

    fn part(name: &str, expr: &Expr) -> Result<&'static str, Fault> {
        let Expr::Identifier(ident) = expr else {
            return Err(Fault::new(1023, format!("Invalid parameter 1 specified for {}.", name.to_ascii_lowercase()))
                .class(15)
                .reach(Reach::Compile));
        };
        date_part(&ident.value).ok_or_else(|| {
            Fault::new(155, format!("'{}' is not a recognized {} option.", ident.value, name.to_ascii_lowercase()))
                .class(15)
                .reach(Reach::Compile)
        })
    }

    /// A moment's ticks, and the type it counts as: texts are read as `datetime2(7)`.
    fn ticks(&mut self, expr: &Expr) -> Result<(String, Typed), Fault> {
        let mut typed = self.expr(expr)?;
        if types::text(typed.kind) || typed.null {
            typed.sql = self.coerce(&typed, SqlType::DateTime2(7));
            typed.kind = SqlType::DateTime2(7);
        }
        let sql = match typed.kind {
            SqlType::DateTimeOffset(_) => format!("fd('local', {})", typed.sql),
            kind if types::temporal(kind) => typed.sql.clone(),
            _ => return Err(Fault::unsupported("A date function of a number")),
        };
        Ok((sql, typed))
    }

    pub(super) fn dateadd(&mut self, arguments: &[&Expr]) -> Result<Typed, Fault> {
        let [part, amount, moment] = arguments else {
            return Err(super::call::count("dateadd", 3));
        };
        let part = Self::part("dateadd", part)?;
        let amount = self.expr(amount)?;
        let amount = self.coerce(&amount, SqlType::Int);
        let (ticks, moment) = self.ticks(moment)?;
        if moment.kind == SqlType::Date
            && ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"].contains(&part)
        {
            return Err(Fault::new(
                9810,
                format!("The datepart {part} is not supported by date function dateadd for data type date."),
            )
            .reach(Reach::Compile));
        }
        let sql = if let SqlType::DateTimeOffset(_) = moment.kind {
            format!(
                "fd('withoffset', fd('dateadd', '{part}', {amount}, fd('local', {0})) - fd('offset', {0}) * 600000000, fd('offset', {0}))",
                moment.sql
            )
        } else {
            let moved = format!("fd('dateadd', '{part}', {amount}, {ticks})");
            format!("cv({moved}, {}, {}, 0)", code::encode(SqlType::DateTime2(7)), code::encode(moment.kind))
        };
        Ok(Typed::new(sql, moment.kind))
    }

    pub(super) fn datediff(&mut self, name: &str, arguments: &[&Expr]) -> Result<Typed, Fault> {
        let [part, from, to] = arguments else {
            return Err(super::call::count(&name.to_ascii_lowercase(), 3));
        };
        let part = Self::part("datediff", part)?;
        let sides = [self.utc_ticks(from)?, self.utc_ticks(to)?];
        let big = i64::from(name == "DATEDIFF_BIG");
        let kind = if big == 1 { SqlType::BigInt } else { SqlType::Int };
        Ok(Typed::new(format!("fd('datediff', '{part}', {}, {}, {big})", sides[0], sides[1]), kind))
    }

    fn utc_ticks(&mut self, expr: &Expr) -> Result<String, Fault> {
        let (ticks, typed) = self.ticks(expr)?;
        Ok(match typed.kind {
            SqlType::DateTimeOffset(_) => format!("fd('utc', {})", typed.sql),
            _ => ticks,
        })
    }

    pub(super) fn datepart(&mut self, part: &Expr, moment: &Expr) -> Result<Typed, Fault> {
        let part = Self::part("datepart", part)?;
        self.part_of(part, moment)
    }

    pub(super) fn part_of(&mut self, part: &str, moment: &Expr) -> Result<Typed, Fault> {
        let (ticks, _) = self.ticks(moment)?;
        Ok(Typed::new(format!("fd('datepart', '{part}', {ticks})"), SqlType::Int))
    }

    /// `AT TIME ZONE 'UTC'`; the server knows no other zone.
    pub(super) fn at_time_zone(&mut self, moment: &Expr, zone: &Expr) -> Result<Typed, Fault> {
        let zone = self.expr(zone)?;
        if !zone.sql.eq_ignore_ascii_case("'UTC'") {
            return Err(Fault::unsupported("A time zone other than UTC"));
        }
        let typed = self.expr(moment)?;
        Ok(match typed.kind {
            SqlType::DateTimeOffset(scale) => {
                Typed::new(format!("fd('withoffset', fd('utc', {}), 0)", typed.sql), SqlType::DateTimeOffset(scale))
            }
            SqlType::DateTime2(scale) => {
                Typed::new(format!("fd('withoffset', {}, 0)", typed.sql), SqlType::DateTimeOffset(scale))
            }
            SqlType::DateTime => Typed::new(format!("fd('withoffset', {}, 0)", typed.sql), SqlType::DateTimeOffset(3)),
            other => {
                return Err(Fault::new(
                    8116,
                    format!("Argument data type {} is invalid for argument 1 of AT TIME ZONE function.", types::name(other)),
                )
                .reach(Reach::Compile));
            }
        })
    }
}
