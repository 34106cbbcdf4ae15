//! What faces ask of the state: fields that are asked, verdicts, the gate, the keys of the foot. Pure and cheap.

use std::time::Duration;

use crate::catalog::checks::{self, Case};
use crate::catalog::{flow, form};
use crate::model::check::CheckId;
use crate::model::facts::Trouble;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Remedy, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::words;

use super::event::{Action, Errand};
use super::gate::{self, Gate};
use super::state::{Focus, State};
use super::tickets::Standing;
use super::{asked, inputs, review, subjects};

/// How often what a screen keeps fresh is looked at.
const FRESH: Duration = Duration::from_secs(5);

/// What is said of a proof that does not fit.
const WRONG_PROOF: &str = "These are not its last six characters. Upper and lower case count; a = at its end does too.";

impl State {
    /// The fields that the open screen asks with the present answers, in order.
    pub fn fields(&self) -> Vec<FieldId> {
        self.fields_of(self.place.here)
    }

    fn fields_of(&self, screen: ScreenId) -> Vec<FieldId> {
        let flow = self.flow().unwrap_or(Flow::FirstNode);
        let asked = |field: &FieldId| flow::screen_of(flow, *field) == Some(screen) && asked::is_asked(*field, self);
        words::screen(screen).fields().filter(asked).collect()
    }

    /// The field that has the focus.
    pub fn focused(&self) -> Option<FieldId> {
        match self.place.focus {
            Focus::Field(field) => Some(field),
            Focus::Screen | Focus::Item(_) => None,
        }
    }

    /// The errands of the start screen, in order.
    pub fn errands(&self) -> Vec<Errand> {
        let runs = self.facts.machine.unfinished.iter().map(|run| Errand::Resume(run.instance.clone()));
        let flows = [Errand::Flow(Flow::FirstNode), Errand::Flow(Flow::Join)];
        let subjects = subjects::of(&self.facts.machine);
        let nothing = subjects.is_empty().then_some(Errand::Flow(Flow::Review));
        runs.chain(flows).chain(subjects.into_iter().map(Errand::Review)).chain(nothing).collect()
    }

    /// The errand of the start screen that has the focus.
    pub fn focused_errand(&self) -> Option<Errand> {
        let Focus::Item(item) = self.place.focus else { return None };
        self.errands().get(item).cloned()
    }

    /// Whether the flow's run ends with a key whose keeping has to be proven.
    pub fn has_key_to_keep(&self) -> bool {
        self.flow().is_some_and(|flow| flow::next(flow, ScreenId::Install) == Some(ScreenId::MasterKey))
    }

    /// How many items the open screen's list has, for moving about in it.
    pub fn items(&self) -> usize {
        match (self.flow(), self.place.here) {
            (_, ScreenId::Start) => self.errands().len(),
            (Some(Flow::Review), ScreenId::Cluster) => self.facts.cluster.nodes.seen().map_or(0, |nodes| nodes.len()),
            (Some(Flow::Review), ScreenId::Backups) => self.facts.node.backups.seen().map_or(0, Vec::len),
            _ => 0,
        }
    }

    /// The verdicts of the open screen's checks, in the order of its words.
    pub fn verdicts(&self) -> Vec<(CheckId, Verdict)> {
        self.verdicts_of(self.place.here)
    }

    /// The verdicts of a screen's checks; those of every screen for the section that runs them all again.
    pub fn verdicts_of(&self, screen: ScreenId) -> Vec<(CheckId, Verdict)> {
        review::checks_of(screen).map(|check| (check, self.verdict(check))).collect()
    }

    /// One check's verdict.
    pub fn verdict(&self, check: CheckId) -> Verdict {
        let known_elsewhere = match check {
            // Whether the key is kept is known to custody alone.
            CheckId::KeyKept => self.custody().verdict(),
            // What the survey saw of a file's place is over once the file is there.
            CheckId::KeyFile => self.custody().file_verdict(self.answers.trimmed(FieldId::KeyFile)),
            CheckId::ClusterKey => review::key_of_octopus(self),
            _ => None,
        };
        known_elsewhere.unwrap_or_else(|| checks::judge(check, &self.case(check)))
    }

    /// Whether the certificate that the server showed was refused, so that one may choose to trust just this one.
    pub fn is_certificate_refused(&self) -> bool {
        self.facts.server.certificate.is_some() && matches!(self.facts.server.way_blocked(), Some(Trouble::Tls(_)))
    }

