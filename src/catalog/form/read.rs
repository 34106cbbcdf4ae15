//! Parses each answer; the error is the sentence that is shown beneath the field. Everything that reads what an answer means
//! (the surveys' inputs, the node, the checks) calls these functions, so that no two readers differ.

use std::path::PathBuf;

use data_encoding::HEXLOWER_PERMISSIVE;
use secrecy::ExposeSecret;

use crate::model::answers::{Answers, Raw, same_secret};
use crate::model::facts::{Fact, Facts};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::master_key::{KeyForm, KeySize, MasterKey};
use crate::model::names::{DatabaseName, InstanceName, NodeName};
use crate::model::node::Administrator;
use crate::model::octopus::HandOverMode;
use crate::model::platform::Platform;
use crate::model::secret::SecretString;
use crate::model::storage::{SharedFolder, SharedStorage, StorageKind};
use crate::model::survey::{AccountKind, LicenceSource};
use crate::model::target::{Encryption, ServerAddress, SignIn, Target, Trust, TrustKind, check_login};
use crate::model::web::ListenPrefix;

/// How many tasks a node takes at a time where nobody says otherwise; Octopus' own default.
pub const DEFAULT_TASK_CAP: u16 = 5;

/// The instance's name.
pub fn instance(answers: &Answers) -> Result<InstanceName, String> {
    InstanceName::parse(answers.text(FieldId::Instance)).map_err(|bad| bad.to_string())
}

/// The node's name.
pub fn node_name(answers: &Answers) -> Result<NodeName, String> {
    NodeName::parse(answers.text(FieldId::NodeName)).map_err(|bad| bad.to_string())
}

/// The home directory.
pub fn home(answers: &Answers) -> Result<PathBuf, String> {
    path(FieldId::Home, "octopus", answers)
}

/// The kind of the service account.
pub fn account_kind(answers: &Answers) -> AccountKind {
    answers.chosen(FieldId::ServiceAccount).unwrap_or(AccountKind::LocalSystem)
}

/// The service account's name; empty for local system.
pub fn service_user(answers: &Answers) -> Result<String, String> {
    let name = answers.trimmed(FieldId::ServiceUser);
    let example = match account_kind(answers) {
        AccountKind::LocalSystem => return Ok(String::new()),
        AccountKind::Custom => "CORP\\svc-octopus",
        AccountKind::Managed => "CORP\\gmsa-octopus$",
    };
    if name.is_empty() {
        return Err(format!("Type the account's name, for instance {example}."));
    }
    // What Windows refuses in account names, and what would leave the line of a unit file or script.
    if name.chars().any(|c| c.is_control() || "\"/[]:;|=,+*?<>".contains(c)) || name.chars().count() > 256 {
        return Err(format!("This is not an account's name; type one like {example}."));
    }
    Ok(name.to_owned())
}

/// Windows wants the password of the account that a service runs as; systemd wants none.
pub const fn needs_service_password(platform: Platform) -> bool {
    platform.is_windows()
}

/// The service account's password, where the account has one.
pub fn service_password(answers: &Answers) -> Result<Option<SecretString>, String> {
    if account_kind(answers) != AccountKind::Custom {
        return Ok(None);
    }
    match answers.secret(FieldId::ServicePassword).filter(|secret| !secret.expose_secret().is_empty()) {
        Some(secret) => clean_secret(secret).map(Some),
        None if needs_service_password(answers.platform()) => Err("Type the account's password.".into()),
        None => Ok(None),
    }
}

/// The server.
pub fn server(answers: &Answers) -> Result<ServerAddress, String> {
    ServerAddress::parse(answers.text(FieldId::Server)).map_err(|bad| bad.to_string())
}

/// The database.
pub fn database(answers: &Answers) -> Result<DatabaseName, String> {
    DatabaseName::parse(answers.text(FieldId::Database)).map_err(|bad| bad.to_string())
}

/// The SQL login.
pub fn user(answers: &Answers) -> Result<String, String> {
    let name = answers.trimmed(FieldId::User);
    check_login(name).map_err(|bad| bad.to_string())?;
    Ok(name.to_owned())
}

/// The SQL login's password.
pub fn password(answers: &Answers) -> Result<SecretString, String> {
    match answers.secret(FieldId::Password).filter(|secret| !secret.expose_secret().is_empty()) {
        Some(secret) if secret.expose_secret().encode_utf16().count() > 128 => {
            Err("A SQL login's password has at most 128 characters; type it anew.".into())
        }
        Some(secret) => clean_secret(secret),
        None => Err("Type the login's password.".into()),
    }
}

