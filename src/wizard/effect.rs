//! Effects: what `update()` wants done. The engine carries them out and answers with events.

use std::path::PathBuf;

use crate::model::secret::SecretString;

use crate::model::master_key::{KeySize, MasterKey};
use crate::model::plan::Plan;
use crate::model::survey::{Inputs, SurveyId, Ticket};
use crate::model::target::Target;

/// Something to do.
#[derive(Debug)]
pub enum Effect {
    /// Run a survey; an older one of the same kind is dropped.
    Survey {
        /// Ties the answers to the inputs.
        ticket: Ticket,
        inputs: Inputs,
        /// Whether to look again even if a kept connection could answer from memory.
        fresh: bool,
    },
    /// Drop a running survey.
    CancelSurvey(SurveyId),
    /// Generate a cluster id and a master key.
    GenerateKey(KeySize),
    /// Load the unfinished run of this instance.
    LoadRun(String),
    /// Run the plan's steps, or those that are left, with the key if they need it.
    Install(Box<Plan>, Option<MasterKey>),
    /// Stop the installer before its next step.
    CancelInstall,
    /// Undo what the unfinished run of this instance created, over this connection. It takes no plan: the journal knows
    /// what was done, and a run whose answers make no plan any more can still be undone.
    Undo {
        /// The instance that the journal is filed under.
        instance: String,
        /// The database's address and login, with the password that the journal does not hold.
        target: Box<Target>,
    },
    /// Delete the journal of this instance's run: it is done, and its key is kept.
    CloseRun(String),
    /// Put a text on a clipboard.
    Copy(SecretString),
    /// Save the master key to a file, 0600, without overwriting.
    SaveKey(PathBuf, MasterKey),
    /// Save a text without secrets to a file, 0600, without overwriting.
    SaveAnswers(PathBuf, String),
    /// Read the saved file back and compare.
    ReadKey(PathBuf, MasterKey),
}
