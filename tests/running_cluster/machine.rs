//! A machine: its own home, state and Octopus Server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::site::Site;
use crate::support::stand_in::StandIn;
use crate::support::walk::free_port;

/// The first administrator's password, which nobody but Octopus Server gets.
const ADMIN_PASSWORD: &str = "Canary-Boss-8Hq21";
const LICENCE: &str = "<License Signature=\"AA==\">\n  <LicensedTo>Test</LicensedTo>\n  <LicenseKey>1-2-3-4</LicenseKey>\n  \
                       <Version>2.0</Version>\n  <ValidFrom>2020-01-01</ValidFrom>\n  <NodeLimit>Unlimited</NodeLimit>\n</License>\n";

/// One that is to be a node.
pub struct Machine {
    pub octopus: StandIn,
    pub port: u16,
    folder: PathBuf,
    password: String,
}

/// How a run of the program ended.
pub struct Ended {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn told(&self) -> String {
        format!("{:?}\n--- out\n{}\n--- err\n{}", self.status, self.out, self.err)
    }

    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}", self.told());
        assert!(!self.out.contains(ADMIN_PASSWORD) && !self.err.contains(ADMIN_PASSWORD), "{}", self.told());
        self
    }
}

impl Machine {
    /// The one that begins the cluster, and says what is shared.
    pub fn first(site: &Site, name: &str, account: &str) -> Self {
        let shared = site.shared().display().to_string();
        let more = format!(
            "flow = \"first-node\"\nadmin-user = \"admin\"\nadmin-password = {{ env = \"ADMIN_PASSWORD\" }}\n\
             licence-file = '{}'\nstorage = \"root\"\nstorage-root = '{shared}'\nkey-file = '{}'\n",
            site.folder().join("licence.xml").display(),
            site.folder().join("master-key.txt").display(),
        );
        std::fs::write(site.folder().join("licence.xml"), LICENCE).unwrap();
        Self::new(site, name, account, &more)
    }

    /// One that joins, with the key where the first one's operator keeps it.
    pub fn joining(site: &Site, name: &str, account: &str, _first: &Self) -> Self {
        let key = site.folder().join("master-key.txt");
        Self::new(site, name, account, &format!("flow = \"join\"\nmaster-key = {{ file = '{}' }}\n", key.display()))
    }

    fn new(site: &Site, name: &str, account: &str, more: &str) -> Self {
        let folder = site.folder().join(name);
        std::fs::create_dir(&folder).unwrap();
        let octopus = StandIn::new();
        let port = free_port();
        // Warned of, and rightly: a disk of this machine's own can be shared with no other, a home that root makes is not a custom
        // account's until it is given to it, and a machine that plays everything at once answers slowly.
        let accept = "[\"sql-latency\", \"storage-disk\", \"storage-latency\", \"service-home\", \"storage-account\", \"service-account\"]";
        let text = format!(
            "{more}accept = {accept}\ninstance = \"{name}\"\nnode-name = \"{name}\"\nhome = '{}'\nservice-account = \"custom\"\n\
             service-user = \"{account}\"\nlisten-prefixes = \"http://localhost:{port}/\"\ncomms-port = {}\ngrpc-port = {}\n\
             hand-over = \"always\"\noctopus-server = '{}'\n{}",
            folder.join("home").display(),
            free_port(),
            free_port(),
            octopus.program().display(),
            site.database(),
        );
        std::fs::write(folder.join("answers.toml"), text).unwrap();
        Self { octopus, port, folder, password: site.password().to_owned() }
    }

    /// Runs the program on this machine: a set-up flow with this machine's answers and nobody there, anything else as it is.
    pub fn run(&self, words: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
        command.args(words);
        if let ["first-node" | "join", ..] = words {
            command.arg("--answers").arg(self.folder.join("answers.toml")).arg("--yes");
        }
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OCTOPUS_SETUP_")) {
            command.env_remove(name);
        }
        command.env("OCTOPUS_SETUP_STATE_DIR", self.folder.join("state")).env("HOME", &self.folder).env_remove("TERM");
        command.env("DATABASE_PASSWORD", &self.password).env("ADMIN_PASSWORD", ADMIN_PASSWORD);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// What its node answers its load balancer; 0 where nothing answers.
    pub fn ping(&self) -> u16 {
        get(self.port, "/api/octopusservernodes/ping").0
    }

    /// Whether its node config is there.
    pub fn is_configured(&self) -> bool {
        self.folder.join("home").join("octopus-node.toml").exists()
    }
}

/// An HTTP request to a port of this machine: the status and the body; 0 where nothing answers.
pub fn get(port: u16, path: &str) -> (u16, String) {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: octopus.example.com\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().unwrap_or_default();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
}
