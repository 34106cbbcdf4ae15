//! Troubles on the way to the server.

use crate::catalog::format;
use crate::model::facts::{ConfigTrouble, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::quote::Shell;

use super::{Around, Explanation, sql, tls};

/// Words for a trouble.
pub fn explain(trouble: &Trouble, around: &Around<'_>) -> Explanation {
    let server = around.server;
    let host = if around.host.is_empty() { "the server's host" } else { around.host };
    match trouble {
        Trouble::NameUnknown => {
            let words = Explanation::new(
                format!("The name {host} does not resolve."),
                "Check its spelling; if it is right, have it entered in DNS, or give the server's address.",
            );
            match around.host {
                "" => words,
                host => {
                    let ask = if around.platform.is_windows() { "Resolve-DnsName" } else { "getent hosts" };
                    words.command(format!("{ask} {}", Shell::of(around.platform).word(host)))
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
        Trouble::Refused => Explanation::new(
            format!("{} refused the connection: nothing listens there.", capital(server)),
            "Check the port. On the server, turn on TCP/IP in the SQL Server Configuration Manager and restart the service.",
        ),
        Trouble::TimedOut { waited } => Explanation::new(
            format!(
                "{} did not answer within {}: a firewall drops the packets, or the host is down.",
                capital(server),
                format::duration(*waited)
            ),
            "Check that the host is up, and that every firewall between lets this machine reach the port.",
        ),
        Trouble::Unreachable => Explanation::new(
            format!("There is no route from this machine to {server}."),
            "Check the address, and this machine's network, routes and VPN.",
        ),
        Trouble::Config(trouble) => config(trouble),
        Trouble::Seal(trouble) => seal(*trouble),
        Trouble::NotSqlServer => Explanation::new(
            format!("Something answers at {server}, but it does not speak SQL Server's protocol (TDS)."),
            "Check the port; SQL Server's usual one is 1433.",
        )
        .about(FieldId::Server),
        Trouble::ConnectionLost => Explanation::new(
            format!("The connection to {server} ended in the middle of a conversation."),
            "Try again; if it stays so, look into the server's error log, and for a firewall or proxy that cuts \
             connections.",
        )
        .about(FieldId::Server),
        Trouble::Silent { waited } => Explanation::new(
            format!("{} stopped answering; the wizard waited {}.", capital(server), format::duration(*waited)),
            "Try again; if it stays so, look for what keeps the server busy, or for a firewall that holds packets back.",
        )
        .about(FieldId::Server),
        Trouble::Tls(trouble) => tls::explain(trouble, around),
        Trouble::Sql(trouble) => sql::explain(trouble, around),
        Trouble::RoutedTooOften => Explanation::new(
            format!("{} sends connections on from one server to the next more than twice.", capital(server)),
            "Give the availability group's listener, and have its routing lists checked.",
        )
        .about(FieldId::Server),
        Trouble::Io(text) => Explanation::new(
            format!("This machine's operating system says: {}", format::sentence(text.as_str())),
            "Fix that, then try again.",
        ),
        Trouble::Unasked => Explanation::new("This could not be learnt.", "Try again."),
    }
}

/// At the beginning of a sentence; only our own words get a capital letter, a server keeps its spelling.
fn capital(server: &str) -> &str {
    if server == Around::NOTHING.server { "The server" } else { server }
}

/// Words for a node config that cannot be read. It is never overwritten, so all that is to be done is done by hand.
fn config(trouble: &ConfigTrouble) -> Explanation {
    match trouble {
        ConfigTrouble::Absent { path } => {
            Explanation::new(format!("There is no node config {path}."), "Name another file, or look for a dated copy beside it.")
        }
        ConfigTrouble::Unreadable { path, said } => Explanation::new(
            format!("{path} cannot be read: {}", format::sentence(said.as_str())),
            "Fix what the operating system names; the node config is a small text file in UTF-8.",
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

/// Words for a sealed secret that does not open.
fn seal(trouble: SealTrouble) -> Explanation {
    match trouble {
        SealTrouble::OtherMachine => Explanation::new(
            "It was sealed on another machine, or this machine's own sealing key was replaced.",
            "Change settings and give the password and the master key again; they are sealed anew here.",
        ),
        SealTrouble::Damaged => Explanation::new(
            "It is not what was sealed: the file is damaged.",
            "Put a dated copy in its place, or give the secret again.",
        ),
        SealTrouble::Absent => Explanation::new("It is not there.", "Give the secret again; it is sealed anew here."),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::facts::SqlTrouble;
    use crate::model::platform::Platform;

    #[test]
    fn each_trouble_has_words_of_its_own_that_name_the_place() {
        let around = Around { server: "sql01\\OCTO", host: "sql01", ..Around::NOTHING };
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
            (Trouble::RoutedTooOften, "more than twice"),
            (Trouble::Io("Permission denied (os error 13)".into()), "Permission denied (os error 13)."),
            (Trouble::Unasked, "could not be learnt"),
        ] {
            let words = explain(&trouble, &around);
            assert!(words.says.contains(part), "{trouble:?}: {words:?}");
            assert!(words.says.ends_with('.') && words.fix.ends_with('.'), "{words:?}");
            let bare = explain(&trouble, &Around::NOTHING);
            assert!(!bare.says.contains("  ") && bare.says.starts_with(char::is_uppercase), "{bare:?}");
        }
    }

    #[test]
    fn a_name_is_looked_up_by_the_platform_s_own_command() {
        for (platform, host, command) in [
            (Platform::Linux, "sql01", "getent hosts sql01"),
            (Platform::Windows, "sql01", "Resolve-DnsName sql01"),
            (Platform::Windows, "a'b", "Resolve-DnsName 'a''b'"),
        ] {
            let around = Around { host, platform, ..Around::NOTHING };
            let remedy = explain(&Trouble::NameUnknown, &around).remedy;
            assert_eq!(remedy.map(|remedy| remedy.text().to_owned()).as_deref(), Some(command));
        }
    }

    #[test]
    fn a_server_s_error_and_a_tls_trouble_have_words_too() {
        let said = SqlTrouble { number: 7, state: 1, class: 16, text: "x".into() };
        assert!(explain(&Trouble::Sql(said), &Around::NOTHING).says.contains("(error 7, state 1): x."));
        assert!(explain(&Trouble::Tls(crate::model::facts::TlsTrouble::NoRoots), &Around::NOTHING).says.contains("no trusted"));
    }
}
