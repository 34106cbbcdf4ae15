//! `db-content`.

use crate::model::check::CheckId;
use crate::model::facts::{ClusterSeen, Content, Fact};
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::untrusted::Untrusted;
use crate::wizard::checks::server::Names;
use crate::wizard::checks::{Case, one};
use crate::wizard::failures;
use crate::wizard::say;

use super::{Ground, ground};

/// What the database holds. The one fact whose absence stops: nothing is written into a database of which it is not
/// known what is in it.
pub fn judge(case: &Case<'_>) -> Verdict {
    let ground = match ground(case) {
        Err(verdict) => return verdict,
        Ok(ground) => ground,
    };
    match (ground, &case.facts.server.content) {
        // A database that is not there holds nothing, whatever was or was not asked.
        (Ground::ToCome, _) => of_nothing("nothing: the database is still to be created", case),
        (Ground::Open(_), Fact::Unknown) => case.pending(),
        (Ground::Open(_), Fact::Seen(content)) => of_content(content, case),
        (Ground::Open(_), Fact::Missing(trouble)) => {
            let names = Names::of(case);
            let words = failures::of_trouble(trouble, &names.around(case));
            let mut finding = Finding::stop(
                CheckId::DbContent,
                format!("What {} holds could not be read, so nothing will be written into it. {}", names.database, words.says),
                words.fix,
            );
            finding.remedy = words.remedy;
            one(finding)
        }
    }
}

fn of_content(content: &Content, case: &Case<'_>) -> Verdict {
    match content {
        Content::Empty => of_nothing("nothing yet", case),
        Content::RegistryOnly => of_nothing("an empty registry, left by an earlier run", case),
        Content::Cluster(cluster) => of_cluster(cluster, case),
        Content::NewerRegistry { version } => one(Finding::stop(
            CheckId::DbContent,
            format!("The registry in this database has format {version}: a newer octopus-setup made it."),
            "Use that version or a later one here too.",
        )),
        Content::Octopus { version, nodes } => one(of_octopus(version.as_ref(), nodes, case)),
        Content::Foreign { tables, count } => one(Finding::stop(
            CheckId::DbContent,
            format!(
                "{} holds tables of somebody else ({}): {}.",
                Names::of(case).database,
                say::count(*count, "table"),
                say::list(tables, *count)
            ),
            "Type the name of a new or empty database; Octopus shares its database with nobody.",
        )),
    }
}

fn of_nothing(evidence: &str, case: &Case<'_>) -> Verdict {
    match case.flow {
        Flow::FirstNode => Verdict::Good(evidence.to_owned()),
        _ => one(Finding::stop(
            CheckId::DbContent,
            format!("There is no cluster in {}.", Names::of(case).database),
            "Check the server and the database; for the first node of a new cluster go back to the start and choose Getting started.",
        )),
    }
}

fn of_cluster(cluster: &ClusterSeen, case: &Case<'_>) -> Verdict {
    let id = cluster.id.short();
    let nodes = say::count(cluster.node_count, "node");
    if case.flow != Flow::FirstNode {
        return Verdict::Good(format!("cluster {id}, {nodes}"));
    }
    if case.resuming == Some(cluster.id) {
        return Verdict::Good(format!("cluster {id}, of the run that is being gone on with"));
    }
    one(Finding::stop(
        CheckId::DbContent,
        format!(
            "This database already holds cluster {id}, made{}{}, with {nodes}. Getting started never initialises a second time.",
            said("by", &cluster.created_by),
            said("on", &cluster.created)
        ),
        "Go back to the start and choose Add this server; or type the name of another database.",
    ))
}

fn of_octopus(version: Option<&Untrusted>, nodes: &[Untrusted], case: &Case<'_>) -> Finding {
    let version = version.map(|version| said("of version", version)).unwrap_or_default();
    let nodes =
        if nodes.is_empty() { String::new() } else { format!(", with the nodes {}", say::list(nodes, nodes.len() as u64)) };
    let says = format!("{} is a database that Octopus Server made{version}{nodes}.", Names::of(case).database);
    match case.flow {
        Flow::FirstNode => Finding::stop(
            CheckId::DbContent,
            format!("{says} Getting started never initialises a second time."),
            "Go back to the start and choose Add this server; or type the name of another database.",
        ),
        _ => Finding::warn(
            CheckId::DbContent,
            format!("{says} It has no registry of this wizard."),
            "Go on only if this is the cluster that you mean.",
        ),
    }
}

fn said(word: &str, value: &Untrusted) -> String {
    if value.is_empty() { String::new() } else { format!(" {word} {value}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::ClusterId;
    use crate::model::facts::{Database, Facts, SqlTrouble, Trouble};
    use crate::wizard::checks::tests::{case, evidence, judged, judged_in, resuming, stop, warn};
    use crate::wizard::samples;

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
        assert!(evidence(&judged_in(&resuming(&answers, &own), CheckId::DbContent)).contains("gone on with"));
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
        assert!(finding.says.contains("made of version 2024.4.6962, with the nodes web01 and web02. Getting"));
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
        facts.server.database = Fact::Seen(Database::Absent);
        for content in [Fact::Seen(Content::Empty), Fact::Unknown, Fact::Missing(Trouble::Unasked)] {
            facts.server.content = content;
            assert!(evidence(&judged(CheckId::DbContent, &samples::answers(), &facts)).starts_with("nothing"));
        }
    }
}
