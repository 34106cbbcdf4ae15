//! `db-content`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, report};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{ClusterSeen, Content, Fact};
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::names::DatabaseName;
use crate::model::node_config::NodeConfig;
use crate::model::untrusted::Untrusted;

use super::{Existence, existence};

/// The database holds what the flow expects. The one optional-looking fact whose absence stops: nothing is written into a
/// database whose content is unknown.
pub fn judge(case: &Case<'_>) -> Verdict {
    let database = match existence(case) {
        Err(verdict) => return verdict,
        Ok(database) => database,
    };
    match (database, &case.facts.server.content) {
        (Existence::Planned, _) => judge_nothing("nothing: the database is still to be created", case),
        (Existence::Open(_), Fact::Unknown) => case.pending(),
        (Existence::Open(_), Fact::Seen(content)) => judge_content(content, case),
        (Existence::Open(_), Fact::Missing(trouble)) => {
            let names = Names::new(case);
            let words = case.explain(trouble);
            let mut finding = Finding::stop(
                CheckId::DbContent,
                format!("What {} holds could not be read, so nothing will be written into it. {}", names.database, words.says),
                words.fix,
            );
            finding.remedy = words.remedy;
            report(finding)
        }
    }
}

fn judge_content(content: &Content, case: &Case<'_>) -> Verdict {
    match content {
        Content::Empty => judge_nothing("nothing yet", case),
        Content::RegistryOnly => judge_nothing("an empty registry, left by an earlier run", case),
        Content::Cluster(cluster) => judge_cluster(cluster, case),
        Content::NewerRegistry { version } => report(newer_registry_finding(*version, case)),
        Content::Octopus { version, nodes } => judge_octopus(version.as_ref(), nodes, case),
        Content::Foreign { tables, count } => report(Finding::stop(
            CheckId::DbContent,
            format!(
                "{} holds tables of somebody else ({}): {}.",
                Names::new(case).database,
                format::count(*count, "table"),
                format::list(tables, *count)
            ),
            match case.flow {
                Flow::FirstNode => "Type the name of a new or empty database; Octopus shares its database with nobody.",
                _ => "Check the server and the database; Octopus shares its database with nobody.",
            },
        )),
    }
}

fn judge_nothing(evidence: &str, case: &Case<'_>) -> Verdict {
    let fix = match case.flow {
        Flow::FirstNode => return Verdict::Good(evidence.to_owned()),
        Flow::Join => {
            "Check the server and the database; for the first node of a new cluster go back to the start and choose Getting started."
        }
        Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove => {
            "Check the server and the database; where it was emptied, have it restored from a backup."
        }
    };
    report(Finding::stop(CheckId::DbContent, format!("There is no cluster in {}.", Names::new(case).database), fix))
}

/// A registry of a newer format is not written, but what can be read of it is shown.
fn newer_registry_finding(version: i32, case: &Case<'_>) -> Finding {
    let says = format!("The registry in this database has format {version}: a newer octopus-setup made it.");
    let fix = "Use that version or a later one here too.";
    match case.flow {
        Flow::Review => {
            Finding::warn(CheckId::DbContent, format!("{says} The node can be reviewed with this version, and not changed."), fix)
        }
        _ => Finding::stop(CheckId::DbContent, says, fix),
    }
}

fn judge_cluster(cluster: &ClusterSeen, case: &Case<'_>) -> Verdict {
    let id = cluster.id.short();
    let nodes = format::count(cluster.node_count, "node");
    let is_same = |other: ClusterId| other == cluster.id;
    match case.flow {
        Flow::FirstNode if case.resuming.is_some_and(is_same) => Verdict::Good(format!("cluster {id}, of the unfinished run")),
        Flow::FirstNode => report(Finding::stop(
            CheckId::DbContent,
            format!(
                "This database already holds cluster {id}, made{}{}, with {nodes}. Getting started never initialises a second time.",
                clause("by", &cluster.created_by),
                clause("on", &cluster.created)
            ),
            "Go back to the start and choose Add this server; or type the name of another database.",
        )),
        Flow::Join => match case.resuming.filter(|run| !is_same(*run)) {
            None => Verdict::Good(format!("cluster {id}, {nodes}")),
            Some(run) => report(Finding::stop(
                CheckId::DbContent,
                format!("This database holds cluster {id}, and the unfinished run is about {}.", run.short()),
                "Type that cluster's server and database; or leave, and undo that run first.",
            )),
        },
        Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove => {
            match case.facts.node.config.seen().map(|config| config.cluster.id).filter(|own| !is_same(*own)) {
                None => Verdict::Good(format!("cluster {id}, {nodes}")),
                Some(own) => report(Finding::stop(
                    CheckId::DbContent,
                    format!("This database holds cluster {id}, and this node's config is about cluster {}.", own.short()),
                    "Check the server and the database; a node changes its cluster only by joining anew.",
                )),
            }
        }
    }
}

