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
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::node::{Maker, Subject};
use crate::model::platform::Platform;
use crate::model::quote::Shell;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

use super::failures;
use super::format;

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
    /// The platform of the machine that is judged.
    const fn platform(&self) -> Platform {
        self.answers.platform()
    }

    /// Whether that is Windows.
    const fn is_on_windows(&self) -> bool {
        self.platform().is_windows()
    }

    /// The shell that commands are written for.
    const fn shell(&self) -> Shell {
        Shell::of(self.platform())
    }

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

/// A check: everything that is fixed of it.
#[derive(Debug)]
pub struct Check {
    pub id: CheckId,
    /// The screen that shows it, and has its words.
    pub screen: ScreenId,
    /// The field that its findings are about, unless they name another one; focus goes there when Next is refused.
    pub field: Option<FieldId>,
    /// The surveys whose facts it reads: while one of them runs, an unknown fact is on its way.
    pub surveys: &'static [SurveyId],
    /// Judges it.
    pub judge: fn(&Case<'_>) -> Verdict,
}

/// The rows of all checks, by the files that hold them.
const ROWS: [&[Check]; 14] = [
    home::CHECKS,
    service::CHECKS,
    server::CHECKS,
    database::CHECKS,
    cluster::CHECKS,
    web::CHECKS,
    storage::CHECKS,
    administrator::CHECKS,
    licence::CHECKS,
    octopus::CHECKS,
    key_file::CHECKS,
    node::CHECKS,
    drift::CHECKS,
    health::CHECKS,
];

/// The same, each at its id's place. A check without a row, or with two, does not compile.
const TABLE: [&Check; CheckId::ALL.len()] = {
    let mut table = [None; CheckId::ALL.len()];
    let mut file = 0;
    while file < ROWS.len() {
        let mut row = 0;
        while row < ROWS[file].len() {
            let check = &ROWS[file][row];
            assert!(table[check.id as usize].is_none(), "a check has two rows");
            table[check.id as usize] = Some(check);
            row += 1;
        }
        file += 1;
    }
    let mut whole = [&ROWS[0][0]; CheckId::ALL.len()];
    let mut place = 0;
    while place < table.len() {
        whole[place] = match table[place] {
            Some(check) => check,
            None => panic!("a check has no row"),
        };
        place += 1;
    }
    whole
};

/// A check's row.
pub const fn row(check: CheckId) -> &'static Check {
    TABLE[check as usize]
}

/// Judges one check.
pub fn judge(check: CheckId, case: &Case<'_>) -> Verdict {
    let row = row(check);
    let mut verdict = (row.judge)(case);
    if let Verdict::Found(findings) = &mut verdict {
        for finding in findings {
            finding.about = finding.about.or(row.field);
        }
    }
    verdict
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
fn unknown(trouble: &Trouble) -> Verdict {
    Verdict::Good(match trouble {
        Trouble::Unasked => "cannot be told here".to_owned(),
        Trouble::Sql(said) => format!("could not be read (error {}): {}", said.number, said.text),
        Trouble::Io(said) => format!("could not be read: {said}"),
        Trouble::TimedOut { waited } => format!("could not be read: no answer within {}", format::duration(*waited)),
        other => format!("could not be read: {}", failures::explain_trouble(other).says),
    })
}

#[cfg(test)]
mod flows;
#[cfg(test)]
mod tests;
