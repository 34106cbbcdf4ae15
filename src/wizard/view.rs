//! What faces ask of the state: the fields that are asked, verdicts, the gate, the keys of the foot. Pure and cheap.

use std::time::Duration;

use crate::catalog::checks::{self, Case};
use crate::catalog::failures::Explanation;
use crate::catalog::form::read;
use crate::catalog::{flow, form, format};
use crate::model::answers::Origin;
use crate::model::check::CheckId;
use crate::model::choice::spelled;
use crate::model::facts::{Fact, FolderFacts, FolderPlace, Identity, Trouble, UnfinishedRun};
use crate::model::field::{FieldId, Kind};
use crate::model::finding::{Finding, Remedy, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::key_evidence::KeyVerdict;
use crate::model::screen::ScreenId;
use crate::model::storage::SharedFolder;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;
use crate::words;

use super::event::{Action, StartChoice};
use super::gate::{self, Gate};
use super::run::{Phase, Row};
use super::state::{Focus, State};
use super::tickets::RequestState;
use super::{review, tickets};

/// The pause between two looks at what a screen keeps fresh.
const FRESH: Duration = Duration::from_secs(5);

/// Says that the typed proof does not fit.
const WRONG_PROOF: &str = "These are not its last six characters. Upper and lower case count; a = at its end does too.";

/// The button that begins to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    Install,
    Continue,
    Apply,
    Leave,
    Remove,
}

impl Button {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Install => "Install",
            Self::Continue => "Continue",
            Self::Apply => "Apply",
            Self::Leave => "Leave the cluster",
            Self::Remove => "Remove the node",
        }
    }

    /// Says what it does.
    pub const fn does(self) -> &'static str {
        match self {
            Self::Install => "writes what is planned above.",
            Self::Continue => "does the steps that are left.",
            Self::Apply => "writes these changes.",
            Self::Leave => "takes this node out of it.",
            Self::Remove => "takes this node out of the registry.",
        }
    }
}

impl State {
    /// Returns the button of the open screen; only a plan has one.
    pub fn button(&self) -> Option<Button> {
        if self.place.here != ScreenId::Review || self.run().plan.is_none() {
            return None;
        }
        match self.flow()? {
            Flow::Review => None,
            _ if self.resuming().is_some() => Some(Button::Continue),
            Flow::FirstNode | Flow::Join => Some(Button::Install),
            Flow::Edit => Some(Button::Apply),
            Flow::Leave => Some(Button::Leave),
            Flow::Remove => Some(Button::Remove),
        }
    }

    /// Returns the focused password that can be shown: only one that was typed here.
    pub fn revealable(&self) -> Option<FieldId> {
        let is_typed = |field: &FieldId| {
            let answer = self.answers.get(*field);
            field.is_secret() && *field != FieldId::Licence && answer.origin == Origin::Typed && !answer.raw.is_empty()
        };
        self.focused().filter(is_typed)
    }

    /// Returns whether this is the practice server: its address is an answer that nobody gave, or the server says so.
    pub fn is_practice(&self) -> bool {
        let server = self.answers.get(FieldId::Server);
        let is_given = server.origin != Origin::Default || server.raw.is_empty();
        let edition = self.facts.server.version.seen().map(|version| version.edition.as_str().to_ascii_lowercase());
        !is_given || edition.is_some_and(|edition| edition.contains("practice"))
    }

    /// Returns the name of the node that the open flow takes out of its cluster.
    pub fn leaving_node(&self) -> Option<&str> {
        let name = match self.flow()? {
            Flow::Leave => self.answers.trimmed(FieldId::NodeName),
            Flow::Remove => &self.kept_row()?.row.name,
            Flow::FirstNode | Flow::Join | Flow::Review | Flow::Edit => return None,
        };
        (!name.is_empty()).then_some(name)
    }

    /// Returns whether the node's name has yet to be typed before the button takes the node out of its cluster.
    pub fn lacks_confirmation(&self) -> bool {
        is_asked(FieldId::NodeConfirm, self) && self.leaving_node() != Some(self.answers.trimmed(FieldId::NodeConfirm))
    }

