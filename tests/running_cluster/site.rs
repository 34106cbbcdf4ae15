//! The place: a database server, and a folder that both machines see.

use std::path::{Path, PathBuf};

use practice_server::{PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret;

/// One of them.
pub struct Site {
    folder: tempfile::TempDir,
    pub server: RunningServer,
}

impl Site {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = PracticeServer::start(ServerOptions::new(folder.path().join("server"))).await.unwrap();
        std::fs::create_dir(folder.path().join("shared")).unwrap();
        Self { folder, server }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that is shared.
    pub fn shared(&self) -> PathBuf {
        self.folder().join("shared")
    }

    /// The answers about the database, as TOML.
    pub fn database(&self) -> String {
        format!(
            "server = \"localhost,{}\"\nuser = \"{}\"\npassword = {{ env = \"DATABASE_PASSWORD\" }}\ntrust = \"ca-file\"\nca-file = '{}'\n",
            self.server.addr().port(),
            self.server.user(),
            self.server.ca_file().display()
        )
    }

    /// The connection string of `sa` to a database, as Octopus' own commands take it.
    pub fn connection(&self, database: &str) -> String {
        format!(
            "Server=localhost,{};Database={database};User ID=sa;Password={};TrustServerCertificate=True",
            self.server.addr().port(),
            self.server.sa_password().expose_secret()
        )
    }

    pub fn password(&self) -> &str {
        self.server.password().expose_secret()
    }
}
