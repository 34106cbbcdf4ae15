//! `octopus-setup first-node` and `join`: in the terminal, or by themselves.

use std::process::ExitCode;

use octopus_setup::engine::Engine;
use octopus_setup::model::answers::Answers;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::given::Loaded;

use super::cli::Wizard;
use super::outside::Outside;
use super::{complain, on_screen, unattended};

/// Runs a set-up flow: with `--yes` or `--dry-run` by itself, otherwise with a person.
pub async fn run(asked: &Wizard, flow: Flow, outside: &Outside) -> ExitCode {
    if let Some(text) = unattended::misused(asked) {
        return complain(text);
    }
    if asked.yes || asked.dry_run {
        let loaded = Loaded { answers: outside.answers(), ..Loaded::default() };
        return unattended::run(asked, flow, loaded, outside).await;
    }
    interactive(outside, outside.answers(), Some(flow)).await
}

/// Runs the wizard with a person.
pub async fn interactive(outside: &Outside, answers: Answers, flow: Option<Flow>) -> ExitCode {
    on_screen(outside, |world| Engine::new(world, answers, flow)).await
}
