//! The server's certificate in full, and the question whether to trust just this one.

use std::io::Write;

use crate::catalog::say;
use crate::model::facts::ServerCertificate;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::{Action, Event};

use super::lines::Lines;
use super::talk::{Face, Stop};

/// Where the server's certificate was refused: shows it, and asks whether to trust it from now on; whether it is.
pub async fn offer<L: Lines, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, Stop> {
    let Some(certificate) = face.state().facts.server.certificate.clone() else { return Ok(false) };
    if !face.state().is_certificate_refused() {
        return Ok(false);
    }
    face.gap()?;
    face.say("The server's certificate was refused. This is what it says of itself:")?;
    for line in lines(&certificate) {
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

fn lines(certificate: &ServerCertificate) -> Vec<String> {
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
        format!("Valid: {} to {}, {left}.", say::day(certificate.not_before), say::day(certificate.not_after)),
        format!("SHA-256: {}.", say::sha256(&certificate.sha256)),
    ]
}
