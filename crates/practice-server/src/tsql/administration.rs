//! Databases, logins, users, roles and permissions, and `SET`.

use sqlparser::ast::{BinaryOperator, Expr, Ident};
use sqlparser::tokenizer::Token;

use crate::tsql::lexer::{Construct, SyntaxError};
use crate::tsql::parser::BatchParser;
use crate::tsql::statement::{
    DatabaseChange, GrantEffect, Isolation, LoginChange, PermissionName, Securable, Security, Setting, StatementKind, UserAccess,
};

impl BatchParser {
    pub(super) fn create_database(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.ident()?;
        let collation = if self.accept("COLLATE") { Some(self.ident()?) } else { None };
        if self.is(0, "ON") || self.is(0, "WITH") || self.is(0, "CONTAINMENT") || self.is(0, "FOR") {
            return Err(self.unsupported(&format!("CREATE DATABASE … {}", self.next_text().to_uppercase())));
        }
        Ok(StatementKind::CreateDatabase { name, collation })
    }

    pub(super) fn drop_database(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let if_exists = self.if_exists();
        let names = self.comma_separated(Self::ident)?;
        Ok(StatementKind::DropDatabase { names, if_exists })
    }

    pub(super) fn alter_database(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = if self.accept("CURRENT") { None } else { Some(self.ident()?) };
        let mut rollback = false;
        let change = if self.accept("COLLATE") {
            DatabaseChange::Collate(self.ident()?)
        } else if self.accept("MODIFY") {
            if !self.accept("NAME") {
                return Err(self.unsupported("ALTER DATABASE … MODIFY"));
            }
            self.expect_token(&Token::Eq)?;
            DatabaseChange::Rename(self.ident()?)
        } else if self.accept("SET") {
            let change = self.database_option()?;
            rollback = self.termination()?;
            if self.peek(0) == Some(&Token::Comma) {
                return Err(self.unsupported("ALTER DATABASE … SET of several options"));
            }
            change
        } else {
            return Err(self.unsupported(&format!("ALTER DATABASE … {}", self.next_text())));
        };
        Ok(StatementKind::AlterDatabase { name, change, rollback })
    }

    fn database_option(&mut self) -> Result<DatabaseChange, SyntaxError> {
        let option = self.word(0).ok_or_else(|| self.syntax_error())?;
        self.at += 1;
        Ok(match option.as_str() {
            "READ_ONLY" => DatabaseChange::ReadOnly(true),
            "READ_WRITE" => DatabaseChange::ReadOnly(false),
            "MULTI_USER" => DatabaseChange::Access(UserAccess::Multi),
            "SINGLE_USER" => DatabaseChange::Access(UserAccess::Single),
            "RESTRICTED_USER" => DatabaseChange::Access(UserAccess::Restricted),
            "ONLINE" => DatabaseChange::Online(true),
            "OFFLINE" => DatabaseChange::Online(false),
            "READ_COMMITTED_SNAPSHOT" => DatabaseChange::ReadCommittedSnapshot(self.on_off()?),
            "ALLOW_SNAPSHOT_ISOLATION" => DatabaseChange::AllowSnapshot(self.on_off()?),
            "AUTO_CLOSE" => DatabaseChange::AutoClose(self.on_off()?),
            "COMPATIBILITY_LEVEL" => {
                self.expect_token(&Token::Eq)?;
                DatabaseChange::Compatibility(self.number().ok_or_else(|| self.syntax_error())?)
            }
            "RECOVERY" => {
                let model = self.word(0).ok_or_else(|| self.syntax_error())?;
                if !["FULL", "SIMPLE", "BULK_LOGGED"].contains(&model.as_str()) {
                    return Err(self.syntax_error());
                }
                self.at += 1;
                DatabaseChange::Recovery(model)
            }
            _ => {
                self.at -= 1;
                return Err(self.unsupported(&format!("ALTER DATABASE … SET {option}")));
            }
        })
    }

    /// Reads `WITH ROLLBACK IMMEDIATE` (`true`) or `WITH NO_WAIT`, which is how the server works without a clause.
    fn termination(&mut self) -> Result<bool, SyntaxError> {
        if !self.is(0, "WITH") || self.accept_all(&["WITH", "NO_WAIT"]) {
            return Ok(false);
        }
        if self.accept_all(&["WITH", "ROLLBACK", "IMMEDIATE"]) {
            return Ok(true);
        }
        Err(self.unsupported("This termination clause"))
    }
}

