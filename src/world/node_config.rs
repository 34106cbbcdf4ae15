//! The node config on disk: made from a plan, written, read back, and turned into a target again.

use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use secrecy::ExposeSecret;

use crate::model::names::DatabaseName;
use crate::model::node_config::{
    ClusterSection, DatabaseSection, NodeConfig, NodeSection, Sealed, SealedSignIn, ServiceSection, TrustSection,
};
use crate::model::plan::Plan;
use crate::model::secret::SecretString;
use crate::model::target::{ServerAddress, SignIn, Target, Trust, check_login};
use crate::model::untrusted::Untrusted;
use crate::world::atomic_write::{self, Existing, atomic_write};
use crate::world::seal::{Destination, Purpose, SealError, Sealer};
use crate::world::toml_file::{self, TomlFileError};
use crate::world::{clock, node_config};

/// Where the config of a home is.
pub fn path(home: &Path) -> PathBuf {
    home.join(NodeConfig::FILE)
}

/// The file's text: the same for the same config, so it names no time.
pub fn render(config: &NodeConfig) -> io::Result<String> {
    let body = toml::to_string_pretty(config).map_err(io::Error::other)?;
    // A name with a line break would end the comment and begin a key.
    let instance = Untrusted::new(&config.instance);
    Ok(format!(
        "# The node config of the Octopus Server instance \"{instance}\".\n\
         # Written by octopus-setup {}.\n\
         # Values that begin with \"sealed:\" are secrets that only this machine can open.\n\n{body}",
        env!("CARGO_PKG_VERSION"),
    ))
}

/// Writes the config into its home, 0600; an older one is kept beside it under a dated name.
pub fn write(config: &NodeConfig) -> io::Result<()> {
    write_into(&config.node.home, config)
}

/// Writes the config into a folder: its home, however that is reached.
pub(super) fn write_into(folder: &Path, config: &NodeConfig) -> io::Result<()> {
    let stamp = clock::stamp(clock::now());
    atomic_write(&node_config::path(folder), render(config)?.as_bytes(), Existing::Backup(&stamp))
}

/// Takes a home's config away: it stays beside its place under a dated name, like one that was replaced.
pub fn set_aside(home: &Path) -> io::Result<()> {
    atomic_write::set_aside(&path(home), &clock::stamp(clock::now()))
}

/// Reads the config of a home.
pub fn read(home: &Path) -> Result<NodeConfig, TomlFileError> {
    toml_file::read(&path(home), NodeConfig::FORMAT)
}

/// Reads the config at this path.
pub fn read_file(path: &Path) -> Result<NodeConfig, TomlFileError> {
    toml_file::read(path, NodeConfig::FORMAT)
}

