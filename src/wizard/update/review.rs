//! The review of a node: its answers come from its own files, every survey runs whatever section is open, and nothing is
//! written.

use std::path::PathBuf;

use crate::catalog::flow as paths;
use crate::model::answers::{Answer, Answers, Origin, Raw};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, NodeSeen};
use crate::model::field::{FieldId, Kind};
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::master_key::{GeneratedKey, MasterKey};
use crate::model::node::{Maker, Subject};
use crate::model::node_config::NodeConfig;
use crate::model::screen::ScreenId;
use crate::wizard::custody::Custody;
use crate::wizard::effect::Effect;
use crate::wizard::review::find_subject;
use crate::wizard::settings;
use crate::wizard::state::{Change, ChangeKind, ExistingNode, FlowState, Focus, Notice, Prompt, Review, Start, State, Work};
use crate::wizard::tickets::surveys_of;

use super::goto::Goto;
use super::{opening, planning, surveys};

/// Opens the review of an instance. Puts the answers of a set-up aside meanwhile: this node's answers are its own.
pub fn open(state: &mut State, subject: Subject, effects: &mut Vec<Effect>) {
    let set_aside = put_aside(state, subject.maker);
    let node = ExistingNode::new(subject, set_aside);
    // What an earlier review saw may not be so any more.
    forget_surveys(state, effects);
    open_section(state, node, ScreenId::Node, effects);
}

/// Makes room for a node's own answers, and returns those of the set-up flows.
pub fn put_aside(state: &mut State, maker: Maker) -> Answers {
    let set_aside = match std::mem::replace(&mut state.flow, FlowState::Start(Start::default())) {
        FlowState::Review(Review { node, .. }) | FlowState::Change(Change { node, .. }) => *node.set_aside,
        FlowState::Start(_) | FlowState::SetUp(_) => state.answers.clone(),
    };
    state.answers = blank_answers(maker, &set_aside);
    set_aside
}

/// Returns the node of a journal whose answers these are.
pub fn journaled_subject(answers: &Answers) -> Subject {
    let config = answers.platform().join(answers.trimmed(FieldId::Home), NodeConfig::FILE);
    let instance = answers.trimmed(FieldId::Instance).to_owned();
    Subject { instance, config: PathBuf::from(config), maker: Maker::Wizard }
}

/// Begins the review that was asked for on the command line, once it is known what there is on this machine.
pub fn open_wanted(state: &mut State, effects: &mut Vec<Effect>) {
    let FlowState::Start(start) = &mut state.flow else { return };
    let Some(wanted) = start.wanted.take() else { return };
    match find_subject(&state.facts.machine, &wanted) {
        Ok(subject) => open(state, subject, effects),
        Err(text) => state.notice = Some(Notice { bad: true, text }),
    }
}

/// Opens a section of the review with nothing of a plan or a key left over.
fn open_section(state: &mut State, node: ExistingNode, screen: ScreenId, effects: &mut Vec<Effect>) {
    state.flow = FlowState::Review(Review { node, custody: Custody::default() });
    // All sections are open at once.
    state.place.furthest = paths::path(Flow::Review).last().copied().unwrap_or(screen);
    opening::enter(state, screen, effects);
    node_known(state, effects);
}

/// Returns the answers before the node's files are read. Those without choices are empty rather than defaults: what the files do not
/// say is unknown and must not be judged.
fn blank_answers(maker: Maker, aside: &Answers) -> Answers {
    let mut answers = Answers::new(aside.platform());
    let file = aside.get(FieldId::KeyFile).clone();
    if maker == Maker::Wizard {
        for field in FieldId::ALL.into_iter().filter(|field| !matches!(field.kind(), Kind::Choice(_) | Kind::Toggle)) {
            answers.set(field, Raw::of(field, ""), Origin::Default);
        }
    }
    answers.set(FieldId::KeyFile, file.raw, file.origin);
    answers
}

/// Applies a result of the survey of the node's files: takes their answers, except where something was typed, and begins everything that
/// depends on them.
pub fn node_known(state: &mut State, effects: &mut Vec<Effect>) {
    if state.node().is_none() {
        return;
    }
    for (field, raw) in answers_of_files(state) {
        if state.answers.get(field).origin != Origin::Typed {
            state.answers.set(field, raw, Origin::File);
        }
    }
    if state.flow() == Some(Flow::Review) {
        take_key(state);
        surveys::settle_facts(state);
        surveys::begin_for_review(state, effects);
    } else {
        surveys::settle_facts(state);
        if state.place.here == ScreenId::Review && state.run().plan.is_none() {
            planning::make_plan(state, effects);
        }
    }
}

/// Returns the answers of the files. A resumed run has its answers in its journal and takes only missing secrets. An edit asks for the
/// password again: it may be what was to be changed, and the files may still have the old one.
fn answers_of_files(state: &State) -> Vec<(FieldId, Raw)> {
    let mut answers = settings::answers(&state.facts, state.subject());
    if state.resuming().is_some() {
        let asked_again = |field: FieldId| field == FieldId::Password && state.flow() == Some(Flow::Edit);
        answers.retain(|(field, raw)| !asked_again(*field) && !raw.is_empty() && state.answers.get(*field).raw.is_empty());
    }
    answers
}

/// Takes the node's own key, if its seal opens. Custody of the same key is kept.
fn take_key(state: &mut State) {
    let FlowState::Review(review) = &mut state.flow else { return };
    let node = &state.facts.node;
    let generated = match (&node.config, &node.key) {
        (Fact::Seen(config), Fact::Seen(Raw::Secret(text))) => {
            MasterKey::parse(text).ok().map(|key| GeneratedKey { cluster: config.cluster.id, key })
        }
        _ => None,
    };
    let same = match (&generated, &review.custody.generated) {
        (Some(new), Some(old)) => new.key.same_as(&old.key),
        _ => false,
    };
    if !same {
        review.custody = Custody { generated, ..Custody::default() };
    }
}

