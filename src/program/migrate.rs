//! `octopus-setup migrate`: a single node's files move to shared storage.

mod afterwards;
mod drive;
mod heart;
mod order;

use std::io::{IsTerminal, Stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::headless::Output;
use octopus_setup::faces::migration::Teller;
use octopus_setup::faces::signals::Signals;
use octopus_setup::model::finding::Severity;
use octopus_setup::model::migration::Outcome;
use octopus_setup::wizard::migration::{Concern, ConcernId, concerns};
use octopus_setup::world::lock::LockError;
use octopus_setup::world::migrate::{self, Watch};

use self::afterwards::Settled;
use self::drive::{Driven, Driver};
use super::cli::{Format, Migrate};
use super::outside::Outside;

/// What is said wherever a run ends before all is done.
const GOES_ON: &str = "Run the same command again: it goes on where this one ended.";

/// How a run ends, and what it says then.
struct End(Exit, Vec<String>);

impl End {
    fn because(exit: Exit, says: impl Into<String>) -> Self {
        Self(exit, vec![says.into()])
    }
}

/// Runs what was asked for.
pub async fn run(asked: &Migrate, outside: &Outside) -> ExitCode {
    let output = match asked.output {
        Some(Format::Json) => Output::Json,
        Some(Format::Text) | None => Output::Text,
    };
    let bar = (output == Output::Text && std::io::stdout().is_terminal() && !outside.plain && !outside.dumb)
        .then(|| crossterm::terminal::size().map_or(80, |(width, _)| if width == 0 { 80 } else { usize::from(width) }));
    let mut teller = Teller::new(output, bar, std::io::stdout());
    let End(exit, says) = match moved(asked, outside, &mut teller).await {
        Ok(end) | Err(end) => end,
    };
    teller.end(exit, &says);
    ExitCode::from(exit.code())
}

async fn moved(asked: &Migrate, outside: &Outside, teller: &mut Teller<Stdout>) -> Result<End, End> {
    let accepted = accepted(asked)?;
    let is_anybody_there = std::io::stdin().is_terminal() && asked.output.is_none_or(|output| matches!(output, Format::Text));
    if !asked.yes && !asked.dry_run && !is_anybody_there {
        return Err(End::because(Exit::Usage, "Nobody is there to ask whether to begin: say --yes, or --dry-run to look only."));
    }
    let signals =
        Signals::listen().map_err(|error| End::because(Exit::Usage, format!("Signals cannot be listened for: {error}.")))?;
    let patience = Duration::from_secs(asked.patience.into());
    let watch = Watch::new(patience);
    let mut driver = Driver { watch: watch.clone(), signals, teller };

    let wanted = order::wanted(asked, outside, patience).await?;
    let order = &wanted.order;
    let mut before = heart::concern(wanted.node.as_ref(), outside).await;
    before.extend(wanted.found.iter().cloned());
    let places = outside.places.clone();
    // A dry run leaves nothing behind, and keeps nobody away.
    let _lock = (!asked.dry_run).then(|| migrate::lock(order, &places)).transpose().map_err(|error| match error {
        LockError::Held { pid } => {
            let pid = pid.map_or_else(String::new, |pid| format!(", process {pid}"));
            End::because(Exit::Checks, format!("The same move runs already{pid}."))
        }
        LockError::Refused { .. } => End::because(Exit::Checks, error.to_string()),
    })?;
    let looking = (order.clone(), places.clone(), watch.clone());
    let looked = driver.drive(move || migrate::look(&looking.0, &looking.1, &looking.2)).await;
    let look = match looked {
        Driven::Ended(Ok(look)) if !watch.stopped() => look,
        Driven::Ended(Err(error)) => return Err(End::because(Exit::Checks, format!("The look ahead failed: {error}."))),
        Driven::Ended(Ok(_)) => return Err(End::because(Exit::Left, "Ended before anything was begun.")),
        Driven::Signal(status) => return Err(End::because(Exit::Signal(status), "Ended before anything was begun.")),
        Driven::Stuck(says) => return Err(End::because(Exit::Checks, says)),
    };
    before.extend(concerns(&look.ahead, &order.sources));
    driver.teller.ahead(&look.ahead, &order.sources);
    driver.teller.concerns(&before, &accepted);
    refused(&before, &accepted, is_anybody_there && !asked.yes && !asked.dry_run)?;
    if asked.dry_run {
        return Ok(End::because(Exit::Done, "A dry run: nothing was written."));
    }
    if !asked.yes && !driver.agreed(&format!("Copy {} files? [y/N] ", look.ahead.copy.files)).await? {
        return Err(End::because(Exit::Left, "Nothing was begun."));
    }
    let begun = Instant::now();
    let copying = (order.clone(), watch.clone());
    let outcome = match driver.drive(move || migrate::copy(&copying.0, look, &copying.1)).await {
        Driven::Ended(Ok(outcome)) => outcome,
        Driven::Ended(Err(error)) => {
            return Err(End(Exit::Unfinished, vec![format!("The copy failed: {error}."), GOES_ON.to_owned()]));
        }
        Driven::Signal(_) => return Err(End(Exit::Unfinished, vec!["Ended at once.".to_owned(), GOES_ON.to_owned()])),
        Driven::Stuck(says) => return Err(End(Exit::Unfinished, vec![says, GOES_ON.to_owned()])),
    };
    driver.teller.outcome(&outcome, begun.elapsed());
    complete(&outcome)?;
    let mut says = vec!["Nothing was removed: the files are where they were, too, until you remove them.".to_owned()];
    let (exit, next) = match afterwards::settle(asked, outside, &wanted, driver.teller).await {
        Settled::All => {
            (Exit::Done, "Start Octopus Server again. It is the first node of a cluster now; octopus-setup join adds the others.")
        }
        Settled::ByHand => {
            (Exit::Done, "Run the command above; then start Octopus Server again, as the first node of a cluster.")
        }
        Settled::Failed => {
            (Exit::Unfinished, "The files are where they belong. Fix what failed, and run the same command again for the rest.")
        }
    };
    says.push(next.to_owned());
    Ok(End(exit, says))
}

/// The warnings that were accepted; a word that is none of them is a slip, and is told as one.
fn accepted(asked: &Migrate) -> Result<Vec<ConcernId>, End> {
    let warns = |id: &ConcernId| id.severity() == Severity::Warn;
    let one = |name: &String| {
        ConcernId::from_id(name).filter(warns).ok_or_else(|| {
            let names: Vec<&str> = ConcernId::ALL.into_iter().filter(warns).map(ConcernId::id).collect();
            End::because(Exit::Usage, format!("There is no warning {name} to accept; there are {}.", names.join(", ")))
        })
    };
    asked.accept.iter().map(one).collect()
}

/// Ends where something stops it, or a warning was not accepted that nobody can be asked about.
fn refused(concerns: &[Concern], accepted: &[ConcernId], can_ask: bool) -> Result<(), End> {
    let of = |wanted: Severity| {
        let mut ids: Vec<&str> = concerns
            .iter()
            .filter(|concern| concern.id.severity() == wanted && !accepted.contains(&concern.id))
            .map(|concern| concern.id.id())
            .collect();
        ids.dedup();
        ids
    };
    let (stops, warnings) = (of(Severity::Stop), of(Severity::Warn));
    if !stops.is_empty() {
        return Err(End::because(Exit::Checks, format!("Nothing was begun: {} first.", stops.join(", "))));
    }
    if !warnings.is_empty() && !can_ask {
        let says = format!("Nothing was begun. To go on in spite of the warnings: --accept {}", warnings.join(","));
        return Err(End::because(Exit::Checks, says));
    }
    Ok(())
}

fn complete(outcome: &Outcome) -> Result<(), End> {
    if outcome.is_complete() {
        return Ok(());
    }
    Err(End(Exit::Unfinished, vec!["What was copied is verified and stays.".to_owned(), GOES_ON.to_owned()]))
}
