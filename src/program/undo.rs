//! `octopus-setup undo`: takes back what an unfinished run has made, without a screen.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use octopus_setup::catalog::form::read;
use octopus_setup::catalog::steps;
use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::headless::undo::UndoReporter;
use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::journal::Journal;
use octopus_setup::model::names::instance_key;
use octopus_setup::model::secret::Secret;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::World;
use octopus_setup::world::answer_sources::{EnvironmentVariables, Mode};
use octopus_setup::world::places::Places;
use octopus_setup::world::{apply, departed, host, instances, journals};

use super::cli::{Undo, output};
use super::environment::Environment;
use super::{answers, complain};

/// Runs `undo`.
pub async fn run(args: &Undo, environment: &Environment, variables: EnvironmentVariables) -> ExitCode {
    if !(args.yes || args.dry_run || io::stdin().is_terminal()) {
        return complain("undo takes things away: say --yes, or --dry-run to see what.");
    }
    let mut out = io::stdout();
    let mut reporter = UndoReporter::new(output(args.output), host::platform(), &mut out);
    let journal = match chosen(args.instance.as_deref(), environment) {
        Ok(journal) => journal,
        Err(says) => return complain(&says),
    };
    let Some(journal) = journal else {
        let Some(name) = &args.instance else { return status(reporter.nothing("There is no unfinished run on this machine.")) };
        return status(match unknown(name, &environment.places) {
            Some(says) => reporter.refused(&says),
            None => reporter.nothing(&format!("There is no unfinished run of instance {}.", Untrusted::new(name))),
        });
    };
    let resolved = match answers::gather(&args.given, variables, Some(journal.flow), Mode::CheckOnly, environment.answers()).await
    {
        Ok(resolved) => resolved,
        Err(status) => return ExitCode::from(status),
    };
    if answers::refuse(&resolved.loaded.problems) {
        return answers::refused(&resolved.loaded.problems);
    }
    let answers = answers_of(&journal, resolved.loaded.answers, environment);
    let target = read::target(&answers);
    reporter.begins(&journal, target.as_ref(), args.dry_run);
    if args.dry_run {
        return status(reporter.planned(&journal));
    }
    let begun = journal.steps.iter().filter(|step| step.state.is_begun_or_done()).map(|step| step.kind);
    if target.is_none() && steps::need(begun, Secret::Password) {
        return status(reporter.lacks_password());
    }
    if !args.yes && !agrees() {
        return status(reporter.left());
    }
    let world = World::new(environment.places.clone(), environment.surroundings);
    let whole = world.undo(&journal.instance, target.as_ref(), |progress| reporter.progress(progress)).await;
    status(reporter.ends(whole))
}

fn status(exit: Exit) -> ExitCode {
    ExitCode::from(exit.code())
}

/// Returns the journal of this instance, or the only one; `None` where there is none.
fn chosen(instance: Option<&str>, environment: &Environment) -> Result<Option<Journal>, String> {
    let mut found = Vec::new();
    for journal in journals::list(&environment.places) {
        match journal {
            Ok(journal) => found.push(journal),
            Err(error) => return Err(error.to_string()),
        }
    }
    if let Some(name) = instance {
        let own = instance_key(name);
        return Ok(found.into_iter().find(|journal| instance_key(&journal.instance) == own));
    }
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(|journal| Untrusted::new(&journal.instance).to_string()).collect();
        return Err(format!("there are several unfinished runs: say --instance with one of {}.", names.join(", ")));
    }
    Ok(found.pop())
}

/// Returns the answers that the run was begun with, and the password that was given, or else the one that the node config has sealed.
fn answers_of(journal: &Journal, given: Answers, environment: &Environment) -> Answers {
    let mut answers = given;
    for (field, text) in journal.fields() {
        answers.set(field, Raw::of(field, text), Origin::File);
    }
    if answers.get(FieldId::Password).raw.is_empty()
        && let Some(password) = apply::sealed_password(&environment.places, journal)
    {
        answers.set(FieldId::Password, Raw::Secret(password), Origin::File);
    }
    answers
}

/// Says that this machine's records know no instance of this name, and which ones they know; `None` if they know it, or tell that it was
/// here before.
fn unknown(name: &str, places: &Places) -> Option<String> {
    let is_own = |other: &str| instance_key(other) == instance_key(name);
    if departed::list(places).into_iter().flatten().any(|gone| is_own(&gone.name)) {
        return None;
    }
    let unfinished = journals::list(places).into_iter().map(|journal| journal.map(|journal| journal.instance));
    let installed = instances::list(places).into_iter().map(|entry| entry.map(|entry| entry.name));
    let (mut names, mut unread) = (Vec::new(), String::new());
    for known in installed.chain(unfinished) {
        match known {
            Ok(known) if is_own(&known) => return None,
            Ok(known) => names.push(Untrusted::new(&known).to_string()),
            Err(error) => unread = format!(" Not everything could be read: {error}"),
        }
    }
    names.dedup();
    let others = if names.is_empty() { "nor any other".to_owned() } else { format!("there are: {}", names.join(", ")) };
    Some(format!("There is no instance {} on this machine; {others}.{unread}", Untrusted::new(name)))
}

/// Asks at the terminal.
fn agrees() -> bool {
    let mut line = String::new();
    let asked = write!(io::stderr(), "Undo it? Type yes: ").and_then(|()| io::stderr().flush());
    asked.is_ok() && io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == "yes"
}
