//! What the database holds.

use super::batch::{self, Question, Reply, ReplyRow};
use super::connect::Session;
use super::limits;
use crate::model::facts::{ClusterSeen, Content, Trouble};
use crate::model::untrusted::Untrusted;

/// Asks what the database holds.
pub const CONTENT: &str = include_str!("sql/content.sql");

/// The registry's format that this program writes and understands.
pub const FORMAT: i32 = 2;

/// Asks what the database holds in a batch of its own.
///
/// # Errors
/// Of the session, or of the parts that decide.
pub async fn ask(session: &mut Session) -> Result<Content, Trouble> {
    read(&batch::ask(session, &Question::new(&[CONTENT]), &[], limits::READ).await?)
}

/// Reads the reply to [`CONTENT`].
///
/// A cluster in the registry comes first, since Octopus Server puts its own tables beside it. "Empty" must be in the reply: a
/// part that failed or never came is missing, and nothing is ever written because of a missing fact. A login that may not see
/// definitions sees a full database as an empty one, and so may one whose sight the server does not tell.
pub fn read(reply: &Reply) -> Result<Content, Trouble> {
    let row = reply.row("content")?;
    if row.flag("has_registry") {
        if let Some(newest) = reply.rows("registry")?.first().map(|row| row.int("version")).filter(|v| *v > FORMAT) {
            return Ok(Content::NewerRegistry { version: newest });
        }
        if let Some(cluster) = reply.rows("cluster")?.first() {
            return cluster_seen(cluster, reply.rows("node")?).map(Content::Cluster);
        }
    }
    let texts = |part: &str, column: &str| -> Vec<Untrusted> {
        reply.rows(part).unwrap_or_default().iter().map(|row| row.text(column)).collect()
    };
    // SchemaVersions alone is no proof: every program that uses DbUp has that table.
    if row.flag("has_nodes") || row.flag("has_history") {
        let version = texts("octopus_version", "version").into_iter().next();
        return Ok(Content::Octopus { version, nodes: texts("octopus_node", "name") });
    }
    let count = row.number("tables").and_then(|number| u64::try_from(number).ok()).ok_or(Trouble::Unasked)?;
    if count > 0 {
        let name = |row: &ReplyRow| {
            let part = |column| row.raw(column).unwrap_or_default();
            Untrusted::new(&format!("{}.{}", part("schema_name"), part("table_name")))
        };
        let tables = reply.rows("table").unwrap_or_default().iter().map(name).collect();
        return Ok(Content::Foreign { tables, count });
    }
    if row.told("sees") != Some(true) {
        return Err(Trouble::DefinitionsHidden);
    }
    Ok(if row.flag("has_registry") { Content::RegistryOnly } else { Content::Empty })
}

