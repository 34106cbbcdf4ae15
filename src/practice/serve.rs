//! What `octopus-setup practice` says when its server is up.

use std::fmt::Write as _;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::server::Running;

/// Where the practice server keeps its data unless it is told otherwise; `None` on a machine without home folders.
pub fn default_data() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "octopus-setup")?;
    Some(folders.data_local_dir().join("practice"))
}

/// How to reach the server: six lines of TOML, an empty line, and comments with the commands of two clients.
///
/// The password stands in it, since telling it is the purpose; it stands in no command, where other users of the
/// machine would see it.
pub fn announcement(running: &Running) -> SecretString {
    let mut head = toml::Table::new();
    let mut put = |key: &str, value: toml::Value| head.insert(key.to_owned(), value);
    let path = |path: &std::path::Path| path.display().to_string().into();
    put("server", "127.0.0.1".into());
    put("port", i64::from(running.addr().port()).into());
    put("user", running.user().into());
    put("password", running.password().expose_secret().into());
    put("ca_file", path(running.ca_file()));
    put("data", path(running.data()));
    let mut text = head.to_string();
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
    use crate::practice::options::ServerOptions;
    use crate::practice::server::PracticeServer;

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
    }
}
