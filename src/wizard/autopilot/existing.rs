//! The autopilot at a node that is there: compares it with the answers of a set-up that was done before, and begins the flows that
//! change it.

use std::path::Path;

use secrecy::ExposeSecret;

use crate::catalog::checks::drift;
use crate::catalog::{flow, form, format};
use crate::model::answers::{Origin, Problem, Raw};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, KeyFileState, Liveness, Machine, NodeSeen};
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::names::instance_key;
use crate::model::node::{Maker, Subject};
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::{Event, StartChoice};
use crate::wizard::review::{self, Wanted};
use crate::wizard::settings;
use crate::wizard::state::{Focus, State};

use super::{Autopilot, Move, Once, Order, Outcome, Refusal, Stage};

/// What a node that is set up consists of: its config, the sealed secrets, the cluster and its key, and the row in the registry.
const WHOLE_NODE: [CheckId; 4] = [CheckId::NodeConfig, CheckId::NodeSeals, CheckId::ClusterKey, CheckId::DriftRow];

const EDIT: &str = "Give the same answer, or another instance; to change the node: octopus-setup edit.";

impl Autopilot {
    /// Returns the node of this instance that this program set up before.
    pub(super) fn existing(&self, state: &State) -> Option<Subject> {
        let own = instance_key(self.instance(state).as_str());
        let is_own = |subject: &Subject| subject.maker == Maker::Wizard && instance_key(&subject.instance) == own;
        review::subjects(&state.facts.machine).into_iter().find(is_own)
    }

    /// Returns the instance that is asked for; of a flow that changes a node, the only one of this machine where none is named.
    pub(super) fn instance(&self, state: &State) -> Untrusted {
        let answers = &self.order.loaded.answers;
        let named = answers.get(FieldId::Instance).origin != Origin::Default;
        let machine = &state.facts.machine;
        if named || !self.order.flow.changes_a_node() {
            return Untrusted::new(answers.trimmed(FieldId::Instance));
        }
        match (&machine.unfinished[..], &review::subjects(machine)[..]) {
            ([run], _) => run.instance.clone(),
            ([], [subject]) => Untrusted::new(&subject.instance),
            _ => Untrusted::new(answers.trimmed(FieldId::Instance)),
        }
    }

    /// Returns whether this machine's own records say that the instance is gone. Where none is named, any that is gone is meant.
    fn has_departed(&self, state: &State) -> bool {
        let own = instance_key(self.instance(state).as_str());
        let is_named = self.order.loaded.answers.get(FieldId::Instance).origin != Origin::Default;
        let Machine { departed, unreadable, .. } = &state.facts.machine;
        let is_own = |name: &Untrusted| instance_key(name.as_str()) == own;
        let is_any = !is_named && unreadable.is_empty() && review::subjects(&state.facts.machine).is_empty();
        departed.iter().any(|name| is_any || is_own(name))
    }

    /// Compares the node that is there with the answers, and looks whether it still is what was written.
    pub(super) fn compare(&mut self, state: &State) -> Move {
        if let Some(accept) = self.accept_sign_in(state) {
            return accept;
        }
        if is_another(&self.order, state) {
            // The checks tell that its name is taken.
            self.stage = Stage::Runs;
            return Move::Do(vec![Event::Begin(StartChoice::Flow(self.order.flow)), Event::ProveAll]);
        }
        let names_key_file = self.order.loaded.answers.get(FieldId::KeyFile).origin != Origin::Default;
        let keeps_key = self.order.flow == Flow::FirstNode && names_key_file;
        if keeps_key && self.first(Once::FindKeyFile) {
            return Move::Do(vec![Event::ProveAll]);
        }
        let differences = differences(&self.order, state);
        if !differences.is_empty() {
            return Move::End(Outcome::Answers(differences));
        }
        let mut refusal = Refusal::default();
        for check in WHOLE_NODE.into_iter().chain(keeps_key.then_some(CheckId::KeyFile)) {
            match (state.verdict(check), &state.facts.key_file.spot) {
                // Its keeper took it to a safer place.
                (_, Fact::Seen(KeyFileState::Free { .. } | KeyFileState::NoFolder { .. })) if check == CheckId::KeyFile => {}
                // A database without a registry has no row that could be compared.
                (Verdict::Unknown(_), _) if check != CheckId::DriftRow => refusal.unknown.push(check),
                (verdict, _) => refusal.weigh(check, &verdict, self.order.loaded.accept.contains(&check)),
            }
        }
        if refusal.refuses() {
            let instance = self.instance(state);
            refusal.says = Some(format!(
                "Instance {instance} is set up already, but not as it was written. octopus-setup review tells more."
            ));
            return Move::End(Outcome::Checks(refusal));
        }
        Move::End(Outcome::Already("The node is set up as these answers ask for.".to_owned()))
    }

    /// Accepts a login that is held back, once, if that was accepted by name.
    pub(super) fn accept_sign_in(&mut self, state: &State) -> Option<Move> {
        let accepts = self.order.loaded.accept.contains(&CheckId::SqlLogin);
        (accepts && state.held_sign_in().is_some() && self.first(Once::SignIn)).then(|| Move::Do(vec![Event::AcceptSignIn]))
    }

