//! What was found, as sentences: the cluster's nodes, the shared folders, the server's certificate.

use std::io::Write;

use crate::catalog::format;
use crate::model::facts::{Liveness, NodeSeen, ServerCertificate};
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::{Action, Event};
use crate::wizard::view::shared_folders;

use super::checks;
use super::input::Lines;
use super::talk::{Face, Stop};

/// How many nodes are told.
const MOST: usize = 20;

/// Tells the nodes of the cluster, as soon as they are known.
pub async fn tell_nodes<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    checks::wait(face, ScreenId::Cluster).await?;
    let Some(nodes) = face.state().facts.cluster.nodes.seen().cloned() else {
        return face.say("The nodes of the cluster are not known.");
    };
    face.say(&format!("The cluster has {}.", format::count(nodes.len() as u64, "node")))?;
    for node in nodes.iter().take(MOST) {
        face.say(&node_sentence(node))?;
    }
    if nodes.len() > MOST {
        face.say(&format!("And {} more.", nodes.len() - MOST))?;
    }
    Ok(())
}

/// One node: its name, whether it is alive, and when it was seen.
pub fn node_sentence(node: &NodeSeen) -> String {
    let life = match node.life() {
        Liveness::Alive => "alive",
        Liveness::Silent => "silent",
        Liveness::Dead => "dead",
    };
    let mut said = vec![format!("Node {}: {life}", node.name)];
    if let Some(ago) = node.last_seen() {
        said.push(format!("last seen {} ago", format::span(ago.as_secs())));
    }
    if node.registered().is_none() {
        said.push("not in the registry".to_owned());
    }
    if node.drained {
        said.push("drained".to_owned());
    }
    format!("{}.", said.join(", "))
}

/// Tells what the registry says is shared, as soon as it is known how it stands here; nothing where that is asked.
pub async fn tell_folders<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    checks::wait(face, ScreenId::Storage).await?;
    for share in shared_folders(face.state()) {
        face.say(&format!("Folder {}: {}, {}.", share.folder.name(), share.path, share.status))?;
    }
    Ok(())
}

/// Where the server's certificate was refused: shows it, and asks whether to trust it from now on; whether it is.
pub async fn offer_certificate<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, Stop> {
    let Some(certificate) = face.state().facts.server.certificate.clone() else { return Ok(false) };
    if !face.state().is_certificate_refused() {
        return Ok(false);
    }
    face.gap()?;
    face.say("The server's certificate was refused. This is what it says of itself:")?;
    for line in certificate_lines(&certificate) {
        face.say(&line)?;
    }
    face.say("Compare the SHA-256 with what the DBA reads on the server before you trust it.")?;
    if !face.yes_no("Trust just this certificate?").await? {
        return Ok(false);
    }
    // The server may have shown another one while the question was put.
    if face.state().facts.server.certificate.as_ref() != Some(&certificate) {
        face.say("The server shows another certificate by now.")?;
        return Ok(false);
    }
    face.quietly(Event::Press(Action::Certificate));
    face.handle(Event::Reply(true))?;
    Ok(true)
}

fn certificate_lines(certificate: &ServerCertificate) -> Vec<String> {
    let issuer = if certificate.self_signed { "itself" } else { certificate.issuer.as_str() };
    let names: Vec<&str> = certificate.names.iter().map(Untrusted::as_str).collect();
    let left = match certificate.days_left {
        ..=-1 => "over".to_owned(),
        0 => "ends today".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    };
    vec![
        format!("Subject: {}.", certificate.subject),
        format!("Issuer: {issuer}."),
        format!("Names: {}.", if names.is_empty() { "none".to_owned() } else { names.join(", ") }),
        format!("Valid: {} to {}, {left}.", format::day(certificate.not_before), format::day(certificate.not_after)),
        format!("SHA-256: {}.", format::sha256(&certificate.sha256)),
    ]
}
