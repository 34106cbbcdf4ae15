//! Logins, users, roles and permissions.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::lexer::Syntax;
use super::statement::{Effect, Kind, LoginChange, Permission, Securable, Security};

impl Cursor {
    pub(super) fn create_login(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let name = self.ident()?;
        if self.is(0, "FROM") {
            return Err(self.unsupported("CREATE LOGIN … FROM"));
        }
        self.expect("WITH")?;
        let mut password = None;
        let mut database = None;
        loop {
            let option = self.word(0).ok_or_else(|| self.wrong())?;
            self.at += 1;
            self.expect_token(&Token::Eq)?;
            match option.as_str() {
                "PASSWORD" => {
                    password = Some(self.text().ok_or_else(|| self.wrong())?);
                    if self.is(0, "HASHED") || self.is(0, "MUST_CHANGE") {
                        return Err(self.unsupported(&format!("The option {}", self.spelled())));
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
        let password = password.ok_or_else(|| self.wrong())?;
        Ok(Kind::Security(Security::CreateLogin { name, password, database }))
    }

    pub(super) fn alter_login(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let name = self.ident()?;
        let change = if self.accept("ENABLE") {
            LoginChange::Enable(true)
        } else if self.accept("DISABLE") {
            LoginChange::Enable(false)
        } else {
            self.expect("WITH")?;
            let option = self.word(0).ok_or_else(|| self.wrong())?;
            self.at += 1;
            self.expect_token(&Token::Eq)?;
            let change = match option.as_str() {
                "PASSWORD" => LoginChange::Password(self.text().ok_or_else(|| self.wrong())?),
                "DEFAULT_DATABASE" => LoginChange::DefaultDatabase(self.ident()?),
                "NAME" => LoginChange::Rename(self.ident()?),
                _ => return Err(self.unsupported(&format!("ALTER LOGIN … WITH {option}"))),
            };
            if self.is(0, "OLD_PASSWORD") || self.is(0, "UNLOCK") || self.peek(0) == Some(&Token::Comma) {
                return Err(self.unsupported("ALTER LOGIN with several options"));
            }
            change
        };
        Ok(Kind::Security(Security::AlterLogin { name, change }))
    }

    pub(super) fn create_user(&mut self) -> Result<Kind, Syntax> {
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
        Ok(Kind::Security(Security::CreateUser { name, login, without_login, schema }))
    }

    pub(super) fn alter_user(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let name = self.ident()?;
        self.expect("WITH")?;
        if !self.accept("DEFAULT_SCHEMA") {
            return Err(self.unsupported("This option of ALTER USER"));
        }
        self.expect_token(&Token::Eq)?;
        let schema = self.ident()?;
        if self.peek(0) == Some(&Token::Comma) {
            return Err(self.unsupported("ALTER USER with several options"));
        }
        Ok(Kind::Security(Security::UserSchema { name, schema }))
    }

    pub(super) fn create_role(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let name = self.ident()?;
        if self.is(0, "AUTHORIZATION") {
            return Err(self.unsupported("CREATE ROLE … AUTHORIZATION"));
        }
        Ok(Kind::Security(Security::CreateRole(name)))
    }

    pub(super) fn drop_principal(&mut self) -> Result<Kind, Syntax> {
        let word = self.word(0).unwrap_or_default();
        self.at += 1;
        let if_exists = word != "LOGIN" && self.if_exists();
        let name = self.ident()?;
        Ok(Kind::Security(match word.as_str() {
            "LOGIN" => Security::DropLogin(name),
            "USER" => Security::DropUser { name, if_exists },
            _ => Security::DropRole { name, if_exists },
        }))
    }

    fn membership(&mut self) -> Result<(String, String, bool), Syntax> {
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

    pub(super) fn alter_role(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let (role, member, add) = self.membership()?;
        Ok(Kind::Security(Security::Role { role, member, add }))
    }

    pub(super) fn alter_server_role(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        if !self.accept("ROLE") {
            return Err(self.unsupported("ALTER SERVER"));
        }
        let (role, member, add) = self.membership()?;
        Ok(Kind::Security(Security::ServerRole { role, member, add }))
    }

    pub(super) fn alter_authorization(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        self.expect("ON")?;
        let class = self.word(0).ok_or_else(|| self.wrong())?;
        if !["DATABASE", "SCHEMA"].contains(&class.as_str()) || self.peek(1) != Some(&Token::DoubleColon) {
            return Err(self.unsupported("ALTER AUTHORIZATION on this"));
        }
        self.at += 2;
        let name = self.ident()?;
        self.expect("TO")?;
        let owner = self.ident()?;
        Ok(Kind::Security(if class == "DATABASE" {
            Security::OwnDatabase { database: name, owner }
        } else {
            Security::OwnSchema { schema: name, owner }
        }))
    }

    /// `GRANT`, `DENY`, `REVOKE`.
    pub(super) fn permission(&mut self) -> Result<Kind, Syntax> {
        let effect = match self.word(0).as_deref() {
            Some("GRANT") => Effect::Grant,
            Some("DENY") => Effect::Deny,
            _ => Effect::Revoke,
        };
        self.at += 1;
        if self.is(0, "GRANT") {
            return Err(self.unsupported("GRANT OPTION FOR"));
        }
        let permissions = self.commas(|cursor| {
            let mut words = Vec::new();
            while let Some(word) = cursor.word(0) {
                if ["ON", "TO", "FROM"].contains(&word.as_str()) {
                    break;
                }
                words.push(word);
                cursor.at += 1;
            }
            if cursor.peek(0) == Some(&Token::LParen) {
                return Err(cursor.unsupported("A permission on columns"));
            }
            if words.is_empty() {
                return Err(cursor.wrong());
            }
            Ok(Permission { name: words.join(" ") })
        })?;
        let on = if self.accept("ON") { self.securable()? } else { Securable::Here };
        if !(self.accept("TO") || (effect == Effect::Revoke && self.accept("FROM"))) {
            return Err(self.wrong());
        }
        let to = self.commas(|cursor| if cursor.accept("PUBLIC") { Ok("public".to_owned()) } else { cursor.ident() })?;
        if self.is(0, "WITH") || self.is(0, "AS") || self.is(0, "CASCADE") {
            return Err(self.unsupported(&format!("GRANT … {}", self.spelled())));
        }
        Ok(Kind::Security(Security::Permission { effect, permissions, on, to }))
    }

    fn securable(&mut self) -> Result<Securable, Syntax> {
        if self.peek(1) != Some(&Token::DoubleColon) {
            return Ok(Securable::Object(self.name()?));
        }
        let class = self.word(0).ok_or_else(|| self.wrong())?;
        self.at += 2;
        match class.as_str() {
            "DATABASE" => Ok(Securable::Database(self.ident()?)),
            "SCHEMA" => Ok(Securable::Schema(self.ident()?)),
            "OBJECT" => Ok(Securable::Object(self.name()?)),
            _ => Err(self.unsupported(&format!("A permission on {class}"))),
        }
    }
}
