//! `octopus-setup answers`: a template, a check, a schema.

use std::io::Write as _;
use std::process::ExitCode;

use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::problems;
use octopus_setup::model::flow::Flow;
use octopus_setup::wizard::answer_file;
use octopus_setup::world::given::{Beforehand, Manner};

use super::cli::{Answers, AnswersCommand, Format, SetUp};
use super::outside::Outside;
use super::{complain, given, unattended};

/// Runs what was asked for.
pub async fn run(asked: &Answers, outside: &Outside) -> ExitCode {
    match &asked.command {
        AnswersCommand::Template { flow } => print(&answer_file::template(flow_of(*flow))),
        AnswersCommand::Schema => print(&answer_file::schema()),
        AnswersCommand::Check { flow, given: asked, live: true, output } => {
            match given::gather(asked, flow.map(flow_of), Manner::Alone, outside).await {
                Ok(Beforehand { flow: Some(flow), loaded, .. }) => unattended::dry(flow, loaded, *output, outside).await,
                Ok(Beforehand { flow: None, .. }) => {
                    complain("which flow these answers are for is not said: add --flow, or flow = \"join\" to the file.")
                }
                Err(status) => status,
            }
        }
        AnswersCommand::Check { flow, given: asked, live: false, output } => {
            let gathered = given::gather(asked, flow.map(flow_of), Manner::LookOnly, outside).await;
            let beforehand = match gathered {
                Ok(beforehand) => beforehand,
                Err(status) => return status,
            };
            let problems = beforehand.judge();
            let _ = print(&match output {
                Some(Format::Json) => problems::json(&problems, &beforehand.loaded),
                Some(Format::Text) | None => problems::check(&problems, &beforehand.loaded, &beforehand.open),
            });
            ExitCode::from(if given::refuse(&problems) { Exit::Answers.code() } else { Exit::Done.code() })
        }
    }
}

const fn flow_of(flow: SetUp) -> Flow {
    match flow {
        SetUp::FirstNode => Flow::FirstNode,
        SetUp::Join => Flow::Join,
    }
}

fn print(text: &str) -> ExitCode {
    // Not `print!`, which panics where nobody reads any more: a pager that was left.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
