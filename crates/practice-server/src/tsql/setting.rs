//! `SET`: of a variable, or of a setting.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::extent::Within;
use super::lexer::Syntax;
use super::statement::{Isolation, Kind, Setting};

impl Cursor {
    pub(super) fn set(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        if let Some(variable) = self.variable() {
            let compound = match self.peek(0) {
                Some(Token::Eq) => None,
                Some(token) => Some(token.clone()),
                None => return Err(self.wrong()),
            };
            if compound.is_some() {
                return Err(if self.peek(1) == Some(&Token::Eq) {
                    self.unsupported("A compound assignment")
                } else {
                    self.wrong()
                });
            }
            self.at += 1;
            let value = self.expr(Within::Expression)?;
            return Ok(Kind::Assign { variable, value });
        }
        if self.accept_all(&["TRANSACTION", "ISOLATION", "LEVEL"]) {
            return self.isolation();
        }
        if self.accept("IDENTITY_INSERT") {
            let table = self.name()?;
            let on = self.on_off()?;
            return Ok(Kind::Setting(Setting::IdentityInsert { table, on }));
        }
        let mut names = vec![self.setting_name()?];
        while self.accept_token(&Token::Comma) {
            names.push(self.setting_name()?);
        }
        let name = names.first().cloned().unwrap_or_default();
        if names.len() > 1 {
            let on = self.on_off()?;
            return if names.iter().all(|name| harmless(name, on)) {
                Ok(Kind::Setting(Setting::Ansi))
            } else {
                Err(self.unsupported("SET of these settings together"))
            };
        }
        self.one_setting(&name).map(Kind::Setting)
    }

    fn one_setting(&mut self, name: &str) -> Result<Setting, Syntax> {
        match name {
            "NOCOUNT" => self.on_off().map(Setting::NoCount),
            "XACT_ABORT" => self.on_off().map(Setting::XactAbort),
            "QUOTED_IDENTIFIER" => self.on_off().map(Setting::QuotedIdentifier),
            "IMPLICIT_TRANSACTIONS" => self.on_off().map(Setting::ImplicitTransactions),
            "LOCK_TIMEOUT" => self.number().map(Setting::LockTimeout).ok_or_else(|| self.wrong()),
            "TEXTSIZE" => self.number().map(Setting::TextSize).ok_or_else(|| self.wrong()),
            "ROWCOUNT" => match self.number() {
                Some(0) => Ok(Setting::RowCount(0)),
                Some(_) => Err(self.unsupported("SET ROWCOUNT other than 0")),
                None => Err(self.wrong()),
            },
            "DATEFORMAT" => {
                let format = self.ident()?.to_lowercase();
                if ["mdy", "ymd", "dmy"].contains(&format.as_str()) {
                    Ok(Setting::DateFormat(format))
                } else {
                    Err(self.unsupported("This SET DATEFORMAT"))
                }
            }
            "LANGUAGE" => {
                let language = match self.text() {
                    Some(text) => text,
                    None => self.ident()?,
                };
                if language.eq_ignore_ascii_case("us_english") || language.eq_ignore_ascii_case("english") {
                    Ok(Setting::Language("us_english".to_owned()))
                } else {
                    Err(self.unsupported("A language other than us_english"))
                }
            }
            "DATEFIRST" => match self.number() {
                Some(7) => Ok(Setting::Ansi),
                Some(_) => Err(self.unsupported("SET DATEFIRST other than 7")),
                None => Err(self.wrong()),
            },
            "DEADLOCK_PRIORITY" => {
                self.at += 1;
                Ok(Setting::Ansi)
            }
            _ => {
                let on = self.on_off()?;
                if harmless(name, on) {
                    Ok(Setting::Ansi)
                } else {
                    Err(self.unsupported(&format!("SET {name} {}", if on { "ON" } else { "OFF" })))
                }
            }
        }
    }

    fn setting_name(&mut self) -> Result<String, Syntax> {
        let name = self.word(0).ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(name)
    }

    pub(super) fn on_off(&mut self) -> Result<bool, Syntax> {
        if self.accept("ON") {
            Ok(true)
        } else if self.accept("OFF") {
            Ok(false)
        } else {
            Err(self.wrong())
        }
    }

    fn isolation(&mut self) -> Result<Kind, Syntax> {
        let level = if self.accept_all(&["READ", "UNCOMMITTED"]) {
            Isolation::ReadUncommitted
        } else if self.accept_all(&["READ", "COMMITTED"]) {
            Isolation::ReadCommitted
        } else if self.accept_all(&["REPEATABLE", "READ"]) {
            Isolation::RepeatableRead
        } else if self.accept("SERIALIZABLE") {
            Isolation::Serializable
        } else if self.accept("SNAPSHOT") {
            Isolation::Snapshot
        } else {
            return Err(self.wrong());
        };
        Ok(Kind::Setting(Setting::Isolation(level)))
    }
}

/// Settings whose given value is how the server works anyway, or that only reports are affected by.
fn harmless(name: &str, on: bool) -> bool {
    match name {
        "ANSI_NULLS"
        | "ANSI_PADDING"
        | "ANSI_WARNINGS"
        | "ANSI_NULL_DFLT_ON"
        | "ANSI_DEFAULTS"
        | "ARITHABORT"
        | "CONCAT_NULL_YIELDS_NULL" => on,
        "CURSOR_CLOSE_ON_COMMIT"
        | "NUMERIC_ROUNDABORT"
        | "ANSI_NULL_DFLT_OFF"
        | "ARITHIGNORE"
        | "NOEXEC"
        | "PARSEONLY"
        | "FMTONLY"
        | "SHOWPLAN_ALL"
        | "SHOWPLAN_TEXT"
        | "SHOWPLAN_XML"
        | "FORCEPLAN"
        | "REMOTE_PROC_TRANSACTIONS" => !on,
        _ => false,
    }
}
