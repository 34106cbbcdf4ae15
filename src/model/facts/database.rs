//! Facts about the database: whether it exists, its state, and the login's rights.

use serde::{Deserialize, Serialize};

use super::{Fact, SqlTrouble};
use crate::model::untrusted::Untrusted;

/// Whether the requested database exists, as far as the login sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DatabaseSeen {
    /// It is open: the session is in it.
    Open(DatabaseState),
    /// The server has no database of that name.
    Absent,
    /// It exists, but the login cannot open it: no user in it, or a state that prevents it.
    Closed {
        /// Its state, as far as `master` tells it.
        state: Option<DatabaseState>,
        /// The server's error (4060, 916, 924, 927, 978, …).
        said: SqlTrouble,
    },
    /// The login could not open it, and `master` does not tell whether it is absent or closed.
    Unclear {
        /// The server's error.
        said: SqlTrouble,
    },
}

/// A row of `sys.databases`, and what other catalogue views add.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one column of the server's, not a state")]
pub struct DatabaseState {
    /// Its name as the server spells it.
    pub name: Untrusted,
    /// `state_desc`: `ONLINE`, `RESTORING`, …
    pub state: Untrusted,
    /// `is_read_only`, or `DATABASEPROPERTYEX(…, 'Updateability')` = `READ_ONLY`.
    pub read_only: bool,
    /// `user_access_desc` is `SINGLE_USER`.
    pub single_user: bool,
    /// `user_access_desc` is `RESTRICTED_USER`.
    pub restricted_user: bool,
    /// `compatibility_level`.
    pub compatibility: i32,
    /// `is_read_committed_snapshot_on`.
    pub read_committed_snapshot: bool,
    /// `is_auto_close_on`.
    pub auto_close: bool,
    /// How the database is replicated.
    pub replication: Fact<Replication>,
}

/// Replication, mirroring, log shipping and availability group of a database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replication {
    /// Published, merge-published, subscribed or a distributor: unsupported by Octopus.
    pub replicated: bool,
    /// Mirrored: unsupported by Octopus.
    pub mirrored: bool,
    /// Primary of log shipping.
    pub log_shipping: bool,
    /// The availability group's name, when it is in one.
    pub availability_group: Option<Untrusted>,
    /// The group's listeners, as DNS names.
    pub listeners: Vec<Untrusted>,
}

/// The login's rights. Effective permissions decide; roles only explain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer of the server, not a state")]
pub struct DatabaseRights {
    /// `HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE')`.
    pub create_database: bool,
    /// `CREATE TABLE` in the database; false where it is absent.
    pub create_table: bool,
    /// `CREATE SCHEMA` in the database.
    pub create_schema: bool,
    /// `ALTER` on the database.
    pub alter: bool,
    /// `CONTROL` on the database: what `db_owner` has.
    pub control: bool,
    /// `IS_ROLEMEMBER('db_owner')`; 0 even for the owner on some servers.
    pub db_owner: bool,
    /// The default schema of the database user; Octopus wants `dbo`.
    pub default_schema: Untrusted,
}
