//! The fields: one question each, as a closed set. Everything that is fixed about a field, from its id to the option of Octopus
//! Server that carries its answer, is in its one row in [`crate::catalog::settings`]; its words are in `screens/*.toml`.

use serde::{Deserialize, Serialize};

use super::choice::listed;

listed! {
    /// One question.
    #[derive(PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    pub enum FieldId {
        Instance,
        Home,
        NodeName,
        ServiceAccount,
        ServiceUser,
        ServicePassword,
        Server,
        Database,
        User,
        Password,
        Encryption,
        Trust,
        CaFile,
        Fingerprint,
        CreateDatabase,
        MultiSubnet,
        MasterKey,
        UnverifiedKey,
        ReplaceNode,
        TaskCap,
        MakeRegistry,
        ListenPrefixes,
        ForceSsl,
        CommsPort,
        GrpcPort,
        TrustedProxies,
        KeySize,
        KeyFile,
        KeyProof,
        KeyConfirm,
        NodeConfirm,
        AnswersFile,
        Storage,
        StorageRoot,
        ArtifactsFolder,
        TaskLogsFolder,
        PackagesFolder,
        TelemetryFolder,
        ImportsFolder,
        EventExportsFolder,
        AdminUser,
        AdminEmail,
        AdminPassword,
        AdminPasswordAgain,
        Licence,
        LicenceFile,
        HandOver,
        OctopusServer,
        StartService,
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A path on this machine.
    Path,
    /// A line that is never shown.
    Secret,
    /// A whole number.
    Number,
    /// One of a closed set; the values are what answer files and the node config say.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Toggle,
}