    /// Returns the warning that is accepted next: the most urgent one of the open screen that nobody has accepted. A review has nothing to
    /// accept but a login that is held back.
    pub fn acceptable(&self) -> Option<(CheckId, Verdict)> {
        if self.flow() == Some(Flow::Review) {
            return self.held_sign_in().map(|held| (CheckId::SqlLogin, Verdict::Found(vec![held])));
        }
        let warnings = self.warnings().into_iter();
        warnings.reduce(|best, next| if next.1.severity() > best.1.severity() { next } else { best })
    }

    /// Returns the open screen's warning that was accepted last, in the words that it still has.
    pub fn withdrawable(&self) -> Option<&(CheckId, Verdict)> {
        let verdicts = self.verdicts();
        self.accepted_verdicts().iter().rev().find(|accepted| verdicts.contains(accepted))
    }

    /// Returns the fields that the open screen asks with the present answers, in order.
    pub fn fields(&self) -> Vec<FieldId> {
        self.fields_of(self.place.here)
    }

    fn fields_of(&self, screen: ScreenId) -> Vec<FieldId> {
        let flow = self.flow().unwrap_or(Flow::FirstNode);
        let asked = |field: &FieldId| flow::screen_of(flow, *field) == Some(screen) && is_asked(*field, self);
        words::screen(screen).fields().filter(asked).collect()
    }

    /// Says what a field is set to, for a line on which it stands with others: `Encryption: mandatory`; `None` if it has no answer.
    pub fn in_short(&self, field: FieldId) -> Option<String> {
        let words = words::screen(self.place.here).field(field)?;
        let value = match field.kind() {
            Kind::Choice(values) => *values.get(self.answers.choice(field))?,
            Kind::Toggle => spelled(self.answers.is_on(field)),
            Kind::Secret => return None,
            Kind::Text | Kind::Path | Kind::Number => self.answers.trimmed(field),
        };
        let value = words.choices.get(value).map_or(value.to_owned(), |label| format::within(label));
        (!value.is_empty()).then(|| format!("{}: {value}", words.label))
    }

    /// Returns whether a person has yet to choose this, whatever its default is.
    pub fn is_undecided(&self, field: FieldId) -> bool {
        field.setting().to_choose && self.answers.get(field).origin == Origin::Default && self.fields().contains(&field)
    }

    /// Returns the field that has the focus.
    pub fn focused(&self) -> Option<FieldId> {
        match self.place.focus {
            Focus::Field(field) => Some(field),
            Focus::Screen | Focus::Item(_) | Focus::Button => None,
        }
    }

    /// Returns the choices of the start screen, in order.
    pub fn start_choices(&self) -> Vec<StartChoice> {
        let of_a_run = |run: &UnfinishedRun| {
            // Where all is done, only the key is still to be kept.
            let undo = (run.done < run.steps).then(|| StartChoice::Undo(run.instance.clone()));
            [Some(StartChoice::Resume(run.instance.clone())), undo].into_iter().flatten()
        };
        let runs = self.facts.machine.unfinished.iter().flat_map(of_a_run);
        let flows = [StartChoice::Flow(Flow::FirstNode), StartChoice::Flow(Flow::Join)];
        let subjects = review::subjects(&self.facts.machine);
        let nothing = subjects.is_empty().then_some(StartChoice::Flow(Flow::Review));
        runs.chain(flows).chain(subjects.into_iter().map(StartChoice::Review)).chain(nothing).collect()
    }

    /// Returns the choice of the start screen that has the focus.
    pub fn focused_start_choice(&self) -> Option<StartChoice> {
        let Focus::Item(item) = self.place.focus else { return None };
        self.start_choices().get(item).cloned()
    }

    /// Returns `true` if the flow's run ends with a key whose safekeeping has to be proven.
    pub fn has_key_to_keep(&self) -> bool {
        self.flow().is_some_and(|flow| flow::next(flow, ScreenId::Install) == Some(ScreenId::MasterKey))
    }

