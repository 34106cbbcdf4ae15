//! `--record` and `--replay`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use octopus_setup::engine::Engine;
use octopus_setup::engine::recording::{Beginning, Recorder, RecordingFailure, RecordingHeader, Replay};
use octopus_setup::faces::replay::{self, Style};
use octopus_setup::faces::tui::run;
use octopus_setup::model::answers::Answers;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::{World, recordings};

use super::cli::{Cli, Command};
use super::complain;
use super::environment::Environment;

/// The file to record a run in, created empty before anything is done: an operator who asks for a recording does not
/// want a run without one. It is removed if the run never begins, for example because the answers are refused.
#[derive(Debug, Default)]
pub struct Recording(Option<(std::fs::File, PathBuf)>);

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some((_, path)) = self.0.take() {
            recordings::discard(&path);
        }
    }
}

impl Recording {
    /// Creates the file, if a recording was requested.
    pub fn create(environment: &Environment) -> Result<Self, String> {
        let Some(path) = &environment.record else { return Ok(Self(None)) };
        let created = std::path::absolute(path).and_then(|path| Ok((recordings::create(&path)?, path)));
        match created {
            Ok(created) => Ok(Self(Some(created))),
            Err(error) => Err(format!("the recording {} cannot be written: {error}.", shown(path))),
        }
    }

    /// Starts a wizard and its recording.
    pub fn begin(
        mut self,
        world: World,
        begins: Beginning,
        answers: Answers,
        accepted: &[CheckId],
    ) -> (Engine, RecordingFailure) {
        let size = std::io::stdout().is_terminal().then(crossterm::terminal::size).and_then(Result::ok);
        let recorder =
            self.0.take().map(|(file, _)| Recorder::begin(file, RecordingHeader::new(begins.clone(), &answers, accepted, size)));
        let trouble = recorder.as_ref().map(Recorder::trouble).unwrap_or_default();
        let mut engine = match begins {
            Beginning::Flow(flow) => Engine::new(world, answers, flow),
            Beginning::Review(wanted) => Engine::review(world, answers, wanted),
        };
        if let Some(recorder) = recorder {
            engine.record(recorder);
        }
        (engine, trouble)
    }
}

/// Reports a recording that is incomplete.
pub fn tell(trouble: &RecordingFailure) {
    if let Some(says) = trouble.says() {
        complain(&format!("the recording is not whole: {says}"));
    }
}

/// Returns a message if other arguments conflict with `--record` or `--replay`.
pub fn misused(cli: &Cli) -> Option<&'static str> {
    if cli.replay.is_some() && (cli.command.is_some() || cli.record.is_some()) {
        return Some("--replay shows a recording and does nothing else: leave out the command and --record.");
    }
    cli.record.as_ref()?;
    let is_recorded = match &cli.command {
        None | Some(Command::FirstNode(_) | Command::Join(_) | Command::Review(_)) => true,
        #[cfg(feature = "practice")]
        Some(Command::Practice(practice)) => practice.command.is_none(),
        Some(
            Command::Edit(_)
            | Command::Leave(_)
            | Command::Remove(_)
            | Command::Undo(_)
            | Command::Answers(_)
            | Command::Script(_)
            | Command::LoadBalancer(_)
            | Command::Tentacles(_)
            | Command::Migrate(_)
            | Command::Check(_)
            | Command::Completions(_)
            | Command::Man,
        ) => false,
    };
    (!is_recorded).then_some("--record goes with the screens, first-node, join and review.")
}

/// Replays a recording: on the full screen, in plain sentences, or as lines if there is no terminal.
pub async fn replay(path: &Path, environment: &Environment) -> ExitCode {
    let read = recordings::read(path).map_err(|error| error.to_string());
    let read = read.and_then(|text| Replay::read(&text).map_err(|error| error.to_string()));
    let mut recording = match read {
        Ok(recording) => recording,
        Err(error) => return complain(&format!("the recording {} cannot be replayed: {error}.", shown(path))),
    };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let style = match (environment.plain || environment.dumb, is_terminal) {
        (false, true) => {
            return match run::replay(&mut recording, environment.tui, environment.terminal).await {
                Ok(None) => ExitCode::SUCCESS,
                Ok(Some(signal)) => ExitCode::from(signal),
                Err(error) => complain(&format!("the terminal cannot be used: {error}")),
            };
        }
        (true, _) => Style::Sentences,
        (false, false) => Style::Lines,
    };
    match replay::run(&mut recording, style, &mut std::io::stdout()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("the recording cannot be shown: {error}."))
        }
        _ => ExitCode::SUCCESS,
    }
}

fn shown(path: &Path) -> Untrusted {
    Untrusted::new(&path.to_string_lossy())
}
