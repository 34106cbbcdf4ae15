//! The web portal and the ports of a node: its listen prefixes and trusted proxies, as they were asked for and as the node config
//! keeps them, and the address at which the node answers its load balancer.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The web portal and the ports, as they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Web {
    /// Listen prefixes, at least one.
    pub prefixes: Vec<ListenPrefix>,
    /// Whether HTTP is redirected to HTTPS.
    pub force_ssl: bool,
    /// The port for polling Tentacles.
    pub comms_port: u16,
    pub grpc_port: u16,
    /// The proxies whose X-Forwarded-For headers Octopus believes.
    pub trusted_proxies: Vec<TrustedProxy>,
}

/// A proxy's address, or a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustedProxy {
    /// The address, or the first one of the range.
    address: IpAddr,
    /// How many of its bits the range has in common; `None` for one address.
    prefix: Option<u8>,
}

impl TrustedProxy {
    /// Reads an address, or a range such as `10.0.0.0/8`. The error says what to type and does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const ADDRESS: &str = "it is neither an IP address nor a range such as 10.0.0.0/8.";
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| ADDRESS)?;
        let (bits, most) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let Some(digits) = prefix else { return Ok(Self { address, prefix: None }) };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = digits.parse::<u8>().ok().filter(|prefix| plain && *prefix <= most);
        let prefix = prefix.ok_or("after the slash goes the number of bits, up to 32 for IPv4 and 128 for IPv6.")?;
        if bits.checked_shl(prefix.into()).unwrap_or(0) != 0 {
            return Err("it has bits set behind the range's; type the first address of the range.");
        }
        Ok(Self { address, prefix: Some(prefix) })
    }

    /// Reads several, separated by commas, semicolons or blanks. The error names the entry.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut proxies = Vec::new();
        for entry in entries(text) {
            let proxy = Self::parse(entry).map_err(|why| format!("{}: {why}", shown(entry)))?;
            if proxies.contains(&proxy) {
                return Err(format!("{} is there twice; type it once.", shown(entry)));
            }
            proxies.push(proxy);
        }
        Ok(proxies)
    }

    /// Returns all of them as one text, separated by commas.
    pub fn join(proxies: &[Self]) -> String {
        proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            Some(prefix) => write!(formatter, "{}/{prefix}", self.address),
            None => write!(formatter, "{}", self.address),
        }
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

impl From<TrustedProxy> for String {
    fn from(proxy: TrustedProxy) -> Self {
        proxy.to_string()
    }
}

/// `[web]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSection {
    /// Listen prefixes. Text, so that a config with a malformed one can still be reviewed and fixed.
    pub listen_prefixes: Vec<String>,
    /// Whether HTTP is redirected to HTTPS.
    pub force_ssl: bool,
    /// The proxies whose X-Forwarded-For headers Octopus believes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<TrustedProxy>,
}

/// `[comms]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommsSection {
    /// The port for polling Tentacles.
    pub port: u16,
    pub grpc_port: u16,
}

impl Web {
    /// Returns the listen prefixes in their canonical form.
    pub fn prefix_texts(&self) -> Vec<String> {
        self.prefixes.iter().map(ToString::to_string).collect()
    }

    /// Returns what the node config keeps in `[web]`.
    pub fn section(&self) -> WebSection {
        WebSection {
            listen_prefixes: self.prefix_texts(),
            force_ssl: self.force_ssl,
            trusted_proxies: self.trusted_proxies.clone(),
        }
    }

    /// Returns what the node config keeps in `[comms]`.
    pub const fn comms_section(&self) -> CommsSection {
        CommsSection { port: self.comms_port, grpc_port: self.grpc_port }
    }
}

/// One listen prefix, in HTTP.sys' form: `http://localhost:80/octopus/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListenPrefix {
    /// `https` rather than `http`.
    pub secure: bool,
    /// A host name or address in lower case (IPv6 without brackets), or `+` or `*` for all.
    pub host: String,
    /// The port, 80 or 443 where none is written.
    pub port: u16,
    /// The path, beginning and ending with `/`.
    pub path: String,
}