    /// Counts the items of the open screen's list, for moving about in it.
    pub fn items(&self) -> usize {
        match (self.flow(), self.place.here) {
            (_, ScreenId::Start) => self.start_choices().len(),
            (Some(Flow::Review), ScreenId::Cluster) => self.facts.cluster.nodes.seen().map_or(0, |nodes| nodes.len()),
            (Some(Flow::Review), ScreenId::Backups) => self.facts.node.backups.seen().map_or(0, Vec::len),
            _ => 0,
        }
    }

    /// Judges the open screen's checks, in the order of its words.
    pub fn verdicts(&self) -> Vec<(CheckId, Verdict)> {
        self.verdicts_of(self.place.here)
    }

    /// Judges a screen's checks; for the section that runs them all again, those of every screen.
    pub fn verdicts_of(&self, screen: ScreenId) -> Vec<(CheckId, Verdict)> {
        let verdicts = review::checks_of(screen).map(|check| (check, self.verdict(check)));
        verdicts.filter(|(_, verdict)| *verdict != Verdict::DoesNotApply).collect()
    }

    /// Judges one check.
    pub fn verdict(&self, check: CheckId) -> Verdict {
        let known_elsewhere = match check {
            // Only custody knows whether the key is kept.
            CheckId::KeyKept => self.custody().verdict(),
            // What the survey saw of the file's place does not hold any more once the file is there.
            CheckId::KeyFile => self.custody().file_verdict(self.answers.trimmed(FieldId::KeyFile)),
            CheckId::ClusterKey => review::key_of_octopus(self),
            // Only the wizard knows whether it was accepted.
            CheckId::SqlLogin => self.held_verdict(),
            _ => None,
        };
        known_elsewhere.unwrap_or_else(|| checks::judge(check, &self.case(check)))
    }

    /// Returns `true` if the server's certificate was refused, so that the operator may choose to trust just this one.
    pub fn is_certificate_refused(&self) -> bool {
        self.facts.server.certificate.is_some() && matches!(self.facts.server.way_blocked(), Some(Trouble::Tls(_)))
    }

    /// Explains why a step failed or could not be undone.
    pub fn explain_step(&self, row: &Row) -> Option<Explanation> {
        self.run().explain(row, self.facts.server.version.seen())
    }

    /// Says what the running step waits for.
    pub fn explain_waiting(&self) -> Option<String> {
        self.run().explain_waiting(self.facts.server.version.seen())
    }

