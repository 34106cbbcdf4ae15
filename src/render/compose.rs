//! A compose file for Octopus' Linux container image, with the variables from its documentation.

use std::fmt;
use std::path::Path;

use askama::Template;
use askama::filters::{Escaper, Safe};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::octopus::{WordPart, connection_string};
use super::{ClearSecrets, Secret, Secrets, Setup, Unrenderable, comment};
use crate::model::connection_string::to_dotnet;
use crate::model::secret::SecretString;
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::target::{SignIn, Target, Trust};
use crate::model::untrusted::Untrusted;

/// The escaper of `.yaml` templates: a value comes out as one scalar in double quotes, as YAML reads it and as compose, which
/// takes `$` for its own in every value, leaves it.
#[derive(Debug, Clone, Copy)]
pub struct YamlScalar;

impl Escaper for YamlScalar {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        dest.write_char('"')?;
        escape(&mut dest, text)?;
        dest.write_char('"')
    }
}

/// A text as part of a scalar in double quotes.
fn escape<W: fmt::Write>(dest: &mut W, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '\0' => return Err(fmt::Error),
            '"' => dest.write_str("\\\"")?,
            '\\' => dest.write_str("\\\\")?,
            '\n' => dest.write_str("\\n")?,
            '$' => dest.write_str("$$")?,
            character if is_printable(character) => dest.write_char(character)?,
            // All of these are within the first plane, so four digits do; a pair of surrogates YAML would not take.
            character => write!(dest, "\\u{:04x}", u32::from(character))?,
        }
    }
    Ok(())
}

/// Whether YAML takes a character as it is, and no reader of it folds or strips it.
const fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// The variable of the password in a compose file, which is not the one of the scripts: compose puts variables into texts
/// unchanged, so this one holds the password with each double quote written twice.
pub const PASSWORD_VARIABLE: &str = "OCTOPUS_SETUP_PASSWORD_DOUBLED";

#[derive(Template)]
#[template(path = "compose.yaml", config = "assets/askama.toml")]
struct Compose<'a> {
    head: Vec<Safe<String>>,
    first: bool,
    connection: Safe<&'a str>,
    master_key: Safe<&'a str>,
    admin: Option<(&'a str, &'a str, Safe<&'a str>)>,
    licence: Option<Safe<&'a str>>,
    one_root: bool,
    mounts: Vec<Mount>,
    unmounted: bool,
    name: &'a str,
    task_cap: String,
    grpc: String,
    ports: Vec<String>,
}

/// A shared folder in the container.
struct Mount {
    source: String,
    target: &'static str,
}

/// The compose file of a node, its secrets as references to the environment.
pub fn by_reference(setup: &Setup<'_>) -> Result<String, Unrenderable> {
    write(setup, Secrets::ByReference).map(|text| text.to_string())
}

/// The compose file of a node with its secrets in it. One that is not there stays a reference.
pub fn in_clear(setup: &Setup<'_>, clear: &ClearSecrets) -> Result<SecretString, Unrenderable> {
    write(setup, Secrets::InClear(clear)).map(|text| SecretString::from(text.as_str()))
}

fn write(setup: &Setup<'_>, secrets: Secrets<'_>) -> Result<Zeroizing<String>, Unrenderable> {
    let node = setup.node;
    let connection = connection(setup, secrets)?;
    let master_key = scalar(secrets, Secret::MasterKey, "set it to the master key of the cluster")?;
    let password = scalar(secrets, Secret::AdminPassword, "set it to the password of the first administrator")?;
    let licence = scalar(secrets, Secret::Licence, "set it to the licence, in base64")?;
    let admin = node.administrator.as_ref();
    let compose = Compose {
        head: head(setup, secrets).iter().map(|line| comment(line, false)).collect(),
        first: setup.is_first(),
        connection: Safe(&connection),
        master_key: Safe(&master_key),
        admin: admin.map(|admin| (admin.user.as_str(), admin.email.as_str(), Safe(password.as_str()))),
        licence: node.licensed.then_some(Safe(licence.as_str())),
        one_root: matches!(node.storage, SharedStorage::Root(_)),
        mounts: mounts(&node.storage),
        unmounted: node.storage.is_none(),
        name: &node.name,
        task_cap: node.task_cap.to_string(),
        grpc: node.web.grpc_port.to_string(),
        ports: ports(setup),
    };
    let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
    compose.render_into(&mut *text).map_err(|_| Unrenderable)?;
    Ok(text)
}

