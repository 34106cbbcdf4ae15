//! Making the plan.

use crate::catalog::failures;
use crate::catalog::form::read;
use crate::model::facts::{Fact, Identity};
use crate::model::flow::Flow;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Plan, StepState};
use crate::model::survey::SurveyId;
use crate::wizard::custody;
use crate::wizard::effect::Effect;
use crate::wizard::plan::{self, NoPlan, Proposal};
use crate::wizard::run::{Row, Run};
use crate::wizard::state::{Focus, Notice, State};

/// Makes the plan of the present answers. A new cluster needs an id and a key first: where there are none yet, they are
/// generated, and the plan follows once they are here.
pub fn make_plan(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(flow) = state.flow() else { return };
    if flow == Flow::FirstNode && state.custody().generated.is_none() {
        if let Some(run) = state.run_mut() {
            run.plan = None;
        }
        effects.push(Effect::GenerateKey(read::key_size(&state.answers)));
        return;
    }
    let made = plan_of(state, flow);
    let is_provisional = SurveyId::ALL.into_iter().any(|survey| state.tickets.running(survey).is_some());
    let Some(run) = state.run_mut() else { return };
    match made {
        Ok((plan, key)) => {
            let rows = plan.steps.iter().map(|step| Row::new(step.kind, StepState::Planned)).collect();
            *run = Run { plan: Some(Box::new(plan)), key, rows, is_provisional, ..Run::default() };
            if state.notice.is_none()
                && let Some(text) = state.caution()
            {
                state.notice = Some(Notice { bad: true, text });
            }
        }
        Err(text) => {
            run.plan = None;
            run.rows.clear();
            state.notice = text.map(|text| Notice { bad: true, text }).or(state.notice.take());
        }
    }
}

/// Makes the plan anew that was made before all was known: by a flow that begins with its plan, or comes back to it after an undo. Who has
/// the button under the finger is told of a change, and led away from it.
pub fn follow_news(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(flow) = state.flow() else { return };
    let Some(shown) = state.run().plan.as_ref().map(|plan| plan.steps.clone()) else {
        if matches!(flow, Flow::Leave | Flow::Remove) {
            make_plan(state, effects);
        }
        return;
    };
    if !state.run().is_provisional {
        return;
    }
    make_plan(state, effects);
    let is_changed = state.run().plan.as_ref().is_none_or(|plan| plan.steps != shown);
    if is_changed && state.place.focus == Focus::Button {
        state.place.focus = Focus::Screen;
        state.notice = Some(Notice { bad: true, text: "What was found since has changed the plan. Read it again.".into() });
    }
}

/// Returns the plan with the key of an existing cluster, or why there is no plan; no words while that is being found out.
fn plan_of(state: &State, flow: Flow) -> Result<(Plan, Option<MasterKey>), Option<String>> {
    let (cluster, fingerprint, key) = if flow == Flow::FirstNode {
        let generated = state.custody().generated.as_ref().ok_or(None)?;
        (generated.cluster, generated.key.fingerprint(), None)
    } else {
        let existing =
            custody::resolve_cluster_key(flow, &state.answers, &state.facts).ok_or_else(|| why_unknown(state, flow))?;
        if let Some(run) = state.resuming().filter(|run| *run != existing.cluster) {
            let (run, here) = (run.short(), existing.cluster.short());
            return Err(Some(format!(
                "The unfinished run is about cluster {run}, and this is cluster {here}. Give the database and the \
                 master key of that one."
            )));
        }
        if flow == Flow::Leave && state.resuming().is_none() {
            row_known(state)?;
        }
        (existing.cluster, existing.fingerprint, existing.key)
    };
    let accepted = state.accepted();
    let proposal = Proposal {
        flow,
        answers: &state.answers,
        facts: &state.facts,
        cluster,
        fingerprint,
        accepted: &accepted,
        resuming: state.resuming().is_some(),
        kept: state.kept_row(),
        changes: state.resumed_changes(),
    };
    let plan = plan::make(&proposal).map_err(|no_plan| {
        Some(match no_plan {
            NoPlan::Fields(fields) => match fields.first() {
                Some(field) => format!("The plan cannot be made: the answer to {} is missing or malformed.", field.id()),
                None => "The plan cannot be made.".into(),
            },
            NoPlan::Unchanged => "Nothing has been changed, so there is nothing to do.{? {key:back} goes back.}".into(),
            NoPlan::NoRow => "No node was chosen that is to go.{? {key:back} goes back.}".into(),
        })
    })?;
    Ok((plan, key))
}

/// Succeeds if it is known whether the registry has a row of this node; otherwise leaving would leave the row behind.
fn row_known(state: &State) -> Result<(), Option<String>> {
    let cluster = &state.facts.cluster;
    let trouble = match (&cluster.identity, &cluster.nodes) {
        (Fact::Seen(Identity::Octopus { .. }), _) | (Fact::Seen(Identity::Registered(_)), Fact::Seen(_)) => return Ok(()),
        (Fact::Missing(trouble), _) | (_, Fact::Missing(trouble)) => failures::explain_trouble(trouble).says,
        _ if state.tickets.running(SurveyId::Cluster).is_some() => return Err(None),
        _ => "Go back{? ({key:back})} and look at the checks.".to_owned(),
    };
    Err(Some(format!("The plan cannot be made: the cluster could not be read, and this node's row would stay in it. {trouble}")))
}

/// Says why the cluster or its key is not known; nothing while it is being found out.
fn why_unknown(state: &State, flow: Flow) -> Option<String> {
    let node = &state.facts.node;
    match flow {
        Flow::Join => Some("The plan cannot be made: which cluster this is, or its master key, is not known.".into()),
        _ if node.config.is_unknown() => None,
        _ if node.config.seen().is_none() => Some("The plan cannot be made: the node config cannot be read.".into()),
        _ => Some("The plan cannot be made: the master key is missing.".into()),
    }
}
