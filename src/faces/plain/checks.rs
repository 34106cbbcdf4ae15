//! Checks and facts as sentences: each verdict once, when it is final, in the order of the screen; also the cluster's
//! nodes, the shared folders and the server's certificate.

use std::io::Write;

use crate::catalog::format;
use crate::faces::sentences;
use crate::model::check::CheckId;
use crate::model::facts::{Liveness, NodeSeen, ServerCertificate};
use crate::model::finding::{Finding, Remedy, Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::{Action, Event};
use crate::wizard::state::State;
use crate::wizard::view::shared_folders;

use super::input::LineSource;
use super::talk::{Face, SessionStop, Waiting};

/// The verdicts of a screen that have been told.
#[derive(Debug, Default)]
pub struct ToldVerdicts(Vec<(CheckId, Verdict)>);

impl ToldVerdicts {
    /// Forgets all verdicts, so that they are told again.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns whether this verdict was told. A good verdict that is still good counts as told even if its evidence has
    /// grown.
    fn knows(&self, check: CheckId, verdict: &Verdict) -> bool {
        let good = |verdict: &Verdict| matches!(verdict, Verdict::Good(_));
        self.0.iter().any(|(other, known)| *other == check && (known == verdict || (good(known) && good(verdict))))
    }

    fn remember(&mut self, check: CheckId, verdict: &Verdict) {
        self.0.retain(|(other, _)| *other != check);
        self.0.push((check, verdict.clone()));
    }
}

/// Waits until a screen's checks have ended. Tells each verdict as soon as it and all before it are final, because a
/// list in a different order each time is hard to follow by ear.
pub async fn tell_all<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    screen: ScreenId,
    known: &mut ToldVerdicts,
) -> Result<(), SessionStop> {
    let mut waiting = Waiting::default();
    loop {
        let verdicts = face.state().verdicts_of(screen);
        let running = verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Running);
        let final_ones = verdicts.iter().take_while(|(_, verdict)| is_final(verdict) || !running);
        for (check, verdict) in final_ones.filter(|(_, verdict)| is_final(verdict)) {
            if !known.knows(*check, verdict) {
                known.remember(*check, verdict);
                tell(face, *check, verdict)?;
            }
        }
        if face.state().place.here != screen && !running {
            // The next screen is open already; its checks are told there.
            return Ok(());
        }
        let more = face.news(&mut waiting, |state| checking(state, screen)).await?;
        if !more {
            let same = face.state().verdicts_of(screen) == verdicts;
            if same {
                return Ok(());
            }
        }
    }
}

/// Waits until the checks of a screen have ended.
pub async fn wait_for<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, screen: ScreenId) -> Result<(), SessionStop> {
    let mut waiting = Waiting::default();
    while face.news(&mut waiting, |state| checking(state, screen)).await? {}
    Ok(())
}

/// Tells the verdict of one check if it is final and was not told before.
pub fn tell_check<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    check: CheckId,
    known: &mut ToldVerdicts,
) -> Result<(), SessionStop> {
    let verdict = face.state().verdict(check);
    if !is_final(&verdict) || known.knows(check, &verdict) {
        return Ok(());
    }
    known.remember(check, &verdict);
    tell(face, check, &verdict)
}

/// Tells the stops of the screen in full: what is wrong, the fix, and its SQL or command.
pub fn tell_stops<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let verdicts = face.state().verdicts();
    tell_findings(face, "Fix this first.", &verdicts, |severity| severity == Severity::Stop)
}

/// Tells in full what has to be accepted before going on.
pub fn tell_warnings<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    let warnings = face.state().warnings();
    let has_warning = warnings.iter().any(|(_, verdict)| verdict.severity() == Some(Severity::Warn));
    let title = if has_warning { "There are warnings." } else { "Something could not be looked at." };
    tell_findings(face, title, &warnings, Severity::needs_consent)
}

fn tell_findings<L: LineSource, W: Write>(
    face: &mut Face<'_, L, W>,
    title: &str,
    verdicts: &[(CheckId, Verdict)],
    is_told: fn(Severity) -> bool,
) -> Result<(), SessionStop> {
    face.gap()?;
    face.say(title)?;
    for (_, verdict) in verdicts {
        let Verdict::Found(findings) = verdict else { continue };
        for finding in findings.iter().filter(|finding| is_told(finding.severity)) {
            tell_finding(face, finding)?;
        }
    }
    Ok(())
}

fn tell_finding<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, finding: &Finding) -> Result<(), SessionStop> {
    let word = sentences::severity(finding.severity);
    face.tell(&format!("{word}: {}: {}", finding.check.id(), finding.says))?;
    tell_fix(face, &finding.fix, finding.remedy.as_ref().map(Remedy::text))
}

/// Tells the fix and the SQL or command for it.
pub fn tell_fix<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, fix: &str, remedy: Option<&str>) -> Result<(), SessionStop> {
    if !fix.is_empty() {
        face.tell(&format!("What to do: {fix}"))?;
    }
    if let Some(remedy) = remedy {
        face.say("To copy:")?;
        for line in remedy.lines() {
            face.say(line)?;
        }
    }
    Ok(())
}

fn is_final(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Good(_) | Verdict::Unknown(_) | Verdict::Found(_))
}

fn tell<L: LineSource, W: Write>(face: &mut Face<'_, L, W>, check: CheckId, verdict: &Verdict) -> Result<(), SessionStop> {
    for sentence in sentences_of(check, verdict) {
        face.tell(&sentence)?;
    }
    Ok(())
}

/// Returns the sentences of a final verdict; none for one that is not final.
pub fn sentences_of(check: CheckId, verdict: &Verdict) -> Vec<String> {
    let name = format!("{} ({})", sentences::check_label(check), check.id());
    match verdict {
        Verdict::Good(evidence) | Verdict::Unknown(evidence) => {
            vec![format!("{}: {name}: {}", sentences::verdict(verdict), format::sentence(&sentences::clean(evidence)))]
        }
        Verdict::Found(findings) => findings
            .iter()
            .map(|finding| format!("{}: {name}: {}", sentences::severity(finding.severity), finding.says))
            .collect(),
        Verdict::NotYet | Verdict::Running | Verdict::DoesNotApply => Vec::new(),
    }
}

/// Names the checks that are still running.
fn checking(state: &State, screen: ScreenId) -> String {
    let running = state.verdicts_of(screen).into_iter().filter(|(_, verdict)| *verdict == Verdict::Running);
    let names: Vec<&str> = running.map(|(check, _)| sentences::check_label(check)).collect();
    if names.is_empty() { "checking".to_owned() } else { format!("checking {}", names.join(", ")) }
}

/// The largest number of nodes that are listed.
const MOST: usize = 20;

/// Tells the nodes of the cluster, as soon as they are known.
pub async fn tell_nodes<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    wait_for(face, ScreenId::Cluster).await?;
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

/// Describes a node: its name, whether it is alive, and when it was last seen.
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

/// Lists the shared folders of the registry with their status on this machine, once that is known; says nothing if the
/// screen asks for the folders.
pub async fn tell_folders<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    wait_for(face, ScreenId::Storage).await?;
    for share in shared_folders(face.state()) {
        face.say(&format!("Folder {}: {}, {}.", share.folder.name(), share.path, share.status))?;
    }
    Ok(())
}

/// If the server's certificate was refused, shows it and asks whether to trust it. Returns whether it is trusted from
/// now on.
pub async fn offer_certificate<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, SessionStop> {
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
    // The server may have presented another certificate in the meantime.
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
