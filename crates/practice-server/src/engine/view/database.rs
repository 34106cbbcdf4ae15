//! `sys.databases` and related views.

use rusqlite::types::Value as Stored;

use super::{BIT, ColumnShape, DESC, INT, NAME, Readers, View, bit, int, no_rows, sid, text};
use crate::engine::context::Context;
use crate::engine::instant;
use crate::engine::principal::has_server_permission;
use crate::engine::server::Database;
use crate::value::SqlType;

const DATABASES: &[ColumnShape] = &[
    ("name", NAME, false),
    ("database_id", INT, false),
    ("source_database_id", INT, true),
    ("owner_sid", SqlType::VarBinary(Some(85)), true),
    ("create_date", SqlType::DateTime, false),
    ("compatibility_level", SqlType::TinyInt, false),
    ("collation_name", NAME, true),
    ("user_access", SqlType::TinyInt, true),
    ("user_access_desc", DESC, true),
    ("is_read_only", BIT, true),
    ("is_auto_close_on", BIT, false),
    ("is_auto_shrink_on", BIT, true),
    ("state", SqlType::TinyInt, true),
    ("state_desc", DESC, true),
    ("is_in_standby", BIT, true),
    ("snapshot_isolation_state", SqlType::TinyInt, true),
    ("snapshot_isolation_state_desc", DESC, true),
    ("is_read_committed_snapshot_on", BIT, true),
    ("recovery_model", SqlType::TinyInt, true),
    ("recovery_model_desc", DESC, true),
    ("is_published", BIT, false),
    ("is_subscribed", BIT, false),
    ("is_merge_published", BIT, false),
    ("is_distributor", BIT, false),
    ("is_encrypted", BIT, true),
    ("is_trustworthy_on", BIT, true),
    ("replica_id", SqlType::Guid, true),
    ("group_database_id", SqlType::Guid, true),
    ("containment", SqlType::TinyInt, true),
    ("containment_desc", DESC, true),
];

const MIRRORING: &[ColumnShape] = &[
    ("database_id", INT, false),
    ("mirroring_guid", SqlType::Guid, true),
    ("mirroring_state", SqlType::TinyInt, true),
    ("mirroring_state_desc", DESC, true),
    ("mirroring_role", SqlType::TinyInt, true),
    ("mirroring_role_desc", DESC, true),
    ("mirroring_safety_level", SqlType::TinyInt, true),
    ("mirroring_safety_level_desc", DESC, true),
    ("mirroring_partner_name", NAME, true),
    ("mirroring_partner_instance", NAME, true),
];

const GROUPS: &[ColumnShape] = &[
    ("group_id", SqlType::Guid, false),
    ("name", NAME, true),
    ("resource_id", SqlType::NVarChar(Some(40)), true),
    ("is_distributed", BIT, true),
];

const LISTENERS: &[ColumnShape] = &[
    ("group_id", SqlType::Guid, false),
    ("listener_id", SqlType::NVarChar(Some(36)), true),
    ("dns_name", SqlType::NVarChar(Some(63)), true),
    ("port", INT, true),
];

const REPLICAS: &[ColumnShape] = &[
    ("replica_id", SqlType::Guid, true),
    ("group_id", SqlType::Guid, true),
    ("replica_server_name", SqlType::NVarChar(Some(256)), true),
    ("availability_mode", SqlType::TinyInt, true),
    ("availability_mode_desc", DESC, true),
];

const REPLICA_STATES: &[ColumnShape] = &[
    ("replica_id", SqlType::Guid, false),
    ("group_id", SqlType::Guid, false),
    ("is_local", BIT, false),
    ("role", SqlType::TinyInt, true),
    ("role_desc", DESC, true),
    ("operational_state_desc", DESC, true),
    ("connected_state_desc", DESC, true),
    ("synchronization_health_desc", DESC, true),
];

const DATABASE_REPLICA_STATES: &[ColumnShape] = &[
    ("database_id", INT, false),
    ("group_id", SqlType::Guid, false),
    ("replica_id", SqlType::Guid, false),
    ("group_database_id", SqlType::Guid, false),
    ("is_local", BIT, true),
    ("is_primary_replica", BIT, true),
    ("synchronization_state", SqlType::TinyInt, true),
    ("synchronization_state_desc", DESC, true),
    ("synchronization_health_desc", DESC, true),
    ("database_state_desc", DESC, true),
    ("is_suspended", BIT, true),
];

