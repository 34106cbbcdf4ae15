//! The target of a connection: the parsed answers of the database screen, and the server's address as people write it.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use crate::model::secret::SecretString;
use data_encoding::HEXLOWER;

use super::answers::same_secret;
use super::choice::choices;
use super::names::DatabaseName;

choices! {
    /// How the connection is encrypted.
    pub enum Encryption {
        /// TLS inside PRELOGIN, or no connection.
        Mandatory = "mandatory",
        /// TLS before anything else (TDS 8.0), SQL Server 2022 and later.
        Strict = "strict",
        /// TLS if the server offers it.
        Optional = "optional",
    }
}

choices! {
    /// The kind of a trust, without its file or fingerprint.
    pub enum TrustKind {
        /// This machine's root certificates.
        System = "system",
        CaFile = "ca-file",
        /// One certificate.
        Fingerprint = "fingerprint",
        Nothing = "none",
    }
}

/// What the server's certificate is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// This machine's root certificates.
    SystemRoots,
    /// The certificates in this PEM or DER file.
    CaFile(PathBuf),
    /// This one certificate, by SHA-256 over its DER encoding; its names and dates do not matter then.
    Fingerprint([u8; 32]),
    /// Nothing. The certificate is shown and not checked.
    Nothing,
}

impl Trust {
    pub const fn kind(&self) -> TrustKind {
        match self {
            Self::SystemRoots => TrustKind::System,
            Self::CaFile(_) => TrustKind::CaFile,
            Self::Fingerprint(_) => TrustKind::Fingerprint,
            Self::Nothing => TrustKind::Nothing,
        }
    }

    /// Returns the CA file, if there is one.
    pub fn ca_file(&self) -> Option<String> {
        if let Self::CaFile(path) = self { Some(path.to_string_lossy().into_owned()) } else { None }
    }

    /// Returns the certificate's fingerprint in lower-case hexadecimal digits, if there is one.
    pub fn fingerprint(&self) -> Option<String> {
        if let Self::Fingerprint(digest) = self { Some(HEXLOWER.encode(digest)) } else { None }
    }
}

/// Why a text is not the name of a SQL Server login. The words are for people; each says what to type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLogin {
    /// Nothing was written.
    #[error("Type the SQL login, for instance octopus.")]
    Empty,
    /// Too long, or with a control character.
    #[error("A SQL login has at most 128 characters, none of them a control character; type it anew.")]
    Form,
    /// `CORP\\svc-octo`: SQL Server allows no backslash in a SQL login's name.
    #[error(
        "A name with a backslash is a Windows account, and this program signs in by SQL logins only: nothing was sent. Give a SQL \
         login, for instance octopus."
    )]
    WindowsAccount,
}

/// Checks the name of a SQL Server login, which goes to the server with a password: a Windows account's must not be locked by that.
pub fn check_login(name: &str) -> Result<(), BadLogin> {
    if name.is_empty() {
        Err(BadLogin::Empty)
    } else if name.encode_utf16().count() > 128 || name.chars().any(char::is_control) {
        Err(BadLogin::Form)
    } else if name.contains('\\') {
        Err(BadLogin::WindowsAccount)
    } else {
        Ok(())
    }
}

/// How we sign in to the server.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// A SQL Server login.
    SqlLogin {
        /// Its name.
        user: String,
        password: SecretString,
    },
}

impl SignIn {
    /// By a SQL Server login.
    pub fn sql_login(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::SqlLogin { user: user.into(), password: password.into() }
    }
}

/// Compares everything, and passwords in constant time.
impl PartialEq for SignIn {
    fn eq(&self, other: &Self) -> bool {
        let Self::SqlLogin { user, password } = self;
        let Self::SqlLogin { user: other_user, password: other_password } = other;
        user == other_user && same_secret(password, other_password)
    }
}

impl Eq for SignIn {}

