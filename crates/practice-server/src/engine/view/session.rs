//! Sessions and connections.

use rusqlite::types::Value as Stored;

use super::{ColumnShape, INT, NAME, Readers, View, int, text};
use crate::engine::context::Context;
use crate::engine::instant;
use crate::engine::principal::has_server_permission;
use crate::engine::state::SessionInfo;
use crate::value::SqlType;

const SESSIONS: &[ColumnShape] = &[
    ("session_id", SqlType::SmallInt, false),
    ("login_time", SqlType::DateTime, false),
    ("host_name", NAME, true),
    ("program_name", NAME, true),
    ("login_name", NAME, false),
    ("original_login_name", NAME, false),
    ("status", SqlType::NVarChar(Some(30)), false),
    ("database_id", SqlType::SmallInt, false),
    ("is_user_process", super::BIT, false),
];

const CONNECTIONS: &[ColumnShape] = &[
    ("session_id", INT, true),
    ("connect_time", SqlType::DateTime, false),
    ("net_transport", SqlType::NVarChar(Some(40)), false),
    ("protocol_type", SqlType::NVarChar(Some(40)), true),
    ("encrypt_option", SqlType::NVarChar(Some(40)), false),
    ("auth_scheme", SqlType::NVarChar(Some(40)), false),
    ("client_net_address", SqlType::VarChar(Some(48)), true),
    ("local_net_address", SqlType::VarChar(Some(48)), true),
    ("local_tcp_port", INT, true),
];

pub(super) const VIEWS: &[View] = &[
    View {
        schema: "sys",
        name: "dm_exec_sessions",
        id: -180,
        server: true,
        readers: Readers::Everybody,
        shape: SESSIONS,
        rows: sessions,
    },
    View {
        schema: "sys",
        name: "dm_exec_connections",
        id: -181,
        server: true,
        readers: Readers::ServerState,
        shape: CONNECTIONS,
        rows: connections,
    },
];

/// Returns one's own session, or all with VIEW SERVER STATE.
fn shown(context: &Context) -> Vec<(SessionInfo, i64)> {
    let all = has_server_permission(&context.account, "VIEW SERVER STATE");
    context.engine.sessions().into_iter().filter(|(info, _)| all || info.id == context.info.id).collect()
}

fn sessions(context: &Context) -> Vec<Vec<Stored>> {
    shown(context)
        .into_iter()
        .map(|(info, database)| {
            vec![
                int(i64::from(info.id)),
                int(instant::rounded_datetime(info.since)),
                text(&info.host),
                text(&info.application),
                text(&info.login),
                text(&info.login),
                text(if info.id == context.info.id { "running" } else { "sleeping" }),
                int(database),
                int(1),
            ]
        })
        .collect()
}

fn connections(context: &Context) -> Vec<Vec<Stored>> {
    shown(context)
        .into_iter()
        .map(|(info, _)| {
            vec![
                int(i64::from(info.id)),
                int(instant::rounded_datetime(info.since)),
                text("TCP"),
                text("TSQL"),
                text(if info.encrypted { "TRUE" } else { "FALSE" }),
                text("SQL"),
                if info.address.is_empty() { Stored::Null } else { text(&info.address) },
                Stored::Null,
                Stored::Null,
            ]
        })
        .collect()
}
