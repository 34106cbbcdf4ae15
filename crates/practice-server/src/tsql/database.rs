//! `CREATE`, `ALTER` and `DROP DATABASE`.

use sqlparser::tokenizer::Token;

use super::cursor::Cursor;
use super::lexer::Syntax;
use super::statement::{Access, DatabaseChange, Kind};

impl Cursor {
    pub(super) fn create_database(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let name = self.ident()?;
        let collation = if self.accept("COLLATE") { Some(self.ident()?) } else { None };
        if self.is(0, "ON") || self.is(0, "WITH") || self.is(0, "CONTAINMENT") || self.is(0, "FOR") {
            return Err(self.unsupported(&format!("CREATE DATABASE … {}", self.spelled().to_uppercase())));
        }
        Ok(Kind::CreateDatabase { name, collation })
    }

    pub(super) fn drop_database(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let if_exists = self.if_exists();
        let names = self.commas(Self::ident)?;
        Ok(Kind::DropDatabase { names, if_exists })
    }

    pub(super) fn alter_database(&mut self) -> Result<Kind, Syntax> {
        self.at += 1;
        let name = if self.accept("CURRENT") { None } else { Some(self.ident()?) };
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
            self.termination()?;
            if self.peek(0) == Some(&Token::Comma) {
                return Err(self.unsupported("ALTER DATABASE … SET of several options"));
            }
            change
        } else {
            return Err(self.unsupported(&format!("ALTER DATABASE … {}", self.spelled())));
        };
        Ok(Kind::AlterDatabase { name, change })
    }

    fn database_option(&mut self) -> Result<DatabaseChange, Syntax> {
        let option = self.word(0).ok_or_else(|| self.wrong())?;
        self.at += 1;
        Ok(match option.as_str() {
            "READ_ONLY" => DatabaseChange::ReadOnly(true),
            "READ_WRITE" => DatabaseChange::ReadOnly(false),
            "MULTI_USER" => DatabaseChange::Access(Access::Multi),
            "SINGLE_USER" => DatabaseChange::Access(Access::Single),
            "RESTRICTED_USER" => DatabaseChange::Access(Access::Restricted),
            "ONLINE" => DatabaseChange::Online(true),
            "OFFLINE" => DatabaseChange::Online(false),
            "READ_COMMITTED_SNAPSHOT" => DatabaseChange::ReadCommittedSnapshot(self.on_off()?),
            "ALLOW_SNAPSHOT_ISOLATION" => DatabaseChange::AllowSnapshot(self.on_off()?),
            "AUTO_CLOSE" => DatabaseChange::AutoClose(self.on_off()?),
            "COMPATIBILITY_LEVEL" => {
                self.expect_token(&Token::Eq)?;
                DatabaseChange::Compatibility(self.number().ok_or_else(|| self.wrong())?)
            }
            "RECOVERY" => {
                let model = self.word(0).ok_or_else(|| self.wrong())?;
                if !["FULL", "SIMPLE", "BULK_LOGGED"].contains(&model.as_str()) {
                    return Err(self.wrong());
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

    /// `WITH ROLLBACK IMMEDIATE` and the like. The server never waits here and never ends other sessions, so
    /// only `NO_WAIT` is as asked; the statement checks for other sessions itself.
    fn termination(&mut self) -> Result<(), Syntax> {
        if !self.is(0, "WITH") {
            return Ok(());
        }
        if self.accept_all(&["WITH", "NO_WAIT"]) || self.accept_all(&["WITH", "ROLLBACK", "IMMEDIATE"]) {
            return Ok(());
        }
        Err(self.unsupported("This termination clause"))
    }
}
