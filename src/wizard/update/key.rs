//! The master key: drawn for the plan, shown, copied, saved, and its keeping proven.

use std::path::PathBuf;

use crate::catalog::checks;
use crate::catalog::failures::{self, Around};
use crate::catalog::form::read;
use crate::model::answers::{Origin, Raw};
use crate::model::clipboard::CopyWay;
use crate::model::facts::{Fact, Identity};
use crate::model::field::FieldId;
use crate::model::file_trouble::FileTrouble;
use crate::model::flow::Flow;
use crate::model::master_key::GeneratedKey;
use crate::model::plan::Plan;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;
use crate::wizard::custody::{self, Custody, Proof};
use crate::wizard::effect::Effect;
use crate::wizard::plan::{self, NoPlan, Proposal};
use crate::wizard::run::Run;
use crate::wizard::state::{Focus, Notice, State};

use super::install;

/// Makes the plan of the present answers. For a new cluster an id and a key are drawn first where there are none; of a
/// cluster that is there both are known.
pub fn make_plan(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(flow) = state.place.flow else { return };
    if flow == Flow::FirstNode && state.custody.drawn.is_none() {
        state.run.plan = None;
        effects.push(Effect::Draw(read::key_size(&state.answers)));
        return;
    }
    match plan_of(state, flow) {
        Ok(plan) => {
            install::propose(state, plan);
            if state.notice.is_none()
                && let Some(text) = state.caution()
            {
                state.notice = Some(Notice { bad: true, text });
            }
        }
        Err(text) => {
            state.run.plan = None;
            state.run.rows.clear();
            state.notice = text.map(|text| Notice { bad: true, text }).or(state.notice.take());
        }
    }
}

/// The plan, or why there is none; without words while that is still being looked for.
fn plan_of(state: &mut State, flow: Flow) -> Result<Plan, Option<String>> {
    let (cluster, fingerprint) = if flow == Flow::FirstNode {
        let drawn = state.custody.drawn.as_ref().ok_or(None)?;
        (drawn.cluster, drawn.key.fingerprint())
    } else {
        let whose = custody::resolve_cluster_key(flow, &state.answers, &state.facts).ok_or_else(|| unknown(state, flow))?;
        if let Some(run) = state.resuming.filter(|run| *run != whose.cluster) {
            let (run, here) = (run.short(), whose.cluster.short());
            return Err(Some(format!(
                "The run that is being gone on with is about cluster {run}, and this is cluster {here}. Give the database and the \
                 master key of that one."
            )));
        }
        if flow == Flow::Leave && state.resuming.is_none() {
            row_known(state)?;
        }
        state.custody.drawn = whose.key.map(|key| GeneratedKey { cluster: whose.cluster, key });
        (whose.cluster, whose.fingerprint)
    };
    let accepted = state.accepted();
    let proposal = Proposal {
        flow,
        answers: &state.answers,
        facts: &state.facts,
        cluster,
        fingerprint,
        accepted: &accepted,
        resuming: state.resuming.is_some(),
        kept: state.removing.as_ref(),
    };
    plan::make(&proposal).map_err(|no_plan| {
        Some(match no_plan {
            NoPlan::Fields(fields) => match fields.first() {
                Some(field) => format!("The plan cannot be made: the answer to {} is missing or malformed.", field.id()),
                None => "The plan cannot be made.".into(),
            },
            NoPlan::Unchanged => "Nothing has been changed, so there is nothing to do. Esc goes back.".into(),
            NoPlan::NoRow => "No node was chosen that is to go. Esc goes back.".into(),
        })
    })
}

/// Whether it is known that the registry has a row of this node, or none; otherwise leaving would leave the row behind.
fn row_known(state: &State) -> Result<(), Option<String>> {
    let cluster = &state.facts.cluster;
    let trouble = match (&cluster.identity, &cluster.nodes) {
        (Fact::Seen(Identity::Octopus { .. }), _) | (Fact::Seen(Identity::Registered(_)), Fact::Seen(_)) => return Ok(()),
        (Fact::Missing(trouble), _) | (_, Fact::Missing(trouble)) => failures::of_trouble(trouble, &Around::NOTHING).says,
        _ if state.tickets.running(SurveyId::Cluster).is_some() => return Err(None),
        _ => "Go back (Esc) and look at the checks.".to_owned(),
    };
    Err(Some(format!("The plan cannot be made: the cluster could not be read, and this node's row would stay in it. {trouble}")))
}

/// What is not known; nothing where it is on its way.
fn unknown(state: &State, flow: Flow) -> Option<String> {
    let node = &state.facts.node;
    match flow {
        Flow::Join => Some("The plan cannot be made: which cluster this is, or its master key, is not known.".into()),
        _ if node.config.is_unknown() => None,
        _ if node.config.seen().is_none() => Some("The plan cannot be made: the node config cannot be read.".into()),
        _ => Some("The plan cannot be made: the master key is missing.".into()),
    }
}

/// A flow begins. What another one had in hand, a key first of all, is not its own.
pub fn take_up(state: &mut State, flow: Flow) {
    if state.custody.flow.is_some_and(|other| other != flow) {
        state.custody = Custody::default();
        state.run = Run::default();
        state.accepted.clear();
        if state.resuming.take().is_some() {
            state.removing = None;
        }
    }
    state.custody.flow = Some(flow);
}