impl BatchParser {
    pub(super) fn create_login(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.ident()?;
        if self.is(0, "FROM") {
            return Err(self.unsupported("CREATE LOGIN … FROM"));
        }
        self.expect("WITH")?;
        let mut password = None;
        let mut database = None;
        loop {
            let option = self.word(0).ok_or_else(|| self.syntax_error())?;
            self.at += 1;
            self.expect_token(&Token::Eq)?;
            match option.as_str() {
                "PASSWORD" => {
                    password = Some(self.text().ok_or_else(|| self.syntax_error())?);
                    if self.is(0, "HASHED") || self.is(0, "MUST_CHANGE") {
                        return Err(self.unsupported(&format!("The option {}", self.next_text())));
                    }
                }
                "DEFAULT_DATABASE" => database = Some(self.ident()?),
                "CHECK_POLICY" | "CHECK_EXPIRATION" if self.is(0, "OFF") => self.at += 1,
                _ => return Err(self.unsupported(&format!("The option {option} of CREATE LOGIN"))),
            }
            if !self.accept_token(&Token::Comma) {
                break;
            }
        }
        let password = password.ok_or_else(|| self.syntax_error())?;
        Ok(StatementKind::Security(Security::CreateLogin { name, password, database }))
    }

    pub(super) fn alter_login(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.ident()?;
        let change = if self.accept("ENABLE") {
            LoginChange::Enable(true)
        } else if self.accept("DISABLE") {
            LoginChange::Enable(false)
        } else {
            self.expect("WITH")?;
            let option = self.word(0).ok_or_else(|| self.syntax_error())?;
            self.at += 1;
            self.expect_token(&Token::Eq)?;
            let change = match option.as_str() {
                "PASSWORD" => LoginChange::Password(self.text().ok_or_else(|| self.syntax_error())?),
                "DEFAULT_DATABASE" => LoginChange::DefaultDatabase(self.ident()?),
                "NAME" => LoginChange::Rename(self.ident()?),
                _ => return Err(self.unsupported(&format!("ALTER LOGIN … WITH {option}"))),
            };
            if self.is(0, "OLD_PASSWORD") || self.is(0, "UNLOCK") || self.peek(0) == Some(&Token::Comma) {
                return Err(self.unsupported("ALTER LOGIN with several options"));
            }
            change
        };
        Ok(StatementKind::Security(Security::AlterLogin { name, change }))
    }

    pub(super) fn create_user(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.ident()?;
        let without_login = self.accept_all(&["WITHOUT", "LOGIN"]);
        let login =
            if self.accept_all(&["FOR", "LOGIN"]) || self.accept_all(&["FROM", "LOGIN"]) { Some(self.ident()?) } else { None };
        let mut schema = None;
        if self.accept("WITH") {
            if !self.accept("DEFAULT_SCHEMA") {
                return Err(self.unsupported("This option of CREATE USER"));
            }
            self.expect_token(&Token::Eq)?;
            schema = Some(self.ident()?);
        }
        Ok(StatementKind::Security(Security::CreateUser { name, login, without_login, schema }))
    }

    pub(super) fn alter_user(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.ident()?;
        self.expect("WITH")?;
        let is_login = self.accept("LOGIN");
        if !is_login && !self.accept("DEFAULT_SCHEMA") {
            return Err(self.unsupported("This option of ALTER USER"));
        }
        self.expect_token(&Token::Eq)?;
        let value = self.ident()?;
        if self.peek(0) == Some(&Token::Comma) {
            return Err(self.unsupported("ALTER USER with several options"));
        }
        Ok(StatementKind::Security(if is_login {
            Security::UserLogin { name, login: value }
        } else {
            Security::UserSchema { name, schema: value }
        }))
    }

    pub(super) fn create_role(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let name = self.ident()?;
        if self.is(0, "AUTHORIZATION") {
            return Err(self.unsupported("CREATE ROLE … AUTHORIZATION"));
        }
        Ok(StatementKind::Security(Security::CreateRole(name)))
    }

    pub(super) fn drop_principal(&mut self) -> Result<StatementKind, SyntaxError> {
        let word = self.word(0).unwrap_or_default();
        self.at += 1;
        let if_exists = word != "LOGIN" && self.if_exists();
        let name = self.ident()?;
        Ok(StatementKind::Security(match word.as_str() {
            "LOGIN" => Security::DropLogin(name),
            "USER" => Security::DropUser { name, if_exists },
            _ => Security::DropRole { name, if_exists },
        }))
    }