/// Goes on to the next section, and from the last one to the start.
pub fn next(state: &State) -> Goto {
    if state.overlay.is_some() {
        return Goto::Nowhere;
    }
    paths::next(Flow::Review, state.place.here).map_or(Goto::Out, Goto::Screen)
}

/// Runs all surveys again, that of the node's files first. A login that is held back is sent if this was asked for at the same
/// warning before.
pub fn check_again(state: &mut State, asked: &[(CheckId, Verdict)], effects: &mut Vec<Effect>) {
    if let Some(held) = state.held_sign_in() {
        let held = vec![(CheckId::SqlLogin, Verdict::Found(vec![held]))];
        if asked == held {
            surveys::accept_sign_in(state, effects);
        } else {
            state.prompt = Prompt { again: false, warnings: held, ..std::mem::take(&mut state.prompt) };
            let text = "The login was not sent{?; {key:check-again} once more sends it anyway}.";
            state.notice = Some(Notice { bad: false, text: text.into() });
        }
    }
    forget_surveys(state, effects);
    surveys::settle_facts(state);
    // An unfinished run may have been ended by somebody else.
    surveys::begin_for_screen(state, ScreenId::Start, true, effects);
    surveys::begin_for_screen(state, ScreenId::Proof, true, effects);
}

fn forget_surveys(state: &mut State, effects: &mut Vec<Effect>) {
    for survey in surveys_of(ScreenId::Proof, Some(Flow::Review)) {
        if state.tickets.forget(*survey) {
            effects.push(Effect::CancelSurvey(*survey));
        }
    }
}

/// Leads back from a flow to the review that it was begun from; returns `false` for the other flows. The answers are then those of the
/// files again; what was changed comes back when the settings are edited again.
pub fn reopen(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let Some(Change { mut node, kind, .. }) = take_change(state) else { return false };
    let from = match kind {
        ChangeKind::Edit => {
            node.edits = edits(&state.answers);
            ScreenId::Node
        }
        ChangeKind::Leave => ScreenId::Node,
        ChangeKind::Remove(_) => ScreenId::Cluster,
    };
    let keys = state.answers.get(FieldId::KeyFile).clone();
    state.answers = blank_answers(node.subject.maker, &node.set_aside);
    state.answers.set(FieldId::KeyFile, keys.raw, keys.origin);
    let edited = !node.edits.is_empty();
    open_section(state, node, from, effects);
    if edited {
        let text = "Nothing of what was changed is written{?; {key:edit} goes on changing it}.";
        state.notice = Some(Notice { bad: false, text: text.into() });
    }
    true
}

/// Takes the change that was begun from a review; a resumed one was not.
fn take_change(state: &mut State) -> Option<Change> {
    match std::mem::replace(&mut state.flow, FlowState::Start(Start::default())) {
        FlowState::Change(change) if change.work.resuming.is_none() => Some(change),
        other => {
            state.flow = other;
            None
        }
    }
}

/// Returns the settings that were changed by typing.
fn edits(answers: &Answers) -> Vec<(FieldId, Answer)> {
    let typed = |field: &FieldId| {
        answers.get(*field).origin == Origin::Typed
            && !matches!(field, FieldId::KeyFile | FieldId::KeyConfirm | FieldId::NodeConfirm | FieldId::AnswersFile)
    };
    FieldId::ALL.into_iter().filter(typed).map(|field| (field, answers.get(field).clone())).collect()
}

/// Leaves an existing node: the answers of the set-up flows come back, and nothing of the node stays.
pub fn close(state: &mut State) {
    if state.node().is_some() {
        state.answers = put_aside(state, Maker::Wizard);
    }
}

/// Goes on from a review to a change of its node.
pub fn change(state: &mut State, kind: ChangeKind) -> Goto {
    let mut node = match std::mem::replace(&mut state.flow, FlowState::Start(Start::default())) {
        FlowState::Review(review) => review.node,
        other => {
            state.flow = other;
            return Goto::Nowhere;
        }
    };
    if matches!(kind, ChangeKind::Edit) {
        for (field, answer) in std::mem::take(&mut node.edits) {
            state.answers.set(field, answer.raw, answer.origin);
        }
    }
    let flow = kind.flow();
    state.flow = FlowState::Change(Change { node, kind, work: Work::default() });
    opening::first_screen(state, flow)
}

/// Goes on to take the dead node that has the focus out of the registry.
pub fn remove(state: &mut State) -> Goto {
    match state.removable().and_then(|node| node.row.clone()) {
        Some(dead) => change(state, ChangeKind::Remove(Some(Box::new(dead)))),
        None => Goto::Nowhere,
    }
}

/// Returns the node of the cluster's table that has the focus, before a new result may move it.
pub fn focused_node(state: &State) -> Option<NodeSeen> {
    match (state.flow(), state.place.here, state.place.focus) {
        (Some(Flow::Review), ScreenId::Cluster, Focus::Item(item)) => {
            state.facts.cluster.nodes.seen().and_then(|nodes| nodes.get(item)).cloned()
        }
        _ => None,
    }
}

/// Keeps the focus on the node that had it: a table that is kept fresh must not move another one under it.
pub fn keep_focus(state: &mut State, before: Option<&NodeSeen>) {
    let (Some(before), Some(nodes)) = (before, state.facts.cluster.nodes.seen()) else { return };
    let place = nodes.iter().position(|node| node.name == before.name);
    state.place.focus = Focus::Item(place.unwrap_or(0));
}