/// An answer was changed: what was said to another one in its light does not hold any more. Whoever would replace one
/// dead node has not said that he would replace another, a key that he vouched for is not the next one, and what he would
/// do to one database he has not said of another.
pub fn withdraw(state: &mut State, field: FieldId) {
    let light: &[FieldId] = match field {
        FieldId::MasterKey => &[FieldId::UnverifiedKey],
        FieldId::NodeName => &[FieldId::ReplaceNode],
        FieldId::Server | FieldId::Database => &[FieldId::UnverifiedKey, FieldId::ReplaceNode, FieldId::MakeRegistry],
        _ => &[],
    };
    for said in light {
        state.answers.set(*said, Raw::Text(said.default().to_owned()), Origin::Default);
    }
    let elsewhere = matches!(field, FieldId::Server | FieldId::Database);
    let of_server = [SurveyId::Server, SurveyId::Cluster, SurveyId::Key];
    state.accepted.retain(|(check, _)| {
        let surveys = checks::row(*check).surveys;
        checks::row(*check).field != Some(field) && !(elsewhere && surveys.iter().any(|survey| of_server.contains(survey)))
    });
}

/// A cluster id and a key were drawn. A run that is being gone on with keeps its id: only its key was never sealed.
///
/// A draw that comes late, for a size that is not asked for any more, beside a key that is there, or in another flow,
/// changes nothing: the key that is shown must be the one that the plan installs.
pub fn drawn(state: &mut State, mut drawn: GeneratedKey) {
    let size = read::key_size(&state.answers).bytes();
    if state.place.flow != Some(Flow::FirstNode) || state.custody.drawn.is_some() || drawn.key.expose_bytes().len() != size {
        return;
    }
    if let Some(cluster) = state.resuming {
        drawn.cluster = cluster;
    }
    state.custody.drawn = Some(drawn);
    if state.place.here == ScreenId::Review {
        // A key that was just drawn leaves nothing else to draw, so no effect can come of this.
        make_plan(state, &mut Vec::new());
    }
}

/// Another size was chosen: the key that was drawn is of the wrong one. A sealed key of an unfinished run stays.
pub fn forget(state: &mut State) {
    if state.resuming.is_none() {
        state.custody.drawn = None;
        state.run.plan = None;
        state.run.rows.clear();
    }
}

/// A new run proves the keeping of its key anew.
pub fn forget_proof(state: &mut State) {
    state.custody.proof = None;
    state.custody.saved = None;
}

/// The last six characters, as they are being typed.
pub fn proof_typed(state: &mut State) {
    let typed = state.answers.text(FieldId::KeyProof);
    let fits = state.custody.drawn.as_ref().is_some_and(|drawn| drawn.key.ends_with(typed));
    if fits {
        state.custody.proof = Some(Proof::TypedBack);
    } else if state.custody.proof == Some(Proof::TypedBack) {
        state.custody.proof = None;
    }
}

/// Saves the key to the file that is named.
pub fn save(state: &mut State, effects: &mut Vec<Effect>) {
    let path = PathBuf::from(state.answers.trimmed(FieldId::KeyFile));
    let Some(drawn) = &state.custody.drawn else { return };
    if path.is_absolute() {
        effects.push(Effect::SaveKey(path, drawn.key.clone()));
    } else {
        state.place.focus = Focus::Field(FieldId::KeyFile);
        saved(state, Err(FileTrouble::NotAbsolute));
    }
}

/// Reads the saved file back.
pub fn read_back(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(drawn) = &state.custody.drawn else { return };
    match &state.custody.saved {
        Some(saved) => effects.push(Effect::ReadKey(PathBuf::from(saved.as_str()), drawn.key.clone())),
        None => state.notice = Some(Notice { bad: true, text: "Save the key to a file first (F7).".into() }),
    }
}

/// The key was saved, or not.
pub fn saved(state: &mut State, result: Result<Untrusted, FileTrouble>) {
    match result {
        Ok(path) => {
            state.notice =
                Some(Notice { bad: false, text: format!("Saved to {path}, readable by you only. F8 reads it back as proof.") });
            state.custody.file_trouble = None;
            state.custody.saved = Some(path);
        }
        Err(trouble) => {
            let text = trouble.says();
            state.notice = Some(Notice { bad: true, text });
            state.custody.file_trouble = Some(trouble);
        }
    }
}

/// The saved file was read back.
pub fn read(state: &mut State, result: Result<bool, FileTrouble>) {
    let (bad, text) = match result {
        Ok(true) => {
            state.custody.proof = Some(Proof::ReadBack);
            state.custody.mismatch = false;
            (false, "The file was read back and holds the key. Move it to a safe place, off this machine.".to_owned())
        }
        Ok(false) => {
            state.custody.mismatch = true;
            (true, "The file was read back and does not hold this key. Save it to another file.".to_owned())
        }
        Err(FileTrouble::Refused(said)) => (true, format!("The file could not be read back: {said}.")),
        Err(FileTrouble::Exists | FileTrouble::NotAbsolute) => (true, "The file could not be read back.".to_owned()),
    };
    state.notice = Some(Notice { bad, text });
}

/// Something was copied, or could not be. "Copied" is said only where it is known.
pub fn copied(state: &mut State, result: Result<CopyWay, Untrusted>) {
    let (bad, text) = match result {
        Ok(way) => {
            if matches!(state.place.here, ScreenId::MasterKey | ScreenId::Key) {
                state.custody.copied = Some(way);
            }
            match way {
                CopyWay::Desktop => (false, "Copied to this desktop's clipboard.".to_owned()),
                CopyWay::Terminal => (false, "Sent to your terminal; whether it arrived cannot be known.".to_owned()),
            }
        }
        Err(said) => (true, format!("It could not be copied: {said}.")),
    };
    state.notice = Some(Notice { bad, text });
}
