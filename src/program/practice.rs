//! `octopus-setup practice`: the wizard on an embedded server, or the server alone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret;

use octopus_setup::faces::signals::{Signals, until_ended};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::target::TrustKind;
use octopus_setup::model::untrusted::Untrusted;
use practice_server::options::ServerOptions;
use practice_server::serve;
use practice_server::server::{PracticeServer, Running, StartError};

use super::cli::{Format, Practice, PracticeCommand};
use super::complain;
use super::outside::Outside;
use super::wizard::interactive;

/// How long the server may take to stop.
const PATIENCE: Duration = Duration::from_millis(500);

/// The file of the data folder that holds the last run's port.
const PORT_FILE: &str = "port";

/// Runs what was asked for.
pub async fn run(practice: &Practice, outside: &Outside) -> ExitCode {
    let Some(data) = practice.data.clone().or_else(serve::default_data) else {
        return complain("this account has no data directory; name one with --data.");
    };
    let asked = match practice.command {
        Some(PracticeCommand::Serve { port, .. }) => port,
        None => 0,
    };
    let running = match start(&data, asked).await {
        Ok(running) => running,
        Err(error) => return complain(&format!("the practice server cannot start: {error}")),
    };
    remember_port(&data, running.addr().port());
    tracing::info!(port = running.addr().port(), "practice server started");
    let status = match &practice.command {
        Some(PracticeCommand::Serve { answers, output, .. }) => serve_alone(&running, answers.as_deref(), *output).await,
        None => on_it(&running, &data, outside).await,
    };
    // Its data is safe whenever it ends. A client's statement that will not be stopped must not keep the program.
    let _ = tokio::time::timeout(PATIENCE, running.stop()).await;
    status
}

/// Starts the server on the port that was asked for. Where none was, on the one of the last run if it is still free, and
/// else on any: the node configs of a practice cluster name their server by its port.
async fn start(data: &Path, asked: u16) -> Result<Running, StartError> {
    let options = |port| ServerOptions { port, ..ServerOptions::new(data.to_owned()) };
    let remembered = if asked == 0 { remembered_port(data) } else { None };
    if let Some(port) = remembered {
        match PracticeServer::start(options(port)).await {
            Err(StartError::Port(..)) => {}
            other => return other,
        }
    }
    PracticeServer::start(options(asked)).await
}

/// The port of the last run on this data.
fn remembered_port(data: &Path) -> Option<u16> {
    std::fs::read_to_string(data.join(PORT_FILE)).ok()?.trim().parse().ok().filter(|port| *port > 0)
}

/// Remembers the port for the next run. That it cannot be is no reason not to practise.
fn remember_port(data: &Path, port: u16) {
    let _ = std::fs::write(data.join(PORT_FILE), format!("{port}\n"));
}

/// Tells where the server is, and waits for the end.
async fn serve_alone(running: &Running, answers: Option<&Path>, output: Option<Format>) -> ExitCode {
    use std::io::Write;
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return complain(&format!("signals cannot be listened for: {error}")),
    };
    // Before it is printed: whoever reads that the server is there may read the file as well.
    if let Some(path) = answers
        && let Err(error) = serve::write_answers(running, path)
    {
        let path = Untrusted::new(&path.to_string_lossy());
        return complain(&format!("the answer file {path} cannot be written: {error}"));
    }
    let announcement = match output {
        Some(Format::Json) => serve::announcement_json(running),
        Some(Format::Text) | None => serve::announcement(running),
    };
    let mut out = std::io::stdout();
    if out.write_all(announcement.expose_secret().as_bytes()).and_then(|()| out.flush()).is_err() {
        // Nobody listens any more.
        return ExitCode::SUCCESS;
    }
    until_ended(&mut signals).await;
    ExitCode::SUCCESS
}

/// The wizard with the server's address and login filled in. Practice nodes and the wizard's own state live in the
/// practice server's folder, apart from the machine's real ones.
async fn on_it(running: &Running, data: &Path, outside: &Outside) -> ExitCode {
    let number = free_node(data);
    let mut answers = outside.answers();
    // Nobody has said them, so the screens do not claim that somebody has.
    let mut fill = |field: FieldId, text: &str| answers.set(field, Raw::of(field, text), Origin::Default);
    fill(FieldId::Server, &format!("localhost,{}", running.addr().port()));
    fill(FieldId::User, running.user());
    fill(FieldId::Password, running.password().expose_secret());
    fill(FieldId::Trust, TrustKind::CaFile.spelling());
    fill(FieldId::CaFile, &running.ca_file().display().to_string());
    fill(FieldId::Home, &home(data, number).display().to_string());
    fill(FieldId::ListenPrefixes, &format!("http://localhost:{}/", 8064 + number));
    fill(FieldId::KeyFile, &data.join("octopus-master-key.txt").display().to_string());
    if number > 1 {
        fill(FieldId::Instance, &format!("OctopusServer-{number}"));
        // The machine's own name must not take its place: it is the first node's.
        answers.set(FieldId::NodeName, Raw::of(FieldId::NodeName, format!("practice-{number}")), Origin::Typed);
    }
    let outside = outside.with_state(data.join("state"));
    interactive(&outside, answers, None).await
}

/// The first practice node's number whose home holds no node config yet.
fn free_node(data: &Path) -> u16 {
    (1..1000).find(|number| !home(data, *number).join(NodeConfig::FILE).exists()).unwrap_or(1000)
}

fn home(data: &Path, number: u16) -> PathBuf {
    data.join(format!("node-{number}"))
}
