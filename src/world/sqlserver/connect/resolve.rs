//! Name resolution: from a written address to IP addresses and a port.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::browser;
use crate::model::facts::{Resolved, Trouble};
use crate::model::server_address::ServerAddress;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::limits;

/// Looks up the host, and asks the SQL Server Browser for the port of a named instance.
///
/// A written port takes precedence over the instance, as in Microsoft's drivers: then the browser is not asked.
pub async fn resolve(address: &ServerAddress) -> Result<Resolved, Trouble> {
    let begun = Instant::now();
    let addresses = look_up(network_host(&address.host)).await?;
    let port = match (address.port, &address.instance) {
        (Some(port), _) => port,
        (None, None) => ServerAddress::DEFAULT_PORT,
        (None, Some(instance)) => browser::ask(&addresses, browser::PORT, instance, limits::BROWSER).await?,
    };
    Ok(Resolved { addresses, port, took: begun.elapsed() })
}

/// Returns the host, with SQL Server's names for this machine replaced by `localhost`.
pub fn network_host(host: &str) -> &str {
    if host == "." || host.eq_ignore_ascii_case("(local)") { "localhost" } else { host }
}

async fn look_up(host: &str) -> Result<Vec<IpAddr>, Trouble> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![address]);
    }
    let found = tokio::time::timeout(limits::RESOLVE, tokio::net::lookup_host((host, 0)))
        .await
        .map_err(|_| Trouble::NameServerSilent)?
        .map_err(|error| lookup_trouble(&error))?;
    let addresses = without_duplicates(found);
    if addresses.is_empty() { Err(Trouble::NameUnknown) } else { Ok(addresses) }
}

fn without_duplicates(found: impl Iterator<Item = SocketAddr>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for address in found.map(|found| found.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Converts an error of the resolver. The standard library keeps getaddrinfo's code only in its text, so "try again" is recognised
/// by the words of the two C libraries and of Windows; any other failure counts as an unknown name, by far the commonest.
fn lookup_trouble(error: &std::io::Error) -> Trouble {
    let text = error.to_string();
    let passes = ["Temporary failure", "Try again", "try again", "os error 11002"];
    if passes.iter().any(|words| text.contains(words)) {
        Trouble::NameServerSilent
    } else if matches!(error.kind(), std::io::ErrorKind::OutOfMemory | std::io::ErrorKind::PermissionDenied) {
        Trouble::Io(Untrusted::new(&text))
    } else {
        Trouble::NameUnknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, instance: Option<&str>, port: Option<u16>) -> ServerAddress {
        ServerAddress { host: host.into(), instance: instance.map(Into::into), port }
    }

    #[tokio::test]
    async fn literals_need_no_resolver_and_a_port_no_browser() {
        let found = resolve(&address("::1", Some("OCTOPUS"), Some(1444))).await.expect("resolved");
        assert_eq!(found.addresses, ["::1".parse::<IpAddr>().expect("an address")]);
        assert_eq!(found.port, 1444);
        let found = resolve(&address("127.0.0.1", None, None)).await.expect("resolved");
        assert_eq!(found.port, ServerAddress::DEFAULT_PORT);
    }

    #[tokio::test]
    async fn this_machine_has_its_sql_server_names() {
        assert!(resolve(&address("(LOCAL)", None, None)).await.is_ok());
        assert_eq!(network_host("."), "localhost");
        assert_eq!(network_host("sql01"), "sql01");
    }

    #[test]
    fn a_silent_name_server_is_not_an_unknown_name() {
        let error = |text: &str| std::io::Error::other(text.to_owned());
        let silent = error("failed to lookup address information: Temporary failure in name resolution");
        assert_eq!(lookup_trouble(&silent), Trouble::NameServerSilent);
        let unknown = error("failed to lookup address information: Name or service not known");
        assert_eq!(lookup_trouble(&unknown), Trouble::NameUnknown);
    }

    #[test]
    fn duplicates_are_removed_and_the_order_stays() {
        let all = ["10.0.0.2:0", "10.0.0.1:0", "10.0.0.2:0"].map(|text| text.parse::<SocketAddr>().expect("an address"));
        let kept = without_duplicates(all.into_iter());
        assert_eq!(kept, ["10.0.0.2", "10.0.0.1"].map(|text| text.parse::<IpAddr>().expect("an address")));
    }
}
