//! `octopus-setup practice`: runs the wizard on an embedded server, or the server alone.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret;

use octopus_setup::model::secret::SecretString;

use octopus_setup::faces::signals::{Signals, until_ended};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::storage::StorageKind;
use octopus_setup::model::target::TrustKind;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::world::atomic_write::{Existing, atomic_write};
use practice_server::{PracticeServer, RunningServer, ServerOptions, StartError};

use super::cli::{Format, Practice, PracticeCommand};
use super::complain;
use super::environment::Environment;
use super::wizard::interactive;

/// How long the server may take to stop.
const PATIENCE: Duration = Duration::from_millis(500);

/// The file in the data folder that holds the last run's port.
const PORT_FILE: &str = "port";

/// The file in the data folder that holds the password for the answer file.
const PASSWORD_FILE: &str = "octopus-password.txt";

pub async fn run(practice: &Practice, environment: &Environment) -> ExitCode {
    let Some(data) = practice.data.clone().or_else(default_data) else {
        return complain("this account has no data directory; name one with --data.");
    };
    let asked = match practice.command {
        Some(PracticeCommand::Serve { port, .. }) => port,
        None => 0,
    };
    let server = match start(&data, asked).await {
        Ok(server) => server,
        Err(error) => return complain(&format!("the practice server cannot start: {error}")),
    };
    remember_port(&data, server.addr().port());
    tracing::info!(port = server.addr().port(), "practice server started");
    let status = match &practice.command {
        Some(PracticeCommand::Serve { answers, output, .. }) => serve_alone(&server, answers.as_deref(), *output).await,
        None => on_it(&server, &data, environment).await,
    };
    // The server's data is safe whenever it ends, so a client's statement that cannot be stopped must not delay the
    // exit.
    let _ = tokio::time::timeout(PATIENCE, server.stop()).await;
    status
}

/// Starts the server on the requested port. If none was requested, tries the port of the last run and then any free
/// port: the node configs of a practice cluster contain the server's port.
async fn start(data: &Path, asked: u16) -> Result<RunningServer, StartError> {
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

/// Returns the port of the last run with this data folder.
fn remembered_port(data: &Path) -> Option<u16> {
    std::fs::read_to_string(data.join(PORT_FILE)).ok()?.trim().parse().ok().filter(|port| *port > 0)
}

/// Saves the port for the next run. An error is ignored, because practising works without it.
fn remember_port(data: &Path, port: u16) {
    let _ = std::fs::write(data.join(PORT_FILE), format!("{port}\n"));
}

/// Announces the server's address and waits for a signal.
async fn serve_alone(server: &RunningServer, answers: Option<&Path>, output: Option<Format>) -> ExitCode {
    use std::io::Write;
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return complain(&format!("signals cannot be listened for: {error}")),
    };
    // Written before the server is announced, so that a script that waits for the announcement finds the file.
    if let Some(path) = answers
        && let Err(error) = write_answers(server, path)
    {
        let path = Untrusted::new(&path.to_string_lossy());
        return complain(&format!("the answer file {path} cannot be written: {error}"));
    }
    let announcement = match output {
        Some(Format::Json) => announcement_json(server),
        Some(Format::Text) | None => announcement(server),
    };
    let mut out = std::io::stdout();
    if out.write_all(announcement.expose_secret().as_bytes()).and_then(|()| out.flush()).is_err() {
        // The reader has closed the pipe.
        return ExitCode::SUCCESS;
    }
    until_ended(&mut signals).await;
    ExitCode::SUCCESS
}

/// Runs the wizard with the server's address and login filled in. Practice nodes and the wizard's own state are kept in
/// the practice server's folder, apart from the machine's real ones.
async fn on_it(server: &RunningServer, data: &Path, environment: &Environment) -> ExitCode {
    let number = free_node(data);
    let mut answers = environment.answers();
    // Set as defaults, so that the screens do not show them as typed.
    let mut fill = |field: FieldId, text: &str| answers.set(field, Raw::of(field, text), Origin::Default);
    fill(FieldId::Server, &format!("localhost,{}", server.addr().port()));
    fill(FieldId::User, server.user());
    fill(FieldId::Password, server.password().expose_secret());
    fill(FieldId::Trust, TrustKind::CaFile.spelling());
    fill(FieldId::CaFile, &server.ca_file().display().to_string());
    fill(FieldId::Home, &home(data, number).display().to_string());
    fill(FieldId::ListenPrefixes, &format!("http://localhost:{}/", 8064 + number));
    fill(FieldId::KeyFile, &data.join("octopus-master-key.txt").display().to_string());
    if number > 1 {
        fill(FieldId::Instance, &format!("OctopusServer-{number}"));
        // Set as typed, so that the machine's own name does not replace it: the first node already has that name.
        answers.set(FieldId::NodeName, Raw::of(FieldId::NodeName, format!("practice-{number}")), Origin::Typed);
    }
    // Set as typed: nobody who practises has to choose, and one machine has nothing to share.
    answers.set(FieldId::Storage, Raw::of(FieldId::Storage, StorageKind::None.spelling()), Origin::Typed);
    let environment = environment.with_state(data.join("state"));
    interactive(&environment, answers, None).await
}

