//! Asking Octopus Server's program what it is: a call without secrets.

use std::path::Path;
use std::time::Duration;

use crate::model::facts::Trouble;
use crate::model::hand_over::CommandEnded;
use crate::model::untrusted::Untrusted;
use crate::world::octopus_server::{self, Call, Ended, Masks};

/// How long the program gets. A .NET program that was not started for a while takes a second or two.
pub(super) const BUDGET: Duration = Duration::from_secs(10);
/// So many characters of what it printed are quoted where that is not what it was asked for.
const QUOTED: usize = 300;

/// What the program said.
#[derive(Debug)]
pub(super) struct Said {
    /// The lines that it printed, cleaned: of its output first, then of its errors.
    lines: Vec<Untrusted>,
    outcome: Result<(), CommandEnded>,
}

impl Said {
    /// All of it.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(Untrusted::as_str).collect::<Vec<_>>().join("\n")
    }

    /// What is to be told of an answer that was not the one that was asked for: how it ended, and its first words.
    pub(super) fn no_answer(&self, what: &str) -> Trouble {
        let ending = match self.outcome {
            Ok(()) => "it ended with status 0".to_owned(),
            Err(CommandEnded::Status(status)) => format!("it ended with status {status}"),
            Err(_) => "it was ended by a signal".to_owned(),
        };
        let all = self.text();
        let all = Untrusted::new(&all);
        let mut quoted: String = all.as_str().chars().take(QUOTED).collect();
        if quoted.len() < all.as_str().len() {
            quoted.push('…');
        }
        let said = if quoted.is_empty() { "and printed nothing".to_owned() } else { format!("and printed: {quoted}") };
        Trouble::Io(format!("asked for {what}, {ending} {said}").into())
    }
}

/// Runs `<program> <words>` for at most `budget`, and ends it in any case.
pub(super) async fn ask(program: &Path, words: &[&str], budget: Duration) -> Result<Said, Trouble> {
    if let Some(said) = octopus_server::refusal(program) {
        return Err(Trouble::Io(said.trim_end_matches('.').into()));
    }
    let Ended { outcome, said } = octopus_server::run(program, &Call::plain(words), &Masks::default(), budget).await;
    match outcome {
        Err(CommandEnded::TimedOut(waited)) => Err(Trouble::TimedOut { waited }),
        // Then what was said is why.
        Err(CommandEnded::NotStarted) => {
            Err(Trouble::Io(said.first().map_or_else(|| "it could not be started".into(), Clone::clone)))
        }
        outcome => Ok(Said { lines: said, outcome }),
    }
}
