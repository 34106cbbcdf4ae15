//! Logging in.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::fault::Fault;
use super::principal::{On, Who};
use super::server::{Account, Database};
use super::session::Session;
use super::state::{Engine, Facts};
use crate::reply::SqlMessage;
use crate::tsql::statement::Access;

/// What a client says of itself at login.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The login name.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// The database asked for; empty means the login's default, `master`.
    pub database: String,
    /// Whether the login fails where that one cannot be opened; else it ends in the login's default.
    pub insists_on_database: bool,
    /// The client's host name.
    pub host: String,
    /// The client's application name.
    pub application: String,
}

impl Engine {
    /// Checks a login. `Err` holds the error messages in the order in which SQL Server sends them
    /// (4060 and then 18456 when only the database cannot be opened, and the client insists on it).
    pub fn login(self: &Arc<Self>, request: &LoginRequest) -> Result<Session, Vec<SqlMessage>> {
        let server = self.server();
        let failed = || Fault::new(18456, format!("Login failed for user '{}'.", request.user)).class(14).message();
        let Some(account) = server.account(&request.user) else {
            return Err(vec![failed()]);
        };
        if !account.verify(request.password.expose_secret()) {
            return Err(vec![failed()]);
        }
        if account.disabled {
            let text = format!("Login failed for user '{}'. Reason: The account is disabled.", request.user);
            return Err(vec![Fault::new(18470, text).class(14).message()]);
        }
        let wanted = if request.database.is_empty() { &account.database } else { &request.database };
        let open = |name: &str| match server.database(name) {
            Some(database) => self.may_open(database, account, 0).map(|()| database.clone()),
            None => Err(Fault::new(911, "")),
        };
        let opened = open(wanted).or_else(|fault| if request.insists_on_database { Err(fault) } else { open(&account.database) });
        let database = opened.map_err(|_| {
            let text = format!("Cannot open database \"{wanted}\" requested by the login. The login failed.");
            vec![Fault::new(4060, text).class(11).message(), failed()]
        })?;
        let facts = Facts {
            id: 0,
            login: account.name.clone(),
            host: request.host.clone(),
            application: request.application.clone(),
            address: String::new(),
            encrypted: false,
            since: self.now(),
        };
        Session::begin_session(self, facts, account.clone(), &database).map_err(|fault| vec![fault.message()])
    }

    /// Whether a login may be in a database now; `session` does not count as being there already.
    pub(crate) fn may_open(&self, database: &Database, account: &Account, session: i16) -> Result<(), Fault> {
        if database.offline {
            return Err(
                Fault::new(942, format!("Database '{}' cannot be opened because it is offline.", database.name)).class(14)
            );
        }
        let catalog = self.store(database)?.committed()?;
        let refused = || {
            Fault::new(
                916,
                format!(
                    "The server principal \"{}\" is not able to access the database \"{}\" under the current security context.",
                    account.name, database.name
                ),
            )
            .class(14)
            .state(2)
        };
        let who = Who::find(&catalog, database, account).ok_or_else(refused)?;
        if !who.may(&catalog, "CONNECT", On::Database) {
            return Err(refused());
        }
        match database.user_access() {
            Access::Single if self.in_use(database.id, session) => Err(Fault::new(
                924,
                format!("Database '{}' is already open and can only have one user at a time.", database.name),
            )
            .class(14)),
            Access::Restricted
                if !account.is("dbcreator") && !account.sysadmin() && who.member(&catalog, "db_owner") != Some(true) =>
            {
                Err(refused())
            }
            _ => Ok(()),
        }
    }
}