/// Why a prefix cannot be used; the words are for people and name the prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPrefix(pub String);

impl ListenPrefix {
    /// Reads prefixes, separated by commas, semicolons or blanks. Refuses one that is there twice.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, BadPrefix> {
        let mut prefixes: Vec<Self> = Vec::new();
        for written in entries(text) {
            let prefix = read_prefix(written).map_err(|why| BadPrefix(format!("{}: {why}", shown(written))))?;
            if prefixes.iter().any(|other| other.equals(&prefix)) {
                return Err(BadPrefix(format!("{prefix} is there twice; type it once.")));
            }
            prefixes.push(prefix);
        }
        if prefixes.is_empty() {
            return Err(BadPrefix("Type at least one URL to listen on, for instance http://+:80/.".into()));
        }
        Ok(prefixes)
    }

    /// Returns whether it takes requests for every host name.
    pub fn is_for_all(&self) -> bool {
        matches!(self.host.as_str(), "+" | "*")
    }

    /// Returns whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns whether two prefixes ask for the very same thing; HTTP.sys does not tell case apart in paths.
    fn equals(&self, other: &Self) -> bool {
        self.secure == other.secure
            && self.host == other.host
            && self.port == other.port
            && self.path.eq_ignore_ascii_case(&other.path)
    }
}

/// The canonical form, with the port always written, as Octopus' own scripts have it.
impl fmt::Display for ListenPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secure, host, port, path } = self;
        let scheme = if *secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{path}", authority(host, *port))
    }
}

/// Formats host and port, with an IPv6 address in brackets.
pub fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Splits a list at commas, semicolons and blanks.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace()).filter(|entry| !entry.is_empty())
}

/// Returns an entry as an error repeats it.
fn shown(entry: &str) -> String {
    entry.chars().flat_map(char::escape_debug).take(80).collect()
}

/// Reads one prefix; the error says what to type.
fn read_prefix(text: &str) -> Result<ListenPrefix, &'static str> {
    const SCHEME: &str = "a prefix begins with http:// or https://.";
    const PORT: &str = "the port after the colon is a number from 1 to 65535.";
    let (scheme, rest) = text.split_once("://").ok_or(SCHEME)?;
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return Err(SCHEME),
    };
    let (place, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    if place.contains('@') {
        return Err("leave out the user before the @.");
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (address, rest) = bracketed.split_once(']').ok_or("close the bracket after the IPv6 address.")?;
            let address: Ipv6Addr = address.parse().map_err(|_| "between the brackets goes an IPv6 address.")?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err(PORT),
            };
            (address.to_string(), port)
        }
        None => match place.split_once(':') {
            Some((_, rest)) if rest.contains(':') => return Err("write an IPv6 address in brackets."),
            Some((host, port)) => (read_host(host)?, Some(port)),
            None => (read_host(place)?, None),
        },
    };
    let port = match port {
        None => {
            if secure {
                443
            } else {
                80
            }
        }
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(PORT)?
        }
        Some(_) => return Err(PORT),
    };
    Ok(ListenPrefix { secure, host, port, path: read_path(path)? })
}

fn read_host(text: &str) -> Result<String, &'static str> {
    if matches!(text, "+" | "*") {
        return Ok(text.to_owned());
    }
    if text.is_empty() {
        return Err("the host name is missing; type one, or + for all.");
    }
    let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !text.chars().all(good) || text.split('.').any(str::is_empty) || text.len() > 253 {
        return Err("this is not a host name; type one, or + for all.");
    }
    Ok(text.to_lowercase())
}

/// Adds the slash at the end that HTTP.sys wants.
fn read_path(text: &str) -> Result<String, &'static str> {
    if text.contains(['?', '#', '\\', '*', '%']) || text.contains("//") || text.chars().any(char::is_control) {
        return Err("the path has plain names between single slashes, without ?, #, %, * and \\.");
    }
    if text.split('/').any(|name| matches!(name, "." | "..")) {
        return Err("the path cannot have . or .. in it.");
    }
    let slash = if text.ends_with('/') { "" } else { "/" };
    Ok(format!("{text}{slash}"))
}