/// A server, a database on it, and how to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The server.
    pub address: ServerAddress,
    pub database: DatabaseName,
    /// Who connects.
    pub sign_in: SignIn,
    pub encryption: Encryption,
    pub trust: Trust,
    /// Try all addresses at once instead of one after the other.
    pub multi_subnet: bool,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// A named instance, looked up through the SQL Server Browser unless a port is given too.
    pub instance: Option<String>,
    /// The TCP port, where it was written.
    pub port: Option<u16>,
}

/// Why a text is not an address. The words are for people; each says what to type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Nothing was written.
    #[error("Type the server, for instance sql01 or sql01,1433.")]
    Empty,
    /// A control character.
    #[error("Character {place} of the server is a control character; type the server anew.")]
    Control {
        /// Its place, from 1.
        place: usize,
    },
    /// `np:` or `\\host\pipe\…`: the wizard and Octopus nodes on other machines speak TCP.
    #[error("Named pipes are not supported; give the server without np:, it is reached over TCP.")]
    NamedPipe,
    /// `lpc:`.
    #[error("Shared memory is not supported; give the server without lpc:, it is reached over TCP.")]
    SharedMemory,
    /// `admin:`.
    #[error("The dedicated administrator connection is not for Octopus; give the server without admin:.")]
    AdminConnection,
    /// `(localdb)\…`.
    #[error("LocalDB serves one user on one machine and cannot be shared by nodes; give a SQL Server instance.")]
    LocalDb,
    /// `http://…`, `jdbc:sqlserver://…`.
    #[error("This is a URL; give the server's name only, for instance sql01 or sql01,1433.")]
    Url,
    /// `Server=…;…`.
    #[error(
        "This is a connection string; type the server's name only{{?, or paste the whole string with {{key:connection-string}}}}."
    )]
    ConnectionString,
    /// `host:1433`.
    #[error("Write a comma before the port, not a colon: {host},{port}.")]
    ColonPort {
        /// Before the colon.
        host: String,
        /// After the colon.
        port: String,
    },
    /// Something else before a colon.
    #[error("Only tcp: can stand before the server; type the name without what comes before the colon.")]
    Protocol,
    /// The port is no port.
    #[error("The port after the comma must be a number from 1 to 65535.")]
    Port,
    /// Nothing before the comma or backslash.
    #[error("The server's name is missing; type it before the comma or backslash.")]
    NoHost,
    /// Nothing after the backslash.
    #[error("The instance's name after the backslash is missing; type it, or leave the backslash out.")]
    NoInstance,
    /// The instance's name has a form that SQL Server does not give.
    #[error("The instance's name after the backslash has letters, digits, _, $ and # only, at most 16.")]
    Instance,
    /// A character that no host name has.
    #[error("A server's name cannot have {character:?} in it; type letters, digits, dots, hyphens and underscores.")]
    Character { character: char },
    /// Digits and dots that are no IPv4 address.
    #[error("This is not an IPv4 address; it has four numbers from 0 to 255, for instance 10.0.4.17.")]
    Ipv4,
    /// Not an IPv6 address.
    #[error("This is not an IPv6 address; write it in brackets, for instance [fd00::17],1433.")]
    Ipv6,
    /// Two dots in a row, or one at the beginning.
    #[error("There is a dot too many in the server's name; type it as in sql01.corp.example.")]
    Dots,
    /// Longer than DNS allows.
    #[error("The server's name is too long; a name has at most 253 characters, 63 between two dots.")]
    TooLong,
}

impl ServerAddress {
    /// The port where none is written and no instance is named.
    pub const DEFAULT_PORT: u16 = 1433;

    /// Reads an address. `.`, `(local)` and `localhost` are `localhost`; the instance `MSSQLSERVER` is the default one.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        if let Some(place) = text.chars().position(char::is_control) {
            return Err(BadAddress::Control { place: place + 1 });
        }
        let text = without_protocol(text)?;
        if text.is_empty() {
            return Err(BadAddress::Empty);
        }
        let (place, port) = match text.split_once(',') {
            Some((place, port)) => (place.trim(), Some(read_port(port)?)),
            None => (text, None),
        };
        let (host, instance) = match place.split_once('\\') {
            Some((host, instance)) => (host.trim(), read_instance(instance.trim())?),
            None => (place, None),
        };
        Ok(Self { host: read_host(host)?, instance, port })
    }
}

