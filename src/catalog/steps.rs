//! The steps: one row holds everything that is fixed about a step. The code that does and undoes it is in
//! `world/apply/deeds.rs`.

use crate::catalog::form::read;
use crate::catalog::settings;
use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{DatabaseSeen, Facts, HomeState, Identity};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::key_evidence::KeyVerdict;
use crate::model::master_key::Fingerprint;
use crate::model::node::Node;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::HandOverMode;
use crate::model::plan::{Scope, SettingChange, StepKind};
use crate::model::registry::KeptRow;
use crate::model::secret::Secret;
use crate::model::storage::SharedStorage;
use crate::model::untrusted::Untrusted;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    pub flow: Flow,
    /// The operator's answers.
    pub answers: &'a Answers,
    /// The survey's results.
    pub facts: &'a Facts,
    pub cluster: ClusterId,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The warnings that were accepted.
    pub accepted: &'a [CheckId],
    /// Whether this continues an unfinished run. Then every step is in the plan, because each step detects by itself
    /// whether it is done already.
    pub resuming: bool,
    /// The row of the dead node to remove; in a resumed run, the row that the run started with.
    pub kept: Option<&'a KeptRow>,
    /// What a resumed edit changes, against the node config as it was when the run started.
    pub changes: &'a [SettingChange],
}

/// Decides which steps are part of a plan, and provides the names in their titles.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    pub proposal: &'a Proposal<'a>,
    /// The operator's answers, parsed.
    pub node: &'a Node,
    /// The registry row that is replaced, changed or removed.
    pub before: Option<&'a KeptRow>,
}

/// What a step changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepTarget {
    /// Nothing: the step only checks.
    Nothing,
    /// The home directory itself.
    Home,
    /// The sealed master key in it.
    Key,
    /// The node config in it, and this machine's instance list.
    Config,
    /// The database as a whole.
    Database,
    /// The registry and its cluster.
    Cluster,
    /// One node's row in the registry.
    Row,
    /// The shared folders, and their entries in the registry.
    Storage,
    /// Octopus Server, through its own commands.
    Octopus,
}