/// The path of the ping, below that of the web portal: 200 in, 418 draining, anything else faulty.
pub const PING_PATH: &str = "api/octopusservernodes/ping";

/// The ping of a node on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingEndpoint {
    /// By TLS.
    pub secure: bool,
    /// The host that is asked for. HTTP.sys tells prefixes apart by it, so it is not always where one connects to.
    pub host: String,
    /// The address on this machine that is connected to.
    pub dial: IpAddr,
    pub port: u16,
    /// The path, beginning with `/`.
    pub path: String,
}

impl PingEndpoint {
    /// Returns the ping of a web portal, by the prefix that answers it without leading elsewhere: where HTTP is redirected, that
    /// is one of HTTPS. `None` where there is no prefix.
    pub fn of_portal(web: &Web) -> Option<Self> {
        let wanted = |prefix: &&ListenPrefix| prefix.secure == web.force_ssl;
        web.prefixes.iter().find(wanted).or_else(|| web.prefixes.first()).map(Self::of_prefix)
    }

    /// Returns the ping at one prefix.
    pub fn of_prefix(prefix: &ListenPrefix) -> Self {
        let own = IpAddr::from([127, 0, 0, 1]);
        let dial = prefix.host.parse().ok().filter(|address: &IpAddr| !address.is_unspecified()).unwrap_or(own);
        let host = if prefix.is_for_all() { "localhost".to_owned() } else { prefix.host.clone() };
        Self { secure: prefix.secure, host, dial, port: prefix.port, path: format!("{}{PING_PATH}", prefix.path) }
    }

