//! Octopus Server as a step runs it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::super::instance_lock::InstanceLock;
use crate::model::master_key::MasterKey;
use crate::model::octopus::CommandFailure;
use crate::model::plan::{Failure, Plan, Progress, StepKind};
use crate::model::target::SignIn;
use crate::model::untrusted::Untrusted;
use crate::render::octopus::{OctopusCommand, Verb};
use crate::render::{ClearSecrets, Shell, script};
use crate::world::octopus_server::{Call, Ended, Masks, NoCall, Patience, refusal, run};

/// How many of the last lines a failure tells; all of them are told beside it.
const LAST: usize = 20;

/// Its program, with the secrets that it is given.
pub(super) struct Server {
    lock: Arc<InstanceLock>,
    program: PathBuf,
    clear: Arc<ClearSecrets>,
    masks: Masks,
    /// The file for the licence.
    through: PathBuf,
}

impl Server {
    /// That of a plan.
    pub(super) fn of(lock: &Arc<InstanceLock>, plan: &Plan, key: Option<&MasterKey>) -> Result<Self, Failure> {
        let hand_over = plan.hand_over.as_ref();
        let hand_over = hand_over.ok_or_else(|| Failure::Defect("The plan does not name Octopus Server's program.".into()))?;
        let node = &plan.node;
        let SignIn::SqlLogin { password, .. } = &node.target.sign_in;
        let base64 = |xml: &SecretString| {
            let text = Zeroizing::new(BASE64.encode(xml.expose_secret().as_bytes()));
            SecretString::from(text.as_str())
        };
        let clear = ClearSecrets {
            password: password.clone(),
            master_key: key.map(MasterKey::to_base64),
            service_password: node.service.password.clone(),
            admin_password: node.administrator.as_ref().map(|administrator| administrator.password.clone()),
            licence: hand_over.licence.as_ref().map(base64),
        };
        let ClearSecrets { password, master_key, service_password, admin_password, licence } = &clear;
        let all = [Some(password), master_key.as_ref(), service_password.as_ref(), admin_password.as_ref(), licence.as_ref()];
        let masks = Masks::of(all.into_iter().chain([hand_over.licence.as_ref()]).flatten());
        let through = lock.places.licence(&node.instance);
        Ok(Self { lock: Arc::clone(lock), program: hand_over.program.clone(), clear: Arc::new(clear), masks, through })
    }

    /// One that is given no secret, for what takes none. It may print this one, which is in its own config.
    pub(super) fn without_secrets(lock: &Arc<InstanceLock>, program: PathBuf, password: &SecretString) -> Self {
        let masks = Masks::of([password]);
        Self { lock: Arc::clone(lock), program, clear: Arc::default(), masks, through: PathBuf::new() }
    }

    pub(super) fn patience(&self) -> Patience {
        self.lock.places.patience
    }

    /// Whether its program can be run at all.
    pub(super) async fn is_there(&self, command: &OctopusCommand) -> Result<(), Failure> {
        let program = self.program.clone();
        match self.lock.run_blocking(move |_| Ok(refusal(&program))).await? {
            None => Ok(()),
            Some(says) => Err(self.failed(command, CommandFailure::NotStarted, vec![says.into()])),
        }
    }

    /// Runs a command; what it said is reported however it ended.
    pub(super) async fn run(
        &self,
        kind: StepKind,
        command: &OctopusCommand,
        report: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), Failure> {
        let Ended { outcome, said } = self.call(command).await?;
        report(Progress::Said(kind, said.clone()));
        outcome.map_err(|ended| self.failed(command, ended, said))
    }

    /// Asks for what is there; the answer is for us.
    pub(super) async fn ask(&self, command: &OctopusCommand) -> Result<Vec<Untrusted>, Failure> {
        let Ended { outcome, said } = self.call(command).await?;
        match outcome {
            Ok(()) => Ok(said),
            Err(ended) => Err(self.failed(command, ended, said)),
        }
    }

    async fn call(&self, command: &OctopusCommand) -> Result<Ended, Failure> {
        self.is_there(command).await?;
        let (wanted, clear, through) = (command.clone(), Arc::clone(&self.clear), self.through.clone());
        let call = self.lock.run_blocking(move |_| Call::of(&wanted, &clear, &through).map_err(|error| no_call(&error)));
        let call = call.await?;
        Ok(run(&self.program, &call, &self.masks, self.limit(command)).await)
    }

    fn limit(&self, command: &OctopusCommand) -> Duration {
        let Patience { database, command: any, .. } = self.patience();
        if command.verb == Verb::Database { database } else { any }
    }

    fn failed(&self, command: &OctopusCommand, ended: CommandFailure, mut said: Vec<Untrusted>) -> Failure {
        said.drain(..said.len().saturating_sub(LAST));
        let by_hand = script::command_line(command, &self.program, Shell::of(crate::world::host::platform()));
        Failure::Octopus { ended, said, by_hand: by_hand.unwrap_or_default().into() }
    }
}

fn no_call(error: &NoCall) -> Failure {
    match error {
        NoCall::Missing(_) => Failure::Defect(error.to_string().into()),
        NoCall::Licence(source) => Failure::File { path: "the licence's temporary file".into(), said: source.to_string().into() },
    }
}