fn judge_octopus(version: Option<&Untrusted>, nodes: &[Untrusted], case: &Case<'_>) -> Verdict {
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    let with = if nodes.len() == 1 { "with the node" } else { "with the nodes" };
    let nodes = if nodes.is_empty() { String::new() } else { format!(", {with} {}", format::list(nodes, nodes.len() as u64)) };
    let database = Names::new(case).database;
    let says = format!("{database} is a database that Octopus Server{version} made{nodes}.");
    match case.flow {
        Flow::FirstNode => report(Finding::stop(
            CheckId::DbContent,
            format!("{says} Getting started never initialises a second time."),
            "Go back to the start and choose Add this server; or type the name of another database.",
        )),
        Flow::Join => report(Finding::warn(
            CheckId::DbContent,
            format!("{says} It has no registry of octopus-setup."),
            "Go on only if this is the cluster that you mean: the key is proven against what Octopus itself encrypted, and nothing is \
             written here unless you choose it on the cluster's screen.",
        )),
        Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove => match case.facts.node.config.seen() {
            Some(config) if is_registered(config) => report(Finding::warn(
                CheckId::DbContent,
                format!("{says} The registry of cluster {} is not there.", config.cluster.id.short()),
                "Check the server and the database; where the registry was dropped, have it restored from a backup.",
            )),
            _ => Verdict::Good(format!("a database that Octopus Server{version} made, without a registry")),
        },
    }
}

/// Whether a node joined a cluster with a registry. Without one, the cluster's id is derived from its key and its database.
fn is_registered(config: &NodeConfig) -> bool {
    let database = DatabaseName::parse(&config.database.name);
    database.is_ok_and(|database| ClusterId::adopted(config.cluster.fingerprint, &database) != config.cluster.id)
}

