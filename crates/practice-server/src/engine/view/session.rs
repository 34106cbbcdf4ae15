//! Sessions and connections.

use rusqlite::types::Value as Stored;

use super::{INT, NAME, Readers, Shape, View, int, text};
use crate::engine::context::Context;
use crate::engine::instant;
use crate::engine::principal::server_permission;
use crate::engine::state::Facts;
use crate::value::SqlType;

const SESSIONS: &[Shape] = &[
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

const CONNECTIONS: &[Shape] = &[
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

/// Oneself; everybody with VIEW SERVER STATE.
fn shown(context: &Context) -> Vec<(Facts, i64)> {
    let all = server_permission(&context.account, "VIEW SERVER STATE");
    context.engine.sessions().into_iter().filter(|(facts, _)| all || facts.id == context.facts.id).collect()
}

fn sessions(context: &Context) -> Vec<Vec<Stored>> {
    shown(context)
        .into_iter()
        .map(|(facts, database)| {
            vec![
                int(i64::from(facts.id)),
                int(instant::rounded_datetime(facts.since)),
                text(&facts.host),
                text(&facts.application),
                text(&facts.login),
                text(&facts.login),
                text(if facts.id == context.facts.id { "running" } else { "sleeping" }),
                int(database),
                int(1),
            ]
        })
        .collect()
}

fn connections(context: &Context) -> Vec<Vec<Stored>> {
    shown(context)
        .into_iter()
        .map(|(facts, _)| {
            vec![
                int(i64::from(facts.id)),
                int(instant::rounded_datetime(facts.since)),
                text("TCP"),
                text("TSQL"),
                text(if facts.encrypted { "TRUE" } else { "FALSE" }),
                text("SQL"),
                if facts.address.is_empty() { Stored::Null } else { text(&facts.address) },
                Stored::Null,
                Stored::Null,
            ]
        })
        .collect()
}
