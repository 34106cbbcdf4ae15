//! `octopus-setup migrate`: moves a single node's files to shared storage.

use std::io::{BufRead as _, IsTerminal, Stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::headless::OutputFormat;
use octopus_setup::faces::signals::{Signals, until_ended};
use octopus_setup::migration::judge::{MigrationCheck, MigrationFinding, Overrides, Pace, findings, read_override};
use octopus_setup::migration::model::{CopyPhase, FollowUp};
use octopus_setup::migration::report::{MigrationReporter, ProgressReport};
use octopus_setup::migration::world::follow_up::{Moved, follow_up};
use octopus_setup::migration::world::request::{MigrationRequest, ResolvedMigration, Unresolved, check_octopus, resolve};
use octopus_setup::migration::world::{self as copying, CopyPlan, Watch};
use octopus_setup::model::finding::Severity;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::lock::{Lock, LockError};
use octopus_setup::world::places::Places;
use tokio::time::MissedTickBehavior;

use super::cli::{Format, Migrate};
use super::environment::Environment;
use super::review;

/// The last sentence of every run that is not complete.
const GOES_ON: &str = "Run the same command again: it goes on where this one ended.";

/// How often progress is reported.
const TICK: Duration = Duration::from_millis(100);

/// The exit status and the last sentences of a run.
struct End(Exit, Vec<String>);

impl End {
    fn because(exit: Exit, says: impl Into<String>) -> Self {
        Self(exit, vec![says.into()])
    }
}

/// Runs the command.
pub async fn run(args: &Migrate, environment: &Environment) -> ExitCode {
    let output = match args.output {
        Some(Format::Json) => OutputFormat::Json,
        Some(Format::Text) | None => OutputFormat::Text,
    };
    let bar = (output == OutputFormat::Text && std::io::stdout().is_terminal() && !environment.plain && !environment.dumb)
        .then(|| crossterm::terminal::size().map_or(80, |(width, _)| if width == 0 { 80 } else { usize::from(width) }));
    let mut reporter = MigrationReporter::new(output, bar, std::io::stdout());
    let End(exit, says) = match migrate(args, environment, &mut reporter).await {
        Ok(end) | Err(end) => end,
    };
    reporter.end(exit, &says);
    ExitCode::from(exit.code())
}

async fn migrate(args: &Migrate, environment: &Environment, reporter: &mut MigrationReporter<Stdout>) -> Result<End, End> {
    let accepted = accepted(args)?;
    let is_anybody_there = std::io::stdin().is_terminal() && args.output.is_none_or(|output| matches!(output, Format::Text));
    if !args.yes && !args.dry_run && !is_anybody_there {
        return Err(End::because(Exit::Usage, "Nobody is there to ask whether to begin: say --yes, or --dry-run to look only."));
    }
    let signals =
        Signals::listen().map_err(|error| End::because(Exit::Usage, format!("Signals cannot be listened for: {error}.")))?;
    let request = request(args)?;
    let root = request.to.clone();
    let mut driver = Driver { watch: Watch::new(request.patience), signals, reporter };
    let places = &environment.places;

    let resolved = resolve(request, places).await.map_err(|why| match why {
        Unresolved::Node(says) => End::because(Exit::Answers, says),
        Unresolved::Folders(says) => End::because(Exit::Checks, says),
    })?;
    let mut all: Vec<MigrationFinding> = check_octopus(resolved.node.as_ref(), places).await.into_iter().collect();
    all.extend(resolved.findings.iter().cloned());
    // A dry run writes nothing, so it needs no lock.
    let _lock = if args.dry_run { None } else { Some(lock(&resolved, places)?) };
    let plan = driver.plan(&resolved, places).await?;
    all.extend(findings(&plan.preview, &resolved.migration.sources));
    driver.reporter.preview(&plan.preview, &resolved.migration.sources);
    driver.reporter.findings(&all, &accepted);
    refuse(&all, &accepted, is_anybody_there && !args.yes && !args.dry_run)?;
    if args.dry_run {
        return Ok(End::because(Exit::Done, "A dry run: nothing was written."));
    }
    if !args.yes && !driver.confirm(&format!("Copy {} files? [y/N] ", plan.preview.copy.files)).await? {
        return Err(End::because(Exit::Left, "Nothing was begun."));
    }
    let nothing_to_copy = plan.preview.copy.files == 0;
    driver.copy(&resolved, plan).await?;

    let octopus_server = args.octopus_server.as_deref();
    let ResolvedMigration { node, instance, .. } = &resolved;
    let moved = Moved { node: node.as_ref(), instance, root: &root, octopus_server };
    let steps = follow_up(moved, places, |what, how| driver.reporter.follow_up(what, how)).await;
    let (exit, next) = if steps.iter().any(|how| matches!(how, FollowUp::Failed(_))) {
        (Exit::Unfinished, "The files are where they belong. Fix what failed, and run the same command again for the rest.")
    } else if steps.iter().any(|how| matches!(how, FollowUp::ByHand(_))) {
        (Exit::Done, "Run the command above; then start Octopus Server again, as the first node of a cluster.")
    } else {
        (Exit::Done, "Start Octopus Server again. It is the first node of a cluster now; octopus-setup join adds the others.")
    };
    let kept = "Nothing was removed: the files are where they were, too, until you remove them.";
    if nothing_to_copy && steps.iter().all(|how| matches!(how, FollowUp::Already | FollowUp::ByHand(_))) {
        let already = "Already done: every file was there, and so was what the node and its cluster say of it.";
        return Ok(End(exit, vec![already.to_owned(), next.to_owned()]));
    }
    Ok(End(exit, vec![kept.to_owned(), next.to_owned()]))
}

/// Reads the options into a request.
fn request(args: &Migrate) -> Result<MigrationRequest, End> {
    let mut overrides = Overrides::new();
    for text in &args.folder {
        let (folder, path) = read_override(text).map_err(|says| End::because(Exit::Usage, format!("--folder {text}: {says}")))?;
        if overrides.insert(folder, absolute(&path)?).is_some() {
            return Err(End::because(Exit::Usage, format!("--folder {} is said twice.", folder.id())));
        }
    }
    Ok(MigrationRequest {
        node: review::wanted(args.node.config.as_deref(), args.node.instance.as_deref()),
        from: args.from.as_deref().map(absolute).transpose()?,
        to: absolute(&args.to)?,
        overrides,
        jobs: args.jobs.map_or_else(copying::jobs, usize::from),
        dry_run: args.dry_run,
        patience: Duration::from_secs(args.patience.into()),
    })
}

fn absolute(path: &Path) -> Result<PathBuf, End> {
    std::path::absolute(path).map_err(|error| End::because(Exit::Usage, format!("{}: {error}.", path.display())))
}

/// Reads the names of the accepted warnings; refuses a name that is not a warning's.
fn accepted(args: &Migrate) -> Result<Vec<MigrationCheck>, End> {
    let warns = |check: &MigrationCheck| check.severity() == Severity::Warn;
    let read = |name: &String| {
        MigrationCheck::from_id(name).filter(warns).ok_or_else(|| {
            let names: Vec<&str> = MigrationCheck::ALL.into_iter().filter(warns).map(MigrationCheck::id).collect();
            End::because(Exit::Usage, format!("There is no warning {name} to accept; there are {}.", names.join(", ")))
        })
    };
    args.accept.iter().map(read).collect()
}

fn lock(resolved: &ResolvedMigration, places: &Places) -> Result<Lock, End> {
    copying::lock(&resolved.migration, places).map_err(|error| match error {
        LockError::Held { pid } => {
            let pid = pid.map_or_else(String::new, |pid| format!(", process {pid}"));
            End::because(Exit::Checks, format!("The same move runs already{pid}."))
        }
        LockError::Refused { .. } => End::because(Exit::Checks, error.to_string()),
    })
}

/// Refuses to start if a finding stops the migration, or if a warning was not accepted and there is no terminal to ask
/// on.
fn refuse(findings: &[MigrationFinding], accepted: &[MigrationCheck], can_ask: bool) -> Result<(), End> {
    let ids = |wanted: Severity| {
        let mut ids: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.severity == wanted && !accepted.contains(&finding.check))
            .map(|finding| finding.check.id())
            .collect();
        ids.dedup();
        ids
    };
    let (stops, warnings) = (ids(Severity::Stop), ids(Severity::Warn));
    if !stops.is_empty() {
        return Err(End::because(Exit::Checks, format!("Nothing was begun: {} first.", stops.join(", "))));
    }
    if !warnings.is_empty() && !can_ask {
        let says = format!("Nothing was begun. To go on in spite of the warnings: --accept {}", warnings.join(","));
        return Err(End::because(Exit::Checks, says));
    }
    Ok(())
}

