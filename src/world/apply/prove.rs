//! The step that looks once more, on a connection of its own, before anything is written.

use std::sync::Arc;

use super::database::ClusterDatabase;
use super::instance_lock::InstanceLock;
use super::key::{self, Owner};
use crate::model::facts::Content;
use crate::model::key_evidence::KeyVerdict;
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Plan, StepKind};
use crate::model::registry::VerifiedCluster;

/// Looks whether the cluster and its key still are what the checks saw. Where nobody typed the key again, because this
/// machine has it sealed, the sealed one is what is proven.
pub(super) async fn again(
    lock: &Arc<InstanceLock>,
    database: &impl ClusterDatabase,
    plan: &Plan,
    key: Option<&MasterKey>,
    owner: Owner,
) -> Result<(), Failure> {
    let key = match key {
        Some(key) => Some(key.clone()),
        None => lock.run_blocking(move |places| key::find(places, &owner)).await?,
    };
    let Some(key) = key else {
        return Err(Failure::Defect("The plan came without its master key.".into()));
    };
    let VerifiedCluster { content, verdict } = database.verify(&plan.node.target, &key).await.map_err(Failure::Server)?;
    if !is_as_planned(&content, plan) {
        return Err(Failure::ContentChanged(Box::new(content)));
    }
    match verdict {
        KeyVerdict::Correct(_) => Ok(()),
        KeyVerdict::Wrong(_) => Err(Failure::WrongKey),
        KeyVerdict::Unverifiable(_) if plan.key_unverified => Ok(()),
        KeyVerdict::Unverifiable(_) => Err(Failure::KeyUnverified),
    }
}

fn is_as_planned(content: &Content, plan: &Plan) -> bool {
    match content {
        // Also where the plan adopts: an earlier start of it may have done so.
        Content::Cluster(seen) => seen.id == plan.cluster,
        Content::Octopus { .. } => has(plan, StepKind::AdoptCluster) || goes_without_registry(plan),
        _ => false,
    }
}

/// Whether the plan is about a cluster that Octopus made by itself and that is to stay without a registry: it knows no
/// row of one, and makes none.
pub(super) fn goes_without_registry(plan: &Plan) -> bool {
    let registering = [StepKind::InitialiseCluster, StepKind::AdoptCluster, StepKind::JoinCluster, StepKind::UpdateRow];
    plan.before.is_none() && !registering.into_iter().any(|kind| has(plan, kind))
}

fn has(plan: &Plan, kind: StepKind) -> bool {
    plan.steps.iter().any(|step| step.kind == kind)
}