/// Takes `tcp:` off, and refuses what is no address over TCP.
fn without_protocol(text: &str) -> Result<&str, BadAddress> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("://") || lower.starts_with("jdbc:") {
        return Err(BadAddress::Url);
    }
    if text.contains(['=', ';']) {
        return Err(BadAddress::ConnectionString);
    }
    if lower.starts_with("np:") || text.starts_with("\\\\") {
        return Err(BadAddress::NamedPipe);
    }
    if lower.starts_with("lpc:") {
        return Err(BadAddress::SharedMemory);
    }
    if lower.starts_with("admin:") {
        return Err(BadAddress::AdminConnection);
    }
    if lower.starts_with("(localdb)") {
        return Err(BadAddress::LocalDb);
    }
    // `lower` changes ASCII only, so the two texts have the same byte positions.
    Ok(if lower.starts_with("tcp:") { text[4..].trim() } else { text })
}

fn read_port(text: &str) -> Result<u16, BadAddress> {
    let text = text.trim();
    // `parse` alone would take `+1433`.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadAddress::Port);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or(BadAddress::Port)
}

fn read_instance(text: &str) -> Result<Option<String>, BadAddress> {
    if text.is_empty() {
        return Err(BadAddress::NoInstance);
    }
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#');
    if text.chars().count() > 16 || !text.chars().all(good) {
        return Err(BadAddress::Instance);
    }
    Ok(if text.eq_ignore_ascii_case("MSSQLSERVER") { None } else { Some(text.to_owned()) })
}

fn read_host(text: &str) -> Result<String, BadAddress> {
    if text.is_empty() {
        return Err(BadAddress::NoHost);
    }
    if text == "." || text.eq_ignore_ascii_case("(local)") || text.eq_ignore_ascii_case("localhost") {
        return Ok("localhost".to_owned());
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or(BadAddress::Ipv6)?;
        let address: Ipv6Addr = address.trim().parse().map_err(|_| BadAddress::Ipv6)?;
        return match rest.strip_prefix(':') {
            Some(port) => Err(BadAddress::ColonPort { host: format!("[{address}]"), port: port.to_owned() }),
            None if rest.is_empty() => Ok(address.to_string()),
            None => Err(BadAddress::Ipv6),
        };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => text.parse::<Ipv6Addr>().map(|ip| ip.to_string()).map_err(|_| BadAddress::Ipv6),
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(BadAddress::ColonPort { host: host.to_owned(), port: port.to_owned() })
        }
        Some(_) => Err(BadAddress::Protocol),
        None => read_name(text),
    }
}

/// Reads a host name or an IPv4 address. Underscores are in use for Windows hosts, and letters of any script in IDNs.
fn read_name(text: &str) -> Result<String, BadAddress> {
    if let Some(character) = text.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))) {
        return Err(BadAddress::Character { character });
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.split('.').any(str::is_empty) {
        return Err(BadAddress::Dots);
    }
    if name.chars().count() > 253 || name.split('.').any(|label| label.chars().count() > 63) {
        return Err(BadAddress::TooLong);
    }
    // The operating system would read `10.1` as 10.0.0.1; that is never meant here.
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.parse::<Ipv4Addr>().is_err() {
        return Err(BadAddress::Ipv4);
    }
    Ok(text.to_owned())
}

