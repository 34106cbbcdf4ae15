//! A .NET connection string, read into fields and written from a target. Our own parser, because tiberius' ignores or
//! misreads the current spellings in silence (`facts/sqlserver.md` 4.4).

mod grammar;
mod wrapper;

use crate::model::secret::SecretString;
use grammar::Pair;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answers::Raw;
use super::choice::spelled;
use super::field::FieldId;
use super::quote::push_dotnet;
use super::target::{Encryption, SignIn, Target, Trust, TrustKind};
use super::untrusted::Untrusted;

/// Who a connection string signs in as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SignInKind {
    /// A SQL Server login, with its password in the string.
    #[default]
    SqlLogin,
    /// The Windows account of the process (`Integrated Security`).
    WindowsAccount,
    /// An account of a directory, Microsoft Entra ID (`Authentication=Active Directory …`).
    Directory,
}

impl SignInKind {
    /// Returns what the account is, for people.
    pub const fn account(self) -> &'static str {
        match self {
            Self::SqlLogin => "a SQL login",
            Self::WindowsAccount => "its Windows account",
            Self::Directory => "an account of Microsoft Entra ID",
        }
    }
}

/// What a connection string says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ConnectionString {
    /// Fields that it fills. No login and no password where it does not sign in by a SQL login: they are left over, or are a
    /// directory account's.
    pub fields: Vec<(FieldId, Raw)>,
    #[serde(default)]
    pub sign_in: SignInKind,
    /// What is not used, as sentences that name the key and never its value.
    pub ignored: Vec<String>,
}

/// Why a text is not a connection string; the words name the place and never a value, which may be the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{0}")]
pub struct BadConnectionString(pub String);

impl ConnectionString {
    /// Reads a connection string. The last of several equal keys counts, as in .NET.
    pub fn parse(text: &str) -> Result<Self, BadConnectionString> {
        read(text)
    }

    /// Returns whether a text that was given for something else is a connection string: it names a server and something beside it.
    pub fn is_meant(text: &str) -> bool {
        let text = Zeroizing::new(text.to_ascii_lowercase());
        let is_named =
            |key: &str| text.match_indices(key).any(|(place, _)| text[place + key.len()..].trim_start().starts_with('='));
        text.contains(';') && SERVER_KEYS.into_iter().any(is_named)
    }
}

/// The names of the server in a connection string.
const SERVER_KEYS: [&str; 5] = ["server", "data source", "datasource", "address", "addr"];

/// The last value of each key; an empty value takes an earlier one back.
#[derive(Default)]
struct Values {
    fields: Vec<(FieldId, Zeroizing<String>)>,
    encrypt: Option<Encryption>,
    trust_any: Option<bool>,
    /// `Integrated Security`, as its key is written, where it is on.
    integrated: Option<String>,
    /// Whether `Authentication` names an account of a directory.
    directory: bool,
    ignored: Vec<String>,
    harmless: Vec<&'static str>,
}

/// How many names and quotes around a whole text are taken off: those of a file, those of a shell, and a name within them.
const MOST_WRAPPERS: u32 = 3;

/// Reads a connection string.
fn read(text: &str) -> Result<ConnectionString, BadConnectionString> {
    read_wrapped(text, MOST_WRAPPERS)
}

