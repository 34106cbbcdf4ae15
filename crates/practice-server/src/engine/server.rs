//! The server's own state: its databases, its logins, and the file that keeps them.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ring::pbkdf2;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::collation;
use crate::private;
use crate::tsql::statement::UserAccess;

/// A login that is created at the first start; afterwards the data folder has it.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name, compared without case.
    pub name: String,
    /// The password.
    pub password: SecretString,
    /// Whether it is a member of `sysadmin`.
    pub sysadmin: bool,
    /// Whether it is a member of `dbcreator`.
    pub dbcreator: bool,
    /// Whether it is disabled (`ALTER LOGIN … DISABLE`).
    pub disabled: bool,
}

/// Why the data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file could not be read or written.
    #[error("the practice server's data folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// `SQLite` reported an error.
    #[error("the practice server's data cannot be opened: {0}")]
    Data(String),
}

/// A database as `sys.databases` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as many switches as SQL Server has")]
pub(crate) struct Database {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) collation: String,
    pub(crate) compatibility: i64,
    pub(crate) owner: String,
    /// The creation time in ticks, see `instant`.
    pub(crate) created: i64,
    pub(crate) recovery: String,
    #[serde(default)]
    pub(crate) read_committed_snapshot: bool,
    #[serde(default)]
    pub(crate) snapshot: bool,
    #[serde(default)]
    pub(crate) read_only: bool,
    #[serde(default)]
    pub(crate) offline: bool,
    #[serde(default)]
    pub(crate) auto_close: bool,
    /// 0 multi, 1 single, 2 restricted, as in `sys.databases.user_access`.
    #[serde(default)]
    pub(crate) access: u8,
    #[serde(default)]
    pub(crate) published: bool,
    #[serde(default)]
    pub(crate) subscribed: bool,
    #[serde(default)]
    pub(crate) merge_published: bool,
    #[serde(default)]
    pub(crate) mirrored: bool,
}

impl Database {
    pub(crate) fn user_access(&self) -> UserAccess {
        match self.access {
            1 => UserAccess::Single,
            2 => UserAccess::Restricted,
            _ => UserAccess::Multi,
        }
    }

    /// Returns `sys.databases.state` and its description.
    pub(crate) fn state(&self) -> (i64, &'static str) {
        if self.offline { (6, "OFFLINE") } else { (0, "ONLINE") }
    }

    /// Returns `sys.databases.user_access` and its description.
    pub(crate) fn access_mode(&self) -> (i64, &'static str) {
        match self.user_access() {
            UserAccess::Multi => (0, "MULTI_USER"),
            UserAccess::Single => (1, "SINGLE_USER"),
            UserAccess::Restricted => (2, "RESTRICTED_USER"),
        }
    }

    /// Returns whether it is one of the four system databases.
    pub(crate) fn is_system(&self) -> bool {
        self.id <= 4
    }
}

/// A login as `sys.server_principals` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) sid: String,
    salt: String,
    hash: String,
    #[serde(default)]
    pub(crate) disabled: bool,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    #[serde(default)]
    pub(crate) granted: Vec<String>,
    #[serde(default)]
    pub(crate) denied: Vec<String>,
    pub(crate) database: String,
    pub(crate) created: i64,
}

/// The server's state. It is copied on change, so that a session reads one state throughout a statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Server {
    next_database: i64,
    next_login: i64,
    pub(crate) databases: Vec<Database>,
    pub(crate) accounts: Vec<Account>,
    #[serde(skip)]
    folder: PathBuf,
}

/// The server roles with their ids.
pub(crate) const SERVER_ROLES: &[(&str, i64)] = &[
    ("public", 2),
    ("sysadmin", 3),
    ("securityadmin", 4),
    ("serveradmin", 5),
    ("setupadmin", 6),
    ("processadmin", 7),
    ("diskadmin", 8),
    ("dbcreator", 9),
    ("bulkadmin", 10),
];

const FILE: &str = "server.toml";
const PBKDF2_ROUNDS: u32 = 10_000;

