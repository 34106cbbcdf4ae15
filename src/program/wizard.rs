//! `octopus-setup first-node` and `join`: run interactively, or unattended (`--yes`, `--dry-run`).

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use octopus_setup::engine::Engine;
use octopus_setup::engine::recording::{Beginning, RecordingFailure};
use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::headless;
use octopus_setup::faces::signals::{self, Signals};
use octopus_setup::model::answers::{AnswerPlace, Answers, LoadedAnswers, Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::wizard::autopilot::{self, Order};
use octopus_setup::world::World;
use octopus_setup::world::answer_sources::{EnvironmentVariables, Mode};
use octopus_setup::world::{apply, journals};

use super::cli::{Format, Wizard, output};
use super::environment::Environment;
use super::recording::{self, Recording};
use super::{answers, complain, on_screen};

/// Runs a set-up flow: unattended with `--yes` or `--dry-run`, otherwise interactively.
pub async fn run(args: &Wizard, flow: Flow, environment: &Environment, variables: EnvironmentVariables) -> ExitCode {
    if let Some(text) = misused(args) {
        return complain(text);
    }
    let by_itself = args.yes || args.dry_run;
    let mode = if by_itself { Mode::Headless } else { Mode::Interactive };
    let sealed = async |instance: &str| if by_itself { sealed(instance, flow, environment).await } else { Vec::new() };
    let gathered = answers::gather_resuming(&args.given, variables, Some(flow), mode, environment.answers(), sealed).await;
    let resolved = match gathered {
        Ok(resolved) => resolved,
        Err(status) if by_itself => return report_interrupted(args, flow, status),
        Err(status) => return ExitCode::from(status),
    };
    if by_itself {
        return run_unattended(args, flow, None, resolved.loaded, environment).await;
    }
    // A missing or malformed answer is shown on its screen. Problems that belong to no screen are reported here.
    if answers::refuse(&resolved.loaded.problems) {
        return answers::refused(&resolved.loaded.problems);
    }
    answers::tell(&resolved.loaded.problems);
    if let Some(says) = already_done(flow, &resolved.loaded, environment).await {
        // Not `println!`, which panics where nobody can read it.
        let _ = writeln!(std::io::stdout(), "Already done. {says} octopus-setup review shows the node.");
        return ExitCode::from(Exit::Done.code());
    }
    interactive(environment, resolved.loaded.answers, Some(flow)).await
}

/// How long the screens wait for the comparison with a node that is there.
const COMPARISON: Duration = Duration::from_secs(10);

/// Returns a sentence if the answers that were given are those of a node that is there already. Who gave none is asked.
async fn already_done(flow: Flow, loaded: &LoadedAnswers, environment: &Environment) -> Option<String> {
    let is_given = |field: &FieldId| loaded.answers.get(*field).origin != Origin::Default;
    if environment.record.is_some() || !FieldId::ALL.iter().any(is_given) {
        return None;
    }
    let engine = Engine::new(World::new(environment.places.clone(), environment.surroundings), loaded.answers.clone(), None);
    headless::already_done(Order { flow, loaded: loaded.clone(), dry_run: true, dead: None }, engine, COMPARISON).await
}

/// Returns what an unfinished run of this instance has sealed: nobody is asked for that again.
async fn sealed(instance: &str, flow: Flow, environment: &Environment) -> Vec<(FieldId, Raw)> {
    // Without one nothing is locked, so that a dry run leaves no file.
    let is_there = journals::read(&environment.places, instance).is_ok_and(|journal| journal.is_some_and(|run| run.flow == flow));
    let Some(run) = (if is_there { apply::resume(&environment.places, instance).await.ok() } else { None }) else {
        return Vec::new();
    };
    let key = run.key.filter(|_| flow == Flow::Join).map(|key| (FieldId::MasterKey, Raw::Secret(key.to_base64())));
    run.passwords.into_iter().chain(key).collect()
}

/// Runs a flow that changes a node, by itself. `dead`: the node that is removed.
pub async fn change(
    args: &Wizard,
    flow: Flow,
    dead: Option<&str>,
    environment: &Environment,
    variables: EnvironmentVariables,
) -> ExitCode {
    if !(args.yes || args.dry_run) {
        return complain(&format!(
            "{} goes with --yes or --dry-run; on screens it is begun from the node's review: octopus-setup review.",
            flow.id()
        ));
    }
    match answers::gather(&args.given, variables, Some(flow), Mode::Headless, environment.answers()).await {
        Ok(resolved) => run_unattended(args, flow, dead, resolved.loaded, environment).await,
        Err(status) => report_interrupted(args, flow, status),
    }
}

/// Runs the wizard interactively.
pub async fn interactive(environment: &Environment, answers: Answers, flow: Option<Flow>) -> ExitCode {
    on_screen(environment, Beginning::Flow(flow), answers).await
}

/// Runs a set-up flow unattended. `--dry-run` wins over `--yes`: if both are given, one was probably added to a command
/// line with the other, and doing nothing is the safe choice.
async fn run_unattended(
    args: &Wizard,
    flow: Flow,
    dead: Option<&str>,
    mut loaded: LoadedAnswers,
    environment: &Environment,
) -> ExitCode {
    for name in &args.accept {
        match autopilot::accepted(name, AnswerPlace::Flag("--accept".to_owned())) {
            Ok(check) => loaded.accept.push(check),
            Err(problem) => loaded.problems.push(problem),
        }
    }
    drive(Order { flow, loaded, dry_run: args.dry_run, dead: dead.map(str::to_owned) }, args.output, environment).await
}

/// Checks answers with a dry run, which writes nothing.
pub async fn dry(flow: Flow, loaded: LoadedAnswers, output: Option<Format>, environment: &Environment) -> ExitCode {
    drive(Order { flow, loaded, dry_run: true, dead: None }, output, environment).await
}

/// Reports that the run was interrupted, with this status, before the answers were gathered.
fn report_interrupted(args: &Wizard, flow: Flow, status: u8) -> ExitCode {
    headless::report_interrupted(flow, args.dry_run, output(args.output), status, &mut std::io::stdout());
    ExitCode::from(status)
}

/// Returns a message if options that require an unattended run are used without one.
fn misused(args: &Wizard) -> Option<&'static str> {
    let by_itself = args.yes || args.dry_run;
    match (by_itself, args.output.is_some(), args.accept.is_empty()) {
        (true, ..) | (false, false, true) => None,
        (false, true, _) => Some("--output goes with --yes or --dry-run: on screens nothing is printed."),
        (false, false, false) => Some("--accept goes with --yes or --dry-run: on screens warnings are accepted there."),
    }
}

async fn drive(order: Order, args: Option<Format>, environment: &Environment) -> ExitCode {
    let output = output(args);
    let (sender, mut statuses) = tokio::sync::mpsc::unbounded_channel();
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return complain(&format!("signals cannot be listened for: {error}")),
    };
    let listener = tokio::spawn(async move { while sender.send(signals::until_ended(&mut signals).await).is_ok() {} });
    let world = World::new(environment.places.clone(), environment.surroundings);
    let recording = match Recording::create(environment) {
        Ok(recording) => recording,
        Err(says) => return complain(&says),
    };
    let accepted = order.loaded.accept.clone();
    let mut trouble = RecordingFailure::default();
    let begin = |answers| {
        let (engine, recorded) = recording.begin(world, Beginning::Flow(None), answers, &accepted);
        trouble = recorded;
        engine
    };
    let exit: Exit = headless::run(order, output, &mut std::io::stdout(), &mut statuses, begin).await;
    listener.abort();
    recording::tell(&trouble);
    ExitCode::from(exit.code())
}
