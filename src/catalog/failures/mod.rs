//! Explains what went wrong: troubles on the way to the server, for the checks, and failed steps, for the install screen. Each
//! explanation says what happened, to what, and what to do.

mod sql;
mod step;
mod tls;

use crate::catalog::dba::{Reach, Scripts};
use std::time::Duration;

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{ConfigTrouble, SealTrouble, ServerCertificate, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Remedy, Severity};
use crate::model::platform::Platform;
use crate::model::quote::Shell;
use crate::model::untrusted::Untrusted;

pub use sql::TAKE_BACK;
pub use step::{explain_step, explain_step_at};

/// Says that a trouble may pass and for how long it is waited for. `says`: what it is.
pub fn waits(says: &str, limit: Duration) -> String {
    format!("{says} This may pass, and is waited for up to {}.", format::duration(limit))
}

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub says: String,
    /// Never empty.
    pub fix: String,
    /// The SQL or command that fixes it or shows more, if there is one.
    pub remedy: Option<Remedy>,
    /// The field that it is about, unless that is the check's usual one.
    pub about: Option<FieldId>,
}

impl Explanation {
    pub fn new(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { says: says.into(), fix: fix.into(), remedy: None, about: None }
    }

    #[must_use]
    pub fn sql(mut self, sql: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Sql(sql.into()));
        self
    }

    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Command(command.into()));
        self
    }

    #[must_use]
    pub fn about(mut self, field: FieldId) -> Self {
        self.about = Some(field);
        self
    }

    pub fn into_finding(self, check: CheckId, severity: Severity) -> Finding {
        let Self { says, fix, remedy, about } = self;
        Finding { check, severity, about, says, fix, remedy }
    }
}

/// What is known of the server that a trouble is about. What is empty is not known, and not named.
#[derive(Debug, Clone, Copy)]
pub struct ServerContext<'a> {
    /// As the operator typed it.
    pub server: &'a str,
    pub host: &'a str,
    pub login: &'a str,
    pub database: &'a str,
    /// How scripts get into the database.
    pub reach: Reach,
    /// The certificate that the server presented.
    pub certificate: Option<&'a ServerCertificate>,
    /// The fingerprint of the only certificate that is trusted.
    pub pinned: Option<[u8; 32]>,
    /// This machine's, for commands.
    pub platform: Platform,
}

impl ServerContext<'_> {
    pub const UNKNOWN: ServerContext<'static> = ServerContext {
        server: "the server",
        host: "",
        login: "",
        database: "",
        reach: Reach::Use,
        certificate: None,
        pinned: None,
        // Only commands that name the host depend on it, and here there is no host.
        platform: Platform::Linux,
    };

    /// Returns the scripts for a DBA of this server; `None` if the login or the database is not known.
    fn scripts(&self) -> Option<Scripts<'_>> {
        let Self { reach, login, database, .. } = *self;
        (!login.is_empty() && !database.is_empty()).then_some(Scripts { reach, login, database })
    }

    /// The server at the beginning of a sentence. Only our own words get a capital letter: a name keeps its spelling.
    fn capitalised_server(&self) -> &str {
        if self.server == ServerContext::UNKNOWN.server { "The server" } else { self.server }
    }
}

/// Returns the name if it is known, and otherwise our own word for it.
fn name_or<'a>(name: &'a str, otherwise: &'a str) -> &'a str {
    if name.is_empty() { otherwise } else { name }
}

/// Explains a trouble that names no server: of a file, a seal or this machine, or where the server is plain.
pub fn explain_trouble(trouble: &Trouble) -> Explanation {
    explain_server_trouble(trouble, &ServerContext::UNKNOWN)
}