fn clause(word: &str, value: &Untrusted) -> String {
    if value.is_empty() { String::new() } else { format!(" {word} {value}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, resuming, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, Facts, SqlTrouble, Trouble};

    fn with(content: Content) -> Facts {
        let mut facts = samples::facts();
        facts.server.content = Fact::Seen(content);
        facts
    }

    fn of(content: Content) -> Verdict {
        judged(CheckId::DbContent, &samples::answers(), &with(content))
    }

    fn joining(content: Content) -> Verdict {
        let (answers, facts) = (samples::answers(), with(content));
        judged_in(&Case { flow: Flow::Join, ..case(&answers, &facts) }, CheckId::DbContent)
    }

    #[test]
    fn a_first_node_wants_nothing_there() {
        assert_eq!(evidence(&of(Content::Empty)), "nothing yet");
        assert!(evidence(&of(Content::RegistryOnly)).contains("empty registry"));
    }

    #[test]
    fn a_cluster_stops_a_first_node_and_tells_whose_it_is() {
        let finding = stop(&of(Content::Cluster(samples::cluster())));
        assert_eq!(
            finding.says,
            "This database already holds cluster 7f3a-91c2, made by web01 on 2026-11-18 12:04:05Z, with 1 node. \
             Getting started never initialises a second time."
        );
        assert!(finding.fix.contains("choose Add this server"));
        let bare = ClusterSeen { created: "".into(), created_by: "".into(), node_count: 2, ..samples::cluster() };
        assert!(stop(&of(Content::Cluster(bare))).says.contains("7f3a-91c2, made, with 2 nodes"));
    }

    #[test]
    fn going_on_meets_its_own_cluster_and_stops_at_another() {
        let answers = samples::answers();
        let own = with(Content::Cluster(samples::cluster()));
        assert!(evidence(&judged_in(&resuming(&answers, &own), CheckId::DbContent)).contains("unfinished run"));
        let other = with(Content::Cluster(ClusterSeen { id: ClusterId([9; 16]), ..samples::cluster() }));
        assert!(stop(&judged_in(&resuming(&answers, &other), CheckId::DbContent)).says.contains("0909-0909"));
        for content in [Content::Empty, Content::RegistryOnly] {
            assert!(matches!(judged_in(&resuming(&answers, &with(content)), CheckId::DbContent), Verdict::Good(_)));
        }
    }

    #[test]
    fn octopus_and_others_stop() {
        let octopus = |version: Option<&str>, nodes: &[&str]| Content::Octopus {
            version: version.map(Untrusted::from),
            nodes: nodes.iter().map(|name| (*name).into()).collect(),
        };
        let finding = stop(&of(octopus(Some("2024.4.6962"), &["web01", "web02"])));
        assert!(finding.says.contains("Octopus Server 2024.4.6962 made, with the nodes web01 and web02. Getting"));
        assert!(stop(&of(octopus(None, &[]))).says.contains("Octopus Server made. Getting"));
        let foreign = stop(&of(Content::Foreign { tables: vec!["dbo.Orders".into()], count: 12 }));
        assert!(foreign.says.contains("12 tables): dbo.Orders and 11 more."));
        assert!(stop(&of(Content::NewerRegistry { version: 2 })).says.contains("format 2"));
    }

    #[test]
    fn a_join_wants_a_cluster() {
        assert_eq!(evidence(&joining(Content::Cluster(samples::cluster()))), "cluster 7f3a-91c2, 1 node");
        for content in [Content::Empty, Content::RegistryOnly] {
            assert!(stop(&joining(content)).fix.contains("Getting started"));
        }
        assert!(warn(&joining(Content::Octopus { version: None, nodes: vec![] })).says.contains("no registry"));
        assert!(stop(&joining(Content::Foreign { tables: vec![], count: 1 })).says.contains("somebody else"));
        assert!(stop(&joining(Content::NewerRegistry { version: 9 })).says.contains("newer"));
    }

    #[test]
    fn a_join_that_is_gone_on_with_wants_its_own_cluster() {
        let (answers, facts) = (samples::joining(), with(Content::Cluster(samples::cluster())));
        let of = |run| judged_in(&Case { flow: Flow::Join, resuming: Some(run), ..case(&answers, &facts) }, CheckId::DbContent);
        assert_eq!(evidence(&of(samples::CLUSTER)), "cluster 7f3a-91c2, 1 node");
        assert!(stop(&of(ClusterId([9; 16]))).says.contains("unfinished run is about 0909-0909"));
    }

    #[test]
    fn a_node_that_is_there_wants_the_cluster_of_its_config() {
        let answers = samples::joining();
        let of = |flow, content, id: Option<ClusterId>| {
            let mut facts = samples::facts_of_a_node();
            facts.server.content = Fact::Seen(content);
            let mut config = samples::joined_config();
            config.cluster.id = id.unwrap_or(config.cluster.id);
            facts.node.config = Fact::Seen(Box::new(config));
            judged_in(&Case { flow, ..case(&answers, &facts) }, CheckId::DbContent)
        };
        let octopus = || Content::Octopus { version: Some("2026.4.1".into()), nodes: vec![] };
        let adopted = ClusterId::adopted(samples::key().fingerprint(), &DatabaseName::parse("OctopusDeploy").unwrap());
        for flow in [Flow::Review, Flow::Edit, Flow::Leave, Flow::Remove] {
            assert_eq!(evidence(&of(flow, Content::Cluster(samples::cluster()), None)), "cluster 7f3a-91c2, 1 node");
            let other = stop(&of(flow, Content::Cluster(samples::cluster()), Some(ClusterId([9; 16]))));
            assert!(other.says.contains("config is about cluster 0909-0909"), "{other:?}");
            assert!(evidence(&of(flow, octopus(), Some(adopted))).contains("without a registry"));
            assert!(warn(&of(flow, octopus(), None)).says.contains("registry of cluster 7f3a-91c2 is not there"));
            assert!(stop(&of(flow, Content::Empty, None)).fix.contains("backup"));
        }
    }

    #[test]
    fn a_newer_registry_can_be_reviewed_and_not_changed() {
        let (answers, facts) = (samples::joining(), with(Content::NewerRegistry { version: 9 }));
        for flow in Flow::ALL {
            let verdict = judged_in(&Case { flow, ..case(&answers, &facts) }, CheckId::DbContent);
            match flow {
                Flow::Review => assert!(warn(&verdict).says.contains("reviewed with this version, and not changed")),
                _ => assert!(stop(&verdict).says.contains("format 9")),
            }
        }
    }

    #[test]
    fn what_is_in_it_must_be_known() {
        let mut facts = samples::facts();
        let denied = Trouble::Sql(SqlTrouble { number: 229, state: 5, class: 14, text: "denied".into() });
        for trouble in [denied, Trouble::Unasked, Trouble::ConnectionLost] {
            facts.server.content = Fact::Missing(trouble);
            let finding = stop(&judged(CheckId::DbContent, &samples::answers(), &facts));
            assert!(finding.says.contains("nothing will be written into it"));
        }
    }

    #[test]
    fn a_database_that_is_not_there_holds_nothing() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        for content in [Fact::Seen(Content::Empty), Fact::Unknown, Fact::Missing(Trouble::Unasked)] {
            facts.server.content = content;
            assert!(evidence(&judged(CheckId::DbContent, &samples::answers(), &facts)).starts_with("nothing"));
        }
    }
}