/// A secret without control characters: they come from a paste gone wrong, and nobody could see them.
fn clean_secret(secret: &SecretString) -> Result<SecretString, String> {
    if secret.expose_secret().chars().any(char::is_control) {
        return Err("The password holds a line break or another control character; type it anew.".into());
    }
    Ok(secret.clone())
}

/// The master key of an existing cluster.
pub fn master_key(answers: &Answers) -> Result<MasterKey, String> {
    let Some(secret) = answers.secret(FieldId::MasterKey) else { return Err(String::new()) };
    MasterKey::parse(secret).map_err(|form| match form {
        KeyForm::Empty => "Paste the cluster's master key; the first node's operator has it.".to_owned(),
        KeyForm::Other(other) => format!("This is {other}; paste the key itself, 24 or 44 characters that end with =."),
        other => format!("This is not a master key: {other}."),
    })
}

/// The master key that a flow works with: pasted for a node that joins; from the seal for one that is there, and pasted
/// where that does not open. A new cluster's is generated, and in nobody's hands but custody's.
pub fn flow_key(flow: Flow, answers: &Answers, facts: &Facts) -> Option<MasterKey> {
    let typed = || master_key(answers).ok();
    match flow {
        Flow::FirstNode => None,
        Flow::Join => typed(),
        Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove => match facts.node.key.seen() {
            Some(Raw::Secret(secret)) => MasterKey::parse(secret).ok(),
            Some(Raw::Text(text)) => MasterKey::parse(&SecretString::from(text.as_str())).ok(),
            None => typed(),
        },
    }
}

/// How many tasks the node takes at a time; Octopus takes 0 for a node that only serves the web portal.
pub fn task_cap(answers: &Answers) -> Result<u16, String> {
    let text = answers.trimmed(FieldId::TaskCap);
    let number = text.parse::<u16>().ok().filter(|number| *number <= 1000 && text.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| "Type a number of tasks from 0 to 1000; Octopus' own default is 5.".to_owned())
}

/// Encryption.
pub fn encryption(answers: &Answers) -> Encryption {
    answers.chosen(FieldId::Encryption).unwrap_or(Encryption::Mandatory)
}

/// The CA file.
pub fn ca_file(answers: &Answers) -> Result<PathBuf, String> {
    path(FieldId::CaFile, "corp-ca.pem", answers)
}

/// The trusted certificate's SHA-256. Colons, hyphens and blanks between the digits do not matter.
pub fn fingerprint(answers: &Answers) -> Result<[u8; 32], String> {
    let text = answers.trimmed(FieldId::Fingerprint);
    if text.is_empty() {
        return Err(
            "Type the certificate's SHA-256{?, or take the one that the server shows with {key:take-certificate}}.".into()
        );
    }
    let text = text.get(..7).filter(|head| head.eq_ignore_ascii_case("sha256:")).map_or(text, |head| &text[head.len()..]);
    let digits: String = text.chars().filter(|c| !(c.is_whitespace() || matches!(c, ':' | '-'))).collect();
    if digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("This is a SHA-1 thumbprint; type the certificate's SHA-256, 64 hexadecimal digits.".into());
    }
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "Type the certificate's SHA-256 as 64 hexadecimal digits.".into())
}

/// Trust, with what belongs to it.
pub fn trust(answers: &Answers) -> Result<Trust, FieldId> {
    match answers.chosen(FieldId::Trust).unwrap_or(TrustKind::System) {
        TrustKind::System => Ok(Trust::SystemRoots),
        TrustKind::CaFile => ca_file(answers).map(Trust::CaFile).map_err(|_| FieldId::CaFile),
        TrustKind::Fingerprint => fingerprint(answers).map(Trust::Fingerprint).map_err(|_| FieldId::Fingerprint),
        TrustKind::Nothing => Ok(Trust::Nothing),
    }
}

/// Who connects; the error names the field that is malformed.
pub fn sign_in(answers: &Answers) -> Result<SignIn, FieldId> {
    let user = user(answers).map_err(|_| FieldId::User)?;
    let password = password(answers).map_err(|_| FieldId::Password)?;
    Ok(SignIn::SqlLogin { user, password })
}

/// The server and the database, where every answer of the database screen is well-formed.
pub fn target(answers: &Answers) -> Option<Target> {
    answers.chosen::<TrustKind>(FieldId::Trust)?;
    Some(Target {
        address: server(answers).ok()?,
        database: database(answers).ok()?,
        sign_in: sign_in(answers).ok()?,
        encryption: answers.chosen(FieldId::Encryption)?,
        trust: trust(answers).ok()?,
        multi_subnet: answers.toggled(FieldId::MultiSubnet)?,
    })
}

