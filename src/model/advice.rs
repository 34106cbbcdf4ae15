//! What the operator should do after the wizard, as a closed set. The wizard decides which of it applies.

use serde::Deserialize;

use super::choice::listed;

listed! {
    /// One piece of advice.
    #[derive(PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Advice {
        /// Keep the new master key in a safe place.
        KeepKey,
        /// Run Octopus Server's script, because this run did not set it up.
        RunScript,
        /// Start the service, which was installed but not started, as requested.
        StartService,
        /// Create an administrator, so that somebody can sign in.
        MakeAdministrator,
        /// Create the administrator that was asked for: Octopus Server was not there to do it.
        AdministratorLeft,
        /// Enter the licence, which was not handed over.
        SetLicence,
        /// Enter the licence that was given: Octopus Server was not there to take it.
        LicenceLeft,
        /// Sign in: the administrator exists, and Octopus Server runs.
        SignIn,
        /// Set up shared storage, which a second node needs.
        ShareStorage,
        /// Add the next node.
        NextNode,
        /// Put a load balancer in front of several nodes.
        LoadBalancer,
        /// Make every node known to polling Tentacles.
        Tentacles,
        /// Try a joined node by itself first.
        TryFirst,
        /// Add a joined node to the load balancer.
        AddToLoadBalancer,
        /// Make a joined node known to polling Tentacles.
        PollJoined,
        /// Apply changed settings to Octopus Server.
        ApplyChange,
        /// Tell the load balancer and the Tentacles about changed addresses.
        TellOthers,
        LookAtDrift,
        /// Remove a node that left from the load balancer and the Tentacles.
        Forget,
        /// Stop the Octopus Server of a node that left, and delete it from Octopus' own list.
        StopServer,
        /// Finally delete the remaining secrets of a node.
        DeleteSecrets,
        /// Delete a removed node from Octopus' own list.
        DeleteInOctopus,
    }
}

impl Advice {
    /// Returns whether it comes before the node can be relied upon; everything else can wait.
    pub const fn is_urgent(self) -> bool {
        match self {
            Self::KeepKey
            | Self::RunScript
            | Self::StartService
            | Self::MakeAdministrator
            | Self::AdministratorLeft
            | Self::SetLicence
            | Self::LicenceLeft
            | Self::SignIn
            | Self::TryFirst
            | Self::ApplyChange
            | Self::StopServer
            | Self::Forget
            | Self::DeleteInOctopus => true,
            Self::ShareStorage
            | Self::NextNode
            | Self::LoadBalancer
            | Self::Tentacles
            | Self::AddToLoadBalancer
            | Self::PollJoined
            | Self::TellOthers
            | Self::LookAtDrift
            | Self::DeleteSecrets => false,
        }
    }
}
