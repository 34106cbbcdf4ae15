//! What is to be done once the wizard has done its part, as a closed set. Which of it applies is the mind's to say.

use serde::Deserialize;

/// One piece of advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// The new master key belongs in a safe place.
    KeepKey,
    /// Octopus Server was not set up by this run: its script is to be run.
    RunScript,
    /// The service was installed and, as it was asked for, not started.
    StartService,
    /// Nobody can sign in before there is an administrator.
    MakeAdministrator,
    /// The licence was not handed over.
    SetLicence,
    /// The administrator was made, and Octopus Server runs.
    SignIn,
    /// Nothing is shared, which a second node needs.
    ShareStorage,
    /// The next node is to be added.
    NextNode,
    /// A load balancer is to stand before several nodes.
    LoadBalancer,
    /// Polling Tentacles are to be told of every node.
    Tentacles,
    /// A node that joined is to be tried by itself first.
    TryFirst,
    /// A node that joined is to be known to the load balancer.
    AddToLoadBalancer,
    /// Polling Tentacles are to be told of the node that joined.
    PollJoined,
    /// Octopus Server has to be told of changed settings.
    ApplyChange,
    /// Load balancer and Tentacles have to be told of changed addresses.
    TellOthers,
    /// Drift shows what differs.
    LookAtDrift,
    /// A node that left is to be forgotten by load balancer and Tentacles.
    Forget,
    /// Octopus Server of a node that left is to be stopped and deleted from Octopus' own list.
    StopServer,
    /// What was left of a node's secrets is to be deleted in the end.
    DeleteSecrets,
    /// A removed node is to be deleted from Octopus' own list.
    DeleteInOctopus,
}

impl Advice {
    /// Every piece of it.
    pub const ALL: [Self; 20] = [
        Self::KeepKey,
        Self::RunScript,
        Self::StartService,
        Self::MakeAdministrator,
        Self::SetLicence,
        Self::SignIn,
        Self::ShareStorage,
        Self::NextNode,
        Self::LoadBalancer,
        Self::Tentacles,
        Self::TryFirst,
        Self::AddToLoadBalancer,
        Self::PollJoined,
        Self::ApplyChange,
        Self::TellOthers,
        Self::LookAtDrift,
        Self::Forget,
        Self::StopServer,
        Self::DeleteSecrets,
        Self::DeleteInOctopus,
    ];
}