    /// Returns the host and the port, as in a URL and in a request.
    pub fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// Returns the whole of it.
    pub fn url(&self) -> String {
        format!("{}://{}{}", if self.secure { "https" } else { "http" }, self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::web::ListenPrefix;

    #[test]
    fn addresses_and_ranges_are_read_and_written() {
        let all = "10.0.0.5, 10.1.0.0/16;2001:DB8::1\n::/0 192.168.7.7/32 0.0.0.0/0";
        let read = TrustedProxy::parse_all(all).expect("proxies");
        assert_eq!(TrustedProxy::join(&read), "10.0.0.5,10.1.0.0/16,2001:db8::1,::/0,192.168.7.7/32,0.0.0.0/0");
        assert_eq!(TrustedProxy::parse_all(" , "), Ok(Vec::new()));
    }

    #[test]
    fn an_entry_that_is_none_is_named_with_what_to_type() {
        for (text, says) in [
            ("10.0.0.5,lb01", "lb01: it is neither an IP address nor a range such as 10.0.0.0/8."),
            ("10.0.0", "10.0.0: it is neither"),
            ("10.0.0.0/33", "10.0.0.0/33: after the slash goes the number of bits"),
            ("10.0.0.0/+8", "10.0.0.0/+8: after the slash"),
            ("10.0.0.0/", "10.0.0.0/: after the slash"),
            ("2001:db8::/129", "2001:db8::/129: after the slash"),
            ("10.0.0.1/8", "10.0.0.1/8: it has bits set behind the range's"),
            ("2001:db8::1/64", "2001:db8::1/64: it has bits set"),
            ("[::1]", "[::1]: it is neither"),
            ("10.0.0.5:80", "10.0.0.5:80: it is neither"),
            ("10.0.0.5 10.0.0.5", "10.0.0.5 is there twice"),
        ] {
            let told = TrustedProxy::parse_all(text).expect_err(text);
            assert!(told.starts_with(says), "{text}: {told}");
        }
    }

    fn canonical(text: &str) -> Vec<String> {
        ListenPrefix::parse_all(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_people_write_becomes_canonical() {
        for (text, expected) in [
            ("http://localhost:80/", vec!["http://localhost:80/"]),
            ("http://localhost", vec!["http://localhost:80/"]),
            ("HTTPS://Octopus.Example/", vec!["https://octopus.example:443/"]),
            ("http://+:8080/octopus", vec!["http://+:8080/octopus/"]),
            ("http://*/", vec!["http://*:80/"]),
            ("http://[::1]:8080/", vec!["http://[::1]:8080/"]),
            ("http://[FD00::0017]", vec!["http://[fd00::17]:80/"]),
            ("http://10.0.4.17/", vec!["http://10.0.4.17:80/"]),
            ("http://a/,https://a/", vec!["http://a:80/", "https://a:443/"]),
            (" http://a/ ; http://b/\nhttp://c/ ", vec!["http://a:80/", "http://b:80/", "http://c:80/"]),
        ] {
            assert_eq!(canonical(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_prefix_is_refused_by_name() {
        for (text, part) in [
            ("", "at least one"),
            (" , ; ", "at least one"),
            ("localhost", "http://"),
            ("ftp://localhost/", "http://"),
            ("http://", "host name is missing"),
            ("http://:80/", "host name is missing"),
            ("http:///x", "host name is missing"),
            ("http://a:0/", "1 to 65535"),
            ("http://a:65536/", "1 to 65535"),
            ("http://a:/", "1 to 65535"),
            ("http://a:+80/", "1 to 65535"),
            ("http://[::1]80/", "1 to 65535"),
            ("http://::1/", "brackets"),
            ("http://[::1/", "close the bracket"),
            ("http://[x]/", "IPv6"),
            ("http://me@a/", "before the @"),
            ("http://a/?x", "without ?"),
            ("http://a/#x", "without ?"),
            ("http://a//b", "single slashes"),
            ("http://a/../b", ".."),
            ("http://a..b/", "not a host name"),
            ("http://++/", "not a host name"),
            ("http://a/ http://A:80", "twice"),
            ("http://a/x,http://a/X/", "twice"),
        ] {
            let error = ListenPrefix::parse_all(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.ends_with('.'), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_refused_one_among_many_is_named() {
        let error = ListenPrefix::parse_all("http://a/, http://b:x/").unwrap_err().to_string();
        assert!(error.starts_with("http://b:x/: "), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_read_back(text in "https?://([a-z0-9.-]{1,8}|\\+|\\*|\\[::[0-9a-f]{1,3}\\])(:[0-9]{1,5})?(/[a-z]{0,4}){0,3}") {
            if let Ok(prefixes) = ListenPrefix::parse_all(&text) {
                proptest::prop_assert_eq!(ListenPrefix::parse_all(&prefixes[0].to_string()), Ok(prefixes));
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = ListenPrefix::parse_all(&text);
        }
    }

    #[test]
    fn the_ping_is_asked_on_this_machine_by_the_name_that_the_prefix_has() {
        for (prefixes, force_ssl, url, dial) in [
            ("http://localhost:80/", false, "http://localhost:80/api/octopusservernodes/ping", "127.0.0.1"),
            ("http://+:8080/octo/", false, "http://localhost:8080/octo/api/octopusservernodes/ping", "127.0.0.1"),
            ("http://web01/, https://*/", true, "https://localhost:443/api/octopusservernodes/ping", "127.0.0.1"),
            ("https://web01/, http://web02/", false, "http://web02:80/api/octopusservernodes/ping", "127.0.0.1"),
            ("http://10.0.0.7/", true, "http://10.0.0.7:80/api/octopusservernodes/ping", "10.0.0.7"),
            ("http://[::1]:81/", false, "http://[::1]:81/api/octopusservernodes/ping", "::1"),
        ] {
            let prefixes = ListenPrefix::parse_all(prefixes).expect("prefixes");
            let at = PingEndpoint::of_portal(&Web { prefixes, force_ssl, ..Web::default() }).expect("a ping");
            assert_eq!((at.url().as_str(), at.dial.to_string().as_str()), (url, dial));
        }
    }
}