/// The listen prefixes.
pub fn prefixes(answers: &Answers) -> Result<Vec<ListenPrefix>, String> {
    ListenPrefix::parse_all(answers.text(FieldId::ListenPrefixes)).map_err(|bad| bad.to_string())
}

/// A port.
pub fn port(field: FieldId, answers: &Answers) -> Result<u16, String> {
    let text = answers.trimmed(field);
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok().filter(|port| *port != 0) } else { None };
    number.ok_or_else(|| format!("Type a port from 1 to 65535; {} is usual.", field.default()))
}

/// The new master key's size.
pub fn key_size(answers: &Answers) -> KeySize {
    answers.chosen(FieldId::KeySize).unwrap_or(KeySize::Aes256)
}

/// Checks the path of a file that may be written, empty for none.
pub fn file_to_be(field: FieldId, example: &str, answers: &Answers) -> Result<(), String> {
    let good = answers.trimmed(field).is_empty() || absolute(field, answers).is_some();
    if good { Ok(()) } else { Err(not_absolute(answers.platform(), example)) }
}

/// A field's path, absolute by the rules of the target's platform.
pub fn path(field: FieldId, example: &str, answers: &Answers) -> Result<PathBuf, String> {
    let text = answers.trimmed(field);
    if text.chars().any(char::is_control) {
        return Err("The path holds a control character; type it anew.".into());
    }
    absolute(field, answers).ok_or_else(|| not_absolute(answers.platform(), example))
}

/// A field's path where it is an absolute one.
pub fn absolute(field: FieldId, answers: &Answers) -> Option<PathBuf> {
    let text = answers.trimmed(field);
    answers.platform().is_absolute(text).then(|| PathBuf::from(text))
}

/// What to type instead of a path that is not absolute.
pub fn not_absolute(platform: Platform, example: &str) -> String {
    let folder = match platform {
        Platform::Linux => "/var/lib",
        Platform::Windows => "C:\\Octopus",
    };
    format!("Type an absolute path, for instance {}.", platform.join(folder, example))
}

/// What all nodes share; the error names the field that is malformed.
pub fn storage(answers: &Answers) -> Result<SharedStorage, FieldId> {
    match answers.chosen(FieldId::Storage).unwrap_or(StorageKind::None) {
        StorageKind::None => Ok(SharedStorage::None),
        StorageKind::Root => storage_root(answers).map(SharedStorage::Root).map_err(|_| FieldId::StorageRoot),
        StorageKind::Folders => {
            let mut folders = Vec::new();
            for folder in SharedFolder::ALL {
                let path = shared_folder(folder.field(), answers).map_err(|_| folder.field())?;
                folders.extend(path.map(|path| (folder, path)));
            }
            Ok(SharedStorage::Folders(folders))
        }
    }
}

/// The root of the shared folders.
pub fn storage_root(answers: &Answers) -> Result<PathBuf, String> {
    shared_path(answers.trimmed(FieldId::StorageRoot), answers.platform())
}

/// One shared folder; `None` for one that may be left out, and is.
pub fn shared_folder(field: FieldId, answers: &Answers) -> Result<Option<PathBuf>, String> {
    let text = answers.trimmed(field);
    if text.is_empty() && field.is_optional() { Ok(None) } else { shared_path(text, answers.platform()).map(Some) }
}

/// What the registry has place for, as the server counts characters.
const LONGEST_PATH: usize = 1_000;

/// A path that other machines can have too: absolute on this platform, or a UNC path.
fn shared_path(text: &str, platform: Platform) -> Result<PathBuf, String> {
    let example = match platform {
        Platform::Linux => "/mnt/octopus",
        Platform::Windows => "\\\\files\\octopus",
    };
    if text.chars().any(char::is_control) {
        return Err("The path holds a control character; type it anew.".to_owned());
    }
    if text.encode_utf16().count() > LONGEST_PATH {
        return Err(format!("A path has at most {LONGEST_PATH} characters here; type a shorter one."));
    }
    let unc = text.starts_with("\\\\") && text.len() > 4;
    let good = platform.is_absolute(text) || unc;
    if good { Ok(PathBuf::from(text)) } else { Err(format!("Type a path that every node can reach, for instance {example}.")) }
}