    /// Returns what a check judges.
    pub fn case(&self, check: CheckId) -> Case<'_> {
        let is_running = |survey: &SurveyId| {
            // Asked first because usually nothing runs, and inputs copy every answer that goes into them.
            self.tickets.running(*survey).is_some()
                && tickets::survey_inputs(*survey, &self.answers, self.subject())
                    .and_then(|inputs| self.tickets.for_inputs(&inputs))
                    .is_some_and(|request| request.state == RequestState::Running)
        };
        Case {
            flow: self.flow().unwrap_or(Flow::FirstNode),
            answers: &self.answers,
            facts: &self.facts,
            running: review::awaited_by(self, check).iter().any(is_running),
            resuming: self.resuming(),
            // A digest, on each frame, for the one check that asks.
            key: self
                .custody()
                .generated
                .as_ref()
                .filter(|_| check == CheckId::KeyFile)
                .map(|generated| generated.key.fingerprint()),
            subject: self.subject(),
        }
    }

    /// Returns `true` if the open screen shows something that changes by itself and is kept fresh.
    pub fn keeps_fresh(&self) -> bool {
        self.place.here == ScreenId::Cluster && self.overlay.is_none() && self.ending.is_none()
    }

    /// Returns when to look at the open screen's subject again, on the engine's clock. A look that takes long is repeated
    /// less often: it may cost a twentieth of the server's and the network's time at most.
    pub fn refresh_at(&self) -> Option<Duration> {
        let inputs = tickets::survey_inputs(SurveyId::Cluster, &self.answers, None).filter(|_| self.keeps_fresh())?;
        // One for other inputs may still be on its way; and a server that refuses is not asked again until somebody says so.
        if self.tickets.running(SurveyId::Cluster).is_some() || review::is_refused(&self.facts.cluster) {
            return None;
        }
        let last = self.tickets.for_inputs(&inputs).filter(|request| request.state == RequestState::Complete)?;
        let pause = FRESH.max(self.facts.cluster.took * 20);
        Some(last.since + pause)
    }

    /// Returns whether Next is open on this screen.
    pub fn gate(&self) -> Gate {
        self.gate_of(self.place.here)
    }

    fn gate_of(&self, screen: ScreenId) -> Gate {
        // A review shows things and lets nothing through.
        if self.flow() == Some(Flow::Review) {
            return Gate::Open;
        }
        let malformed = self.fields_of(screen).into_iter().filter(|field| self.problem(*field).is_some()).collect();
        let gate = gate::weigh(malformed, &self.verdicts_of(screen), self.accepted_verdicts());
        // Nothing else can be proven before the login may be sent.
        let holds = matches!(gate, Gate::Unproven | Gate::Waiting) && self.held_sign_in().is_some();
        if holds && review::checks_of(screen).any(|check| check == CheckId::SqlLogin) {
            return Gate::Warned(vec![CheckId::SqlLogin]);
        }
        gate
    }

    /// Returns the open screen's warnings, and what is not proven there, that nobody has accepted in these words.
    pub fn warnings(&self) -> Vec<(CheckId, Verdict)> {
        let mut warnings = self.verdicts();
        warnings.retain(|warning| warning.1.needs_consent() && !self.accepted_verdicts().contains(warning));
        warnings
    }

    /// Returns the checks whose warnings were accepted in the words that they have now.
    pub fn accepted(&self) -> Vec<CheckId> {
        let stands = |(check, said): &&(CheckId, Verdict)| self.verdict(*check) == *said;
        let accepted = self.accepted_verdicts().iter().filter(stands).map(|(check, _)| *check);
        accepted.chain(self.accepted_sign_in()).collect()
    }

    /// Returns the first screen before this one whose gate is not open: an answer may have been changed there since.
    pub fn shut_before(&self, screen: ScreenId) -> Option<ScreenId> {
        let path = self.flow().map(flow::path).unwrap_or_default();
        let before = path.iter().copied().take_while(|other| *other != screen);
        before.into_iter().find(|other| self.gate_of(*other) != Gate::Open)
    }

    /// Returns what blocks the first step of a flow that has no screen for it.
    pub fn guarded_by(&self) -> Option<Finding> {
        let flow = self.flow()?;
        let verdicts: Vec<_> = review::guards(flow).map(|check| (check, self.verdict(check))).collect();
        foremost_of(&verdicts).filter(|finding| finding.severity == Severity::Stop).cloned()
    }

    /// Says what is wrong with a field's text, whether or not it is shown yet.
    pub fn problem(&self, field: FieldId) -> Option<String> {
        if field == FieldId::KeyProof {
            return self.custody().refuses(self.answers.trimmed(field)).then(|| WRONG_PROOF.to_owned());
        }
        if field == FieldId::NodeConfirm {
            let typed = self.answers.trimmed(field);
            let name = self.leaving_node().filter(|name| !typed.is_empty() && *name != typed)?;
            return Some(format!("This is not the node's name: {}.", Untrusted::new(name)));
        }
        is_asked(field, self).then(|| form::problem(field, &self.answers)).flatten()
    }

    /// Says what is wrong with a field's text: of one that was given, at once; of one that is typed, once the field was left or Next was
    /// pressed.
    pub fn shown_problem(&self, field: FieldId) -> Option<String> {
        let given = matches!(self.answers.get(field).origin, Origin::File | Origin::Environment | Origin::Flag);
        // A proof has a known length, so it is judged as soon as it is complete.
        let shown = given || field == FieldId::KeyProof || self.prompt.touched.contains(&field);
        shown.then(|| self.problem(field)).flatten()
    }

    /// Returns the finding that the screen shows in full: the most severe one; among equals, the first check's.
    pub fn foremost(&self) -> Option<Finding> {
        foremost_of(&self.verdicts()).cloned()
    }

    /// Returns the remedy of the finding that is shown in full, or of the step that failed.
    pub fn remedy(&self) -> Option<Remedy> {
        match self.place.here {
            ScreenId::Install => self.explain_step(self.run().failed()?)?.remedy,
            _ => self.foremost()?.remedy,
        }
    }

    /// Returns `true` if there is such a remedy. Takes the finding that is shown in full, so that the checks need not run once
    /// more.
    pub fn has_remedy(&self, foremost: Option<&Finding>) -> bool {
        match self.place.here {
            ScreenId::Install => self.remedy().is_some(),
            _ => foremost.is_some_and(|finding| finding.remedy.is_some()),
        }
    }

    /// Returns the actions that have a key here, in the order of the foot.
    pub fn actions(&self) -> Vec<Action> {
        available_actions(self, self.remedy().is_some())
    }
}

