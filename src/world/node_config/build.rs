//! From a plan to its node config.

use secrecy::{ExposeSecret, SecretString};

use crate::model::node_config::{
    ClusterSection, DatabaseSection, NodeConfig, NodeSection, Sealed, SealedSignIn, ServiceSection, TrustSection,
};
use crate::model::plan::Plan;
use crate::model::target::SignIn;
use crate::world::seal::{Purpose, SealError, Sealer};

/// The config that a plan leads to, its secrets sealed.
pub fn build(plan: &Plan, sealer: &Sealer) -> Result<NodeConfig, SealError> {
    let node = &plan.node;
    let instance = node.instance.as_str();
    let seal = |purpose: &Purpose<'_>, secret: &SecretString| -> Result<Sealed, SealError> {
        sealer.seal(purpose, secret.expose_secret().as_bytes())
    };
    let service_password =
        node.service.password.as_ref().map(|secret| seal(&Purpose::ServicePassword { instance }, secret)).transpose()?;
    Ok(NodeConfig {
        format: NodeConfig::FORMAT,
        instance: node.instance.clone(),
        node: NodeSection { name: node.name.clone(), home: node.home.clone(), task_cap: node.task_cap },
        service: ServiceSection { account: node.service.kind, user: node.service.user.clone(), password: service_password },
        database: DatabaseSection {
            server: node.target.address.to_string(),
            name: node.target.database.to_string(),
            sign_in: match &node.target.sign_in {
                SignIn::SqlLogin { user, password } => SealedSignIn::SqlLogin {
                    user: user.clone(),
                    password: seal(&Purpose::DatabasePassword { instance }, password)?,
                },
            },
            encryption: node.target.encryption,
            trust: TrustSection::from(&node.target.trust),
            multi_subnet: node.target.multi_subnet,
        },
        cluster: ClusterSection {
            id: plan.cluster,
            fingerprint: plan.fingerprint,
            master_key_file: NodeConfig::KEY_FILE.to_owned(),
        },
        web: node.web.section(),
        comms: node.web.comms_section(),
        storage: node.storage.clone(),
    })
}