/// Explains a trouble, and names the server that it is about.
pub fn explain_server_trouble(trouble: &Trouble, context: &ServerContext<'_>) -> Explanation {
    let server = context.server;
    let host = name_or(context.host, "the server's host");
    match trouble {
        Trouble::NameUnknown => {
            let words = Explanation::new(
                format!("The name {host} does not resolve."),
                "Check its spelling; if it is right, have it entered in DNS, or give the server's address.",
            );
            match context.host {
                "" => words,
                host => {
                    let ask = if context.platform.is_windows() { "Resolve-DnsName" } else { "getent hosts" };
                    words.command(format!("{ask} {}", Shell::of(context.platform).word(host)))
                }
            }
        }
        Trouble::NameServerSilent => Explanation::new(
            format!("The name server gave no answer for {host}."),
            "Check this machine's DNS settings, then try again; or give the server's address.",
        ),
        Trouble::BrowserSilent { waited } => Explanation::new(
            format!(
                "The SQL Server Browser on {host} (UDP 1434) did not answer within {}, so the instance's port is not known.",
                format::duration(*waited)
            ),
            "Give the port instead of the instance, as in host,1433; or start the SQL Server Browser there and open UDP 1434.",
        ),
        Trouble::InstanceUnknown => Explanation::new(
            format!("The SQL Server Browser on {host} knows no instance of that name."),
            "Check the name after the backslash, and that the instance is running with TCP/IP turned on.",
        ),
        Trouble::InstanceWithoutTcp => Explanation::new(
            format!("The SQL Server Browser on {host} knows that instance, but it does not listen on TCP."),
            "On the server, turn on TCP/IP for the instance in the SQL Server Configuration Manager and restart its service.",
        ),
        Trouble::Refused => Explanation::new(
            format!("{} refused the connection: nothing listens there.", context.capitalised_server()),
            "Check the port. On the server, turn on TCP/IP in the SQL Server Configuration Manager and restart the service.",
        ),
        Trouble::TimedOut { waited } => Explanation::new(
            format!(
                "{} did not answer within {}: a firewall drops the packets, or the host is down.",
                context.capitalised_server(),
                format::duration(*waited)
            ),
            "Check that the host is up, and that every firewall between lets this machine reach the port.",
        ),
        Trouble::Unreachable => Explanation::new(
            format!("There is no route from this machine to {server}."),
            "Check the address, and this machine's network, routes and VPN.",
        ),
        Trouble::Config(trouble) => config_trouble(trouble),
        Trouble::Seal(trouble) => seal_trouble(*trouble),
        Trouble::NotSqlServer => Explanation::new(
            format!("Something answers at {server}, but it does not speak SQL Server's protocol (TDS)."),
            "Check the port; SQL Server's usual one is 1433.",
        )
        .about(FieldId::Server),
        Trouble::HungUp { takes_strict } => hung_up(*takes_strict, context),
        Trouble::Unanswered { waited } => unanswered(*waited, context),
        Trouble::NotUnderstood(said) => Explanation::new(
            format!(
                "{} answered something that this program does not understand: {}",
                context.capitalised_server(),
                format::sentence(said.as_str())
            ),
            "Try again; if it stays so, look for a proxy or gateway in between, and report this with the words above.",
        )
        .about(FieldId::Server),
        Trouble::Redirected { from, to, host, port, trouble } => redirected(trouble, (from, to), (host, *port), context),
        Trouble::ConnectionLost => Explanation::new(
            format!("The connection to {server} ended in the middle of a conversation."),
            "Try again; if it stays so, look into the server's error log, and for a firewall or proxy that cuts \
             connections.",
        )
        .about(FieldId::Server),
        Trouble::Silent { waited } => Explanation::new(
            format!("{} stopped answering; the wizard waited {}.", context.capitalised_server(), format::duration(*waited)),
            "Try again; if it stays so, look for what keeps the server busy.",
        )
        .about(FieldId::Server),
        Trouble::Tls(trouble) => tls::explain(trouble, context),
        Trouble::Sql(trouble) => sql::explain(trouble, context),
        Trouble::RoutedTooOften => Explanation::new(
            format!("{} sends connections on from one server to the next more than twice.", context.capitalised_server()),
            "Give the availability group's listener, and have its routing lists checked.",
        )
        .about(FieldId::Server),
        Trouble::Io(text) => Explanation::new(
            format!("This machine's operating system says: {}", format::sentence(text.as_str())),
            "Fix that, then try again.",
        ),
        Trouble::DefinitionsHidden => Explanation::new(
            "The login may not see definitions (VIEW DEFINITION) in the database, so it may hold tables that are not shown.",
            "Have the login added to the role db_owner of the database, then try again.",
        ),
        Trouble::Unasked => Explanation::new("This could not be learnt.", "Try again."),
    }
}

/// Explains a server that ended the connection at the very first message.
fn hung_up(takes_strict: bool, context: &ServerContext<'_>) -> Explanation {
    let server = context.capitalised_server();
    if takes_strict {
        return Explanation::new(
            format!("{server} takes strict encryption (TDS 8.0) only, and ended the connection at the first message."),
            "Choose Strict.",
        )
        .about(FieldId::Encryption);
    }
    Explanation::new(
        format!("{server} took the connection and ended it at the first message, and it does not answer to strict encryption either."),
        "Check the port; SQL Server's usual one is 1433. If it is right, a load balancer may have no server behind it, or the server no \
         free connection: its error log tells.",
    )
    .about(FieldId::Server)
}

