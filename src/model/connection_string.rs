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
}

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
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::model::answers::Raw;
    use crate::model::choice::spelled;
    use crate::model::field::FieldId;
    use crate::model::names::DatabaseName;
    use crate::model::target::{ServerAddress, TrustKind};

    #[test]
    fn quotes_around_quotes_come_to_an_end() {
        for text in ["\"".repeat(200_000), "'\"".repeat(100_000) + &"\"'".repeat(100_000)] {
            assert!(ConnectionString::parse(&text).is_err());
        }
        let count = |text: &str| ConnectionString::parse(text).unwrap().fields.len();
        assert_eq!(count("\"DB_CONNECTION_STRING='Server=sql01;User ID=octopus'\""), 2);
    }

    fn filled(text: &str) -> Vec<(FieldId, String)> {
        let raw = |raw: Raw| match raw {
            Raw::Text(text) => text,
            Raw::Secret(secret) => secret.expose_secret().to_owned(),
        };
        read(text).unwrap().fields.into_iter().map(|(field, value)| (field, raw(value))).collect()
    }

    fn one(text: &str, field: FieldId) -> Option<String> {
        filled(text).into_iter().find(|(other, _)| *other == field).map(|(_, value)| value)
    }

    #[test]
    fn the_string_of_the_seed_fills_what_it_says() {
        let text = "Data Source=octopus-server-ha-db;Initial Catalog=OctopusDeploy-OctopusServer;Integrated Security=False;\
                    User ID=admin;Password=MY_PASSWORD";
        assert_eq!(
            filled(text),
            vec![
                (FieldId::Server, "octopus-server-ha-db".into()),
                (FieldId::Database, "OctopusDeploy-OctopusServer".into()),
                (FieldId::User, "admin".into()),
                (FieldId::Password, "MY_PASSWORD".into()),
            ]
        );
        assert!(read(text).unwrap().ignored.is_empty());
    }

    #[test]
    fn the_password_is_a_secret() {
        let string = read("pwd='hunter2'").unwrap();
        assert!(matches!(&string.fields[..], [(FieldId::Password, Raw::Secret(_))]));
        assert!(!format!("{string:?}").contains("hunter2"));
    }

    #[test]
    fn encryption_and_trust() {
        for (text, encryption, trust) in [
            ("Encrypt=True", Some("mandatory"), None),
            ("encrypt=yes", Some("mandatory"), None),
            ("Encrypt=Mandatory", Some("mandatory"), None),
            ("Encrypt=1", Some("mandatory"), None),
            ("Encrypt=Strict", Some("strict"), None),
            ("Encrypt=false", Some("optional"), None),
            ("Encrypt=No", Some("optional"), None),
            ("Encrypt=Optional", Some("optional"), None),
            ("TrustServerCertificate=True", None, Some("none")),
            ("Trust Server Certificate=yes;Encrypt=True", Some("mandatory"), Some("none")),
            ("Trust Server Certificate=false", None, Some("system")),
            ("Encrypt=strict;TrustServerCertificate=true", Some("strict"), None),
            ("TrustServerCertificate=true;TrustServerCertificate=false", None, Some("system")),
        ] {
            assert_eq!(one(text, FieldId::Encryption).as_deref(), encryption, "{text}");
            assert_eq!(one(text, FieldId::Trust).as_deref(), trust, "{text}");
        }
    }

    #[test]
    fn the_last_of_two_counts_and_an_empty_one_takes_back() {
        assert_eq!(one("Server=a;Data Source=b", FieldId::Server).as_deref(), Some("b"));
        assert_eq!(one("Database=a;Initial Catalog=", FieldId::Database), None);
        assert_eq!(one("MultiSubnetFailover=True", FieldId::MultiSubnet).as_deref(), Some("true"));
        assert_eq!(one("MultiSubnetFailover=0", FieldId::MultiSubnet).as_deref(), Some("false"));
    }

    #[test]
    fn what_is_not_used_is_told_by_name() {
        for (text, part) in [
            ("Integrated Security=SSPI", "only SQL logins"),
            ("Trusted_Connection=yes", "Trusted_Connection was left out"),
            ("Authentication=Active Directory Managed Identity", "only SQL logins"),
            ("ApplicationIntent=ReadOnly", "writes"),
            ("Failover Partner=sql02", "mirroring"),
            ("Host Name In Certificate=x", "fingerprint"),
            ("ServerCertificate=/x.cer", "fingerprint"),
            ("AttachDbFilename=x.mdf", "AttachDbFilename"),
            ("Encrypt=strict;TrustServerCertificate=true", "always checked"),
            ("Connect Timeout=5", "Connect Timeout makes no difference here."),
            ("Timeout=5;Pooling=true;App=x;Pooling=false", "Connect Timeout, Pooling and Application Name make no difference"),
            ("Passwort=hunter2", "no key Passwort;"),
            ("\u{1b}[31m=1".trim_start_matches('\u{1b}'), "no key [31m"),
        ] {
            let ignored = read(text).unwrap().ignored;
            assert_eq!(ignored.len(), 1, "{text}: {ignored:?}");
            assert!(ignored[0].contains(part) && ignored[0].ends_with('.'), "{text}: {ignored:?}");
        }
    }

    #[test]
    fn a_login_that_is_left_over_is_not_taken() {
        for (text, kind) in [
            ("Integrated Security=True;User ID=octopus;Password=x", SignInKind::WindowsAccount),
            ("User ID=octopus;Password=x;Trusted_Connection=yes", SignInKind::WindowsAccount),
            ("Integrated Security=SSPI;UID=octopus", SignInKind::WindowsAccount),
            ("Authentication=Active Directory Password;User ID=a@corp.example;Password=x", SignInKind::Directory),
            ("User ID=a;Authentication=ActiveDirectoryServicePrincipal;Password=x", SignInKind::Directory),
            ("Authentication=Active Directory Integrated", SignInKind::Directory),
            ("Authentication=Something New;User ID=a", SignInKind::Directory),
        ] {
            let string = read(text).unwrap();
            assert_eq!((string.sign_in, string.fields.len()), (kind, 0), "{text}");
            assert!(string.ignored.iter().any(|said| said.contains("only SQL logins")), "{text}: {:?}", string.ignored);
        }
        for text in [
            "Integrated Security=True;Integrated Security=False;User ID=octopus",
            "Authentication=Sql Password;User ID=octopus",
            "Integrated Security=False;User ID=octopus",
        ] {
            let string = read(text).unwrap();
            assert_eq!((string.sign_in, string.fields.len()), (SignInKind::SqlLogin, 1), "{text}");
        }
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        for text in
            ["Integrated Security=false", "Authentication=Sql Password", "ApplicationIntent=ReadWrite", "Failover Partner="]
        {
            assert!(read(text).unwrap().ignored.is_empty(), "{text}");
        }
    }

    #[test]
    fn no_half_of_a_password_is_ever_shown() {
        for text in ["Password=a;hunter2=b", "Password=a;x=1;hunter2=b", "Passwort=hunter2", "pwd=a;hunter2", "Encrypt=hunter2"] {
            let shown = match read(text) {
                Ok(string) => string.ignored.join(" "),
                Err(error) => error.to_string(),
            };
            assert!(!shown.is_empty() && !shown.contains("hunter2"), "{text}: {shown}");
        }
    }

    #[test]
    fn a_bad_value_is_told_with_its_place() {
        assert_eq!(
            read("Server=a;Encrypt=perhaps").unwrap_err().to_string(),
            "Encrypt at character 10 is none of true, false, mandatory, optional and strict."
        );
        assert_eq!(
            read("TrustServerCertificate=2").unwrap_err().to_string(),
            "TrustServerCertificate at character 1 is neither true nor false."
        );
    }

    #[test]
    fn quotes_of_the_place_that_it_was_copied_from_are_taken_off() {
        for text in [
            "\"Server=a;Password=b\"",
            " 'Server=a;Password=b' ",
            "\"Server=a;Password=b\",",
            "NAME=\"Server=a;Password=b\"",
            "X='Server=a;Password=b';",
        ] {
            assert_eq!(filled(text), [(FieldId::Server, "a".into()), (FieldId::Password, "b".into())], "{text}");
            assert!(read(text).unwrap().ignored.is_empty(), "{text}");
        }
        // A quote within is the string's own.
        assert_eq!(one("Server=a;Password=\"b\"", FieldId::Password).as_deref(), Some("b"));
        assert_eq!(one("Password='a=b'", FieldId::Password).as_deref(), Some("a=b"));
        for json in
            ["\"a\" : \"b", "{\"a\": \"b\"}", "{\"a\": \"Server=a;Password=hunter2\", \"b\": \"Server=b;Password=hunter2\"}"]
        {
            let error = read(json).unwrap_err().to_string();
            assert!(error.contains("JSON") && !error.contains("hunter2"), "{json}: {error}");
        }
    }

    #[test]
    fn the_name_that_a_string_has_in_a_file_is_taken_off() {
        for text in [
            "NAME=Server=a;Password=b",
            "export DB_CONNECTION_STRING=Server=a;Password=b",
            "- DB_CONNECTION_STRING=Server=a;Password=b",
            "DB_CONNECTION_STRING: \"Server=a;Password=b\"",
            "DB_CONNECTION_STRING: Server=a;Password=b",
            "Environment=\"DB_CONNECTION_STRING=Server=a;Password=b\"",
            "$env:DB_CONNECTION_STRING = 'Server=a;Password=b'",
            "\"Default\": \"Server=a;Password=b\"",
            "\"Default\": \"Server=a;Password=b\",",
            "{\"ConnectionStrings\": {\"Default\": \"Server=a;Password=b\"}, \"Logging\": {\"Level\": \"x=y\"}}",
        ] {
            assert_eq!(filled(text), [(FieldId::Server, "a".into()), (FieldId::Password, "b".into())], "{text}");
        }
    }

    #[test]
    fn the_escapes_of_json_are_read_within_its_quotes() {
        for text in [
            r#""Default": "Server=a\\B;Password=\"p;\\w\"""#,
            r#"{"ConnectionStrings": {"Default": "Server=a\\B;Password=\"p;\\w\""}}"#,
            r#""Server=a\\B;Password=\"p;\\w\"""#,
        ] {
            assert_eq!(filled(text), [(FieldId::Server, r"a\B".into()), (FieldId::Password, r"p;\w".into())], "{text}");
        }
        // These are no escapes of JSON, so this is somebody's quotes around a path.
        assert_eq!(one(r#""Server=a\SQLEXPRESS;Password=p\w""#, FieldId::Password).as_deref(), Some(r"p\w"));
    }

    #[test]
    fn a_doubled_backslash_before_an_instance_is_json_s() {
        assert_eq!(one(r"Server=a\\B,1", FieldId::Server).as_deref(), Some(r"a\B,1"));
        assert!(read(r"Server=a\\B").unwrap().ignored[0].contains("JSON"));
        for server in [r"a\B", r"np:\\sql01\pipe\sql\query", r"\\sql01\x", r"a\\"] {
            assert_eq!(one(&format!("Server={server}"), FieldId::Server).as_deref(), Some(server));
        }
    }

    #[test]
    fn a_url_is_recognised() {
        for text in ["jdbc:sqlserver://sql01;databaseName=x;user=y", "mssql://u:hunter2@sql01/x", "sqlserver://sql01?database=x"]
        {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("URL") && !error.contains("hunter2"), "{text}: {error}");
        }
        assert_eq!(one("Server=a;Password=http://x", FieldId::Password).as_deref(), Some("http://x"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = read(&text);
        }
    }

    fn target(password: &str) -> Target {
        Target {
            address: ServerAddress::parse("sql01,1433").unwrap(),
            database: DatabaseName::parse("OctopusDeploy").unwrap(),
            sign_in: SignIn::sql_login("octopus", password),
            encryption: Encryption::Mandatory,
            trust: Trust::SystemRoots,
            multi_subnet: false,
        }
    }

    #[test]
    fn values_are_quoted_as_dotnet_quotes_them() {
        for (value, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a;b", "\"a;b\""),
            ("a=b", "\"a=b\""),
            ("a b", "\"a b\""),
            (" a", "\" a\""),
            ("it's", "\"it's\""),
            ("say \"hi\"", "'say \"hi\"'"),
            ("it's \"x\"", "\"it's \"\"x\"\"\""),
            ("\"", "'\"'"),
            ("{}", "{}"),
            ("a\tb", "\"a\tb\""),
        ] {
            let mut text = String::new();
            push_dotnet(&mut text, value);
            assert_eq!(text, written, "{value:?}");
        }
    }

    #[test]
    fn the_whole_string() {
        assert_eq!(
            to_dotnet(&target("a;b")).unwrap().expose_secret(),
            "Data Source=sql01,1433;Initial Catalog=OctopusDeploy;User ID=octopus;Password=\"a;b\";Encrypt=True;\
             TrustServerCertificate=False;MultiSubnetFailover=False"
        );
        assert_eq!(to_dotnet(&target("a\0b")).err(), Some(NulInConnectionString));
    }

    #[test]
    fn a_pinned_certificate_is_trusted_by_octopus_and_a_ca_is_checked() {
        let with = |trust| to_dotnet(&Target { trust, ..target("x") }).unwrap().expose_secret().to_owned();
        assert!(with(Trust::Fingerprint([7; 32])).contains("TrustServerCertificate=True"));
        assert!(with(Trust::CaFile("/ca.pem".into())).contains("TrustServerCertificate=False"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            database in "[^\\p{C}\\p{Z}]{1,30}( [^\\p{C}\\p{Z}]{1,9})?",
            user in "[ ;='\"{}a-zž]{0,10}[a-z]",
            password in "[^\\x00]{1,40}",
            encryption in prop_oneof![Just(Encryption::Mandatory), Just(Encryption::Optional)],
            any in any::<bool>(),
            multi_subnet in any::<bool>(),
        ) {
            let Ok(database) = DatabaseName::parse(&database) else { return Ok(()) };
            let trust = if any { Trust::Nothing } else { Trust::SystemRoots };
            let target = Target {
                database: database.clone(), sign_in: SignIn::sql_login(user.as_str(), password.as_str()), encryption, trust,
                multi_subnet, ..target(&password)
            };
            let read = ConnectionString::parse(to_dotnet(&target).unwrap().expose_secret()).unwrap();
            prop_assert!(read.ignored.is_empty());
            for (field, expected) in [
                (FieldId::Server, "sql01,1433"),
                (FieldId::Database, database.as_str()),
                (FieldId::User, &user),
                (FieldId::Password, &password),
                (FieldId::Encryption, encryption.spelling()),
                (FieldId::Trust, if any { TrustKind::Nothing } else { TrustKind::System }.spelling()),
                (FieldId::MultiSubnet, spelled(multi_subnet)),
            ] {
                let got = read.fields.iter().find(|(other, _)| *other == field).map(|(_, raw)| raw.clone());
                prop_assert_eq!(got, Some(Raw::of(field, expected)));
            }
        }
    }

    #[test]
    fn every_synonym_is_known_whatever_its_case() {
        for (key, synonyms) in [
            (Keyword::Server, &["Data Source", "ADDR", "Address", "Network Address", "server"][..]),
            (Keyword::Database, &["Initial Catalog", "Database"]),
            (Keyword::User, &["User ID", "UID", "user"]),
            (Keyword::Password, &["Password", "PWD"]),
            (
                Keyword::TrustServerCertificate,
                &["Trust Server Certificate", "TrustServerCertificate", "trust  server\tcertificate"],
            ),
            (Keyword::MultiSubnet, &["Multi Subnet Failover", "MultiSubnetFailover"]),
            (Keyword::Integrated, &["Integrated Security", "Trusted_Connection", "IntegratedSecurity"]),
            (Keyword::Harmless("Connect Timeout"), &["Connect Timeout", "Connection Timeout", "Timeout"]),
            (Keyword::Harmless("Workstation ID"), &["Workstation ID", "WSID"]),
        ] {
            for synonym in synonyms {
                assert_eq!(keyword(synonym), Some(key), "{synonym}");
            }
        }
        assert_eq!(keyword("Passwort"), None);
    }

    #[test]
    fn a_canonical_spelling_is_its_own_synonym() {
        for name in ["Pooling", "Packet Size", "Server SPN", "Max Pool Size", "Command Timeout", "Enlist", "Application Name"] {
            assert_eq!(keyword(name), Some(Keyword::Harmless(name)));
        }
    }
}
