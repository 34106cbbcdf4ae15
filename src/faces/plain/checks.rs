//! The live checks as sentences: each verdict once, when it is final, in the order of the screen.

use std::io::Write;

use crate::catalog::format;
use crate::faces::sentences;
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Remedy, Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::wizard::state::State;
use crate::words;

use super::input::Lines;
use super::talk::{Face, Stop, Waiting};

/// What was told of a screen's checks.
#[derive(Debug, Default)]
pub struct Told(Vec<(CheckId, Verdict)>);

impl Told {
    /// Everything is to be told anew.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether this was told. What was good and still is may have more evidence by now, which is no news.
    fn knows(&self, check: CheckId, verdict: &Verdict) -> bool {
        let good = |verdict: &Verdict| matches!(verdict, Verdict::Good(_));
        self.0.iter().any(|(other, told)| *other == check && (told == verdict || (good(told) && good(verdict))))
    }

    fn remember(&mut self, check: CheckId, verdict: &Verdict) {
        self.0.retain(|(other, _)| *other != check);
        self.0.push((check, verdict.clone()));
    }
}

/// Waits until the checks of a screen have ended, and tells each as soon as it and all before it have: a list that comes in
/// another order each time cannot be followed by ear.
pub async fn tell_all<L: Lines, W: Write>(face: &mut Face<'_, L, W>, screen: ScreenId, told: &mut Told) -> Result<(), Stop> {
    let mut waiting = Waiting::default();
    loop {
        let verdicts = face.state().verdicts_of(screen);
        let running = verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Running);
        let final_ones = verdicts.iter().take_while(|(_, verdict)| is_final(verdict) || !running);
        for (check, verdict) in final_ones.filter(|(_, verdict)| is_final(verdict)) {
            if !told.knows(*check, verdict) {
                told.remember(*check, verdict);
                tell(face, *check, verdict)?;
            }
        }
        if face.state().place.here != screen && !running {
            // The next screen is open already, and its own checks are its own business.
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
pub async fn wait<L: Lines, W: Write>(face: &mut Face<'_, L, W>, screen: ScreenId) -> Result<(), Stop> {
    let mut waiting = Waiting::default();
    while face.news(&mut waiting, |state| checking(state, screen)).await? {}
    Ok(())
}

/// Tells one check, whatever it came to.
pub fn tell_one<L: Lines, W: Write>(face: &mut Face<'_, L, W>, check: CheckId, told: &mut Told) -> Result<(), Stop> {
    let verdict = face.state().verdict(check);
    if !is_final(&verdict) || told.knows(check, &verdict) {
        return Ok(());
    }
    told.remember(check, &verdict);
    tell(face, check, &verdict)
}

/// What stands against going on, in full: what it is, what to do, and with what.
pub fn stand_against<L: Lines, W: Write>(face: &mut Face<'_, L, W>, least: Severity, title: &str) -> Result<(), Stop> {
    face.gap()?;
    face.say(title)?;
    let verdicts = if least == Severity::Warn { face.state().warnings() } else { face.state().verdicts() };
    for (_, verdict) in verdicts {
        let Verdict::Found(findings) = verdict else { continue };
        for finding in findings.iter().filter(|finding| finding.severity >= least) {
            one(face, finding)?;
        }
    }
    Ok(())
}

fn one<L: Lines, W: Write>(face: &mut Face<'_, L, W>, finding: &Finding) -> Result<(), Stop> {
    let word = sentences::severity(finding.severity);
    face.tell(&format!("{word}: {}: {}", finding.check.id(), finding.says))?;
    mends(face, &finding.fix, finding.remedy.as_ref().map(Remedy::text))
}

/// What to do, and with what.
pub fn mends<L: Lines, W: Write>(face: &mut Face<'_, L, W>, fix: &str, remedy: Option<&str>) -> Result<(), Stop> {
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
    matches!(verdict, Verdict::Good(_) | Verdict::Found(_))
}

fn tell<L: Lines, W: Write>(face: &mut Face<'_, L, W>, check: CheckId, verdict: &Verdict) -> Result<(), Stop> {
    for sentence in sentences_of(check, verdict) {
        face.tell(&sentence)?;
    }
    Ok(())
}

/// What is said of a verdict that is final.
pub fn sentences_of(check: CheckId, verdict: &Verdict) -> Vec<String> {
    let name = format!("{} ({})", label(check), check.id());
    match verdict {
        Verdict::Good(evidence) => vec![format!("ok: {name}: {}", format::sentence(&sentences::clean(evidence)))],
        Verdict::Found(findings) => findings
            .iter()
            .map(|finding| format!("{}: {name}: {}", sentences::severity(finding.severity), finding.says))
            .collect(),
        Verdict::NotYet | Verdict::Running => Vec::new(),
    }
}

fn label(check: CheckId) -> &'static str {
    words::screen(crate::catalog::checks::row(check).screen).check(check).map_or("", |words| words.label.as_str())
}

/// What is being checked, for the sentence that says that it still is.
fn checking(state: &State, screen: ScreenId) -> String {
    let running = state.verdicts_of(screen).into_iter().filter(|(_, verdict)| *verdict == Verdict::Running);
    let names: Vec<&str> = running.map(|(check, _)| label(check)).collect();
    if names.is_empty() { "checking".to_owned() } else { format!("checking {}", names.join(", ")) }
}