/// Explains a server that took the connection and sent nothing.
fn unanswered(waited: Duration, context: &ServerContext<'_>) -> Explanation {
    let (server, waited) = (context.capitalised_server(), format::duration(waited));
    Explanation::new(
        format!("{server} took the connection, and then not one byte came back within {waited}."),
        "Check the port, then try again; if it stays so, look for a firewall that holds packets back, or for what keeps the server busy.",
    )
    .about(FieldId::Server)
}

/// The ports behind the gateway of Azure SQL.
const BEHIND_THE_GATEWAY: std::ops::RangeInclusive<u16> = 11_000..=11_999;

/// Explains a trouble at the server that another one sent us on to.
fn redirected(
    trouble: &Trouble,
    (from, to): (&Untrusted, &Untrusted),
    (host, port): (&Untrusted, u16),
    context: &ServerContext<'_>,
) -> Explanation {
    let there = ServerContext { server: to.as_str(), host: host.as_str(), ..*context };
    let words = explain_server_trouble(trouble, &there);
    let says = format!("{from} let the login in and sent it on to {to}. {}", words.says);
    let fix = match trouble {
        Trouble::Refused | Trouble::TimedOut { .. } | Trouble::Unreachable => {
            let ports = if BEHIND_THE_GATEWAY.contains(&port) {
                format!("ports {} to {}, as Azure SQL wants it", BEHIND_THE_GATEWAY.start(), BEHIND_THE_GATEWAY.end())
            } else {
                format!("port {port}")
            };
            format!("Let this machine reach {host} on {ports}; or have the first server's routing corrected.")
        }
        _ => words.fix,
    };
    Explanation { says, fix, remedy: words.remedy, about: words.about.or(Some(FieldId::Server)) }
}

/// Explains why a node config cannot be read. It is never overwritten, so the operator has to fix it by hand.
fn config_trouble(trouble: &ConfigTrouble) -> Explanation {
    match trouble {
        ConfigTrouble::Absent { path } => {
            Explanation::new(format!("There is no node config {path}."), "Name another file, or look for a dated copy beside it.")
        }
        ConfigTrouble::Unreadable { path, said } => Explanation::new(
            format!("{path} cannot be read: {}", format::sentence(said.as_str())),
            "Fix what the operating system names; the node config is a small text file in UTF-8.",
        ),
        ConfigTrouble::OtherKind { path, what } => Explanation::new(
            format!("{path} is no node config: {}", format::sentence(what.as_str())),
            "Name octopus-node.toml, or the OctopusServer.config of the server.",
        ),
        ConfigTrouble::Malformed { path, line, said } => Explanation::new(
            format!("{path}, line {line}: {}", format::sentence(said.as_str())),
            "Fix the line, or put the newest dated copy beside it in its place. The file stays as it is.",
        ),
        ConfigTrouble::OtherFormat { path, found, known } => Explanation::new(
            format!("{path} has format {found}, and this program knows format {known} only."),
            "A newer octopus-setup wrote it: use that one here. The file stays as it is.",
        ),
    }
}