/// Returns the most severe of all findings; among equals, the first check's.
pub fn foremost_of(verdicts: &[(CheckId, Verdict)]) -> Option<&Finding> {
    let findings = verdicts.iter().filter_map(|(_, verdict)| match verdict {
        Verdict::Found(findings) => findings.iter().max_by_key(|finding| finding.severity),
        _ => None,
    });
    findings.reduce(|best, next| if next.severity > best.severity { next } else { best })
}

/// Returns `true` if a field is asked now: by the flow, the other answers and what was observed. A question whose occasion
/// has gone (the dead node has come back, the key is verified after all) is not asked any more; its answer stays and has no
/// effect, since the plan looks at the same facts.
pub fn is_asked(field: FieldId, state: &State) -> bool {
    let open = state.flow().unwrap_or(Flow::FirstNode);
    flow::asks(open, field) && form::is_visible(field, &state.answers) && has_occasion(field, open, state)
}

fn has_occasion(field: FieldId, open: Flow, state: &State) -> bool {
    let facts = &state.facts;
    match field {
        // A resumed run has sealed its key, so the size is settled.
        FieldId::KeySize => !(state.resuming().is_some() && state.custody().generated.is_some()),
        FieldId::AdminPasswordAgain => {
            let typed = state.answers.get(FieldId::AdminPassword).origin == Origin::Typed;
            typed && has_occasion(FieldId::AdminPassword, open, state)
        }
        // Only Octopus Server's own commands use them: run here, or as a script.
        FieldId::AdminUser
        | FieldId::AdminEmail
        | FieldId::AdminPassword
        | FieldId::Licence
        | FieldId::LicenceFile
        | FieldId::StartService => read::uses_octopus(&state.answers, facts),
        // An unfinished run was confirmed when it was begun.
        FieldId::NodeConfirm => state.resuming().is_none() && state.leaving_node().is_some(),
        FieldId::MasterKey if open == Flow::Edit => facts.node.key.trouble().is_some(),
        FieldId::UnverifiedKey => matches!(facts.key.verdict.seen(), Some(KeyVerdict::Unverifiable(_))),
        FieldId::ReplaceNode => facts.cluster.replaceable(state.answers.text(FieldId::NodeName)).is_some(),
        // Every other node would believe a verifier that was made of an unproven key.
        FieldId::MakeRegistry => {
            matches!(facts.cluster.identity.seen(), Some(Identity::Octopus { .. }))
                && matches!(facts.key.verdict.seen(), Some(KeyVerdict::Correct(_)))
        }
        _ => true,
    }
}