/// The first administrator's name; empty for none.
pub fn admin_user(answers: &Answers) -> Result<String, String> {
    let name = answers.trimmed(FieldId::AdminUser);
    if name.chars().any(char::is_control) || name.chars().count() > 200 {
        return Err("A name has at most 200 characters, none of them a control character; type it anew.".to_owned());
    }
    Ok(name.to_owned())
}

/// The first administrator's mail address; may be empty.
pub fn admin_email(answers: &Answers) -> Result<String, String> {
    let text = answers.trimmed(FieldId::AdminEmail);
    let parts = text.split_once('@');
    let good = text.is_empty() || parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if good && !text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Ok(text.to_owned());
    }
    Err("Type a mail address, for instance admin@example.com, or nothing.".to_owned())
}

/// The first administrator's password.
pub fn admin_password(answers: &Answers) -> Result<SecretString, String> {
    let secret = answers.secret(FieldId::AdminPassword).filter(|secret| !secret.expose_secret().is_empty());
    match secret {
        Some(secret) if secret.expose_secret().chars().any(char::is_control) => {
            Err("The password holds a line break or another control character; type it anew.".to_owned())
        }
        Some(secret) => Ok(secret.clone()),
        None => Err("Type the administrator's password.".to_owned()),
    }
}

/// The first administrator, where one is to be made; the error names the field that is malformed.
pub fn administrator(answers: &Answers) -> Result<Option<Administrator>, FieldId> {
    let user = admin_user(answers).map_err(|_| FieldId::AdminUser)?;
    if user.is_empty() {
        return Ok(None);
    }
    let email = admin_email(answers).map_err(|_| FieldId::AdminEmail)?;
    let password = admin_password(answers).map_err(|_| FieldId::AdminPassword)?;
    Ok(Some(Administrator { user, email, password }))
}

/// Returns where the licence is; `None` where there is none. One that is given twice is an error of its second field.
pub fn licence(answers: &Answers) -> Result<Option<LicenceSource>, FieldId> {
    let text = answers.secret(FieldId::Licence).filter(|text| !text.expose_secret().trim().is_empty());
    let file = answers.trimmed(FieldId::LicenceFile);
    match text {
        Some(_) if !file.is_empty() => Err(FieldId::LicenceFile),
        Some(text) => Ok(Some(LicenceSource::Text(text.clone()))),
        None if file.is_empty() => Ok(None),
        None => {
            let path = absolute(FieldId::LicenceFile, answers).ok_or(FieldId::LicenceFile)?;
            Ok(Some(LicenceSource::File(path)))
        }
    }
}

/// Says that the administrator's password was typed differently the second time.
pub fn same_password_again(answers: &Answers) -> Result<(), String> {
    match (answers.secret(FieldId::AdminPassword), answers.secret(FieldId::AdminPasswordAgain)) {
        (Some(first), Some(again)) if !same_secret(first, again) => {
            Err("The two passwords are not the same. Type the second one again, or both.".to_owned())
        }
        _ => Ok(()),
    }
}

/// Says that the licence was given twice, as a text and as a file: which of them counts is not guessed.
pub fn one_licence(answers: &Answers) -> Result<(), String> {
    let pasted = answers.secret(FieldId::Licence).is_some_and(|text| !text.expose_secret().trim().is_empty());
    let named = !answers.trimmed(FieldId::LicenceFile).is_empty();
    if pasted && named {
        let (text, file) = (FieldId::Licence.id(), FieldId::LicenceFile.id());
        return Err(format!("The licence is given twice, as a text ({text}) and as a file ({file}). Empty one of them."));
    }
    Ok(())
}

/// Whether Octopus Server's commands are run.
pub fn hand_over(answers: &Answers) -> HandOverMode {
    answers.chosen(FieldId::HandOver).unwrap_or(HandOverMode::WhenFound)
}

/// Returns whether Octopus Server's commands use what is answered for them: they are run on this machine, or asked for as a script. While
/// nobody has looked for the program, they may.
pub fn uses_octopus(answers: &Answers, facts: &Facts) -> bool {
    hand_over(answers) != HandOverMode::WhenFound || !matches!(facts.octopus.program, Fact::Seen(None))
}

/// Octopus Server's program, where somebody said it.
pub fn octopus_server(answers: &Answers) -> Result<Option<PathBuf>, String> {
    let text = answers.trimmed(FieldId::OctopusServer);
    if text.is_empty() {
        return Ok(None);
    }
    let platform = answers.platform();
    let path = absolute(FieldId::OctopusServer, answers);
    path.map(Some).ok_or_else(|| not_absolute(platform, platform.server_program()))
}