    fn membership(&mut self) -> Result<(String, String, bool), SyntaxError> {
        let role = self.ident()?;
        let add = if self.accept("ADD") {
            true
        } else if self.accept("DROP") {
            false
        } else {
            return Err(self.unsupported("This change of a role"));
        };
        self.expect("MEMBER")?;
        Ok((role, self.ident()?, add))
    }

    pub(super) fn alter_role(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        let (role, member, add) = self.membership()?;
        Ok(StatementKind::Security(Security::Role { role, member, add }))
    }

    pub(super) fn alter_server_role(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        if !self.accept("ROLE") {
            return Err(self.unsupported("ALTER SERVER"));
        }
        let (role, member, add) = self.membership()?;
        Ok(StatementKind::Security(Security::ServerRole { role, member, add }))
    }

    pub(super) fn alter_authorization(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        self.expect("ON")?;
        let class = self.word(0).ok_or_else(|| self.syntax_error())?;
        if !["DATABASE", "SCHEMA"].contains(&class.as_str()) || self.peek(1) != Some(&Token::DoubleColon) {
            return Err(self.unsupported("ALTER AUTHORIZATION on this"));
        }
        self.at += 2;
        let name = self.ident()?;
        self.expect("TO")?;
        let owner = self.ident()?;
        Ok(StatementKind::Security(if class == "DATABASE" {
            Security::OwnDatabase { database: name, owner }
        } else {
            Security::OwnSchema { schema: name, owner }
        }))
    }

    /// Parses `GRANT`, `DENY` or `REVOKE`.
    pub(super) fn permission(&mut self) -> Result<StatementKind, SyntaxError> {
        let effect = match self.word(0).as_deref() {
            Some("GRANT") => GrantEffect::Grant,
            Some("DENY") => GrantEffect::Deny,
            _ => GrantEffect::Revoke,
        };
        self.at += 1;
        if self.is(0, "GRANT") {
            return Err(self.unsupported("GRANT OPTION FOR"));
        }
        let permissions = self.comma_separated(|parser| {
            let mut words = Vec::new();
            while let Some(word) = parser.word(0) {
                if ["ON", "TO", "FROM"].contains(&word.as_str()) {
                    break;
                }
                words.push(word);
                parser.at += 1;
            }
            if parser.peek(0) == Some(&Token::LParen) {
                return Err(parser.unsupported("A permission on columns"));
            }
            if words.is_empty() {
                return Err(parser.syntax_error());
            }
            Ok(PermissionName { name: words.join(" ") })
        })?;
        let on = if self.accept("ON") { self.securable()? } else { Securable::Current };
        if !(self.accept("TO") || (effect == GrantEffect::Revoke && self.accept("FROM"))) {
            return Err(self.syntax_error());
        }
        let to = self.comma_separated(|parser| if parser.accept("PUBLIC") { Ok("public".to_owned()) } else { parser.ident() })?;
        if self.is(0, "WITH") || self.is(0, "AS") || self.is(0, "CASCADE") {
            return Err(self.unsupported(&format!("GRANT … {}", self.next_text())));
        }
        Ok(StatementKind::Security(Security::Permission { effect, permissions, on, to }))
    }

    fn securable(&mut self) -> Result<Securable, SyntaxError> {
        if self.peek(1) != Some(&Token::DoubleColon) {
            return Ok(Securable::Object(self.name()?));
        }
        let class = self.word(0).ok_or_else(|| self.syntax_error())?;
        self.at += 2;
        match class.as_str() {
            "DATABASE" => Ok(Securable::Database(self.ident()?)),
            "SCHEMA" => Ok(Securable::Schema(self.ident()?)),
            "OBJECT" => Ok(Securable::Object(self.name()?)),
            _ => Err(self.unsupported(&format!("A permission on {class}"))),
        }
    }
}

impl BatchParser {
    pub(super) fn set(&mut self) -> Result<StatementKind, SyntaxError> {
        self.at += 1;
        if let Some(variable) = self.variable() {
            let operator = self.assignment()?;
            let value = self.expr(Construct::Expression)?;
            let value = compound(operator, Expr::Identifier(Ident::new(&variable)), value);
            return Ok(StatementKind::Assign { variable, value });
        }
        if self.accept_all(&["TRANSACTION", "ISOLATION", "LEVEL"]) {
            return self.isolation();
        }
        if self.accept("IDENTITY_INSERT") {
            let table = self.name()?;
            let on = self.on_off()?;
            return Ok(StatementKind::Setting(Setting::IdentityInsert { table, on }));
        }
        let mut names = vec![self.setting_name()?];
        while self.accept_token(&Token::Comma) {
            names.push(self.setting_name()?);
        }
        let name = names.first().cloned().unwrap_or_default();
        if names.len() > 1 {
            let on = self.on_off()?;
            return if names.iter().all(|name| is_harmless(name, on)) {
                Ok(StatementKind::Setting(Setting::Ansi))
            } else {
                Err(self.unsupported("SET of these settings together"))
            };
        }
        self.one_setting(&name).map(StatementKind::Setting)
    }

