//! Functions without parentheses: `CURRENT_USER`, `@@VERSION`.

use sqlparser::ast::Ident;

use super::Binder;
use crate::engine::fault::{Fault, Reach};
use crate::engine::instant;
use crate::engine::typed::Typed;
use crate::value::SqlType;

impl Binder<'_> {
    /// A bare word that is a function.
    pub(super) fn word_call(&self, ident: &Ident) -> Option<Typed> {
        if ident.quote_style.is_some() {
            return None;
        }
        let context = self.context;
        Some(match ident.value.to_ascii_uppercase().as_str() {
            "CURRENT_USER" | "SESSION_USER" | "USER" => name(&context.user_name()),
            "SYSTEM_USER" => name(&context.facts.login),
            "CURRENT_TIMESTAMP" => Typed::new(instant::rounded_datetime(context.now).to_string(), SqlType::DateTime).sure(),
            _ => return None,
        })
    }

    /// `@@NAME`.
    pub(super) fn global(&self, word: &str) -> Result<Typed, Fault> {
        let context = self.context;
        let personality = context.engine.personality();
        let int = |number: i64| Typed::int(number, SqlType::Int);
        Ok(match word.to_ascii_uppercase().as_str() {
            "@@VERSION" => {
                let text = format!(
                    "octopus-setup practice server (not Microsoft SQL Server) - {} - {}",
                    personality.product_version, personality.edition
                );
                let mut typed = Typed::text(&text);
                typed.kind = SqlType::NVarChar(Some(300));
                typed
            }
            "@@SERVERNAME" => name(&personality.server_name),
            "@@SERVICENAME" => name("MSSQLSERVER"),
            "@@SPID" => Typed::int(i64::from(context.facts.id), SqlType::SmallInt),
            "@@ROWCOUNT" => int(context.row_count),
            "@@ERROR" => int(i64::from(context.error)),
            "@@TRANCOUNT" => int(context.nesting),
            "@@IDENTITY" => identity(context.last_identity),
            "@@MAX_PRECISION" => Typed::int(38, SqlType::TinyInt),
            "@@LANGUAGE" => name("us_english"),
            "@@LANGID" => Typed::int(0, SqlType::SmallInt),
            "@@DBTS" => Typed::new("x'00000000000007D0'", SqlType::VarBinary(Some(8))).sure(),
            "@@LOCK_TIMEOUT" => int(context.lock_timeout),
            "@@TEXTSIZE" => int(context.text_size),
            "@@NESTLEVEL" => int(0),
            "@@DATEFIRST" => Typed::int(7, SqlType::TinyInt),
            "@@OPTIONS" => return Err(Fault::unsupported("@@OPTIONS")),
            "@@MICROSOFTVERSION" => {
                let mut parts = personality.product_version.split('.').filter_map(|part| part.parse::<i64>().ok());
                let (major, minor, build) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
                int((major << 24) | (minor << 16) | build)
            }
            _ => {
                return Err(Fault::new(137, format!("Must declare the scalar variable \"{word}\"."))
                    .class(15)
                    .state(2)
                    .reach(Reach::Compile));
            }
        })
    }
}

/// A value of type `sysname`.
pub(super) fn name(text: &str) -> Typed {
    let mut typed = Typed::text(text);
    typed.kind = SqlType::NVarChar(Some(128));
    typed.nullable = true;
    typed
}

pub(super) fn identity(value: Option<i64>) -> Typed {
    let mut typed = value.map_or_else(Typed::nothing, |value| Typed::int(value, SqlType::BigInt));
    typed.null = false;
    typed.nullable = true;
    typed.kind = SqlType::Decimal { precision: 18, scale: 0 };
    typed
}