/// Returns the actions that apply now, in the order of the foot; Help and Quit always do and come last. `has_remedy`: whether there
/// is a remedy to copy, for which every check of the screen has to be judged.
pub fn available_actions(state: &State, has_remedy: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let here = state.place.here;
    match here {
        ScreenId::Database => {
            actions.push(Action::ConnectionString);
            if state.facts.server.certificate.is_some() {
                actions.push(Action::Certificate);
            }
        }
        ScreenId::Review => {
            if state.resuming().is_some() {
                actions.push(Action::Undo);
            }
            if matches!(state.flow(), Some(Flow::FirstNode | Flow::Join)) && state.run().plan.is_some() {
                actions.extend([Action::Script, Action::SaveAnswers]);
            }
        }
        ScreenId::Install => {
            match state.run().phase {
                Phase::Running => actions.push(Action::Cancel),
                Phase::Failed => actions.extend([Action::Retry, Action::Undo, Action::Leave]),
                Phase::UndoneInPart => actions.extend([Action::Undo, Action::Leave]),
                Phase::Undone => actions.push(Action::Leave),
                Phase::Idle | Phase::Finished | Phase::Undoing => {}
            }
            if state.run().has_output() {
                actions.push(Action::Output);
            }
        }
        ScreenId::Done if matches!(state.flow(), Some(Flow::FirstNode | Flow::Join)) && state.run().plan.is_some() => {
            actions.push(Action::CopyNext);
        }
        ScreenId::MasterKey => actions.extend([Action::Reveal, Action::CopyKey, Action::SaveKey]),
        ScreenId::Node if state.is_ours() => actions.extend([Action::Edit, Action::LeaveCluster]),
        // Their findings refer to it.
        ScreenId::Proof | ScreenId::Drift if state.is_ours() => actions.push(Action::Edit),
        ScreenId::Cluster if state.removable().is_some() => actions.push(Action::RemoveNode),
        ScreenId::Key if state.custody().generated.is_some() => {
            actions.extend([Action::Reveal, Action::CopyKey, Action::SaveKey]);
        }
        _ => {}
    }
    let surveys = state.surveys();
    // The master key's screen tries whether the key can be saved by saving it, and its foot is full.
    let own = matches!(here, ScreenId::Start | ScreenId::MasterKey);
    if !own && !surveys.is_empty() {
        // Nobody waits for what only keeps a screen fresh.
        let running = surveys.iter().any(|survey| state.tickets.awaited(*survey));
        actions.push(if running { Action::Cancel } else { Action::CheckAgain });
    }
    if state.revealable().is_some() {
        actions.push(Action::Reveal);
    }
    let keeps_key = matches!(here, ScreenId::MasterKey | ScreenId::Key);
    if !keeps_key && state.flow().is_some() && (state.acceptable().is_some() || state.withdrawable().is_some()) {
        actions.push(Action::Accept);
    }
    if has_remedy {
        actions.push(Action::CopyRemedy);
    }
    actions.extend([Action::Help, Action::Quit]);
    actions
}

/// One of the shared folders of a node that joins. Faces show them; nothing about them is asked there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub folder: SharedFolder,
    /// Where the registry has it.
    pub path: Untrusted,
    /// How it stands here: `there`, `not there`; as long as nobody knows, what is being done about it.
    pub status: &'static str,
    /// Whether that is as it should be, once it is known.
    pub good: Option<bool>,
}

/// All of them, where the open screen is about them and asks nothing.
pub fn shared_folders(state: &State) -> Vec<Share> {
    if state.place.here != ScreenId::Storage || state.flow() != Some(Flow::Join) {
        return Vec::new();
    }
    let folders = read::storage(&state.answers).map(|storage| storage.folders()).unwrap_or_default();
    let seen = |folder| state.facts.storage.folders.iter().find(|facts| facts.folder == folder);
    // A folder that exists and is not the one that the other nodes see is not good; the checks say which.
    let foreign = state.verdict(CheckId::StorageShared).severity() == Some(Severity::Stop);
    let shares = folders.into_iter().map(|(folder, path)| {
        let (status, good) = status(seen(folder));
        let good = good.filter(|good| !(*good && foreign));
        Share { folder, path: Untrusted::new(&path.to_string_lossy()), status, good }
    });
    shares.collect()
}

fn status(facts: Option<&FolderFacts>) -> (&'static str, Option<bool>) {
    match facts.map(|facts| &facts.place) {
        None => ("not looked at", None),
        Some(Fact::Unknown) => ("looking", None),
        Some(Fact::Seen(FolderPlace::There)) => ("there", Some(true)),
        Some(Fact::Seen(FolderPlace::Creatable { .. } | FolderPlace::DeadLink)) => ("not there", Some(false)),
        Some(Fact::Seen(FolderPlace::NotAFolder)) => ("no folder", Some(false)),
        Some(Fact::Seen(FolderPlace::Loop)) => ("links in a circle", Some(false)),
        Some(Fact::Missing(Trouble::TimedOut { .. })) => ("no answer", Some(false)),
        Some(Fact::Missing(Trouble::Unasked)) => ("no path of this system", Some(false)),
        Some(Fact::Missing(_)) => ("not accessible", Some(false)),
    }
}