/// The connection string as a scalar.
fn connection(setup: &Setup<'_>, secrets: Secrets<'_>) -> Result<Zeroizing<String>, Unrenderable> {
    let mut text = Zeroizing::new(String::with_capacity(4 * 1024));
    text.push('"');
    if let Some(password) = secrets.text(Secret::Password) {
        let SignIn::SqlLogin { user, .. } = &setup.node.target.sign_in;
        let target = Target { sign_in: SignIn::sql_login(user.as_str(), password), ..setup.node.target.clone() };
        let whole = to_dotnet(&target).map_err(|_| Unrenderable)?;
        escape(&mut *text, whole.expose_secret()).map_err(|_| Unrenderable)?;
    } else {
        for piece in connection_string(setup)?.0 {
            match piece {
                WordPart::Text(literal) => escape(&mut *text, &literal).map_err(|_| Unrenderable)?,
                WordPart::Secret(..) => {
                    text.push_str("${");
                    text.push_str(PASSWORD_VARIABLE);
                    text.push_str(":?set it to the password of the SQL login, each double quote in it written twice}");
                }
            }
        }
    }
    text.push('"');
    Ok(text)
}

/// A secret as a scalar: itself, or its variable and what to set that to.
fn scalar(secrets: Secrets<'_>, secret: Secret, what: &str) -> Result<Zeroizing<String>, Unrenderable> {
    let clear = secrets.text(secret);
    // With room for its longest form at once: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(256 + clear.map_or(0, str::len) * 6));
    text.push('"');
    if let Some(clear) = clear {
        escape(&mut *text, clear).map_err(|_| Unrenderable)?;
    } else {
        for part in ["${", secret.variable(), ":?", what, "}"] {
            text.push_str(part);
        }
    }
    text.push('"');
    Ok(text)
}

/// Returns the mounts of the shared folders. One root is one mount and needs an image that knows `CLUSTER_SHARED_MODE`; of the
/// folders, the image has no place for telemetry.
fn mounts(storage: &SharedStorage) -> Vec<Mount> {
    let mount = |path: &Path, target| Mount { source: path.to_string_lossy().into_owned(), target };
    match storage {
        SharedStorage::None => Vec::new(),
        SharedStorage::Root(root) => vec![mount(root, "/clusterShared")],
        SharedStorage::Folders(folders) => {
            folders.iter().filter_map(|(folder, path)| target(*folder).map(|target| mount(path, target))).collect()
        }
    }
}

/// A folder's place in the image.
const fn target(folder: SharedFolder) -> Option<&'static str> {
    match folder {
        SharedFolder::Artifacts => Some("/artifacts"),
        SharedFolder::TaskLogs => Some("/taskLogs"),
        SharedFolder::Packages => Some("/repository"),
        SharedFolder::Telemetry => None,
        SharedFolder::Imports => Some("/import"),
        SharedFolder::EventExports => Some("/eventExports"),
    }
}

/// Returns the port mappings. The image listens on 8080 and 443 for the web portal, whatever the prefixes say, and on 10943
/// for polling Tentacles; its gRPC port is a variable.
fn ports(setup: &Setup<'_>) -> Vec<String> {
    let web = &setup.node.web;
    let portal = web.prefixes.iter().map(|prefix| format!("{}:{}", prefix.port, if prefix.secure { 443 } else { 8080 }));
    let others = [format!("{}:10943", web.comms_port), format!("{0}:{0}", web.grpc_port)];
    let mut ports: Vec<String> = Vec::new();
    for port in portal.chain(others) {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}

/// Returns the comment at the head. Names come from answers, so they are cleaned.
fn head(setup: &Setup<'_>, secrets: Secrets<'_>) -> Vec<String> {
    let node = setup.node;
    let mut lines = vec![
        format!("Octopus Server's container as node {} of its cluster.", Untrusted::new(&node.name)),
        if setup.is_first() {
            "It is the first node: the container makes Octopus' tables when it starts.".to_owned()
        } else {
            "It is a further node: it takes what the cluster shares from the database.".to_owned()
        },
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    if matches!(secrets, Secrets::InClear(_)) {
        lines.push("SECRETS STAND IN THIS FILE IN THE CLEAR. Keep it to yourself.".into());
    } else {
        lines.push(
            "Variables without a default have to be set, in the environment or in a file .env beside this one; there,".into(),
        );
        lines.push("in single quotes, a value is taken as it is.".into());
    }
    if let Some(fingerprint) = setup.fingerprint {
        lines.push(format!("The master key is the one with the fingerprint {fingerprint}."));
    }
    if let Trust::CaFile(_) = node.target.trust {
        lines.push("The server's certificate is checked: its CA has to be among those that the container trusts.".into());
    }
    if node.web.force_ssl || node.web.prefixes.iter().any(|prefix| prefix.secure) {
        lines.push("The image has no variables for HTTPS: configure it in the container, or let the load balancer do it.".into());
    }
    let shared = node.storage.folders();
    if shared.iter().any(|(_, path)| !path.to_string_lossy().starts_with('/')) {
        lines.push("A shared folder is no path of Linux: mount the share on the host first, and put that path here.".into());
    }
    if matches!(node.storage, SharedStorage::Folders(_)) && shared.iter().any(|(folder, _)| target(*folder).is_none()) {
        lines.push("The image has no mount for telemetry: that folder is left out.".into());
    }
    lines
}