/// Reads a connection string with at most so many names and quotes around it.
fn read_wrapped(text: &str, wrappers: u32) -> Result<ConnectionString, BadConnectionString> {
    let start: String = text.trim_start().chars().take(16).collect::<String>().to_ascii_lowercase();
    let scheme = text.split('=').next().unwrap_or_default();
    if start.starts_with("jdbc:") || scheme.contains("://") {
        return Err(BadConnectionString(
            "This is a URL; paste the .NET form instead: Server=…;Database=…;User ID=…;Password=….".into(),
        ));
    }
    if let Some(left) = wrappers.checked_sub(1) {
        if is_json(text) {
            return read_wrapped(&json_string(text)?, left);
        }
        if let Some(inner) = wrapper::unquoted(text) {
            return read_wrapped(&inner, left);
        }
        if let Some(inner) = wrapper::unnamed(text) {
            return read_wrapped(inner, left);
        }
    }
    let pairs = grammar::pairs(text)?;
    let mut values = Values::default();
    let mut after_bare_password = false;
    for pair in pairs {
        let key = keyword(&pair.key);
        match key {
            Some(key) => values.take(key, &pair)?,
            // What follows an unquoted password and is no keyword is most likely its second half: not to be shown.
            None if after_bare_password => values.ignored.push(format!(
                "What follows the password at character {} is not known and was left out; a password with a ; in it must stand in quotes.",
                pair.at
            )),
            None => values.ignored.push(format!("SQL Server has no key {}; it was left out.", shown(&pair.key))),
        }
        after_bare_password = match key {
            Some(Keyword::Password) => !pair.quoted,
            None => after_bare_password,
            Some(_) => false,
        };
    }
    Ok(values.finish())
}

/// Returns whether this is a piece of a JSON file: a name in quotes with a colon behind it, or an object.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let Some(name) = text.strip_prefix('"') else { return text.starts_with('{') };
    name.split_once('"').is_some_and(|(_, rest)| rest.trim_start().starts_with(':'))
}

/// Returns the one connection string of a piece of JSON.
fn json_string(text: &str) -> Result<Zeroizing<String>, BadConnectionString> {
    let mut found = wrapper::json_strings(text).into_iter().filter(|string| begins_with_keyword(string));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(BadConnectionString("This piece of JSON holds no connection string; paste the string alone.".into())),
        (Some(_), Some(_)) => {
            Err(BadConnectionString("This piece of JSON holds several connection strings; paste one of them.".into()))
        }
    }
}

/// Returns whether a text begins as a connection string does.
pub(super) fn begins_with_keyword(text: &str) -> bool {
    text.split_once('=').is_some_and(|(key, _)| keyword(key).is_some())
}

impl Values {
    fn take(&mut self, key: Keyword, pair: &Pair) -> Result<(), BadConnectionString> {
        let value = &pair.value;
        match key {
            Keyword::Server => match undoubled(value) {
                Some(single) => {
                    self.ignored.push(format!(
                        "The \\\\ in {} is JSON's spelling of one \\, and was taken for one; nothing else was changed.",
                        shown(&pair.key)
                    ));
                    self.fill(FieldId::Server, &single);
                }
                None => self.fill(FieldId::Server, value),
            },
            Keyword::Database => self.fill(FieldId::Database, value),
            Keyword::User => self.fill(FieldId::User, value),
            Keyword::Password => self.fill(FieldId::Password, value),
            Keyword::MultiSubnet => {
                let on = spelled(truth(pair)?);
                self.fill(FieldId::MultiSubnet, on);
            }
            Keyword::Encrypt => self.encrypt = Some(encryption(pair)?),
            Keyword::TrustServerCertificate => self.trust_any = Some(truth(pair)?),
            Keyword::Integrated => {
                let is_on = value.trim().eq_ignore_ascii_case("sspi") || truth(pair)?;
                self.integrated = is_on.then(|| shown(&pair.key));
            }
            Keyword::Authentication => {
                let kind: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
                // Every other kind, also one that is not known yet, is an account that may be locked elsewhere.
                self.directory = !matches!(kind.as_str(), "" | "sqlpassword" | "notspecified");
            }
            Keyword::Intent => {
                if value.trim().eq_ignore_ascii_case("readonly") {
                    self.ignored.push("Application Intent was left out: Octopus writes to its database all the time.".into());
                }
            }
            Keyword::FailoverPartner => {
                if !value.is_empty() {
                    self.ignored.push("Failover Partner was left out: Octopus does not support database mirroring.".into());
                }
            }
            Keyword::HostNameInCertificate => self.ignored.push(
                "Host Name In Certificate was left out: the certificate must be for the server's name, or be trusted by its \
                 fingerprint."
                    .into(),
            ),
            Keyword::ServerCertificate => {
                self.ignored.push("Server Certificate was left out: trust the certificate by its fingerprint instead.".into());
            }
            Keyword::LocalFile => self
                .ignored
                .push(format!("{} was left out: a database of one's own machine cannot be shared by nodes.", shown(&pair.key))),
            Keyword::Harmless(name) => {
                if !self.harmless.contains(&name) {
                    self.harmless.push(name);
                }
            }
        }
        Ok(())
    }