fn cluster_seen(cluster: &ReplyRow, nodes: &[ReplyRow]) -> Result<ClusterSeen, Trouble> {
    let unread = || Trouble::Io(Untrusted::new("The cluster's row in octopus_setup.cluster cannot be read."));
    let text = |column| cluster.raw(column).unwrap_or_default().trim();
    Ok(ClusterSeen {
        id: text("id").parse().map_err(|_| unread())?,
        created: Untrusted::new(&format!("{}Z", text("created"))),
        created_by: cluster.text("created_by"),
        fingerprint: text("fingerprint").parse().map_err(|_| unread())?,
        nodes: nodes.iter().map(|row| row.text("name")).collect(),
        node_count: cluster.count("nodes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::batch::tests::reply;

    type Cells = &'static [(&'static str, &'static str)];

    const EMPTY: Cells = &[
        ("part", "content"),
        ("tables", "#0"),
        ("has_registry", "#0"),
        ("has_nodes", "#0"),
        ("has_history", "#0"),
        ("sees", "#1"),
    ];
    const REGISTRY: Cells =
        &[("part", "content"), ("tables", "#12"), ("has_registry", "#1"), ("has_nodes", "#1"), ("has_history", "#0")];
    const FORMAT_1: Cells = &[("part", "registry"), ("version", "#1")];
    const CLUSTER: Cells = &[
        ("part", "cluster"),
        ("id", "7f3a91c2000102030405060708090a0b"),
        ("created", "2026-11-18 12:04:05"),
        ("fingerprint", "5d1c-88e0"),
        ("nodes", "#2"),
        ("created_by", "web01"),
    ];
    const NODE: Cells = &[("part", "node"), ("name", "web01")];
    const FAILED: Cells = &[("part", "trouble"), ("of_part", "cluster"), ("number", "#229"), ("message", "denied")];

    #[test]
    fn empty_is_said_and_never_concluded_from_silence() {
        assert_eq!(read(&reply(&[EMPTY])), Ok(Content::Empty));
        assert_eq!(read(&reply(&[])), Err(Trouble::Unasked));
        assert_eq!(read(&reply(&[&[("part", "content"), ("tables", "-")]])), Err(Trouble::Unasked));
    }

    #[test]
    fn what_the_login_may_not_see_is_not_empty() {
        let content = |sees| [("part", "content"), ("tables", "#0"), ("has_registry", "#0"), ("sees", sees)];
        for unproven in ["#0", "-"] {
            assert_eq!(read(&reply(&[&content(unproven)])), Err(Trouble::DefinitionsHidden), "{unproven}");
        }
        assert_eq!(read(&reply(&[&content("#1")])), Ok(Content::Empty));
        let tables = [("part", "content"), ("tables", "#2"), ("has_registry", "#0"), ("sees", "#0")];
        assert!(matches!(read(&reply(&[&tables])), Ok(Content::Foreign { count: 2, .. })));
    }

    #[test]
    fn our_cluster_comes_before_the_tables_of_octopus_beside_it() {
        let Ok(Content::Cluster(cluster)) = read(&reply(&[REGISTRY, FORMAT_1, CLUSTER, NODE])) else {
            panic!("a cluster");
        };
        assert_eq!(cluster.id.short(), "7f3a-91c2");
        assert_eq!(cluster.created.as_str(), "2026-11-18 12:04:05Z");
        assert_eq!((cluster.node_count, cluster.nodes.len()), (2, 1));
    }

    #[test]
    fn a_cluster_that_may_not_be_read_is_not_an_absent_one() {
        assert!(matches!(read(&reply(&[REGISTRY, FORMAT_1, FAILED])), Err(Trouble::Sql(said)) if said.number == 229));
    }

    #[test]
    fn a_damaged_cluster_row_is_not_an_absent_one() {
        let damaged: Vec<_> = CLUSTER.iter().map(|(name, value)| (*name, if *name == "id" { "xyz" } else { *value })).collect();
        assert!(matches!(read(&reply(&[REGISTRY, FORMAT_1, &damaged])), Err(Trouble::Io(_))));
    }

    #[test]
    fn a_newer_registry_is_left_alone() {
        let newer = [("part", "registry"), ("version", "#3")];
        assert_eq!(read(&reply(&[REGISTRY, &newer, CLUSTER])), Ok(Content::NewerRegistry { version: 3 }));
    }

    #[test]
    fn registry_without_a_cluster() {
        let only = [("part", "content"), ("tables", "#0"), ("has_registry", "#1"), ("sees", "#1")];
        assert_eq!(read(&reply(&[&only, FORMAT_1])), Ok(Content::RegistryOnly));
    }

    #[test]
    fn octopus_is_known_by_its_own_tables_and_others_by_name() {
        let octopus = [("part", "content"), ("tables", "#90"), ("has_registry", "#0"), ("has_history", "#1")];
        let version = [("part", "octopus_version"), ("version", "2024.4.6962")];
        let seen = read(&reply(&[&octopus, &version])).expect("read");
        assert_eq!(seen, Content::Octopus { version: Some(Untrusted::new("2024.4.6962")), nodes: vec![] });
        let foreign = [("part", "content"), ("tables", "#2"), ("has_registry", "#0")];
        let table = [("part", "table"), ("schema_name", "dbo"), ("table_name", "SchemaVersions")];
        let seen = read(&reply(&[&foreign, &table])).expect("read");
        assert_eq!(seen, Content::Foreign { tables: vec![Untrusted::new("dbo.SchemaVersions")], count: 2 });
    }
}