/// The canonical form, which [`ServerAddress::parse`] reads back as the same address.
impl fmt::Display for ServerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, instance, port } = self;
        if host.contains(':') {
            write!(formatter, "[{host}]")?;
        } else {
            formatter.write_str(host)?;
        }
        if let Some(instance) = instance {
            write!(formatter, "\\{instance}")?;
        }
        if let Some(port) = port {
            write!(formatter, ",{port}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_windows_account_is_no_sql_login() {
        for (name, bad) in [
            ("octopus", Ok(())),
            ("svc@corp.example", Ok(())),
            ("", Err(BadLogin::Empty)),
            ("a\tb", Err(BadLogin::Form)),
            ("CORP\\svc-octo", Err(BadLogin::WindowsAccount)),
            (".\\octopus", Err(BadLogin::WindowsAccount)),
        ] {
            assert_eq!(check_login(name), bad, "{name}");
        }
    }

    fn address(host: &str, instance: Option<&str>, port: Option<u16>) -> ServerAddress {
        ServerAddress { host: host.into(), instance: instance.map(str::to_owned), port }
    }

    #[test]
    fn what_people_write_is_read() {
        for (text, host, instance, port) in [
            ("sql01", "sql01", None, None),
            ("  sql01.corp.example  ", "sql01.corp.example", None, None),
            ("sql01.corp.example.", "sql01.corp.example.", None, None),
            ("sql01\\OCTO", "sql01", Some("OCTO"), None),
            ("sql01 \\ OCTO", "sql01", Some("OCTO"), None),
            ("sql01,1433", "sql01", None, Some(1433)),
            ("sql01 , 1433", "sql01", None, Some(1433)),
            ("tcp:sql01", "sql01", None, None),
            ("TCP: sql01,1434", "sql01", None, Some(1434)),
            ("tcp:sql01\\OCTO,1435", "sql01", Some("OCTO"), Some(1435)),
            ("sql01\\MSSQLServer", "sql01", None, None),
            ("sql_01-a", "sql_01-a", None, None),
            ("bücher.example", "bücher.example", None, None),
            ("10.0.4.17", "10.0.4.17", None, None),
            ("10.0.4.17,65535", "10.0.4.17", None, Some(65535)),
            ("[::1]", "::1", None, None),
            ("[::1],1433", "::1", None, Some(1433)),
            ("[ FD00::0017 ]\\X", "fd00::17", Some("X"), None),
            ("::1", "::1", None, None),
            ("fd00::17,1433", "fd00::17", None, Some(1433)),
            ("tcp:::1", "::1", None, None),
            (".", "localhost", None, None),
            (".\\SQLEXPRESS", "localhost", Some("SQLEXPRESS"), None),
            ("(local)", "localhost", None, None),
            ("(LOCAL),1433", "localhost", None, Some(1433)),
            ("LocalHost", "localhost", None, None),
            ("myserver.database.windows.net,1433", "myserver.database.windows.net", None, Some(1433)),
        ] {
            assert_eq!(ServerAddress::parse(text), Ok(address(host, instance, port)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_for_its_own_reason() {
        let colon = |host: &str, port: &str| BadAddress::ColonPort { host: host.into(), port: port.into() };
        for (text, why) in [
            ("", BadAddress::Empty),
            ("  \t", BadAddress::Empty),
            ("tcp:", BadAddress::Empty),
            ("np:sql01", BadAddress::NamedPipe),
            ("NP:\\\\sql01\\pipe\\sql\\query", BadAddress::NamedPipe),
            ("\\\\sql01\\pipe\\sql\\query", BadAddress::NamedPipe),
            ("lpc:sql01", BadAddress::SharedMemory),
            ("admin:sql01", BadAddress::AdminConnection),
            ("(localdb)\\MSSQLLocalDB", BadAddress::LocalDb),
            ("(LocalDB)\\v11.0", BadAddress::LocalDb),
            ("sql01:1433", colon("sql01", "1433")),
            ("tcp:sql01:1433", colon("sql01", "1433")),
            ("[::1]:1433", colon("[::1]", "1433")),
            ("udp:sql01", BadAddress::Protocol),
            ("sql01:", BadAddress::Protocol),
            ("sql01,", BadAddress::Port),
            ("sql01,0", BadAddress::Port),
            ("sql01,65536", BadAddress::Port),
            ("sql01,+1433", BadAddress::Port),
            ("sql01,14 33", BadAddress::Port),
            ("sql01,1433,1434", BadAddress::Port),
            ("sql01,x", BadAddress::Port),
            ("sql01,1433\\OCTO", BadAddress::Port),
            ("sql01\\", BadAddress::NoInstance),
            ("sql01\\,1433", BadAddress::NoInstance),
            ("sql01\\a\\b", BadAddress::Instance),
            ("sql01\\a b", BadAddress::Instance),
            ("sql01\\seventeen-letters", BadAddress::Instance),
            ("\\OCTO", BadAddress::NoHost),
            (",1433", BadAddress::NoHost),
            ("http://sql01/", BadAddress::Url),
            ("jdbc:sqlserver://sql01", BadAddress::Url),
            ("Server=sql01;Database=x", BadAddress::ConnectionString),
            ("sql\u{7}01", BadAddress::Control { place: 4 }),
            ("sql01\n,1433", BadAddress::Control { place: 6 }),
            ("sql 01", BadAddress::Character { character: ' ' }),
            ("sql01/OCTO", BadAddress::Character { character: '/' }),
            ("sql\u{200b}01", BadAddress::Character { character: '\u{200b}' }),
            ("\"sql01\"", BadAddress::Character { character: '"' }),
            ("10.0.0.300", BadAddress::Ipv4),
            ("10.1", BadAddress::Ipv4),
            ("1433", BadAddress::Ipv4),
            ("[::1", BadAddress::Ipv6),
            ("[::1]x", BadAddress::Ipv6),
            ("[sql01]", BadAddress::Ipv6),
            ("1:2:3", BadAddress::Ipv6),
            ("sql01..example", BadAddress::Dots),
            (".example", BadAddress::Dots),
            ("..", BadAddress::Dots),
        ] {
            assert_eq!(ServerAddress::parse(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_name_longer_than_dns_allows_is_refused() {
        assert_eq!(ServerAddress::parse(&"a".repeat(64)), Err(BadAddress::TooLong));
        assert!(ServerAddress::parse(&"a".repeat(63)).is_ok());
        assert_eq!(ServerAddress::parse(&"a.".repeat(127)).map(|a| a.host.len()), Ok(254));
        assert_eq!(ServerAddress::parse(&"ab.".repeat(90)), Err(BadAddress::TooLong));
    }

    #[test]
    fn it_is_printed_as_it_may_be_typed() {
        for text in ["sql01", "sql01\\OCTO", "sql01,1433", "sql01\\OCTO,1433", "[::1],1433", "[fd00::17]\\X"] {
            assert_eq!(ServerAddress::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_refusal_is_a_sentence() {
        for text in ["", "np:x", "lpc:x", "admin:x", "(localdb)\\x", "a:1", "a:b", "a,b", "a\\", "\\a", "a\\ b c", "a b", "a..b"]
        {
            assert!(ServerAddress::parse(text).unwrap_err().to_string().ends_with('.'), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_read_is_printed_and_read_again(text in "(tcp:)?[a-z0-9.\\[\\]:(),\\\\ _$-]{0,24}") {
            if let Ok(address) = ServerAddress::parse(&text) {
                proptest::prop_assert_eq!(ServerAddress::parse(&address.to_string()), Ok(address));
            }
        }

        #[test]
        fn a_written_address_comes_back(
            host in "[a-z][a-z0-9-]{0,20}(\\.[a-z]{1,10}){0,3}",
            instance in proptest::option::of("[A-Z][A-Z0-9_$]{0,14}"),
            port in proptest::option::of(1..=u16::MAX),
        ) {
            proptest::prop_assume!(instance.as_deref() != Some("MSSQLSERVER"));
            let written = ServerAddress { host, instance, port };
            proptest::prop_assert_eq!(ServerAddress::parse(&written.to_string()), Ok(written));
        }

        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = ServerAddress::parse(&text);
        }
    }
}
