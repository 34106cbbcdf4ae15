//! `octopus-setup load-balancer`: what a load balancer in front of the cluster needs.

use std::process::ExitCode;

use octopus_setup::faces::exit::Exit;
use octopus_setup::model::backend::Backends;
use octopus_setup::render::load_balancer::{CertificateFiles, Frontend, FrontendError, Listen, Program, configuration};

use super::backends::{self, HandOver, Refused};
use super::environment::Environment;
use super::front_args::{Balancer, LoadBalancer};

/// Runs what was asked for.
pub async fn run(asked: &LoadBalancer, environment: &Environment) -> ExitCode {
    backends::ended(write(asked, environment).await)
}

async fn write(asked: &LoadBalancer, environment: &Environment) -> Result<(), Refused> {
    let front = front(asked).map_err(|bad| (Exit::Usage, bad.to_string()))?;
    let program = match asked.kind {
        Balancer::Nginx => Program::Nginx,
        Balancer::HaProxy => Program::HaProxy,
        Balancer::Iis => Program::Iis,
        Balancer::NetScaler => Program::NetScaler,
    };
    let backends = backends::backends(&asked.node, &asked.nodes, environment).await?;
    let text = configuration(program, &backends, &front).map_err(|none| (Exit::Usage, none.to_string()))?;
    let mut said = serde_json::Map::new();
    said.insert("for".into(), program.id().into());
    said.insert("polling_ports".into(), polling_ports(program, &backends, &front));
    backends::hand_over(HandOver { text: &text, out: asked.out.as_deref(), output: asked.output, said }, &backends)
}

/// What the load balancer shows to the world.
fn front(asked: &LoadBalancer) -> Result<Frontend, FrontendError> {
    let default = if asked.certificate.is_some() { 443 } else { 80 };
    let listen = match &asked.listen {
        Some(text) => Listen::parse(text, default)?,
        None => Listen { address: None, port: default },
    };
    Ok(Frontend {
        name: asked.name.as_deref().map(Frontend::read_name).transpose()?,
        listen,
        certificate: asked
            .certificate
            .clone()
            .zip(asked.certificate_key.clone())
            .map(|(file, key)| CertificateFiles { file, key }),
        sticky: asked.sticky,
        polling_port: (!asked.no_polling).then_some(asked.polling_port),
        grpc_port: asked.grpc,
        inner_port: asked.inner_port,
        cache: asked.cache_dir.clone(),
    })
}

/// The ports on which each node's polling Tentacles come in: what `tentacles --scheme shared` tells them.
fn polling_ports(program: Program, backends: &Backends, front: &Frontend) -> serde_json::Value {
    let Some(first) = front.polling_port.filter(|_| program != Program::Iis) else { return serde_json::json!({}) };
    let ports = backends.nodes.iter().zip(first..).map(|(node, port)| (node.name.as_str().to_owned(), port.into()));
    serde_json::Value::Object(ports.collect())
}