    /// Reads `=` (`None`) or a compound assignment such as `+=`.
    pub(super) fn assignment(&mut self) -> Result<Option<BinaryOperator>, SyntaxError> {
        let operator = match self.peek(0) {
            Some(Token::Plus) => Some(BinaryOperator::Plus),
            Some(Token::Minus) => Some(BinaryOperator::Minus),
            Some(Token::Mul) => Some(BinaryOperator::Multiply),
            Some(Token::Div) => Some(BinaryOperator::Divide),
            Some(Token::Mod) => Some(BinaryOperator::Modulo),
            Some(Token::Ampersand) => Some(BinaryOperator::BitwiseAnd),
            Some(Token::Pipe) => Some(BinaryOperator::BitwiseOr),
            Some(Token::Caret) => Some(BinaryOperator::BitwiseXor),
            _ => None,
        };
        self.at += usize::from(operator.is_some());
        self.expect_token(&Token::Eq)?;
        Ok(operator)
    }

    fn one_setting(&mut self, name: &str) -> Result<Setting, SyntaxError> {
        match name {
            "NOCOUNT" => self.on_off().map(Setting::NoCount),
            "XACT_ABORT" => self.on_off().map(Setting::XactAbort),
            "QUOTED_IDENTIFIER" => self.on_off().map(Setting::QuotedIdentifier),
            "IMPLICIT_TRANSACTIONS" => self.on_off().map(Setting::ImplicitTransactions),
            "LOCK_TIMEOUT" => self.number().map(Setting::LockTimeout).ok_or_else(|| self.syntax_error()),
            "TEXTSIZE" => self.number().map(Setting::TextSize).ok_or_else(|| self.syntax_error()),
            "ROWCOUNT" => match self.number() {
                Some(0) => Ok(Setting::RowCount(0)),
                Some(_) => Err(self.unsupported("SET ROWCOUNT other than 0")),
                None => Err(self.syntax_error()),
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
                None => Err(self.syntax_error()),
            },
            "DEADLOCK_PRIORITY" => {
                self.at += 1;
                Ok(Setting::Ansi)
            }
            "STATISTICS" | "OFFSETS" | "CONTEXT_INFO" | "FIPS_FLAGGER" | "QUERY_GOVERNOR_COST_LIMIT" => {
                Err(self.unsupported(&format!("SET {name}")))
            }
            _ => {
                let on = self.on_off()?;
                if is_harmless(name, on) {
                    Ok(Setting::Ansi)
                } else {
                    Err(self.unsupported(&format!("SET {name} {}", if on { "ON" } else { "OFF" })))
                }
            }
        }
    }

    fn setting_name(&mut self) -> Result<String, SyntaxError> {
        let name = self.word(0).ok_or_else(|| self.syntax_error())?;
        self.at += 1;
        Ok(name)
    }

    pub(super) fn on_off(&mut self) -> Result<bool, SyntaxError> {
        if self.accept("ON") {
            Ok(true)
        } else if self.accept("OFF") {
            Ok(false)
        } else {
            Err(self.syntax_error())
        }
    }

    fn isolation(&mut self) -> Result<StatementKind, SyntaxError> {
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
            return Err(self.syntax_error());
        };
        Ok(StatementKind::Setting(Setting::Isolation(level)))
    }
}

/// Returns the value that an assignment assigns to its target.
pub(super) fn compound(operator: Option<BinaryOperator>, target: Expr, value: Expr) -> Expr {
    match operator {
        None => value,
        Some(op) => Expr::BinaryOp { left: Box::new(target), op, right: Box::new(Expr::Nested(Box::new(value))) },
    }
}

/// Returns whether a setting's value is how the server works anyway, or affects only reports.
fn is_harmless(name: &str, on: bool) -> bool {
    match name {
        "ANSI_NULLS"
        | "ANSI_PADDING"
        | "ANSI_WARNINGS"
        | "ANSI_NULL_DFLT_ON"
        | "ANSI_DEFAULTS"
        | "ARITHABORT"
        | "CONCAT_NULL_YIELDS_NULL" => on,
        // There are no cursors.
        "CURSOR_CLOSE_ON_COMMIT" => true,
        "NUMERIC_ROUNDABORT"
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