/// Reads the config of a home; `None` where there is none.
pub fn find(home: &Path) -> Result<Option<NodeConfig>, TomlFileError> {
    match read(home) {
        Ok(config) => Ok(Some(config)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The config that a plan leads to, its secrets sealed.
pub fn build(plan: &Plan, sealer: &Sealer) -> Result<NodeConfig, SealError> {
    let node = &plan.node;
    let instance = node.instance.as_str();
    let trust = TrustSection::from(&node.target.trust);
    let server = node.target.address.to_string();
    let seal = |purpose: &Purpose<'_>, secret: &SecretString| -> Result<Sealed, SealError> {
        sealer.seal(purpose, secret.expose_secret().as_bytes())
    };
    let service_password =
        node.service.password.as_ref().map(|secret| seal(&Purpose::ServicePassword { instance }, secret)).transpose()?;
    Ok(NodeConfig {
        format: NodeConfig::FORMAT,
        instance: node.instance.clone(),
        node: NodeSection { name: node.name.clone(), home: node.home.clone(), task_cap: node.task_cap },
        service: ServiceSection { account: node.service.kind, user: node.service.user.clone(), password: service_password },
        database: DatabaseSection {
            name: node.target.database.to_string(),
            sign_in: match &node.target.sign_in {
                SignIn::SqlLogin { user, password } => {
                    let to = Destination::new(&server, user, node.target.encryption, &trust);
                    let password = seal(&Purpose::DatabasePassword { instance, to: &to }, password)?;
                    SealedSignIn::SqlLogin { user: user.clone(), password }
                }
            },
            server,
            encryption: node.target.encryption,
            trust,
            multi_subnet: node.target.multi_subnet,
            certificate: plan.certificate.map(|digest| HEXLOWER.encode(&digest)),
        },
        cluster: ClusterSection {
            id: plan.cluster,
            fingerprint: plan.fingerprint,
            master_key_file: NodeConfig::KEY_FILE.to_owned(),
        },
        web: node.web.section(),
        comms: node.web.comms_section(),
        storage: node.storage.clone(),
    })
}

/// Why a config gives no target.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A secret in it does not open.
    #[error("{key}: {source}")]
    Seal {
        /// Its key in the file.
        key: &'static str,
        /// Why.
        source: SealError,
    },
    /// A value in it cannot be used.
    #[error("{key}: {said}")]
    Value {
        /// Its key in the file.
        key: &'static str,
        /// Why.
        said: String,
    },
}

/// What a connection needs, from the config alone.
pub fn target(config: &NodeConfig, sealer: &Sealer) -> Result<Target, OpenError> {
    let database = &config.database;
    let value = |key, said: String| OpenError::Value { key, said };
    Ok(Target {
        address: ServerAddress::parse(&database.server).map_err(|error| value("database.server", error.to_string()))?,
        database: DatabaseName::parse(&database.name).map_err(|error| value("database.name", error.to_string()))?,
        sign_in: match &database.sign_in {
            SealedSignIn::SqlLogin { user, .. } => {
                check_login(user).map_err(|error| value("database.user", error.to_string()))?;
                SignIn::SqlLogin { user: user.clone(), password: database_password(config, sealer)? }
            }
        },
        encryption: database.encryption,
        trust: match &database.trust {
            TrustSection::System => Trust::SystemRoots,
            TrustSection::CaFile(path) => Trust::CaFile(path.clone()),
            TrustSection::Fingerprint(text) => Trust::Fingerprint(digest(text)?),
            TrustSection::None => Trust::Nothing,
        },
        multi_subnet: database.multi_subnet,
    })
}

/// The database login's password.
pub fn database_password(config: &NodeConfig, sealer: &Sealer) -> Result<SecretString, OpenError> {
    let SealedSignIn::SqlLogin { password, .. } = &config.database.sign_in;
    let to = Destination::of_config(&config.database);
    let purpose = Purpose::DatabasePassword { instance: &config.instance, to: &to };
    open(sealer, "database.password", &purpose, password)
}

/// The service account's password, where the config has one.
pub fn service_password(config: &NodeConfig, sealer: &Sealer) -> Result<Option<SecretString>, OpenError> {
    let purpose = Purpose::ServicePassword { instance: &config.instance };
    config.service.password.as_ref().map(|sealed| open(sealer, "service.password", &purpose, sealed)).transpose()
}

/// Whether two configs say the same: all that is in the clear, and the secrets when they are opened. Their sealed
/// texts differ each time, so comparing the files would not do.
pub fn same_but_for_seals(one: &NodeConfig, two: &NodeConfig, sealer: &Sealer) -> Result<bool, OpenError> {
    use crate::model::answers::same_secret;
    let mut alike = two.clone();
    let SealedSignIn::SqlLogin { password, .. } = &one.database.sign_in;
    let SealedSignIn::SqlLogin { password: other, .. } = &mut alike.database.sign_in;
    other.clone_from(password);
    alike.service.password.clone_from(&one.service.password);
    if *one != alike {
        return Ok(false);
    }
    let services = match (service_password(one, sealer)?, service_password(two, sealer)?) {
        (None, None) => true,
        (Some(one), Some(two)) => same_secret(&one, &two),
        _ => false,
    };
    Ok(services && target(one, sealer)?.sign_in == target(two, sealer)?.sign_in)
}

fn open(sealer: &Sealer, key: &'static str, purpose: &Purpose<'_>, text: &Sealed) -> Result<SecretString, OpenError> {
    let bytes = sealer.unseal(purpose, text).map_err(|source| OpenError::Seal { key, source })?;
    // What was sealed was text; that it is none any more is damage like any other.
    let secret = std::str::from_utf8(bytes.expose_secret()).map_err(|_| OpenError::Seal { key, source: SealError::Damaged })?;
    Ok(SecretString::from(secret))
}

/// Reads a certificate's fingerprint; people paste it with colons and in capitals.
fn digest(text: &str) -> Result<[u8; 32], OpenError> {
    let digits: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let bytes = HEXLOWER.decode(digits.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| OpenError::Value { key: "database.trust.fingerprint", said: "it takes 64 hexadecimal digits".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::model::answers::same_secret;
    use crate::world::apply::sample;
    use crate::world::places::Places;

    fn sealer(folder: &tempfile::TempDir) -> Sealer {
        Sealer::open_or_create(&Places::under(folder.path().join("state"))).expect("a machine key")
    }

    #[test]
    fn what_is_written_is_read_back_and_leads_to_the_same_target() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealer = sealer(&folder);
        for trust in [Trust::SystemRoots, Trust::CaFile("/etc/ca.pem".into()), Trust::Fingerprint([0xab; 32]), Trust::Nothing] {
            let mut plan = sample::plan(folder.path());
            plan.node.target.trust = trust;
            let config = build(&plan, &sealer).expect("sealed");
            write(&config).expect("written");
            let back = read(folder.path()).expect("read");
            assert_eq!(back, config);
            assert_eq!(target(&back, &sealer).expect("opened"), plan.node.target);
            let password = service_password(&back, &sealer).expect("opened").expect("there");
            assert!(same_secret(&password, plan.node.service.password.as_ref().expect("there")));
        }
    }

    #[test]
    fn the_text_holds_no_secret_and_begins_with_who_wrote_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut plan = sample::plan(folder.path());
        plan.node.instance = "a\nb = 1".into();
        let text = render(&build(&plan, &sealer(&folder)).expect("sealed")).expect("rendered");
        assert!(!text.contains(sample::PASSWORD) && !text.contains(sample::SERVICE_PASSWORD), "{text}");
        assert!(text.starts_with("# The node config of the Octopus Server instance \"a b = 1\".\n"), "{text}");
        assert!(text.contains("\n[database]\n") && text.contains("password = \"sealed:2:"), "{text}");
    }

    #[test]
    fn configs_are_the_same_whatever_their_nonces_and_differ_by_a_password() {
        let folder = tempfile::tempdir().expect("a folder");
        let sealer = sealer(&folder);
        let mut plan = sample::plan(folder.path());
        let (one, two) = (build(&plan, &sealer).expect("sealed"), build(&plan, &sealer).expect("sealed"));
        assert_ne!(one, two);
        assert!(same_but_for_seals(&one, &two, &sealer).expect("opened"));
        plan.node.target.sign_in = SignIn::sql_login("octo", "another");
        assert!(!same_but_for_seals(&one, &build(&plan, &sealer).expect("sealed"), &sealer).expect("opened"));
        plan.node.web.comms_port += 1;
        assert!(!same_but_for_seals(&two, &build(&plan, &sealer).expect("sealed"), &sealer).expect("opened"));
    }

    #[test]
    fn a_config_of_another_machine_is_recognised() {
        let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let config = build(&sample::plan(here.path()), &sealer(&here)).expect("sealed");
        assert!(matches!(
            target(&config, &sealer(&there)),
            Err(OpenError::Seal { key: "database.password", source: SealError::OtherMachine })
        ));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = render(&build(&sample::plan(folder.path()), &sealer(&folder)).expect("sealed")).expect("rendered");
        let line = text.lines().position(|line| line == "[web]").expect("a section") + 2;
        std::fs::write(path(folder.path()), text.replace("[web]\n", "[web]\nnews = true\n")).expect("written");
        match read(folder.path()) {
            Err(TomlFileError::Malformed { line: told, said, .. }) => {
                assert_eq!(told, line);
                assert!(said.as_str().contains("news"), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn storage_is_a_root_or_folders_and_nothing_else() {
        use crate::model::storage::{SharedFolder, SharedStorage};
        let folder = tempfile::tempdir().expect("a folder");
        let sealer = sealer(&folder);
        let mut plan = sample::plan(folder.path());
        let none = render(&build(&plan, &sealer).expect("sealed")).expect("rendered");
        assert!(!none.contains("storage"), "a single node's config is as it always was: {none}");
        let folders = vec![(SharedFolder::Artifacts, "/a b".into()), (SharedFolder::TaskLogs, "\\\\f\\t".into())];
        for (storage, text) in [
            (SharedStorage::Root("/mnt/octopus".into()), "[storage]\nroot = \"/mnt/octopus\"\n"),
            (SharedStorage::Folders(folders), "[storage.folders]\nartifacts = \"/a b\"\ntask-logs = "),
        ] {
            plan.node.storage = storage.clone();
            let config = build(&plan, &sealer).expect("sealed");
            write(&config).expect("written");
            assert!(render(&config).expect("rendered").contains(text), "{:?}", render(&config));
            assert_eq!(read(folder.path()).expect("read").storage, storage);
            assert!(same_but_for_seals(&config, &read(folder.path()).expect("read"), &sealer).expect("opened"));
        }
        for odd in [
            "[storage]",
            "[storage]\nroot = \"\"",
            "[storage]\nroot = \"/a\"\nnews = 1",
            "[storage]\nroot = \"/a\"\n[storage.folders]\nartifacts = \"/b\"",
            "[storage.folders]",
            "[storage.folders]\nnews = \"/b\"",
            "[storage.folders]\nartifacts = \"\"",
        ] {
            std::fs::write(path(folder.path()), format!("{none}\n{odd}\n")).expect("written");
            assert!(matches!(read(folder.path()), Err(TomlFileError::Malformed { .. })), "{odd}");
        }
    }
}
