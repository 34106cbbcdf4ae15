//! Events: what a face or the world reports to `update()`. A new screen adds none.

use serde::{Deserialize, Serialize};

use crate::model::answers::Raw;
use crate::model::connection_string::{BadConnectionString, ConnectionString};
use crate::model::export::{CopyWay, FileTrouble};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::Resumption;
use crate::model::master_key::GeneratedKey;
use crate::model::node::Subject;
use crate::model::plan::{Failure, Progress};
use crate::model::screen::ScreenId;
use crate::model::survey::{Observed, Ticket};
use crate::model::untrusted::Untrusted;

use super::state::Focus;

/// What happened.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one is there at a time, and gone as soon as it is applied")]
pub enum Event {
    /// A field's text changed, typed or pasted.
    Edit(FieldId, Raw),
    /// The focus moves on this screen; leaving a field validates it.
    Focus(Focus),
    /// Enter was pressed: goes to the next missing answer, or to the next screen if the gate is open. Presses the button if that has the focus;
    /// without that, it never accepts anything or begins to write.
    Enter,
    /// Goes on, from a face that has asked for exactly this in words of its own: at the same warnings for the second time it accepts them, and
    /// on the plan it begins to write.
    Next,
    /// Back one screen; from the first one to the start screen.
    Back,
    /// To a screen of the path that was reached before.
    Jump(ScreenId),
    /// A choice of the start screen.
    Begin(StartChoice),
    /// A key of the foot.
    Press(Action),
    /// A connection string was typed or pasted into its window: what it says, or why it is none.
    ConnectionString(Result<ConnectionString, BadConnectionString>),
    /// Yes or no to the question that is open.
    Reply(bool),
    /// Prove every screen before the plan, whichever screen is open: at once where the answers are known, the rest as soon as
    /// they are. For unattended runs.
    ProveAll,
    /// Send a login that looks like somebody else's, or like nobody's: it was accepted by the name of its check.
    AcceptSignIn,
    /// A survey has a result.
    Observed {
        ticket: Ticket,
        /// Everything that it knows now.
        observed: Observed,
        /// Whether it has ended.
        last: bool,
    },
    /// A cluster id and a master key were generated.
    #[serde(rename = "Drawn")]
    KeyGenerated(GeneratedKey),
    /// The installer reports.
    Progress(Progress),
    /// An unfinished run was loaded, or could not be, and why.
    Resumed(Result<Box<Resumption>, Box<Failure>>),
    /// Something was handed to a clipboard, or could not be.
    Copied(Result<CopyWay, Untrusted>),
    /// The master key was saved to this file, or not.
    KeySaved(Result<Untrusted, FileTrouble>),
    /// The answers were saved to this file, or not.
    AnswersSaved(Result<Untrusted, FileTrouble>),
    /// The saved file was read back; `true` when it holds the key.
    KeyRead(Result<bool, FileTrouble>),
    /// Something that has no screen of its own failed; the text says what and why.
    Failed(Untrusted),
    /// Keep what the open screen shows fresh: its surveys run again, and earlier results stay until there are new ones.
    Refresh,
    /// Time passes while something works; redraws what shows elapsed time.
    Tick,
    /// The window changed its size, or the program comes back from being suspended: a revealed secret hides.
    Resized,
    /// SIGTERM, SIGHUP or a lost terminal: end now, whatever is open; the journal stays.
    Hangup,
}

/// What the start screen offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartChoice {
    Flow(Flow),
    /// Continue the unfinished run of this instance.
    Resume(Untrusted),
    /// Undo what the unfinished run of this instance has created; asks first.
    Undo(Untrusted),
    /// Review this instance.
    Review(Subject),
}

/// What a key of the foot requests. [`super::state::State::actions`] says which of them apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Action {
    /// Help on the focused field.
    Help,
    /// Show or hide the secret of this screen.
    Reveal,
    /// Open the window for a connection string.
    ConnectionString,
    /// Show the server's certificate in full; where it was refused, to trust just this one by its fingerprint.
    Certificate,
    /// Run this screen's survey again.
    CheckAgain,
    /// Accept the most urgent warning that nobody has accepted yet; if all are, withdraw the last one.
    Accept,
    /// Copy the SQL or command of the finding that is shown.
    CopyRemedy,
    /// Copy the master key.
    CopyKey,
    /// Save the master key to the file that is named, and read it back.
    SaveKey,
    /// Save the answers of this run, without secrets, to the file that is named.
    SaveAnswers,
    /// Show the commands with which Octopus Server's own command line would do what the plan leads to.
    Script,
    /// Show what the steps' programs printed.
    Output,
    /// Copy the headless command for the next node.
    CopyNext,
    /// Run the failed step again, and those after it.
    Retry,
    /// Undo what this run created.
    Undo,
    /// Leave an unfinished run as it is; the next start offers to go on.
    Leave,
    /// Change settings of the node under review.
    Edit,
    /// Have the node under review leave its cluster.
    LeaveCluster,
    /// Take the dead node that has the focus out of the registry.
    RemoveNode,
    /// Cancel what is running.
    Cancel,
    /// End the program; asks once where something would be lost.
    Quit,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Help,
        Self::Reveal,
        Self::ConnectionString,
        Self::Certificate,
        Self::CheckAgain,
        Self::Accept,
        Self::CopyRemedy,
        Self::CopyKey,
        Self::SaveKey,
        Self::SaveAnswers,
        Self::Script,
        Self::Output,
        Self::CopyNext,
        Self::Retry,
        Self::Undo,
        Self::Leave,
        Self::Edit,
        Self::LeaveCluster,
        Self::RemoveNode,
        Self::Cancel,
        Self::Quit,
    ];
}
