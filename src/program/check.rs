//! `octopus-setup check`: everything that is known to go wrong with a node, looked for. One machinery with `review --check`;
//! only what people are told is shorter.

use std::io::Write as _;
use std::process::ExitCode;

use octopus_setup::engine::Engine;
use octopus_setup::faces::headless::{self, Output};
use octopus_setup::world::World;

use super::cli::{Check, Format};
use super::outside::Outside;
use super::review::{NOT_LOOKED, wanted};

/// Looks at a node, and prints what is wrong. The exit status is that of `review --check`.
pub async fn run(asked: &Check, outside: &Outside) -> ExitCode {
    let world = World::new(outside.places.clone(), outside.surroundings);
    let mut engine =
        Engine::review(world, outside.answers(), wanted(asked.node.config.as_deref(), asked.node.instance.as_deref()));
    let output = match asked.output {
        Some(Format::Json) => Output::Json,
        Some(Format::Text) | None => Output::Text,
    };
    match headless::examine(&mut engine, output, &mut std::io::stdout()).await {
        Ok(status) => ExitCode::from(status.code()),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "octopus-setup: the findings could not be written: {error}.");
            ExitCode::from(NOT_LOOKED)
        }
    }
}