/// How blocking work ended.
enum Driven<T> {
    /// By itself, or because a first signal asked it to.
    Ended(T),
    /// A second signal came.
    Signal(u8),
    /// The operating system does not answer; the sentence names what hangs.
    Stuck(String),
}

/// Runs blocking work and reports its progress; stops it on a signal or when a share is dead.
struct Driver<'a> {
    watch: Arc<Watch>,
    signals: Signals,
    reporter: &'a mut MigrationReporter<Stdout>,
}

impl Driver<'_> {
    /// Inspects the source and the destination.
    async fn plan(&mut self, resolved: &ResolvedMigration, places: &Places) -> Result<CopyPlan, End> {
        let (migration, places, watch) = (resolved.migration.clone(), places.clone(), self.watch.clone());
        match self.drive(move || copying::plan(&migration, &places, &watch)).await {
            Driven::Ended(Ok(plan)) if !self.watch.is_stopped() => Ok(plan),
            Driven::Ended(Err(error)) => Err(End::because(Exit::Checks, format!("The look ahead failed: {error}."))),
            Driven::Ended(Ok(_)) => Err(End::because(Exit::Left, "Ended before anything was begun.")),
            Driven::Signal(status) => Err(End::because(Exit::Signal(status), "Ended before anything was begun.")),
            Driven::Stuck(says) => Err(End::because(Exit::Checks, says)),
        }
    }

    /// Copies, and fails unless every file is at the destination.
    async fn copy(&mut self, resolved: &ResolvedMigration, plan: CopyPlan) -> Result<(), End> {
        let goes_on = |says: String| End(Exit::Unfinished, vec![says, GOES_ON.to_owned()]);
        let begun = Instant::now();
        let (migration, watch) = (resolved.migration.clone(), self.watch.clone());
        let outcome = match self.drive(move || copying::copy(&migration, plan, &watch)).await {
            Driven::Ended(Ok(outcome)) => outcome,
            Driven::Ended(Err(error)) => return Err(goes_on(format!("The copy failed: {error}."))),
            Driven::Signal(_) => return Err(goes_on("Ended at once.".to_owned())),
            Driven::Stuck(says) => return Err(goes_on(says)),
        };
        self.reporter.outcome(&outcome, begun.elapsed());
        if outcome.is_complete() { Ok(()) } else { Err(goes_on("What was copied is verified and stays.".to_owned())) }
    }

    /// Runs work on a thread that is allowed to block.
    async fn drive<T: Send + 'static>(&mut self, work: impl FnOnce() -> T + Send + 'static) -> Driven<T> {
        let begun = Instant::now();
        let mut pace = Pace::default();
        let mut phase = CopyPhase::default();
        let mut task = tokio::task::spawn_blocking(work);
        let mut ticks = tokio::time::interval_at((begun + TICK).into(), TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = &mut task => return match ended {
                    Ok(ended) => Driven::Ended(ended),
                    Err(error) => Driven::Stuck(format!("The work ended without an answer: {error}.")),
                },
                status = until_ended(&mut self.signals) => {
                    if self.watch.is_stopped() {
                        return Driven::Signal(status);
                    }
                    self.watch.stop();
                    self.reporter.note("Ending: what is under way is brought to an end. Once more ends at once.");
                }
                _ = ticks.tick() => {
                    let progress = self.watch.progress();
                    if progress.phase != phase {
                        (phase, pace) = (progress.phase, Pace::default());
                    }
                    let since = begun.elapsed();
                    pace.add_sample(since, progress.done);
                    self.reporter.progress(&ProgressReport { progress: &progress, pace: &pace, since });
                    if let Some((path, waited)) = self.watch.stuck() {
                        let path = Untrusted::new(&path.to_string_lossy());
                        return Driven::Stuck(format!("{path}: an operation did not come to an end in {} s.", waited.as_secs()));
                    }
                }
            }
        }
    }

    /// Asks a question. Any answer other than yes counts as no.
    async fn confirm(&mut self, question: &str) -> Result<bool, End> {
        self.reporter.ask(question);
        let typed = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            let _ = std::io::stdin().lock().read_line(&mut line);
            line
        });
        tokio::select! {
            line = typed => {
                let line = line.unwrap_or_default();
                Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
            }
            status = until_ended(&mut self.signals) => Err(End::because(Exit::Signal(status), "Nothing was begun.")),
        }
    }
}