const LOG_SHIPPING: &[ColumnShape] = &[
    ("primary_id", SqlType::Guid, false),
    ("primary_database", NAME, false),
    ("backup_directory", SqlType::NVarChar(Some(500)), false),
    ("last_backup_date", SqlType::DateTime, true),
];

const LOG_SHIPPING_SECONDARY: &[ColumnShape] =
    &[("secondary_database", NAME, false), ("secondary_id", SqlType::Guid, false), ("restore_mode", BIT, false)];

/// Creates a view of what SQL Server keeps in tables of msdb; there is no log shipping here.
const fn msdb_view(name: &'static str, id: i64, shape: &'static [ColumnShape]) -> View {
    View { schema: "dbo", name, id, server: false, readers: Readers::Owners, shape, rows: no_rows }
}

const fn empty(name: &'static str, id: i64, shape: &'static [ColumnShape]) -> View {
    View { schema: "sys", name, id, server: true, readers: Readers::Everybody, shape, rows: no_rows }
}

pub(super) const VIEWS: &[View] = &[
    msdb_view("log_shipping_primary_databases", -107, LOG_SHIPPING),
    msdb_view("log_shipping_secondary_databases", -108, LOG_SHIPPING_SECONDARY),
    View {
        schema: "sys",
        name: "databases",
        id: -100,
        server: true,
        readers: Readers::Everybody,
        shape: DATABASES,
        rows: databases,
    },
    View {
        schema: "sys",
        name: "database_mirroring",
        id: -101,
        server: true,
        readers: Readers::Everybody,
        shape: MIRRORING,
        rows: mirroring,
    },
    empty("availability_groups", -102, GROUPS),
    empty("availability_group_listeners", -103, LISTENERS),
    empty("availability_replicas", -104, REPLICAS),
    empty("dm_hadr_availability_replica_states", -105, REPLICA_STATES),
    empty("dm_hadr_database_replica_states", -106, DATABASE_REPLICA_STATES),
];

/// Returns whether a login can see that a database exists.
fn visible(context: &Context, database: &Database) -> bool {
    ["VIEW ANY DATABASE", "ALTER ANY DATABASE", "CREATE ANY DATABASE"]
        .iter()
        .any(|one| has_server_permission(&context.account, one))
        || ["master", "tempdb"].contains(&database.name.as_str())
        || database.owner.eq_ignore_ascii_case(&context.account.name)
        || database.id == context.database.id
}

fn databases(context: &Context) -> Vec<Vec<Stored>> {
    context
        .server
        .databases
        .iter()
        .filter(|database| visible(context, database))
        .map(|database| {
            let owner = context.server.account(&database.owner).map_or_else(|| sid("01"), |account| sid(&account.sid));
            let (state, state_desc) = database.state();
            let (access, access_desc) = database.access_mode();
            let recovery = match database.recovery.as_str() {
                "FULL" => 1,
                "BULK_LOGGED" => 2,
                _ => 3,
            };
            let online = |value: Stored| {
                if database.offline { Stored::Null } else { value }
            };
            vec![
                text(&database.name),
                int(database.id),
                Stored::Null,
                owner,
                int(instant::rounded_datetime(database.created)),
                int(database.compatibility),
                online(text(&database.collation)),
                int(access),
                text(access_desc),
                bit(database.read_only),
                bit(database.auto_close),
                bit(false),
                int(state),
                text(state_desc),
                bit(false),
                int(i64::from(database.snapshot)),
                text(if database.snapshot { "ON" } else { "OFF" }),
                bit(database.read_committed_snapshot),
                int(recovery),
                text(&database.recovery),
                bit(database.published),
                bit(database.subscribed),
                bit(database.merge_published),
                bit(false),
                bit(false),
                bit(false),
                Stored::Null,
                Stored::Null,
                int(0),
                text("NONE"),
            ]
        })
        .collect()
}

fn mirroring(context: &Context) -> Vec<Vec<Stored>> {
    context
        .server
        .databases
        .iter()
        .map(|database| {
            let mut row = vec![int(database.id)];
            if database.mirrored {
                row.extend([
                    text("5B2B0D1E-7C0C-4D0E-9B7A-3F2E00000001"),
                    int(4),
                    text("SYNCHRONIZED"),
                    int(1),
                    text("PRINCIPAL"),
                    int(2),
                    text("FULL"),
                    text("TCP://partner:5022"),
                    text("PARTNER"),
                ]);
            } else {
                row.resize(MIRRORING.len(), Stored::Null);
            }
            row
        })
        .collect()
}
