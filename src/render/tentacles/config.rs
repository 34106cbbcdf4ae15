//! What a Tentacle's own configuration says of the nodes that it polls.

use std::fmt::Write as _;

use super::Polling;

/// The setting in `Tentacle.config`.
pub const SETTING: &str = "Tentacle.Communication.TrustedOctopusServers";

/// The setting's value: a JSON array with an entry for each node. Where the thumbprint or the subscription is not known, a place
/// to fill in stands between `<` and `>`; it is the same for all nodes.
pub fn json(polling: &Polling) -> String {
    let thumbprint = polling.thumbprint.as_deref().unwrap_or("<thumbprint of the Octopus Server certificate>");
    let subscription = polling.subscription.as_deref().unwrap_or("<poll://... of this Tentacle>");
    let mut text = String::from("[");
    for (place, node) in polling.nodes.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // Written by hand, for the order of the keys is Tentacle's own; each value is quoted by the JSON library. Writing to a
        // string cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"Thumbprint\":{},\"CommunicationStyle\":2,\"Address\":{},\"Squid\":null,\"SubscriptionId\":{}}}",
            serde_json::Value::from(thumbprint),
            serde_json::Value::from(node.address()),
            serde_json::Value::from(subscription),
        );
    }
    text.push(']');
    text
}

/// The whole line of `Tentacle.config`.
pub fn xml_line(polling: &Polling) -> String {
    let mut line = format!("<set key=\"{SETTING}\">");
    for character in json(polling).chars() {
        match character {
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '&' => line.push_str("&amp;"),
            '"' => line.push_str("&quot;"),
            character => line.push(character),
        }
    }
    line.push_str("</set>");
    line
}
