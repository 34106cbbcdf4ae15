//! `octopus-setup check`: everything that is known to go wrong with a node, looked for. One machinery with `review --check`;
//! only what people are told is shorter.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use octopus_setup::engine::Engine;
use octopus_setup::faces::headless::{self, Output};
use octopus_setup::world::World;

use super::cli::{Check, Format};
use super::environment::Environment;
use super::review::{NOT_LOOKED, wanted};

/// Lines that are longer than this are hard to read, however wide the window is.
const WIDEST: u16 = 100;

/// Looks at a node, and prints what is wrong. The exit status is that of `review --check`.
pub async fn run(asked: &Check, environment: &Environment) -> ExitCode {
    let world = World::new(environment.places.clone(), environment.surroundings);
    let mut engine =
        Engine::review(world, environment.answers(), wanted(asked.node.config.as_deref(), asked.node.instance.as_deref()));
    let output = match asked.output {
        Some(Format::Json) => Output::Json,
        Some(Format::Text) | None => Output::Text,
    };
    // A width of 0 is a terminal that does not tell, such as a serial console.
    let columns = std::io::stdout().is_terminal().then(|| crossterm::terminal::size().map_or(80, |(columns, _)| columns));
    let columns = columns.map(|columns| if columns == 0 { 80 } else { columns.min(WIDEST) });
    match headless::examine(&mut engine, output, columns, &mut std::io::stdout()).await {
        Ok(status) => ExitCode::from(status.code()),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "octopus-setup: the findings could not be written: {error}.");
            ExitCode::from(NOT_LOOKED)
        }
    }
}
