//! `octopus-setup tentacles`: what polling Tentacles are told of every node.

use std::process::ExitCode;

use octopus_setup::faces::exit::Exit;
use octopus_setup::render::Shell;
use octopus_setup::render::load_balancer::Frontend;
use octopus_setup::render::tentacles::{AddressScheme, Polling, json, write, xml_line};

use octopus_setup::world::host;

use super::backends::{self, HandOver, Refused};
use super::environment::Environment;
use super::front_args::{PollingScheme, Tentacles, TentaclesFormat};

/// Runs what was asked for.
pub async fn run(asked: &Tentacles, environment: &Environment) -> ExitCode {
    backends::ended(told(asked, environment).await)
}

async fn told(asked: &Tentacles, environment: &Environment) -> Result<(), Refused> {
    let usage = |says: &dyn std::fmt::Display| (Exit::Usage, says.to_string());
    let scheme = match (asked.scheme, &asked.address) {
        (PollingScheme::Own, None) => AddressScheme::Own,
        (PollingScheme::Own, Some(_)) => {
            return Err(usage(&"--address is the one address of all nodes: it goes with --scheme shared."));
        }
        (PollingScheme::Shared, Some(address)) => {
            let address = Frontend::read_name(address).map_err(|bad| usage(&bad))?;
            AddressScheme::Shared { address, first_port: asked.first_port }
        }
        (PollingScheme::Shared, None) => return Err(usage(&"--scheme shared needs --address.")),
    };
    let thumbprint = asked.thumbprint.as_deref().map(thumbprint).transpose().map_err(|says| usage(&says))?;
    let subscription = asked.subscription.as_deref().map(subscription).transpose().map_err(|says| usage(&says))?;
    let backends = backends::backends(&asked.node, &asked.nodes, environment).await?;
    let polling = Polling::new(&backends, &scheme).map_err(|none| usage(&none))?;
    let polling = Polling { thumbprint, subscription, ..polling };
    let commands = |shell| write(&polling, shell).map_err(|none| usage(&none));
    let (powershell, bash) = (commands(Shell::PowerShell)?, commands(Shell::Bash)?);
    let (setting, line) = (json(&polling), xml_line(&polling));
    let own = match Shell::of(host::platform()) {
        Shell::PowerShell => TentaclesFormat::PowerShell,
        Shell::Bash => TentaclesFormat::Bash,
    };
    let text = match asked.format.unwrap_or(own) {
        TentaclesFormat::PowerShell => powershell.clone(),
        TentaclesFormat::Bash => bash.clone(),
        TentaclesFormat::Json => format!("{setting}\n"),
        TentaclesFormat::Xml => format!("{line}\n"),
    };
    let mut said = serde_json::Map::new();
    said.insert("powershell".into(), powershell.into());
    said.insert("bash".into(), bash.into());
    said.insert("json".into(), setting.into());
    said.insert("xml".into(), line.into());
    let polled = polling.nodes.iter().map(|node| (node.name.clone(), node.address().into()));
    said.insert("addresses".into(), serde_json::Value::Object(polled.collect()));
    backends::hand_over(HandOver { text: &text, out: asked.out.as_deref(), output: asked.output, said }, &backends)
}

/// A certificate's thumbprint: SHA-1, 40 hexadecimal digits, in any case and with blanks or colons between them.
fn thumbprint(text: &str) -> Result<String, &'static str> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).map(|c| c.to_ascii_uppercase()).collect();
    let good = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if good { Ok(digits) } else { Err("A thumbprint has 40 hexadecimal digits; Octopus.Server show-thumbprint prints it.") }
}

/// A subscription: `poll://` and letters and digits.
fn subscription(text: &str) -> Result<String, &'static str> {
    const SAYS: &str = "A subscription looks like poll://g3662re9njtelsyfhm7t/; it stands in Tentacle.config.";
    let id = text.trim().strip_prefix("poll://").map(|rest| rest.trim_end_matches('/')).ok_or(SAYS)?;
    let good = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if good { Ok(format!("poll://{id}/")) } else { Err(SAYS) }
}
