//! The nodes of the cluster as sentences.

use std::io::Write;

use crate::catalog::say;
use crate::model::facts::{Life, NodeSeen};
use crate::model::screen::ScreenId;

use super::checks;
use super::lines::Lines;
use super::talk::{Face, Stop};

/// How many nodes are told.
const MOST: usize = 20;

/// Tells the nodes of the cluster, as soon as they are known.
pub async fn tell<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), Stop> {
    checks::wait(face, ScreenId::Cluster).await?;
    let Some(nodes) = face.state().facts.cluster.nodes.seen().cloned() else {
        return face.say("The nodes of the cluster are not known.");
    };
    face.say(&format!("The cluster has {}.", say::count(nodes.len() as u64, "node")))?;
    for node in nodes.iter().take(MOST) {
        face.say(&sentence(node))?;
    }
    if nodes.len() > MOST {
        face.say(&format!("And {} more.", nodes.len() - MOST))?;
    }
    Ok(())
}

/// One node: its name, whether it is alive, and when it was seen.
pub fn sentence(node: &NodeSeen) -> String {
    let life = match node.life() {
        Life::Alive => "alive",
        Life::Silent => "silent",
        Life::Dead => "dead",
    };
    let mut said = vec![format!("Node {}: {life}", node.name)];
    if let Some(ago) = node.last_seen() {
        said.push(format!("last seen {} ago", say::span(ago.as_secs())));
    }
    if node.registered().is_none() {
        said.push("not in the registry".to_owned());
    }
    if node.drained {
        said.push("drained".to_owned());
    }
    format!("{}.", said.join(", "))
}
