//! `octopus-setup answers`: a template, a check, a schema.

use std::process::ExitCode;

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::problems;
use octopus_setup::model::flow::Flow;
use octopus_setup::wizard::answer_file;
use octopus_setup::world::answer_sources::{Mode, Resolved};

use super::cli::{AnswersArgs, AnswersCommand, Format, SetUp};
use super::environment::Environment;
use super::shells::print;
use super::{answer_sources, unattended};

/// Runs what was asked for.
pub async fn run(asked: &AnswersArgs, environment: &Environment) -> ExitCode {
    match &asked.command {
        AnswersCommand::Template { flow } => print(answer_file::template(flow_of(*flow)).as_bytes()),
        AnswersCommand::Schema => print(answer_file::schema().as_bytes()),
        AnswersCommand::Check { flow, given: asked, live, output } => {
            let mode = if *live { Mode::Headless } else { Mode::CheckOnly };
            match answer_sources::gather(asked, flow.map(flow_of), mode, environment.answers()).await {
                Ok(Resolved { flow: Some(flow), loaded, .. }) if *live => {
                    unattended::dry(flow, loaded, *output, environment).await
                }
                Ok(resolved) => looked_at(&resolved, *output),
                Err(status) => ExitCode::from(status),
            }
        }
    }
}

/// Tells what is wrong with answers by themselves.
fn looked_at(resolved: &Resolved, output: Option<Format>) -> ExitCode {
    let problems = resolved.judge();
    let _ = print(
        match output {
            Some(Format::Json) => problems::json(&problems, &resolved.loaded),
            Some(Format::Text) | None => problems::check(&problems, &resolved.loaded),
        }
        .as_bytes(),
    );
    ExitCode::from(if answer_sources::refuse(&problems) { Exit::Answers.code() } else { Exit::Done.code() })
}

const fn flow_of(flow: SetUp) -> Flow {
    match flow {
        SetUp::FirstNode => Flow::FirstNode,
        SetUp::Join => Flow::Join,
    }
}
