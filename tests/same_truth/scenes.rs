//! The scenes: servers with what is on them, as a closed set. One server serves every case of its scene, which ends at the
//! plan and writes nothing.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use octopus_setup::model::answers::{Answers, Origin};
use octopus_setup::model::field::FieldId;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;
use practice_server::{PracticeServer, RunningServer};
use secrecy::ExposeSecret;

use crate::case::Case;
use crate::masks::Masks;
use crate::shared::walk::free_port;
use crate::{databases, machines, servers};

/// A scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SceneId {
    /// A healthy server with databases in every state.
    Databases,
    /// The same, with databases that bear one session at a time or none.
    Restless,
    /// A healthy server; the cases are about the machine: home, instance, account.
    Machines,
    /// A healthy server; the cases are about prefixes and ports.
    Web,
    /// A healthy server that nobody comes to: answers and answer files that are wrong by themselves.
    Forms,
    /// A healthy server with clusters of ours.
    Clusters,
    /// A healthy server with databases that Octopus Server made by itself.
    OctopusMade,
    /// A server that says that it is the practice server.
    Practice,
    /// SQL Server 2014.
    Version2014,
    /// SQL Server 2016.
    Version2016,
    /// An Express Edition.
    Express,
    /// A clock that is 90 s ahead.
    ClockAhead,
    /// A clock that is 12 s ahead.
    ClockNear,
    /// A server without TLS.
    NoTls,
    /// An expired certificate.
    Expired,
    /// A certificate for another name.
    OtherName,
    /// A certificate that signs itself.
    SelfSigned,
    /// A certificate from an authority that nobody has.
    UnknownIssuer,
    /// A server without TDS 8.0.
    NoStrict,
    /// A server that is 25 ms away.
    Far,
    /// Something that does not speak TDS.
    NotSqlServer,
    /// A server that ends each connection in the middle of its first reply.
    HangsUp,
    /// A server that sends its clients on to itself.
    SendsOn,
}

impl SceneId {
    /// Every scene.
    pub const ALL: [Self; 23] = [
        Self::Databases,
        Self::Restless,
        Self::Machines,
        Self::Web,
        Self::Forms,
        Self::Clusters,
        Self::OctopusMade,
        Self::Practice,
        Self::Version2014,
        Self::Version2016,
        Self::Express,
        Self::ClockAhead,
        Self::ClockNear,
        Self::NoTls,
        Self::Expired,
        Self::OtherName,
        Self::SelfSigned,
        Self::UnknownIssuer,
        Self::NoStrict,
        Self::Far,
        Self::NotSqlServer,
        Self::HangsUp,
        Self::SendsOn,
    ];

    /// Its name in the head of a case.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Databases => "databases",
            Self::Restless => "restless-databases",
            Self::Machines => "machines",
            Self::Web => "web",
            Self::Forms => "forms",
            Self::Clusters => "clusters",
            Self::OctopusMade => "octopus-made",
            Self::Practice => "practice",
            Self::Version2014 => "version-2014",
            Self::Version2016 => "version-2016",
            Self::Express => "express",
            Self::ClockAhead => "clock-ahead",
            Self::ClockNear => "clock-near",
            Self::NoTls => "no-tls",
            Self::Expired => "expired",
            Self::OtherName => "other-name",
            Self::SelfSigned => "self-signed",
            Self::UnknownIssuer => "unknown-issuer",
            Self::NoStrict => "no-strict",
            Self::Far => "far",
            Self::NotSqlServer => "not-sql-server",
            Self::HangsUp => "hangs-up",
            Self::SendsOn => "sends-on",
        }
    }

    /// The scene of this name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scene| scene.id() == id)
    }
}

/// A prepared scene.
pub struct Scene {
    pub id: SceneId,
    pub server: RunningServer,
    folder: tempfile::TempDir,
    /// Somebody else's service.
    listener: TcpListener,
}

impl Scene {
    /// Starts the server and prepares what is on it.
    pub async fn prepare(id: SceneId) -> Self {
        // Not where temporary files are, which may be in memory, and that is warned of.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let server = PracticeServer::start(servers::options(id, folder.path())).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scene = Self { id, server, folder, listener };
        machines::prepare(&scene);
        databases::prepare(&scene).await;
        servers::spoil(&scene);
        scene
    }

    /// A file or folder of this scene.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What stands for the placeholders of a case. Each has ports of its own.
    pub fn masks(&self) -> Masks {
        let port = self.server.addr().port();
        let closed = free_port();
        let path = |name: &str| self.path(name).display().to_string();
        Masks::new([
            ("password", self.server.password().expose_secret().to_owned()),
            ("server", format!("localhost,{port}")),
            ("port", port.to_string()),
            ("nobody", format!("localhost,{closed}")),
            ("closed", closed.to_string()),
            ("taken", self.listener.local_addr().unwrap().port().to_string()),
            ("web", free_port().to_string()),
            ("comms", free_port().to_string()),
            ("grpc", free_port().to_string()),
            ("certificate", certificate(&self.server)),
            ("ca", self.server.ca_file().display().to_string()),
            ("folder", path("").trim_end_matches('/').to_owned()),
        ])
    }

    /// What is answered when nobody says anything, as the program has it. Nobody chose that place for the key.
    pub fn defaults(&self) -> Answers {
        let mut answers = Answers::new(octopus_setup::world::host::platform());
        answers.offer(FieldId::Home, &self.path("default-home").display().to_string(), Origin::Default);
        answers.offer(FieldId::NodeName, &octopus_setup::world::host::name(), Origin::Default);
        answers.offer(FieldId::KeyFile, &self.path("default-key.txt").display().to_string(), Origin::Default);
        answers
    }

    /// The environment variables that answer files name.
    pub fn environment(&self) -> BTreeMap<&'static str, String> {
        let key = |byte| databases::key(byte).to_base64().expose_secret().to_owned();
        let password = self.server.password().expose_secret().to_owned();
        let mut environment = BTreeMap::from([
            ("SQL_PASSWORD", password),
            ("MASTER_KEY", key(databases::KEY)),
            ("OTHER_KEY", key(databases::OTHER_KEY)),
            ("HALF_A_KEY", key(databases::KEY)[..30].to_owned()),
            ("SERVICE_PASSWORD", "Service-Pass-9f3!".to_owned()),
            ("ADMIN_PASSWORD", "Wombat-Pass-4t6!".to_owned()),
            ("WEAK_PASSWORD", "qwertzui".to_owned()),
            ("NAMED_PASSWORD", "admin-2026-X".to_owned()),
            ("LICENCE", machines::licence("<NodeLimit>3</NodeLimit>")),
            ("EMPTY", String::new()),
        ]);
        for (name, variable) in servers::LOGINS {
            environment.insert(variable, servers::password(name));
        }
        environment
    }

    /// Fails where a secret of this scene is said.
    pub fn tells_no_secret(&self, case: &Case, said: &str) {
        for (name, secret) in self.environment().into_iter().filter(|(_, secret)| !secret.is_empty()) {
            assert!(!said.contains(&secret), "{}: {name} is said in\n{said}", case.name);
        }
    }

    /// The case's machine, as a world.
    pub fn world(&self, case: &Case) -> World {
        World::new(machines::places(self, case.machine), Surroundings::default())
    }
}

/// The SHA-256 of the certificate that the server keeps, in hexadecimal digits.
fn certificate(server: &RunningServer) -> String {
    let pem = std::fs::read_to_string(server.data().join("tls/server.pem")).unwrap_or_default();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
    data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, &der).as_ref())
}