    fn fill(&mut self, field: FieldId, value: &str) {
        self.fields.retain(|(other, _)| *other != field);
        if !value.is_empty() {
            self.fields.push((field, Zeroizing::new(value.to_owned())));
        }
    }

    fn finish(mut self) -> ConnectionString {
        if let Some(encryption) = self.encrypt {
            self.fill(FieldId::Encryption, encryption.spelling());
        }
        match (self.trust_any, self.encrypt) {
            // .NET does not heed it there, and we are not to be laxer than what it was written for.
            (Some(true), Some(Encryption::Strict)) => self
                .ignored
                .push("Trust Server Certificate was left out: with strict encryption the certificate is always checked.".into()),
            (Some(true), _) => self.fill(FieldId::Trust, TrustKind::Nothing.spelling()),
            (Some(false), _) => self.fill(FieldId::Trust, TrustKind::System.spelling()),
            (None, _) => {}
        }
        let sign_in = self.settle_sign_in();
        if let Some(words) = harmless_sentence(&self.harmless) {
            self.ignored.push(words);
        }
        let fields = self.fields.into_iter().map(|(field, value)| {
            // From a `&str` the secret is copied once, at its exact size; from a `String` it might be copied and left.
            let raw =
                if field.is_secret() { Raw::Secret(SecretString::from(value.as_str())) } else { Raw::Text(value.to_string()) };
            (field, raw)
        });
        ConnectionString { fields: fields.collect(), sign_in, ignored: self.ignored }
    }

    /// Decides who signs in, as .NET does: `Integrated Security` wins over a login beside it, which is left over. Takes away a
    /// login and a password that are not a SQL login's: sent as one, they might lock an account.
    fn settle_sign_in(&mut self) -> SignInKind {
        let (kind, key) = match (self.integrated.take(), self.directory) {
            (_, true) => (SignInKind::Directory, "Authentication".to_owned()),
            (Some(key), false) => (SignInKind::WindowsAccount, key),
            (None, false) => return SignInKind::SqlLogin,
        };
        let is_login = |field: FieldId| matches!(field, FieldId::User | FieldId::Password);
        let before = self.fields.len();
        self.fields.retain(|(field, _)| !is_login(*field));
        let left_over = if self.fields.len() < before { " The login or password beside it was left out too." } else { "" };
        self.ignored.push(format!("{key} was left out: only SQL logins work here, so type one.{left_over}"));
        kind
    }
}

/// Returns a server's name with one backslash before its instance, where JSON's two were copied. Those at the start are a path's.
fn undoubled(server: &str) -> Option<String> {
    let (host, instance) = server.split_once("\\\\")?;
    let is_host = !host.is_empty() && !host.ends_with(':') && !host.contains('\\');
    (is_host && !instance.is_empty() && !instance.contains('\\')).then(|| format!("{host}\\{instance}"))
}

fn harmless_sentence(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} makes no difference here.")),
        [first @ .., last] => Some(format!("{} and {last} make no difference here.", first.join(", "))),
    }
}

fn truth(pair: &Pair) -> Result<bool, BadConnectionString> {
    match pair.value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" | "" => Ok(false),
        _ => Err(BadConnectionString(format!("{} at character {} is neither true nor false.", shown(&pair.key), pair.at))),
    }
}