    /// What a check is to judge.
    pub fn case(&self, check: CheckId) -> Case<'_> {
        let is_running = |survey: &SurveyId| {
            // Mostly nothing is, and the inputs are copies of every answer that goes into them.
            self.tickets.running(*survey).is_some()
                && inputs::of(*survey, &self.answers, self.subject())
                    .and_then(|inputs| self.tickets.of(&inputs))
                    .is_some_and(|asking| asking.standing == Standing::Running)
        };
        Case {
            flow: self.flow().unwrap_or(Flow::FirstNode),
            answers: &self.answers,
            facts: &self.facts,
            running: review::awaited_by(self, check).iter().any(is_running),
            resuming: self.resuming(),
            // A digest, on each frame, for the one check that asks.
            key: self.custody().drawn.as_ref().filter(|_| check == CheckId::KeyFile).map(|drawn| drawn.key.fingerprint()),
            subject: self.subject(),
        }
    }

    /// Whether the open screen shows something that changes by itself and is kept fresh.
    pub fn keeps_fresh(&self) -> bool {
        self.place.here == ScreenId::Cluster && self.overlay.is_none() && self.ending.is_none()
    }

    /// When the open screen is to be looked at again, on the engine's clock. A look that takes long is not repeated as
    /// often: it may cost a twentieth of the server's and the network's time, and no more.
    pub fn refresh_at(&self) -> Option<Duration> {
        let inputs = inputs::of(SurveyId::Cluster, &self.answers, None).filter(|_| self.keeps_fresh())?;
        // One for other inputs may still be on its way; and a server that refuses is not asked again until somebody says so.
        if self.tickets.running(SurveyId::Cluster).is_some() || review::is_refused(&self.facts.cluster) {
            return None;
        }
        let last = self.tickets.of(&inputs).filter(|asking| asking.standing == Standing::Complete)?;
        let pause = FRESH.max(self.facts.cluster.took * 20);
        Some(last.since + pause)
    }

    /// Whether Next is open on this screen.
    pub fn gate(&self) -> Gate {
        self.gate_of(self.place.here)
    }

    fn gate_of(&self, screen: ScreenId) -> Gate {
        // A review shows, and has nothing to let through.
        if self.flow() == Some(Flow::Review) {
            return Gate::Open;
        }
        let malformed = self.fields_of(screen).into_iter().filter(|field| self.problem(*field).is_some()).collect();
        gate::weigh(malformed, &self.verdicts_of(screen), self.accepted_verdicts())
    }

    /// The warnings of the open screen that nobody has accepted as they stand.
    pub fn warnings(&self) -> Vec<(CheckId, Verdict)> {
        let mut warnings = self.verdicts();
        warnings.retain(|warning| warning.1.severity() == Some(Severity::Warn) && !self.accepted_verdicts().contains(warning));
        warnings
    }

    /// The checks whose warnings were accepted as they stand.
    pub fn accepted(&self) -> Vec<CheckId> {
        let stands = |(check, said): &&(CheckId, Verdict)| self.verdict(*check) == *said;
        self.accepted_verdicts().iter().filter(stands).map(|(check, _)| *check).collect()
    }

    /// The first screen on the way to this one whose gate is not open: an answer may have been changed there since.
    pub fn shut_before(&self, screen: ScreenId) -> Option<ScreenId> {
        let path = self.flow().map(flow::path).unwrap_or_default();
        let before = path.iter().copied().take_while(|other| *other != screen);
        before.into_iter().find(|other| self.gate_of(*other) != Gate::Open)
    }

    /// What stands against the first step of a flow that has no screen for it.
    pub fn guarded_by(&self) -> Option<Finding> {
        let flow = self.flow()?;
        let verdicts: Vec<_> = review::guards(flow).map(|check| (check, self.verdict(check))).collect();
        foremost_of(&verdicts).filter(|finding| finding.severity == Severity::Stop).cloned()
    }

    /// What is wrong with a field's text, whether or not it is to be shown yet.
    pub fn problem(&self, field: FieldId) -> Option<String> {
        if field == FieldId::KeyProof {
            return self.custody().refuses(self.answers.trimmed(field)).then(|| WRONG_PROOF.to_owned());
        }
        asked::is_asked(field, self).then(|| form::problem(field, &self.answers)).flatten()
    }

    /// What is wrong with a field's text, once the field was left or Next was pressed.
    pub fn shown_problem(&self, field: FieldId) -> Option<String> {
        // A proof is judged as soon as it is whole: it has a known length.
        let shown = field == FieldId::KeyProof || self.prompt.touched.contains(&field);
        shown.then(|| self.problem(field)).flatten()
    }

    /// The finding that the screen shows in full: the weightiest; among equals the one of the check that comes first.
    pub fn foremost(&self) -> Option<Finding> {
        foremost_of(&self.verdicts()).cloned()
    }

    /// What would mend what stands against going on: of the finding that is shown in full, or of the step that failed.
    pub fn remedy(&self) -> Option<Remedy> {
        match self.place.here {
            ScreenId::Install => self.run().explain(self.run().failed()?)?.remedy,
            _ => self.foremost()?.remedy,
        }
    }

    /// Whether there is such a remedy; with the finding that is shown in full, so that the checks are not asked once more.
    pub fn mends(&self, foremost: Option<&Finding>) -> bool {
        match self.place.here {
            ScreenId::Install => self.remedy().is_some(),
            _ => foremost.is_some_and(|finding| finding.remedy.is_some()),
        }
    }

    /// The keys that work here besides Enter, Esc and moving about, in the order of the foot.
    pub fn actions(&self) -> Vec<Action> {
        super::actions::of(self, self.remedy().is_some())
    }
}

/// The weightiest of all findings; among equals the one of the check that comes first.
pub fn foremost_of(verdicts: &[(CheckId, Verdict)]) -> Option<&Finding> {
    let findings = verdicts.iter().filter_map(|(_, verdict)| match verdict {
        Verdict::Found(findings) => findings.iter().max_by_key(|finding| finding.severity),
        _ => None,
    });
    findings.reduce(|best, next| if next.severity > best.severity { next } else { best })
}