fn seal_trouble(trouble: SealTrouble) -> Explanation {
    match trouble {
        SealTrouble::OtherMachine => Explanation::new(
            "It was sealed on another machine, or this machine's own sealing key was replaced.",
            "Change settings and give the password and the master key again; they are sealed anew here.",
        ),
        SealTrouble::Damaged => Explanation::new(
            "It is not what was sealed: the file is damaged.",
            "Put a dated copy in its place, or give the secret again.",
        ),
        SealTrouble::OtherDestination => Explanation::new(
            "It was sealed for another server, login, encryption or trust, or is damaged.",
            "Put those back that it was sealed for, or give the password again for the present ones.",
        ),
        SealTrouble::Absent => Explanation::new("It is not there.", "Give the secret again; it is sealed anew here."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::SqlTrouble;

    #[test]
    fn each_trouble_has_words_of_its_own_that_name_the_place() {
        let context = ServerContext { server: "sql01\\OCTO", host: "sql01", ..ServerContext::UNKNOWN };
        let waited = Duration::from_secs(5);
        for (trouble, part) in [
            (Trouble::NameUnknown, "sql01 does not resolve"),
            (Trouble::NameServerSilent, "no answer for sql01"),
            (Trouble::BrowserSilent { waited }, "UDP 1434) did not answer within 5 s"),
            (Trouble::InstanceUnknown, "knows no instance"),
            (Trouble::Refused, "sql01\\OCTO refused"),
            (Trouble::TimedOut { waited }, "within 5 s: a firewall"),
            (Trouble::Unreachable, "no route from this machine to sql01\\OCTO"),
            (Trouble::NotSqlServer, "does not speak"),
            (Trouble::ConnectionLost, "ended in the middle"),
            (Trouble::Silent { waited }, "waited 5 s"),
            (Trouble::InstanceWithoutTcp, "does not listen on TCP"),
            (Trouble::HungUp { takes_strict: true }, "strict encryption (TDS 8.0) only"),
            (Trouble::HungUp { takes_strict: false }, "ended it at the first message"),
            (Trouble::Unanswered { waited }, "not one byte came back within 5 s"),
            (Trouble::NotUnderstood("Protocol error: unsupported feature 9".into()), "does not understand: Protocol error"),
            (Trouble::RoutedTooOften, "more than twice"),
            (Trouble::Io("Permission denied (os error 13)".into()), "Permission denied (os error 13)."),
            (Trouble::DefinitionsHidden, "VIEW DEFINITION"),
            (Trouble::Unasked, "could not be learnt"),
        ] {
            let words = explain_server_trouble(&trouble, &context);
            assert!(words.says.contains(part), "{trouble:?}: {words:?}");
            assert!(words.says.ends_with('.') && words.fix.ends_with('.'), "{words:?}");
            let bare = explain_server_trouble(&trouble, &ServerContext::UNKNOWN);
            assert!(!bare.says.contains("  ") && bare.says.starts_with(char::is_uppercase), "{bare:?}");
        }
    }

    #[test]
    fn a_redirect_names_both_servers_and_the_way_between() {
        let redirected = |port, trouble| Trouble::Redirected {
            from: "sql01".into(),
            to: format!("node7.example,{port}").as_str().into(),
            host: "node7.example".into(),
            port,
            trouble: Box::new(trouble),
        };
        let context = ServerContext { server: "sql01", host: "sql01", ..ServerContext::UNKNOWN };
        for (port, way) in [(11_042, "ports 11000 to 11999"), (24_068, "port 24068")] {
            let words = explain_server_trouble(&redirected(port, Trouble::Refused), &context);
            let says = format!("sql01 let the login in and sent it on to node7.example,{port}. node7.example,{port} refused");
            assert!(words.says.starts_with(&says), "{words:?}");
            assert!(words.fix.contains("node7.example") && words.fix.contains(way), "{words:?}");
        }
        let words = explain_server_trouble(&redirected(1433, Trouble::NameUnknown), &context);
        assert!(words.says.ends_with("The name node7.example does not resolve."), "{words:?}");
    }

    #[test]
    fn only_where_nothing_came_a_firewall_is_suspected() {
        let fix = |trouble| explain_server_trouble(&trouble, &ServerContext::UNKNOWN).fix;
        let waited = Duration::from_secs(10);
        assert!(fix(Trouble::Unanswered { waited }).contains("firewall"));
        assert!(!fix(Trouble::Silent { waited }).contains("firewall"));
    }

    #[test]
    fn a_name_is_looked_up_by_the_platform_s_own_command() {
        for (platform, host, command) in [
            (Platform::Linux, "sql01", "getent hosts sql01"),
            (Platform::Windows, "sql01", "Resolve-DnsName sql01"),
            (Platform::Windows, "a'b", "Resolve-DnsName 'a''b'"),
        ] {
            let context = ServerContext { host, platform, ..ServerContext::UNKNOWN };
            let remedy = explain_server_trouble(&Trouble::NameUnknown, &context).remedy;
            assert_eq!(remedy.map(|remedy| remedy.text().to_owned()).as_deref(), Some(command));
        }
    }

    #[test]
    fn a_server_s_error_and_a_tls_trouble_have_words_too() {
        let said = SqlTrouble { number: 7, state: 1, class: 16, text: "x".into() };
        assert!(explain_server_trouble(&Trouble::Sql(said), &ServerContext::UNKNOWN).says.contains("(error 7, state 1): x."));
        assert!(
            explain_server_trouble(&Trouble::Tls(crate::model::facts::TlsTrouble::NoRoots), &ServerContext::UNKNOWN)
                .says
                .contains("no trusted")
        );
    }
}
