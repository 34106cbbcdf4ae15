//! The checks: pure functions from a [`Case`], answers and facts, to a [`Verdict`].
//!
//! Three rules hold for all of them. A check behind something that is blocked is not judged yet, and never good. An unknown fact
//! is running or not begun, never good. What this host or server does not tell is unknown, never good, and stops nobody,
//! except where somebody's data or the whole run hangs on it: that is unproven and needs the operator's word, and unknown content
//! stops.

mod administrator;
mod cluster;
mod database;
pub mod drift;
mod health;
mod home;
mod key_file;
mod licence;
mod node;
mod octopus;
mod server;
mod service;
mod storage;
mod web;

use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Fact, Facts, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::node::{Maker, Subject};
use crate::model::platform::Platform;
use crate::model::quote::Shell;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

pub use server::doubt as sign_in_doubt;
pub use storage::missing_canaries;

use super::failures::{self, Explanation};
use super::format;
use server::Names;

pub use database::is_case_sensitive;

/// What a check judges.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub flow: Flow,
    pub answers: &'a Answers,
    pub facts: &'a Facts,
    /// Whether a survey that the check reads is running, so that unknown facts are still to come.
    pub running: bool,
    /// The cluster of the unfinished run that is being continued: what that run made is no obstacle.
    pub resuming: Option<ClusterId>,
    /// The fingerprint of the master key, if custody holds one.
    pub key: Option<Fingerprint>,
    /// The existing node that the flow is about.
    pub subject: Option<&'a Subject>,
}

impl Case<'_> {
    const fn platform(&self) -> Platform {
        self.answers.platform()
    }

    const fn is_on_windows(&self) -> bool {
        self.platform().is_windows()
    }

    const fn shell(&self) -> Shell {
        Shell::of(self.platform())
    }

    /// Whether the flow is about an existing node, whose home, name and ports are taken by itself.
    fn is_existing_node(&self) -> bool {
        matches!(self.flow, Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove)
    }

    /// Whether Octopus Server itself made the existing node.
    fn is_octopus_made(&self) -> bool {
        self.is_existing_node() && self.subject.is_some_and(|subject| subject.maker == Maker::Octopus)
    }

    /// The verdict while a fact is unknown.
    fn pending(&self) -> Verdict {
        if self.running { Verdict::Running } else { Verdict::NotYet }
    }

    /// Returns a fact that Octopus could live without, or the verdict without it.
    fn optional<'f, T>(&self, fact: &'f Fact<T>) -> Result<&'f T, Verdict> {
        match fact {
            Fact::Unknown => Err(self.pending()),
            Fact::Seen(seen) => Ok(seen),
            Fact::Missing(trouble) => Err(unknown(trouble)),
        }
    }

    /// Explains a trouble with the names of this case's server, login and database.
    fn explain(&self, trouble: &Trouble) -> Explanation {
        failures::explain_server_trouble(trouble, &Names::new(self).context(self))
    }
}

/// A check's row: everything about it that is fixed.
#[derive(Debug)]
pub struct Check {
    pub id: CheckId,
    /// The screen that shows it, and has its words.
    pub screen: ScreenId,
    /// The field that its findings are about unless they name another one. It gets the focus when Next is refused.
    pub field: Option<FieldId>,
    /// The surveys whose facts it reads.
    pub surveys: &'static [SurveyId],
    /// The flows that it applies in.
    pub flows: &'static [Flow],
    pub judge: fn(&Case<'_>) -> Verdict,
}

/// The rows of all checks, file by file.
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

/// The rows in the order of the ids. A check without a row, or with two, does not compile.
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
    if !row.flows.contains(&case.flow) {
        return Verdict::DoesNotApply;
    }
    let mut verdict = (row.judge)(case);
    if let Verdict::Found(findings) = &mut verdict {
        for finding in findings {
            finding.about = finding.about.or(row.field);
        }
    }
    verdict
}

fn report(finding: Finding) -> Verdict {
    Verdict::Found(vec![finding])
}

/// Reports the findings, the most severe first, or the evidence if there are none.
fn report_all(findings: Vec<Finding>, evidence: impl FnOnce() -> String) -> Verdict {
    report_or(findings, || Verdict::Good(evidence()))
}

/// Reports the findings, the most severe first, or another verdict if there are none.
fn report_or(mut findings: Vec<Finding>, otherwise: impl FnOnce() -> Verdict) -> Verdict {
    if findings.is_empty() {
        return otherwise();
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Verdict::Found(findings)
}

/// The verdict on an optional fact that could not be read.
fn unknown(trouble: &Trouble) -> Verdict {
    Verdict::Unknown(match trouble {
        Trouble::Unasked => "cannot tell here".to_owned(),
        Trouble::Sql(said) => format!("could not be read (error {}): {}", said.number, said.text),
        Trouble::Io(said) => format!("could not be read: {said}"),
        Trouble::TimedOut { waited } => format!("could not be read: no answer within {}", format::duration(*waited)),
        other => format!("could not be read: {}", failures::explain_trouble(other).says),
    })
}

#[cfg(test)]
mod tests;