    /// Opens the review of the node that is to be changed, from which the change begins.
    pub(super) fn open(&mut self, state: &State) -> Move {
        let instance = self.instance(state);
        match review::find_subject(&state.facts.machine, &Wanted::Named(instance.as_str().to_owned())) {
            Ok(subject) if subject.maker == Maker::Wizard => {
                self.stage = Stage::Opens;
                Move::Do(vec![Event::Begin(StartChoice::Review(subject))])
            }
            Ok(_) => refuse(format!(
                "Octopus Server made instance {instance} by itself; octopus-setup changes only nodes that it made."
            )),
            Err(_) if self.order.flow == Flow::Leave && self.has_departed(state) => {
                Move::End(Outcome::Already(format!("Instance {instance} is not on this machine any more.")))
            }
            Err(says) => refuse(says),
        }
    }

    /// Begins the change from the node's review.
    pub(super) fn change(&mut self, state: &State) -> Move {
        if let Some(accept) = self.accept_sign_in(state) {
            self.stage = Stage::Opens;
            return accept;
        }
        if !state.is_ours() {
            return refuse("The node config cannot be read; octopus-setup review tells why.".to_owned());
        }
        match self.order.flow {
            Flow::Edit => self.edit(state),
            Flow::Remove => self.remove(state),
            _ => Move::Do(vec![Event::Begin(StartChoice::Flow(Flow::Leave))]),
        }
    }

    fn edit(&self, state: &State) -> Move {
        let given = &self.order.loaded.answers;
        if differences(&self.order, state).is_empty() {
            return Move::End(Outcome::Already("The node's settings are those that were given.".to_owned()));
        }
        let is_given = |field: &FieldId| given.get(*field).origin != Origin::Default && flow::asks(Flow::Edit, *field);
        let edits = FieldId::ALL.into_iter().filter(is_given).map(|field| Event::Edit(field, given.get(field).raw.clone()));
        let begin = Event::Begin(StartChoice::Flow(Flow::Edit));
        Move::Do(std::iter::once(begin).chain(edits).chain([Event::ProveAll]).collect())
    }

    fn remove(&self, state: &State) -> Move {
        let name = self.order.dead.as_deref().unwrap_or_default();
        let Some(nodes) = state.facts.cluster.nodes.seen() else {
            return refuse("The cluster's nodes could not be read; octopus-setup review tells why.".to_owned());
        };
        let shown = Untrusted::new(name);
        let has_row = |node: &NodeSeen| node.is_called(name) && node.row.is_some();
        let Some((place, node)) = nodes.iter().enumerate().find(|(_, node)| has_row(node)) else {
            let is_it = |gone: &Untrusted| gone.as_str().trim().to_lowercase() == name.trim().to_lowercase();
            if state.facts.cluster.removed.seen().is_some_and(|removed| removed.iter().any(is_it)) {
                return Move::End(Outcome::Already(format!("The registry has no node {shown} any more.")));
            }
            let names: Vec<Untrusted> = nodes.iter().filter(|node| node.row.is_some()).map(|node| node.name.clone()).collect();
            let there = format::list(&names, names.len() as u64);
            return refuse(format!(
                "The registry has no node {shown}, and tells of none that was taken out. There are: {there}."
            ));
        };
        if node.is_called(state.answers.trimmed(FieldId::NodeName)) {
            return refuse(format!("{shown} is this machine's own node; it leaves the cluster by octopus-setup leave."));
        }
        if node.life() != Liveness::Dead {
            return refuse(format!(
                "Node {shown} is not dead, as far as the database tells; only a dead node is removed by another one."
            ));
        }
        Move::Do(vec![
            Event::Jump(ScreenId::Cluster),
            Event::Focus(Focus::Item(place)),
            Event::Begin(StartChoice::Flow(Flow::Remove)),
        ])
    }
}

/// Returns whether the node that has the name is another one than these answers are about, or nobody can tell.
fn is_another(order: &Order, state: &State) -> bool {
    let given = order.loaded.answers.trimmed(FieldId::Home);
    let same_home = |home: &Path| state.answers.platform().is_same_path(given, &home.to_string_lossy());
    !state.facts.node.config.seen().is_some_and(|config| same_home(&config.node.home))
}

fn refuse(says: String) -> Move {
    Move::End(Outcome::Checks(Refusal { says: Some(says), ..Refusal::default() }))
}

/// Returns where the given answers differ from what the node's own files say.
fn differences(order: &Order, state: &State) -> Vec<Problem> {
    let given = &order.loaded.answers;
    let is_given = |field: &FieldId| {
        let changes = order.flow != Flow::Edit || flow::asks(Flow::Edit, *field);
        given.get(*field).origin != Origin::Default && form::is_visible(*field, given) && changes
    };
    let differs = |(field, raw): (FieldId, Raw)| {
        let says = match (&given.get(field).raw, &raw) {
            // One that does not open is told by its check.
            (Raw::Secret(given), Raw::Secret(written)) if !raw.is_empty() => (given.expose_secret() != written.expose_secret())
                .then(|| format!("{}: this is not the one that the node has sealed.", field.id())),
            (Raw::Text(given), Raw::Text(written)) => {
                (!drift::is_same(state.answers.platform(), field.setting().same, given, written)).then(|| {
                    let (given, written) = (Untrusted::new(given.trim()), Untrusted::new(written));
                    format!("{}: the instance is set up already with {written:?}, and this says {given:?}.", field.id())
                })
            }
            _ => None,
        };
        says.map(|says| Problem::stop(order.loaded.places.get(&field).cloned(), Some(field), says, EDIT))
    };
    settings::answers(&state.facts, state.subject())
        .into_iter()
        .filter(|(field, _)| is_given(field))
        .filter_map(differs)
        .collect()
}
