//! The review of a node: its answers come from its own files, every survey runs whatever section is open, and nothing is
//! written.

use std::path::PathBuf;

use crate::catalog::flow as paths;
use crate::model::answers::{Answers, Origin, Raw};
use crate::model::facts::{Fact, NodeSeen};
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::master_key::GeneratedKey;
use crate::model::master_key::MasterKey;
use crate::model::node_config::NodeConfig;
use crate::model::screen::ScreenId;
use crate::model::subject::{Maker, Subject};
use crate::wizard::custody::Custody;
use crate::wizard::effect::Effect;
use crate::wizard::inputs;
use crate::wizard::run::Run;
use crate::wizard::settings;
use crate::wizard::state::{Focus, Notice, State};
use crate::wizard::subjects;

use super::{enter, key, prove, start};

/// Opens the review of an instance. What was answered for setting up a node is set aside meanwhile: this node's answers
/// are its own, and the two must not mix.
pub fn open(state: &mut State, subject: &Subject, effects: &mut Vec<Effect>) {
    set_aside(state, subject.maker);
    state.subject = Some(subject.clone());
    state.wanted = None;
    state.resuming = None;
    state.edits.clear();
    // What an earlier review saw may not be so any more.
    forget(state, effects);
    section(state, ScreenId::Node, effects);
}

/// Makes room for a node's own answers.
pub fn set_aside(state: &mut State, maker: Maker) {
    let blank = blank(maker, state.aside.as_deref().unwrap_or(&state.answers));
    let answers = std::mem::replace(&mut state.answers, blank);
    if state.aside.is_none() {
        state.aside = Some(Box::new(answers));
    }
}

/// Begins the review that was asked for on the command line, once it is known what there is on this machine.
pub fn wanted(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(wanted) = state.wanted.take() else { return };
    match subjects::find(&state.facts.machine, &wanted) {
        Ok(subject) => open(state, &subject, effects),
        Err(text) => state.notice = Some(Notice { bad: true, text }),
    }
}

/// Opens a section of the review with nothing of an edit, a plan or a key left over.
fn section(state: &mut State, screen: ScreenId, effects: &mut Vec<Effect>) {
    state.run = Run::default();
    state.custody = Custody { flow: Some(Flow::Review), ..Custody::default() };
    state.removing = None;
    state.accepted.clear();
    state.place.flow = Some(Flow::Review);
    // All sections are open at once.
    state.place.furthest = paths::path(Flow::Review).last().copied().unwrap_or(screen);
    enter(state, screen, effects);
    node_known(state, effects);
}

/// The answers before the node's files have told theirs. Those that have no choice are empty rather than defaults: what
/// the files do not tell is not known, and must not be judged as if it were.
fn blank(maker: Maker, aside: &Answers) -> Answers {
    let mut answers = Answers::default();
    let file = aside.get(FieldId::KeyFile).clone();
    if maker == Maker::Wizard {
        for field in FieldId::ALL.into_iter().filter(|field| !matches!(field.kind(), Kind::Choice(_) | Kind::Toggle)) {
            answers.set(field, Raw::of(field, ""), Origin::Default);
        }
    }
    answers.set(FieldId::KeyFile, file.raw, file.origin);
    answers
}

/// Whether an existing node's files are what the answers come from.
pub fn is_of_a_node(state: &State) -> bool {
    matches!(state.place.flow, Some(Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove))
}

/// The survey of the node's files has said something: its answers are those of the files, but for what was typed; and
/// everything that hangs on them is proven.
pub fn node_known(state: &mut State, effects: &mut Vec<Effect>) {
    if !is_of_a_node(state) {
        return;
    }
    for (field, raw) in told(state) {
        if state.answers.get(field).origin != Origin::Typed {
            state.answers.set(field, raw, Origin::File);
        }
    }
    if state.place.flow == Some(Flow::Review) {
        take_key(state);
        prove::settle(state);
        prove::review(state, effects);
    } else {
        prove::settle(state);
        if state.place.here == ScreenId::Review && state.run.plan.is_none() {
            key::make_plan(state, effects);
        }
    }
}

/// What the files tell. A run that is gone on with has its answers in its journal, and what is missing there are secrets. Of
/// an edit the password is asked again: it may be what was to be changed, and the files may still have the old one.
fn told(state: &State) -> Vec<(FieldId, Raw)> {
    let mut told = settings::answers(&state.facts, state.subject.as_ref());
    if state.resuming.is_some() {
        let asked_again = |field: FieldId| field == FieldId::Password && state.place.flow == Some(Flow::Edit);
        told.retain(|(field, raw)| !asked_again(*field) && !raw.is_empty() && state.answers.get(*field).raw.is_empty());
    }
    told
}

/// The node's own sealed key, as far as it opens. What was saved of the same key stays said.
fn take_key(state: &mut State) {
    let node = &state.facts.node;
    let drawn = match (&node.config, &node.key) {
        (Fact::Seen(config), Fact::Seen(Raw::Secret(text))) => {
            MasterKey::parse(text).ok().map(|key| GeneratedKey { cluster: config.cluster.id, key })
        }
        _ => None,
    };
    let same = match (&drawn, &state.custody.drawn) {
        (Some(new), Some(old)) => new.key.same_as(&old.key),
        _ => false,
    };
    if !same {
        state.custody = Custody { drawn, flow: Some(Flow::Review), ..Custody::default() };
    }
}

