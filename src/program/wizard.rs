//! `octopus-setup first-node` and `join`: in the terminal, or by themselves.

use std::process::ExitCode;

use octopus_setup::engine::recording::Beginning;
use octopus_setup::model::answers::Answers;
use octopus_setup::model::flow::Flow;
use octopus_setup::world::answer_sources::Mode;

use super::cli::Wizard;
use super::environment::Environment;
use super::{answer_sources, complain, on_screen, unattended};

/// Runs a set-up flow: with `--yes` or `--dry-run` by itself, otherwise with a person.
pub async fn run(asked: &Wizard, flow: Flow, environment: &Environment) -> ExitCode {
    if let Some(text) = unattended::misused(asked) {
        return complain(text);
    }
    let by_itself = asked.yes || asked.dry_run;
    let mode = if by_itself { Mode::Headless } else { Mode::Interactive };
    let resolved = match answer_sources::gather(&asked.given, Some(flow), mode, environment.answers()).await {
        Ok(resolved) => resolved,
        Err(status) if by_itself => return unattended::report_interrupted(asked, flow, status),
        Err(status) => return ExitCode::from(status),
    };
    if by_itself {
        return unattended::run(asked, flow, resolved.loaded, environment).await;
    }
    // A field that is missing or malformed is told on its screen. What could not be read at all, no screen could show.
    if answer_sources::refuse(&resolved.loaded.problems) {
        return answer_sources::refused(&resolved.loaded.problems);
    }
    answer_sources::tell(&resolved.loaded.problems);
    interactive(environment, resolved.loaded.answers, Some(flow)).await
}

/// Runs the wizard with a person.
pub async fn interactive(environment: &Environment, answers: Answers, flow: Option<Flow>) -> ExitCode {
    on_screen(environment, Beginning::Flow(flow), answers).await
}