/// Returns the default data folder; `None` on a machine without home folders.
fn default_data() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "octopus-setup")?;
    Some(folders.data_local_dir().join("practice"))
}

/// Returns the connection details key by key. They include the password, because handing it out is their purpose.
fn connection_details(server: &RunningServer) -> toml::Table {
    let mut details = toml::Table::new();
    let mut put = |key: &str, value: toml::Value| details.insert(key.to_owned(), value);
    let path = |path: &Path| path.display().to_string().into();
    put("server", "127.0.0.1".into());
    put("port", i64::from(server.addr().port()).into());
    put("user", server.user().into());
    put("password", server.password().expose_secret().into());
    put("ca_file", path(server.ca_file()));
    put("data", path(server.data()));
    details
}

/// Formats the connection details as one JSON object on one line.
fn announcement_json(server: &RunningServer) -> SecretString {
    // Serialization cannot fail: the table holds only strings and one number.
    let mut text = serde_json::to_string(&connection_details(server)).unwrap_or_default();
    text.push('\n');
    SecretString::from(text)
}

/// Formats the connection details as six lines of TOML, an empty line, and comments with the commands of two clients.
///
/// No command contains the password, because other users of the machine could see it there.
fn announcement(server: &RunningServer) -> SecretString {
    let mut text = connection_details(server).to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let port = server.addr().port();
    let user = server.user();
    let lines = [
        "This is a practice server, not SQL Server: for trying out, training and tests.".to_owned(),
        "It listens on this machine only, and stops with Ctrl-C. The data stays.".to_owned(),
        format!("sqlcmd:  SQLCMDPASSWORD=… sqlcmd -S tcp:127.0.0.1,{port} -U {user} -C"),
        format!("FreeTDS: tsql -H 127.0.0.1 -p {port} -U {user}"),
    ];
    for line in lines {
        // Writing to a string does not fail.
        let _ = write!(text, "\n# {line}");
    }
    text.push('\n');
    SecretString::from(text)
}

/// Writes an answer file with the connection details, which are the same for every node; each node's own answers go into
/// a second file. The password goes into a file of its own in the data folder, 0600, so that the answer file can be
/// shown and copied.
///
/// # Errors
///
/// If a file cannot be written, or a path is not UTF-8, which TOML cannot express.
fn write_answers(server: &RunningServer, path: &Path) -> io::Result<()> {
    let secret = std::path::absolute(server.data().join(PASSWORD_FILE))?;
    atomic_write(&secret, server.password().expose_secret().as_bytes(), Existing::Replace)?;
    let text = |path: &Path| match std::path::absolute(path)?.to_str() {
        Some(text) => Ok(toml::Value::from(text)),
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the data folder's name is no UTF-8")),
    };
    let mut answers = toml::Table::new();
    let mut put = |key: &str, value: toml::Value| answers.insert(key.to_owned(), value);
    // The certificate is issued for `localhost`.
    put("server", format!("localhost,{}", server.addr().port()).into());
    put("user", server.user().into());
    put("trust", "ca-file".into());
    put("ca-file", text(server.ca_file())?);
    // Written as an inline table; as a member of the table it would become a section.
    let password = toml::Value::Table([("file".to_owned(), text(&secret)?)].into_iter().collect());
    let text = format!(
        "# The way to a practice server of octopus-setup, for --answers of first-node and join.\n{answers}password = {password}\n"
    );
    atomic_write(path, text.as_bytes(), Existing::Replace)
}

/// Returns the number of the first practice node whose home directory holds no node config yet.
fn free_node(data: &Path) -> u16 {
    (1..1000).find(|number| !home(data, *number).join(NodeConfig::FILE).exists()).unwrap_or(1000)
}

fn home(data: &Path, number: u16) -> PathBuf {
    data.join(format!("node-{number}"))
}
