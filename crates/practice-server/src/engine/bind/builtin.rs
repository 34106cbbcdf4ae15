//! Functions whose types take more than a line.

use sqlparser::ast::Expr;

use super::Binder;
use crate::engine::fault::{Fault, Reach};
use crate::engine::typed::Typed;
use crate::engine::{code, types};
use crate::value::SqlType;

const MAX: SqlType = SqlType::NVarChar(None);

impl Binder<'_> {
    pub(super) fn isnull(&mut self, value: &Expr, instead: &Expr) -> Result<Typed, Fault> {
        let (value, instead) = (self.expr(value)?, self.expr(instead)?);
        let collation = self.meet(&value, &instead, "isnull")?;
        // The first argument's type counts, unless it is the literal NULL.
        let kind = if value.null { instead.kind } else { value.kind };
        let sql = format!("ifnull({}, {})", value.sql, self.coerce(&instead, kind));
        Ok(Typed::new(sql, kind).maybe(value.nullable && instead.nullable).collated(collation.filter(|_| types::text(kind))))
    }

    pub(super) fn coalesce(&mut self, arguments: &[&Expr]) -> Result<Typed, Fault> {
        let all = arguments.iter().map(|argument| self.expr(argument)).collect::<Result<Vec<_>, _>>()?;
        let mut typed = self.unify(&all, "coalesce")?;
        let parts = all.iter().map(|one| self.coerce(one, typed.kind)).collect::<Vec<_>>().join(", ");
        typed.sql = format!("coalesce({parts})");
        typed.nullable = all.iter().all(|one| one.nullable || one.null);
        Ok(typed)
    }

    pub(super) fn text_call(&mut self, inside: &str, value: &Expr) -> Result<Typed, Fault> {
        let value = self.expr(value)?;
        let kind = if types::text(value.kind) { value.kind } else { SqlType::VarChar(Some(8000)) };
        let sql = format!("fd('{inside}', {})", self.as_type(&value, MAX));
        Ok(Typed::new(sql, kind).maybe(value.nullable).collated(value.collation))
    }

    pub(super) fn substring(&mut self, value: &Expr, from: &Expr, length: &Expr) -> Result<Typed, Fault> {
        let (value, from, length) = (self.expr(value)?, self.expr(from)?, self.expr(length)?);
        let (text, kind) = match value.kind {
            SqlType::VarBinary(_) => (value.sql.clone(), value.kind),
            kind if types::text(kind) => (value.sql.clone(), kind),
            other => {
                return Err(Fault::new(
                    8116,
                    format!("Argument data type {} is invalid for argument 1 of substring function.", types::name(other)),
                )
                .reach(Reach::Compile));
            }
        };
        let sql = format!(
            "fd('substring', {text}, {}, {})",
            self.coerce(&from, SqlType::BigInt),
            self.coerce(&length, SqlType::BigInt)
        );
        Ok(Typed::new(sql, kind).collated(value.collation))
    }

    pub(super) fn rounding(&mut self, name: &str, value: &Expr) -> Result<Typed, Fault> {
        let value = self.expr(value)?;
        let sql = match value.kind {
            kind if types::integer(kind) => value.sql.clone(),
            SqlType::Float | SqlType::Real => format!("{}({})", if name == "FLOOR" { "floor" } else { "ceil" }, value.sql),
            other => return Err(Fault::unsupported(format!("{name} of {}", types::name(other)))),
        };
        Ok(Typed::new(sql, value.kind).maybe(value.nullable))
    }

    pub(super) fn datalength(&mut self, value: &Expr) -> Result<Typed, Fault> {
        let value = self.expr(value)?;
        let sql = match value.kind {
            SqlType::NVarChar(_) => format!("fd('datalength_n', {})", value.sql),
            SqlType::VarChar(_) => format!("fd('datalength_v', {})", value.sql),
            SqlType::VarBinary(_) => format!("fd('datalength_b', {})", value.sql),
            SqlType::Variant => return Err(Fault::unsupported("DATALENGTH of sql_variant")),
            kind => format!("(CASE WHEN {} IS NOT NULL THEN {} END)", value.sql, types::measures(kind).0),
        };
        let kind = match value.kind {
            SqlType::NVarChar(None) | SqlType::VarChar(None) | SqlType::VarBinary(None) => SqlType::BigInt,
            _ => SqlType::Int,
        };
        Ok(Typed::new(sql, kind).maybe(value.nullable))
    }

    /// `COMPRESS` takes text and bytes, `DECOMPRESS` bytes only; both give bytes.
    pub(super) fn gzip(&mut self, name: &str, value: &Expr) -> Result<Typed, Fault> {
        let value = self.expr(value)?;
        let bytes = match value.kind {
            SqlType::VarBinary(_) => value.sql.clone(),
            kind if types::text(kind) && name == "COMPRESS" => {
                format!("cv({}, {}, {}, 0)", value.sql, code::encode(kind), code::encode(SqlType::VarBinary(None)))
            }
            _ if value.null => "NULL".to_owned(),
            other => {
                let name = name.to_lowercase();
                let said = format!("Argument data type {} is invalid for argument 1 of {name} function.", types::name(other));
                return Err(Fault::new(8116, said));
            }
        };
        let sql = format!("fd('{}', {bytes})", name.to_ascii_lowercase());
        Ok(Typed::new(sql, SqlType::VarBinary(None)).maybe(value.nullable))
    }

    pub(super) fn hashbytes(&mut self, algorithm: &Expr, value: &Expr) -> Result<Typed, Fault> {
        let (algorithm, value) = (self.expr(algorithm)?, self.expr(value)?);
        let bytes = match value.kind {
            SqlType::VarBinary(_) => value.sql.clone(),
            kind if types::text(kind) => {
                format!("cv({}, {}, {}, 0)", value.sql, code::encode(kind), code::encode(SqlType::VarBinary(None)))
            }
            other => return Err(Fault::unsupported(format!("HASHBYTES of {}", types::name(other)))),
        };
        let sql = format!("fd('hashbytes', {}, {bytes})", algorithm.sql);
        Ok(Typed::new(sql, SqlType::VarBinary(Some(8000))).maybe(value.nullable))
    }
}
