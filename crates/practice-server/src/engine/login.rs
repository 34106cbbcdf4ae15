//! Logging in.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::error::SqlError;
use super::principal::{DatabaseUser, PermissionScope};
use super::server::{Account, Database};
use super::session::Session;
use super::state::{Engine, SessionInfo};
use crate::reply::SqlMessage;
use crate::tsql::statement::UserAccess;

/// A client's login.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The login name.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// The requested database; empty means the login's default, `master`.
    pub database: String,
    /// Whether the login fails if the database cannot be opened, instead of using the login's default.
    pub insists_on_database: bool,
    /// The client's host name.
    pub host: String,
    /// The client's application name.
    pub application: String,
}

impl Engine {
    /// Checks a login and starts its session. `Err` contains the error messages in the order in which SQL Server sends them
    /// (4060 and then 18456 if only the database cannot be opened, and the client insists on it).
    pub fn login(self: &Arc<Self>, request: &LoginRequest) -> Result<Session, Vec<SqlMessage>> {
        let server = self.server();
        let failed = || SqlError::new(18456, format!("Login failed for user '{}'.", request.user)).class(14).message();
        let Some(account) = server.account(&request.user) else {
            return Err(vec![failed()]);
        };
        if !account.verify(request.password.expose_secret()) {
            return Err(vec![failed()]);
        }
        if account.disabled {
            let text = format!("Login failed for user '{}'. Reason: The account is disabled.", request.user);
            return Err(vec![SqlError::new(18470, text).class(14).message()]);
        }
        let wanted = if request.database.is_empty() { &account.database } else { &request.database };
        let open = |name: &str| match server.database(name) {
            Some(database) => self.may_open(database, account, 0).map(|()| database.clone()),
            None => Err(SqlError::new(911, "")),
        };
        let opened = open(wanted).or_else(|error| if request.insists_on_database { Err(error) } else { open(&account.database) });
        let database = opened.map_err(|_| {
            let text = format!("Cannot open database \"{wanted}\" requested by the login. The login failed.");
            vec![SqlError::new(4060, text).class(11).message(), failed()]
        })?;
        let info = SessionInfo {
            id: 0,
            login: account.name.clone(),
            host: request.host.clone(),
            application: request.application.clone(),
            address: String::new(),
            encrypted: false,
            since: self.now(),
            stop: Arc::default(),
        };
        Session::begin_session(self, info, account.clone(), &database).map_err(|error| vec![error.message()])
    }

    /// Checks whether a login may use a database now; `session` does not count as using it already.
    pub(crate) fn may_open(&self, database: &Database, account: &Account, session: i16) -> Result<(), SqlError> {
        if database.offline {
            return Err(
                SqlError::new(942, format!("Database '{}' cannot be opened because it is offline.", database.name)).class(14)
            );
        }
        let catalog = self.store(database)?.committed()?;
        let refused = || {
            SqlError::new(
                916,
                format!(
                    "The server principal \"{}\" is not able to access the database \"{}\" under the current security context.",
                    account.name, database.name
                ),
            )
            .class(14)
            .state(2)
        };
        let user = DatabaseUser::find(&catalog, database, account).ok_or_else(refused)?;
        if !user.is_permitted(&catalog, "CONNECT", PermissionScope::Database) {
            return Err(refused());
        }
        match database.user_access() {
            UserAccess::Single if self.in_use(database.id, session) => Err(SqlError::new(
                924,
                format!("Database '{}' is already open and can only have one user at a time.", database.name),
            )
            .class(14)),
            UserAccess::Restricted
                if !account.has_role("dbcreator")
                    && !account.is_sysadmin()
                    && user.is_member(&catalog, "db_owner") != Some(true) =>
            {
                Err(refused())
            }
            _ => Ok(()),
        }
    }
}