fn encryption(pair: &Pair) -> Result<Encryption, BadConnectionString> {
    match pair.value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "mandatory" | "" => Ok(Encryption::Mandatory),
        "false" | "no" | "0" | "optional" => Ok(Encryption::Optional),
        "strict" => Ok(Encryption::Strict),
        _ => Err(BadConnectionString(format!(
            "{} at character {} is none of true, false, mandatory, optional and strict.",
            shown(&pair.key),
            pair.at
        ))),
    }
}

/// Returns a key as it may be shown: cleaned, and cut where it is too long to be one.
fn shown(key: &str) -> String {
    let cut: String = key.chars().take(40).collect();
    let dots = if cut.len() < key.len() { "…" } else { "" };
    format!("{}{dots}", Untrusted::new(&cut))
}

/// A value has a NUL in it, which no connection string can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A NUL character cannot stand in a connection string.")]
pub struct NulInConnectionString;

/// Writes the connection string of a target, encryption and trust always spelled out: their defaults have changed
/// between versions of the driver.
///
/// `True` and `False` rather than `Mandatory` and `Optional`, since drivers before Microsoft.Data.SqlClient 5 know
/// only those. A pinned certificate has no spelling there (`Server Certificate` wants a file), so Octopus Server is
/// told to trust what it is shown; the wizard alone then checks the fingerprint.
pub fn to_dotnet(target: &Target) -> Result<SecretString, NulInConnectionString> {
    let (before, after) = halves(target)?;
    let SignIn::SqlLogin { password, .. } = &target.sign_in;
    let password = password.expose_secret();
    if password.contains('\0') {
        return Err(NulInConnectionString);
    }
    // Quoting at most doubles a value and adds two, so the buffer never moves and leaves no copy of the password.
    let mut text = Zeroizing::new(String::with_capacity(before.len() + 2 * password.len() + 2 + after.len()));
    text.push_str(&before);
    push_dotnet(&mut text, password);
    text.push_str(&after);
    Ok(SecretString::from(text.as_str()))
}

/// Returns the parts of the string before and after the password, with the double quotes that enclose it: the password is not
/// known yet. Each double quote in it has to be written twice.
pub fn around_password(target: &Target) -> Result<(String, String), NulInConnectionString> {
    let (mut before, mut after) = halves(target)?;
    before.push('"');
    after.insert(0, '"');
    Ok((before, after))
}

/// Returns the parts of the string before and after the password's value.
fn halves(target: &Target) -> Result<(String, String), NulInConnectionString> {
    let Target { address, database, sign_in, encryption, trust, multi_subnet } = target;
    let SignIn::SqlLogin { user, password: _ } = sign_in;
    let encrypt = match encryption {
        Encryption::Strict => "Strict",
        Encryption::Mandatory => "True",
        Encryption::Optional => "False",
    };
    let trust_any = match trust {
        Trust::SystemRoots | Trust::CaFile(_) => "False",
        Trust::Fingerprint(_) | Trust::Nothing => "True",
    };
    let address = address.to_string();
    let mut before = String::new();
    for (key, value) in [("Data Source", address.as_str()), ("Initial Catalog", database.as_str()), ("User ID", user.as_str())] {
        if value.contains('\0') {
            return Err(NulInConnectionString);
        }
        before.push_str(key);
        before.push('=');
        push_dotnet(&mut before, value);
        before.push(';');
    }
    before.push_str("Password=");
    let multi_subnet = if *multi_subnet { "True" } else { "False" };
    let after = format!(";Encrypt={encrypt};TrustServerCertificate={trust_any};MultiSubnetFailover={multi_subnet}");
    Ok((before, after))
}