/// Enter in a section: on to the next one, and from the last one back to the start.
pub fn next(state: &mut State, effects: &mut Vec<Effect>) {
    if state.overlay.is_some() {
        return;
    }
    match paths::next(Flow::Review, state.place.here) {
        Some(next) => enter(state, next, effects),
        None => start::home(state, effects),
    }
}

/// Everything is looked at anew, the node's files first.
pub fn again(state: &mut State, effects: &mut Vec<Effect>) {
    forget(state, effects);
    state.accepted.clear();
    prove::settle(state);
    // An unfinished run may have been ended by somebody else.
    prove::screen(state, ScreenId::Start, true, effects);
    prove::screen(state, ScreenId::Proof, true, effects);
}

fn forget(state: &mut State, effects: &mut Vec<Effect>) {
    for survey in inputs::surveys_of(ScreenId::Proof) {
        if state.tickets.forget(*survey) {
            effects.push(Effect::CancelSurvey(*survey));
        }
    }
}

/// Esc on the first screen of a flow that was begun from a review leads back to it; `false` for the other flows. The
/// answers are then the files' again, since that is what a review is about; what was changed comes back with F4.
pub fn returned(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let from = match state.place.flow {
        Some(Flow::Edit | Flow::Leave) => ScreenId::Node,
        Some(Flow::Remove) => ScreenId::Cluster,
        _ => return false,
    };
    let Some(subject) = state.subject.clone().filter(|_| state.resuming.is_none() && state.aside.is_some()) else {
        return false;
    };
    if state.place.flow == Some(Flow::Edit) {
        keep_edits(state);
    }
    let keys = state.answers.get(FieldId::KeyFile).clone();
    state.answers = blank(subject.maker, state.aside.as_deref().unwrap_or(&Answers::default()));
    state.answers.set(FieldId::KeyFile, keys.raw, keys.origin);
    section(state, from, effects);
    if !state.edits.is_empty() {
        let text = "Nothing of what was changed is written; F4 goes on changing it.";
        state.notice = Some(Notice { bad: false, text: text.into() });
    }
    true
}

fn keep_edits(state: &mut State) {
    let typed = |field: &FieldId| {
        state.answers.get(*field).origin == Origin::Typed
            && !matches!(field, FieldId::KeyFile | FieldId::KeyConfirm | FieldId::AnswersFile)
    };
    let edits: Vec<_> = FieldId::ALL.into_iter().filter(typed).map(|field| (field, state.answers.get(field).clone())).collect();
    state.edits = edits;
}

/// Back to the start from a review: the answers of the set-up flows come back, and nothing of this node stays.
pub fn closed(state: &mut State) {
    let Some(aside) = state.aside.take() else { return };
    state.answers = *aside;
    state.subject = None;
    state.removing = None;
    state.resuming = None;
    state.edits.clear();
    state.accepted.clear();
    state.run = Run::default();
    // A new cluster must never be given an old one's key.
    state.custody = Custody::default();
}

/// Goes on to change what may be changed.
pub fn edit(state: &mut State, effects: &mut Vec<Effect>) {
    state.accepted.clear();
    for (field, answer) in std::mem::take(&mut state.edits) {
        state.answers.set(field, answer.raw, answer.origin);
    }
    start::flow(state, Flow::Edit, effects);
}

/// Goes on to have the node leave its cluster.
pub fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    state.accepted.clear();
    start::flow(state, Flow::Leave, effects);
}

/// Goes on to take the dead node that has the focus out of the registry.
pub fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(row) = state.removable().and_then(|node| node.row.clone()) else { return };
    state.removing = Some(row);
    state.accepted.clear();
    start::flow(state, Flow::Remove, effects);
}

/// An unfinished run of an existing node is gone on with: its files are looked at for what a journal does not hold.
pub fn resume(state: &mut State) {
    let home = PathBuf::from(state.answers.trimmed(FieldId::Home));
    let instance = state.answers.trimmed(FieldId::Instance).to_owned();
    state.subject = Some(Subject { instance, config: home.join(NodeConfig::FILE), maker: Maker::Wizard });
}

/// The node of the cluster's table that has the focus, before news may move it.
pub fn focused_node(state: &State) -> Option<NodeSeen> {
    match (state.place.flow, state.place.here, state.place.focus) {
        (Some(Flow::Review), ScreenId::Cluster, Focus::Item(item)) => {
            state.facts.cluster.nodes.seen().and_then(|nodes| nodes.get(item)).cloned()
        }
        _ => None,
    }
}

/// Keeps the focus on the node that had it: a table that is kept fresh must not move another one under it.
pub fn hold_focus(state: &mut State, before: Option<&NodeSeen>) {
    let (Some(before), Some(nodes)) = (before, state.facts.cluster.nodes.seen()) else { return };
    let place = nodes.iter().position(|node| node.name == before.name);
    state.place.focus = Focus::Item(place.unwrap_or(0));
}
