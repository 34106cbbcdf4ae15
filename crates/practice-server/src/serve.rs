//! What `octopus-setup practice` says when its server is up.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::private_file;
use super::server::Running;

/// The file of the data folder that an answer file names for the password.
const PASSWORD_FILE: &str = "octopus-password.txt";

/// Where the practice server keeps its data unless it is told otherwise; `None` on a machine without home folders.
pub fn default_data() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "octopus-setup")?;
    Some(folders.data_local_dir().join("practice"))
}

/// How to reach the server, key by key. The password stands in it, since telling it is the purpose.
fn head(running: &Running) -> toml::Table {
    let mut head = toml::Table::new();
    let mut put = |key: &str, value: toml::Value| head.insert(key.to_owned(), value);
    let path = |path: &Path| path.display().to_string().into();
    put("server", "127.0.0.1".into());
    put("port", i64::from(running.addr().port()).into());
    put("user", running.user().into());
    put("password", running.password().expose_secret().into());
    put("ca_file", path(running.ca_file()));
    put("data", path(running.data()));
    head
}

/// The same as one JSON object on one line.
pub fn announcement_json(running: &Running) -> SecretString {
    // A table of texts and one number; there is nothing in it that JSON could not say.
    let mut text = serde_json::to_string(&head(running)).unwrap_or_default();
    text.push('\n');
    SecretString::from(text)
}

/// The way to the server as an answer file: what is in it is the same for every node, and a node's own answers go into a
/// second file. The password goes into a file of its own in the data folder, 0600, which the answer file names; so
/// the answer file may be shown and copied.
///
/// # Errors
///
/// Where one of them cannot be written, or a path in it is no UTF-8, which TOML cannot say.
pub fn write_answers(running: &Running, path: &Path) -> io::Result<()> {
    let secret = std::path::absolute(running.data().join(PASSWORD_FILE))?;
    private_file::write(&secret, running.password().expose_secret().as_bytes())?;
    let text = |path: &Path| match std::path::absolute(path)?.to_str() {
        Some(text) => Ok(toml::Value::from(text)),
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the data folder's name is no UTF-8")),
    };
    let mut answers = toml::Table::new();
    let mut put = |key: &str, value: toml::Value| answers.insert(key.to_owned(), value);
    // The name that its certificate is made out to.
    put("server", format!("localhost,{}", running.addr().port()).into());
    put("user", running.user().into());
    put("trust", "ca-file".into());
    put("ca-file", text(running.ca_file())?);
    // As a value it stands in its line; as a member of the table it would become a section.
    let password = toml::Value::Table([("file".to_owned(), text(&secret)?)].into_iter().collect());
    let text = format!(
        "# The way to a practice server of octopus-setup, for --answers of first-node and join.\n{answers}password = {password}\n"
    );
    private_file::write(path, text.as_bytes())
}

/// How to reach the server: six lines of TOML, an empty line, and comments with the commands of two clients.
///
/// The password stands in no command, where other users of the machine would see it.
pub fn announcement(running: &Running) -> SecretString {
    let mut text = head(running).to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let port = running.addr().port();
    let user = running.user();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::ServerOptions;
    use crate::server::PracticeServer;

    #[test]
    fn six_lines_of_toml_and_no_password_in_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let running = runtime.block_on(PracticeServer::start(ServerOptions::new(folder.path()))).unwrap();
        let text = announcement(&running);
        let text = text.expose_secret();
        let (head, tail) = text.split_once("\n\n").unwrap();
        let keys: Vec<&str> = head.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
        assert_eq!(keys, ["server", "port", "user", "password", "ca_file", "data"]);
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["port"].as_integer(), Some(running.addr().port().into()));
        assert!(tail.lines().all(|line| line.starts_with("# ")));
        assert!(!tail.contains(running.password().expose_secret()));
        assert!(!text.contains(running.sa_password().expose_secret()));
        let json: serde_json::Value = serde_json::from_str(announcement_json(&running).expose_secret()).unwrap();
        assert_eq!(json, serde_json::to_value(&table).unwrap(), "the same keys and values");
    }

    #[cfg(unix)]
    #[test]
    fn an_answer_file_names_the_passwords_own_file_and_replaces_an_older_one() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let running = runtime.block_on(PracticeServer::start(ServerOptions::new(folder.path().join("data")))).unwrap();
        let path = folder.path().join("practice.toml");
        std::fs::write(&path, "old = true").unwrap();
        write_answers(&running, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(running.password().expose_secret()), "{text}");
        let table: toml::Table = text.parse().unwrap();
        let keys: Vec<&str> = table.keys().map(String::as_str).collect();
        assert_eq!(keys, ["server", "user", "trust", "ca-file", "password"]);
        let secret = PathBuf::from(table["password"]["file"].as_str().unwrap());
        assert_eq!(std::fs::read_to_string(&secret).unwrap(), running.password().expose_secret());
        for private in [&path, &secret] {
            assert_eq!(std::fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o600, "{}", private.display());
        }
    }
}
