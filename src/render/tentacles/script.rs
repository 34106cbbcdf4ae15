//! The commands, as a script for the machine of a Tentacle.

use askama::Template;
use askama::filters::Safe;

use super::{API_KEY, NoPolling, Polled, Polling, config};
use crate::render::Shell;
use crate::render::load_balancer::tidy;

#[derive(Template)]
#[template(path = "tentacles.sh", config = "assets/askama.toml")]
struct Bash<'a> {
    head: Vec<Safe<String>>,
    key: Safe<&'static str>,
    nodes: &'a [Polled],
    tail: Vec<Safe<String>>,
}

#[derive(Template)]
#[template(path = "tentacles.ps1", config = "assets/askama.toml")]
struct PowerShell<'a> {
    head: Vec<Safe<String>>,
    key: Safe<&'static str>,
    nodes: &'a [Polled],
    tail: Vec<Safe<String>>,
}

/// The commands in a shell.
///
/// # Errors
/// A value that the shell cannot carry.
pub fn write(polling: &Polling, shell: Shell) -> Result<String, NoPolling> {
    let comments = |lines: Vec<String>| lines.iter().map(|line| comment(line, shell)).collect();
    let (head, tail) = (comments(head(polling)), comments(tail(polling)));
    let (key, nodes) = (Safe(API_KEY), polling.nodes.as_slice());
    let text = match shell {
        Shell::Bash => Bash { head, key, nodes, tail }.render(),
        Shell::PowerShell => PowerShell { head, key, nodes, tail }.render(),
    };
    text.map(|text| tidy(&text)).map_err(|_| NoPolling::Unwritable)
}

/// A line of a comment; in PowerShell in ASCII, since Windows PowerShell guesses a file's encoding.
fn comment(line: &str, shell: Shell) -> Safe<String> {
    let line: String = line
        .chars()
        .map(|c| match c {
            c if c.is_control() => " ".to_owned(),
            c if shell == Shell::PowerShell && !c.is_ascii() => "?".to_owned(),
            c => c.to_string(),
        })
        .collect();
    Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") })
}

fn head(polling: &Polling) -> Vec<String> {
    let mut lines = vec![
        "Makes a polling Tentacle poll every node of its cluster. Run it on the Tentacle's machine.".to_owned(),
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    lines.extend(polling.nodes.iter().map(|node| format!("  {}  {}", node.name, node.address())));
    lines.extend(polling.remarks.iter().cloned());
    lines.extend([
        String::new(),
        "These addresses must lead to the one node each: no load balancer that chooses, and nothing that ends TLS on the way."
            .into(),
        format!("Set {API_KEY} to an API key first; Tentacle takes it on its command line, where anyone who may list the"),
        "processes of this machine can read it while a command runs.".into(),
    ]);
    lines
}

fn tail(polling: &Polling) -> Vec<String> {
    vec![
        "The same by hand, with the service stopped: this is the whole line of Tentacle.config (the Tentacle's thumbprint and".into(),
        "subscription are the same in each entry; keep those that stand there already).".into(),
        format!("  {}", config::xml_line(polling)),
        format!("Its value as plain JSON, as {} has it:", config::SETTING),
        format!("  {}", config::json(polling)),
        String::new(),
        "Since Octopus Server 2026.4 the nodes can share their polling Tentacles by Redis instead: one address for all that may be".into(),
        "balanced (TCP, passed through). On every node, with a shared folder for the cluster configured:".into(),
        "  Octopus.Server configure --multiNodePollingTentaclesRedisConnectionString=<host:6379,password=...>".into(),
        "and then a Tentacle (8.1.1713 or later) forgets the others: Tentacle clear-trusted-servers --keep <thumbprint>.".into(),
    ]
}
