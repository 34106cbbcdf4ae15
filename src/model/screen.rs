//! The screens, as a closed set.

use serde::{Deserialize, Serialize};

use super::choice::ids;

ids! {
    /// One screen of the wizard. Its id is the name of its file under `screens/`;
    /// [`crate::catalog::flow`] decides about its place in a flow.
    #[derive(PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    pub enum ScreenId {
        /// What to do: the flows, the instances of this machine, an unfinished run.
        Start = "start",
        /// Instance name, home directory, node name.
        Home = "home",
        /// The account that Octopus Server runs as.
        Service = "service",
        /// The SQL Server database.
        Database = "database",
        /// The cluster's nodes, and what a node that joins has to know: master key, node name, task cap.
        Cluster = "cluster",
        /// Shared storage.
        Storage = "storage",
        /// Octopus Server itself: its web portal and ports, the first administrator, the licence, the program and its service.
        Octopus = "octopus",
        /// The plan.
        Review = "review",
        /// The plan's steps as they run.
        Install = "install",
        /// The master key: shown, copied, saved, and its keeping proven.
        MasterKey = "master-key",
        /// What to do next.
        Done = "done",
        /// A node under review: its settings and where each of them came from.
        Node = "node",
        /// Every check of every screen, run again.
        Proof = "proof",
        /// Where node config, registry row, `OctopusServer.config` and host say different things.
        Drift = "drift",
        /// The master key of a node under review: its fingerprint, and the key itself on request.
        Key = "key",
        /// The backups of the node config, and in what they differ from it.
        Backups = "backups",
    }
}

impl From<ScreenId> for String {
    fn from(screen: ScreenId) -> Self {
        screen.id().to_owned()
    }
}

impl TryFrom<String> for ScreenId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        // Recordings of older programs name the screens that became one.
        let id = if matches!(id.as_str(), "web" | "administrator" | "license") { "octopus".to_owned() } else { id };
        Self::from_id(&id).ok_or_else(|| format!("there is no screen {id:?}"))
    }
}