/// One step's row.
#[derive(Debug)]
pub struct StepRow {
    pub kind: StepKind,
    /// How far it reaches, in a plan of this flow.
    pub scope: fn(Flow) -> Scope,
    pub target: StepTarget,
    /// The mode of what it writes, `0600`, or empty.
    pub mode: &'static str,
    /// The secrets that it needs, if the node has them. It gets only these.
    pub secrets: &'static [Secret],
    /// Whether the step is part of the plan.
    pub is_needed: fn(&Draft<'_>) -> bool,
    /// What it does, and to what.
    pub title: fn(&Draft<'_>) -> String,
    /// The words before the path when a file of the step fails.
    pub file_failure: &'static str,
    /// The Octopus Server command that it runs.
    pub command: Option<&'static str>,
}

/// A step that only checks; the other rows are built from it.
const LOOKS: StepRow = StepRow {
    kind: StepKind::ProveAgain,
    scope: |_| Scope::Node,
    target: StepTarget::Nothing,
    mode: "",
    secrets: &[],
    is_needed: |_| false,
    title: |_| String::new(),
    file_failure: "The run's own record could not be written to",
    command: None,
};

const ROW: StepRow = StepRow { scope: |_| Scope::Row, target: StepTarget::Row, secrets: &[Secret::Password], ..LOOKS };
const STORAGE: StepRow = StepRow { target: StepTarget::Storage, secrets: &[Secret::Password], ..LOOKS };
const OCTOPUS: StepRow = StepRow { target: StepTarget::Octopus, is_needed: |draft| draft.hands_over(), ..LOOKS };

/// The rows, in the order of a plan's steps; see [`in_order`] for the exception.
const ROWS: [StepRow; StepKind::ALL.len()] = [
    StepRow {
        kind: StepKind::ProveAgain,
        secrets: &[Secret::Password, Secret::MasterKey],
        is_needed: |draft| matches!(draft.proposal.flow, Flow::Join | Flow::Edit),
        title: |_| "Prove cluster and master key once more".into(),
        ..LOOKS
    },
    StepRow {
        kind: StepKind::CreateHome,
        target: StepTarget::Home,
        mode: "0750",
        is_needed: |draft| draft.sets_up() && draft.needs_home(),
        title: |draft| format!("Create {}", draft.node.home.display()),
        file_failure: "The home directory could not be created or removed at",
        ..LOOKS
    },
    StepRow {
        kind: StepKind::SealMasterKey,
        target: StepTarget::Key,
        mode: "0600",
        secrets: &[Secret::MasterKey],
        is_needed: |draft| match draft.proposal.flow {
            Flow::FirstNode | Flow::Join => true,
            // A key that can be unsealed is left alone: if this run wrote it again, undo would remove it.
            Flow::Edit => draft.proposal.facts.node.key.seen().is_none(),
            Flow::Review | Flow::Leave | Flow::Remove => false,
        },
        title: |draft| match draft.proposal.flow {
            Flow::FirstNode => "Seal the new master key".into(),
            _ => "Seal the master key".into(),
        },
        file_failure: "The sealed master key could not be written or removed at",
        ..LOOKS
    },
    StepRow {
        kind: StepKind::CreateDatabase,
        scope: |_| Scope::Cluster,
        target: StepTarget::Database,
        secrets: &[Secret::Password],
        is_needed: |draft| {
            let absent = matches!(draft.proposal.facts.server.database.seen(), Some(DatabaseSeen::Absent));
            draft.is_first() && draft.node.create_database && (draft.proposal.resuming || absent)
        },
        title: |draft| {
            let target = &draft.node.target;
            let instance = target.address.instance.as_ref().map(|name| format!("\\{name}")).unwrap_or_default();
            format!("Create database {} on {}{instance}", target.database, target.address.host)
        },
        ..LOOKS
    },
    StepRow {
        kind: StepKind::InitialiseCluster,
        scope: |_| Scope::Cluster,
        target: StepTarget::Cluster,
        secrets: &[Secret::Password, Secret::MasterKey],
        is_needed: |draft| draft.is_first(),
        title: |draft| format!("Create the registry and cluster {}", draft.cluster()),
        ..LOOKS
    },
    StepRow {
        kind: StepKind::AdoptCluster,
        scope: |_| Scope::Cluster,
        target: StepTarget::Cluster,
        secrets: &[Secret::Password, Secret::MasterKey],
        is_needed: |draft| draft.joins() && draft.adopts(),
        title: |draft| format!("Create the registry in {}", draft.node.target.database),
        ..LOOKS
    },
    StepRow {
        kind: StepKind::JoinCluster,
        is_needed: |draft| draft.joins() && draft.has_registry(),
        title: |draft| match draft.before {
            Some(_) => format!("Replace dead node {} in cluster {}", draft.row(), draft.cluster()),
            None => format!("Enter {} into cluster {}", draft.node.name, draft.cluster()),
        },
        ..ROW
    },
    StepRow {
        kind: StepKind::UpdateRow,
        is_needed: |draft| draft.proposal.flow == Flow::Edit && draft.changes_row(),
        title: |draft| format!("Change the row of {}", draft.row()),
        ..ROW
    },
    StepRow {
        kind: StepKind::DrainNode,
        is_needed: |draft| draft.leaves_row(),
        title: |draft| format!("Mark {} as drained", draft.row()),
        ..ROW
    },
    StepRow {
        kind: StepKind::RemoveRow,
        is_needed: |draft| draft.leaves_row(),
        title: |draft| format!("Take {} out of cluster {}", draft.row(), draft.cluster()),
        ..ROW
    },
    StepRow {
        kind: StepKind::RemoveNode,
        scope: |_| Scope::Cluster,
        is_needed: |draft| draft.proposal.flow == Flow::Remove,
        title: |draft| format!("Take dead node {} out of cluster {}", draft.row(), draft.cluster()),
        ..ROW
    },
    StepRow {
        kind: StepKind::ShareStorage,
        scope: |_| Scope::Cluster,
        is_needed: |draft| draft.is_first() && draft.shares(),
        title: |draft| match &draft.node.storage {
            SharedStorage::Root(root) => format!("Share {} with all nodes", root.display()),
            _ => "Share the folders with all nodes".into(),
        },
        file_failure: "The shared folder could not be made or removed at",
        ..STORAGE
    },
    StepRow {
        kind: StepKind::LeaveCanary,
        scope: |_| Scope::Row,
        is_needed: |draft| draft.shares() && (draft.is_first() || draft.joins() && draft.is_registered()),
        title: |_| "Leave a canary in each shared folder".into(),
        file_failure: "This node's canary could not be written or removed at",
        ..STORAGE
    },
    StepRow {
        kind: StepKind::WriteNodeConfig,
        target: StepTarget::Config,
        mode: "0600",
        secrets: &[Secret::Password, Secret::ServicePassword],
        is_needed: |draft| draft.sets_up() || draft.proposal.flow == Flow::Edit,
        title: |_| format!("Write {}", NodeConfig::FILE),
        file_failure: CONFIG_FAILURE,
        ..LOOKS
    },
    StepRow {
        kind: StepKind::RemoveNodeConfig,
        target: StepTarget::Config,
        is_needed: |draft| draft.proposal.flow == Flow::Leave,
        title: |_| format!("Move {} to a dated copy", NodeConfig::FILE),
        file_failure: CONFIG_FAILURE,
        ..LOOKS
    },
    StepRow {
        kind: StepKind::ConnectOnce,
        // The registry row proves that the connection is a member's.
        is_needed: |draft| match draft.proposal.flow {
            Flow::FirstNode => true,
            Flow::Join => draft.has_registry(),
            Flow::Edit => draft.before.is_some(),
            Flow::Review | Flow::Leave | Flow::Remove => false,
        },
        title: |_| "Connect once more with what was written".into(),
        file_failure: "What was written could not be read back from",
        ..LOOKS
    },
    StepRow {
        kind: StepKind::OctopusInstance,
        title: |draft| format!("Octopus Server: register {}", draft.node.instance),
        command: Some("create-instance"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusDatabase,
        // A first node's makes Octopus' tables.
        scope: |flow| if matches!(flow, Flow::FirstNode) { Scope::Cluster } else { Scope::Node },
        secrets: &[Secret::Password, Secret::MasterKey],
        title: |draft| format!("Octopus Server: use database {}", draft.node.target.database),
        command: Some("database"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusConfigure,
        title: |_| "Octopus Server: set web portal and ports".into(),
        command: Some("configure"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusAdmin,
        scope: |_| Scope::Cluster,
        secrets: &[Secret::AdminPassword],
        is_needed: |draft| draft.is_first() && draft.hands_over() && draft.node.administrator.is_some(),
        title: |_| "Octopus Server: make the first administrator".into(),
        command: Some("admin"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusLicence,
        scope: |_| Scope::Cluster,
        secrets: &[Secret::Licence],
        is_needed: |draft| draft.is_first() && draft.hands_over() && draft.node.licensed,
        title: |_| "Octopus Server: hand over the licence".into(),
        command: Some("license"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusPaths,
        scope: |_| Scope::Cluster,
        is_needed: |draft| draft.is_first() && draft.hands_over() && draft.shares(),
        title: |_| "Octopus Server: hand over the shared folders".into(),
        command: Some("path"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusHold,
        scope: |_| Scope::Row,
        is_needed: |draft| draft.joins() && draft.starts(),
        title: |_| "Octopus Server: take no tasks yet".into(),
        command: Some("node"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusService,
        secrets: &[Secret::ServicePassword],
        title: |draft| {
            let operation = if draft.node.start_service { "install and start" } else { "install" };
            format!("Octopus Server: {operation} the service")
        },
        command: Some("service"),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::AwaitPing,
        is_needed: |draft| draft.starts(),
        title: |_| "Wait until the node answers its load balancer".into(),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::AwaitBeat,
        secrets: &[Secret::Password],
        is_needed: |draft| draft.starts(),
        title: |_| "Wait until the database sees its heart beat".into(),
        ..OCTOPUS
    },
    StepRow {
        kind: StepKind::OctopusTaskCap,
        scope: |_| Scope::Row,
        secrets: &[Secret::Password],
        title: |draft| {
            let cap = draft.node.task_cap;
            format!("Octopus Server: take {cap} task{} at a time", if cap == 1 { "" } else { "s" })
        },
        command: Some("node"),
        ..OCTOPUS
    },
];

const CONFIG_FAILURE: &str = "The node config could not be written or removed at";

/// Asserts that each row is at its kind's index.
const _: () = {
    let mut place = 0;
    while place < ROWS.len() {
        assert!(ROWS[place].kind as usize == place, "the rows are not in the order of the kinds");
        place += 1;
    }
};

/// Returns a step's row.
pub fn row(kind: StepKind) -> &'static StepRow {
    static TABLE: [StepRow; StepKind::ALL.len()] = ROWS;
    &TABLE[kind as usize]
}

/// Returns whether any of these steps needs a secret.
pub fn need(kinds: impl IntoIterator<Item = StepKind>, secret: Secret) -> bool {
    kinds.into_iter().any(|kind| row(kind).secrets.contains(&secret))
}

/// Returns the steps that change a target, in order.
pub fn kinds_on(target: StepTarget) -> impl DoubleEndedIterator<Item = StepKind> {
    StepKind::ALL.into_iter().filter(move |kind| row(*kind).target == target)
}

/// Returns the steps of a plan, in order.
pub fn in_order(draft: &Draft<'_>) -> Vec<StepKind> {
    let mut kinds: Vec<StepKind> = StepKind::ALL.into_iter().filter(|kind| (row(*kind).is_needed)(draft)).collect();
    // A first node's folders and canaries must exist before the registry names them, because the registry and the
    // cluster are written in one transaction. A joining node writes its canaries only once it owns the row of that
    // name.
    if let Some(made) = kinds.iter().position(|kind| *kind == StepKind::InitialiseCluster) {
        kinds[made..].sort_by_key(|kind| row(*kind).target != StepTarget::Storage);
    }
    kinds
}

impl Draft<'_> {
    fn is_first(&self) -> bool {
        self.proposal.flow == Flow::FirstNode
    }

    fn joins(&self) -> bool {
        self.proposal.flow == Flow::Join
    }

    fn sets_up(&self) -> bool {
        self.is_first() || self.joins()
    }

    fn leaves_row(&self) -> bool {
        self.proposal.flow == Flow::Leave && self.before.is_some()
    }

    fn shares(&self) -> bool {
        !self.node.storage.is_none()
    }

    /// Returns whether Octopus Server is installed and its commands are to be run.
    pub fn hands_over(&self) -> bool {
        let program = self.proposal.facts.octopus.program.seen();
        self.sets_up() && read::hand_over(self.proposal.answers) != HandOverMode::Script && program.is_some_and(Option::is_some)
    }

    /// Returns whether the node's service is started, so that the node must be held back until it has proven itself.
    fn starts(&self) -> bool {
        self.hands_over() && self.node.start_service
    }

    fn needs_home(&self) -> bool {
        self.proposal.resuming || matches!(self.proposal.facts.home.folder.seen(), Some(HomeState::Creatable { .. }))
    }

    fn is_registered(&self) -> bool {
        matches!(self.proposal.facts.cluster.identity.seen(), Some(Identity::Registered(_)))
    }

    /// Returns whether there is, or will be, a registry. Without one there is no row to write, and none that proves
    /// membership.
    fn has_registry(&self) -> bool {
        self.is_registered() || self.adopts()
    }

    /// Returns whether a registry is created in a database that Octopus made. It is not created from an unproven key,
    /// because other nodes' keys would be compared with it.
    fn adopts(&self) -> bool {
        let Proposal { facts, answers, .. } = self.proposal;
        let agreed = answers.is_on(FieldId::MakeRegistry) && matches!(facts.key.verdict.seen(), Some(KeyVerdict::Correct(_)));
        agreed
            && match facts.cluster.identity.seen() {
                Some(Identity::Octopus { .. }) => true,
                // The run's own adoption, started by an earlier start.
                Some(Identity::Registered(cluster)) => {
                    let adopted = ClusterId::adopted(self.proposal.fingerprint, &self.node.target.database);
                    self.proposal.resuming && adopted == self.proposal.cluster && adopted == cluster.id
                }
                None => false,
            }
    }

    /// Returns whether this node's registry row exists and would change.
    fn changes_row(&self) -> bool {
        self.before.is_some_and(|before| self.proposal.resuming || row_differs(self.node, before, self.proposal))
    }

    /// Returns the cluster's short name.
    fn cluster(&self) -> String {
        self.proposal.cluster.short()
    }

    /// Returns the node name in the row that the plan is about.
    fn row(&self) -> Untrusted {
        Untrusted::new(self.before.map_or(&self.node.name, |before| &before.row.name))
    }
}

/// Returns whether this node's registry row would change. The version of octopus-setup does not count: a newer version
/// that changes nothing else is no reason for a run.
pub fn row_differs(node: &Node, before: &KeptRow, proposal: &Proposal<'_>) -> bool {
    let (row, machine) = (&before.row, &proposal.facts.machine);
    // Unknown facts about this machine do not count as different.
    let is_another = |seen: &str, kept: &str| !seen.is_empty() && seen != kept;
    settings::all().any(|setting| match (setting.node, setting.row) {
        (Some(asked), Some(kept)) => asked(node).unwrap_or_default() != kept(row),
        _ => false,
    }) || row.address != node.web.prefix_texts().first().map(String::as_str).unwrap_or_default()
        || is_another(machine.host_name.as_str(), &row.host)
        || is_another(machine.system.as_str(), &row.system)
}
