//! `octopus-setup first-node` and `join`: in the terminal, or by themselves.

use std::process::ExitCode;

use octopus_setup::engine::Engine;
use octopus_setup::model::answers::Answers;
use octopus_setup::model::flow::Flow;

use super::cli::Wizard;
use super::outside::Outside;
use super::{complain, on_screen};

/// Runs a set-up flow: with `--yes` or `--dry-run` by itself, otherwise with a person.
pub async fn run(asked: &Wizard, flow: Flow, outside: &Outside) -> ExitCode {
    if asked.yes || asked.dry_run {
        return complain("not built yet");
    }
    interactive(outside, outside.answers(), Some(flow)).await
}

/// Runs the wizard with a person.
pub async fn interactive(outside: &Outside, answers: Answers, flow: Option<Flow>) -> ExitCode {
    on_screen(outside, |world| Engine::new(world, answers, flow)).await
}