impl Server {
    pub(crate) fn open(folder: &Path, logins: &[Login], now: i64) -> Result<Self, OpenError> {
        private::create_folder(folder, |folder| folder.join(FILE).exists())?;
        let path = folder.join(FILE);
        let mut server = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str::<Self>(&text).map_err(|error| OpenError::Data(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::new(now),
            Err(error) => return Err(error.into()),
        };
        folder.clone_into(&mut server.folder);
        for login in logins {
            if server.account(&login.name).is_none() {
                let mut roles = Vec::new();
                if login.sysadmin {
                    roles.push("sysadmin".to_owned());
                }
                if login.dbcreator {
                    roles.push("dbcreator".to_owned());
                }
                let account = server.add_account(&login.name, login.password.expose_secret(), now);
                account.roles = roles;
                account.disabled = login.disabled;
            }
        }
        server.save()?;
        Ok(server)
    }

    fn new(now: i64) -> Self {
        let mut server =
            Self { next_database: 1, next_login: 256, databases: Vec::new(), accounts: Vec::new(), folder: PathBuf::new() };
        for name in ["master", "tempdb", "model", "msdb"] {
            server.add_database(name, collation::SERVER_DEFAULT, "sa", now);
            if let Some(database) = server.databases.last_mut() {
                "SIMPLE".clone_into(&mut database.recovery);
                database.snapshot = name == "master" || name == "msdb";
            }
        }
        server
    }

    pub(crate) fn add_database(&mut self, name: &str, collation: &str, owner: &str, now: i64) -> i64 {
        let id = self.next_database;
        self.next_database += 1;
        self.databases.push(Database {
            id,
            name: name.to_owned(),
            file: format!("database-{id}.sqlite"),
            collation: collation.to_owned(),
            compatibility: 160,
            owner: owner.to_owned(),
            created: now,
            recovery: "FULL".to_owned(),
            read_committed_snapshot: false,
            snapshot: false,
            read_only: false,
            offline: false,
            auto_close: false,
            access: 0,
            published: false,
            subscribed: false,
            merge_published: false,
            mirrored: false,
        });
        id
    }

    pub(crate) fn add_account(&mut self, name: &str, password: &str, now: i64) -> &mut Account {
        let id = self.next_login;
        self.next_login += 1;
        let id = if name.eq_ignore_ascii_case("sa") { 1 } else { id };
        let sid = if id == 1 { "01".to_owned() } else { hex(&random_bytes()) };
        let (salt, hash) = digest(password);
        self.accounts.push(Account {
            id,
            name: name.to_owned(),
            sid,
            salt,
            hash,
            disabled: false,
            roles: Vec::new(),
            granted: Vec::new(),
            denied: Vec::new(),
            database: "master".to_owned(),
            created: now,
        });
        let last = self.accounts.len() - 1;
        &mut self.accounts[last]
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Finds a database; names of databases and logins compare by the server's collation.
    pub(crate) fn database(&self, name: &str) -> Option<&Database> {
        self.databases.iter().find(|database| collation::are_equal(collation::SERVER_DEFAULT, &database.name, name))
    }

    pub(crate) fn database_mut(&mut self, name: &str) -> Option<&mut Database> {
        self.databases.iter_mut().find(|database| collation::are_equal(collation::SERVER_DEFAULT, &database.name, name))
    }

    pub(crate) fn database_by_id(&self, id: i64) -> Option<&Database> {
        self.databases.iter().find(|database| database.id == id)
    }

    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| collation::are_equal(collation::SERVER_DEFAULT, &account.name, name))
    }

    pub(crate) fn account_mut(&mut self, name: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| collation::are_equal(collation::SERVER_DEFAULT, &account.name, name))
    }

    /// Writes the state to a temporary file and renames it.
    pub(crate) fn save(&self) -> std::io::Result<()> {
        let text = toml::to_string(self).map_err(std::io::Error::other)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(self.folder.join(FILE)).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Account {
    pub(crate) fn has_role(&self, role: &str) -> bool {
        role.eq_ignore_ascii_case("public") || self.roles.iter().any(|known| known.eq_ignore_ascii_case(role))
    }

    pub(crate) fn is_sysadmin(&self) -> bool {
        self.has_role("sysadmin")
    }

    pub(crate) fn set_password(&mut self, password: &str) {
        (self.salt, self.hash) = digest(password);
    }

    pub(crate) fn verify(&self, password: &str) -> bool {
        let decode = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_default();
        let (salt, hash) = (decode(&self.salt), decode(&self.hash));
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, rounds(), &salt, password.as_bytes(), &hash).is_ok()
    }
}

fn rounds() -> NonZeroU32 {
    NonZeroU32::new(PBKDF2_ROUNDS).unwrap_or(NonZeroU32::MIN)
}

fn digest(password: &str) -> (String, String) {
    let salt = random_bytes();
    let mut hash = [0_u8; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds(), &salt, password.as_bytes(), &mut hash);
    (hex(&salt), hex(&hash))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Returns sixteen random bytes, for salts, security identifiers and `NEWID`.
pub(crate) fn random_bytes() -> [u8; 16] {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0_u8; 16];
    // Without randomness from the system the process could not have made a TLS connection either.
    let _ = ring::rand::SystemRandom::new().fill(&mut bytes);
    bytes
}
