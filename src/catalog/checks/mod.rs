//! The checks: pure judgements over answers and facts. Each is a function from a [`Case`] to a [`Verdict`].
//!
//! Three rules hold for all of them. What stands behind something that is blocked is not yet judged, and never good.
//! What is not known is running or not begun, never good. What this host or server does not tell is said as such and
//! is no reason to stop, but for what the safety of somebody's data hangs on: the content of the database.

mod administrator;
mod cluster;
mod database;
mod drift;
mod health;
mod home;
mod key;
mod key_file;
mod licence;
mod node;
mod octopus;
mod server;
mod service;
mod service_hints;
mod storage;
mod web;

use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Facts, Trouble};
use crate::model::finding::{Finding, Verdict};
use crate::model::fingerprint::Fingerprint;
use crate::model::flow::Flow;
use crate::model::subject::{Maker, Subject};

use super::failures::{self, Around};
use super::say;

/// What a check judges.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The flow.
    pub flow: Flow,
    /// What was asked for.
    pub answers: &'a Answers,
    /// What was observed.
    pub facts: &'a Facts,
    /// Whether the survey that this check reads is on its way: unknown facts are then still to come.
    pub running: bool,
    /// The cluster of the unfinished run that is being gone on with: what it made is no obstacle.
    pub resuming: Option<ClusterId>,
    /// The fingerprint of the master key in hand, where there is one.
    pub key: Option<Fingerprint>,
    /// The existing node that the flow is about.
    pub subject: Option<&'a Subject>,
}

impl Case<'_> {
    /// Whether the flow is about a node that exists: that its home, its name and its ports are taken is as it should be.
    fn is_of_a_node(&self) -> bool {
        matches!(self.flow, Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove)
    }

    /// Whether that node was made by Octopus Server itself.
    fn is_of_octopus(&self) -> bool {
        self.is_of_a_node() && self.subject.is_some_and(|subject| subject.maker == Maker::Octopus)
    }

    /// The verdict while a fact is unknown.
    fn pending(&self) -> Verdict {
        if self.running { Verdict::Running } else { Verdict::NotYet }
    }
}

/// Judges one check.
pub fn judge(check: CheckId, case: &Case<'_>) -> Verdict {
    match check {
        CheckId::HomeInstance => home::instance::judge(case),
        CheckId::HomePath => home::path::judge(case),
        CheckId::HomeDisk => home::disk::judge(case),
        CheckId::HomeWritable => home::writable::judge(case),
        CheckId::HomeNode => home::node::judge(case),
        CheckId::ServiceAccount => service::account(case),
        CheckId::ServiceRights => service::rights(case),
        CheckId::SqlName => server::name::judge(case),
        CheckId::SqlConnect => server::connect::judge(case),
        CheckId::SqlTls => server::tls::judge(case),
        CheckId::SqlLogin => server::login::judge(case),
        CheckId::SqlVersion => server::version::judge(case),
        CheckId::SqlClock => server::clock::judge(case),
        CheckId::SqlLatency => server::latency::judge(case),
        CheckId::DbExists => database::exists::judge(case),
        CheckId::DbState => database::state::judge(case),
        CheckId::DbCollation => database::collation::judge(case),
        CheckId::DbRights => database::rights::judge(case),
        CheckId::DbSnapshot => database::snapshot::judge(case),
        CheckId::DbCopies => database::copies::judge(case),
        CheckId::DbContent => database::content::judge(case),
        CheckId::WebPrefixes => web::prefixes::judge(case),
        CheckId::WebPorts => web::ports::judge(case),
        CheckId::WebNames => web::names::judge(case),
        CheckId::KeyFile => key_file::judge(case),
        CheckId::KeyKept => key::judge(case),
        CheckId::ClusterKey
        | CheckId::ClusterNode
        | CheckId::ClusterSystem
        | CheckId::ClusterVersion
        | CheckId::ClusterLicence
        | CheckId::ClusterNodes => cluster::judge(check, case),
        CheckId::StorageFolders
        | CheckId::StorageDisk
        | CheckId::StorageRights
        | CheckId::StorageSpace
        | CheckId::StorageLatency
        | CheckId::StorageShared
        | CheckId::StorageContent
        | CheckId::StorageAccount => storage::judge(check, case),
        CheckId::AdminAccount => administrator::judge(case),
        CheckId::Licence | CheckId::LicenceNodes => licence::judge(check, case),
        CheckId::ServiceHome => service::home(case),
        CheckId::OctopusProgram | CheckId::OctopusInstance | CheckId::OctopusService => octopus::judge(check, case),
        CheckId::OctopusLog | CheckId::OctopusPing => health::judge(check, case),
        CheckId::NodeConfig | CheckId::NodeSeals => node::judge(check, case),
        CheckId::DriftRow | CheckId::DriftOctopus | CheckId::DriftHost => drift::judge(check, case),
    }
}

/// One finding.
fn one(finding: Finding) -> Verdict {
    Verdict::Found(vec![finding])
}

/// Findings, the weightiest first; good with this evidence where there are none.
fn all(findings: Vec<Finding>, evidence: impl FnOnce() -> String) -> Verdict {
    if findings.is_empty() { Verdict::Good(evidence()) } else { weightiest_first(findings) }
}

/// Apart from [`all`], which is made for each kind of evidence: the sort is not to be made as often.
fn weightiest_first(mut findings: Vec<Finding>) -> Verdict {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Verdict::Found(findings)
}

/// The evidence where an optional fact could not be learnt.
fn untold(trouble: &Trouble) -> Verdict {
    Verdict::Good(match trouble {
        Trouble::Unasked => "cannot be told here".to_owned(),
        Trouble::Sql(said) => format!("could not be read (error {}): {}", said.number, said.text),
        Trouble::Io(said) => format!("could not be read: {said}"),
        Trouble::TimedOut { waited } => format!("could not be read: no answer within {}", say::duration(*waited)),
        other => format!("could not be read: {}", failures::of_trouble(other, &Around::NOTHING).says),
    })
}

#[cfg(test)]
mod flows;
#[cfg(test)]
mod tests;