/// What a keyword is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Server,
    Database,
    /// The login.
    User,
    Password,
    Encrypt,
    TrustServerCertificate,
    /// `Multi Subnet Failover`.
    MultiSubnet,
    /// `Integrated Security`.
    Integrated,
    Authentication,
    /// `Application Intent`.
    Intent,
    FailoverPartner,
    HostNameInCertificate,
    ServerCertificate,
    /// `AttachDBFilename` and `User Instance`: things of SQL Server Express on a developer's machine.
    LocalFile,
    /// Anything that is good for a program but changes nothing of what is set up here.
    Harmless(&'static str),
}

/// Recognises a keyword in upper or lower case. Runs of blanks count as one.
fn keyword(written: &str) -> Option<Keyword> {
    let words: Vec<String> = written.split_whitespace().map(str::to_lowercase).collect();
    let key = words.join(" ");
    Some(match key.as_str() {
        "data source" | "addr" | "address" | "network address" | "server" | "datasource" => Keyword::Server,
        "initial catalog" | "database" | "databasename" | "initialcatalog" => Keyword::Database,
        "user id" | "uid" | "user" | "username" | "user name" | "userid" => Keyword::User,
        "password" | "pwd" => Keyword::Password,
        "encrypt" => Keyword::Encrypt,
        "trust server certificate" | "trustservercertificate" => Keyword::TrustServerCertificate,
        "multi subnet failover" | "multisubnetfailover" => Keyword::MultiSubnet,
        "integrated security" | "trusted_connection" | "integratedsecurity" => Keyword::Integrated,
        "authentication" => Keyword::Authentication,
        "application intent" | "applicationintent" => Keyword::Intent,
        "failover partner" => Keyword::FailoverPartner,
        "host name in certificate" | "hostnameincertificate" => Keyword::HostNameInCertificate,
        "server certificate" | "servercertificate" => Keyword::ServerCertificate,
        "attachdbfilename" | "extended properties" | "initial file name" | "user instance" | "context connection" => {
            Keyword::LocalFile
        }
        other => Keyword::Harmless(harmless(other)?),
    })
}

/// Returns the canonical spelling of a keyword that changes nothing here.
fn harmless(key: &str) -> Option<&'static str> {
    Some(match key {
        "application name" | "app" | "applicationname" => "Application Name",
        "asynchronous processing" | "async" => "Asynchronous Processing",
        "attestation protocol" => "Attestation Protocol",
        "column encryption setting" => "Column Encryption Setting",
        "command timeout" => "Command Timeout",
        "connect retry count" | "connectretrycount" => "Connect Retry Count",
        "connect retry interval" | "connectretryinterval" => "Connect Retry Interval",
        "connect timeout" | "connection timeout" | "timeout" => "Connect Timeout",
        "connection reset" => "Connection Reset",
        "current language" | "language" => "Current Language",
        "enclave attestation url" => "Enclave Attestation Url",
        "enlist" => "Enlist",
        "failover partner spn" | "failoverpartnerspn" => "Failover Partner SPN",
        "ip address preference" | "ipaddresspreference" => "IP Address Preference",
        "load balance timeout" | "connection lifetime" => "Load Balance Timeout",
        "max pool size" => "Max Pool Size",
        "min pool size" => "Min Pool Size",
        "multiple active result sets" | "multipleactiveresultsets" => "Multiple Active Result Sets",
        "network library" | "network" | "net" => "Network Library",
        "packet size" => "Packet Size",
        "persist security info" | "persistsecurityinfo" => "Persist Security Info",
        "pool blocking period" | "poolblockingperiod" => "Pool Blocking Period",
        "pooling" => "Pooling",
        "replication" => "Replication",
        "server spn" | "serverspn" => "Server SPN",
        "transaction binding" => "Transaction Binding",
        "transparent network ip resolution" | "transparentnetworkipresolution" => "Transparent Network IP Resolution",
        "type system version" => "Type System Version",
        "workstation id" | "wsid" | "workstationid" => "Workstation ID",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
