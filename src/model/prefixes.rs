//! The web portal's listen prefixes.

use std::fmt;
use std::net::Ipv6Addr;

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
    /// Whether it takes requests for every host name.
    pub fn is_for_all(&self) -> bool {
        matches!(self.host.as_str(), "+" | "*")
    }

    /// Whether two prefixes ask for the very same thing; HTTP.sys does not tell case apart in paths.
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
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(formatter, "{scheme}://{open}{host}{close}:{port}{path}")
    }
}

/// Reads prefixes, separated by commas, semicolons or blanks. One that is there twice is refused.
pub fn parse(text: &str) -> Result<Vec<ListenPrefix>, BadPrefix> {
    let mut prefixes: Vec<ListenPrefix> = Vec::new();
    for written in text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace()).filter(|part| !part.is_empty()) {
        let shown: String = written.chars().flat_map(char::escape_debug).take(80).collect();
        let prefix = read(written).map_err(|why| BadPrefix(format!("{shown}: {why}")))?;
        if prefixes.iter().any(|other| other.equals(&prefix)) {
            return Err(BadPrefix(format!("{prefix} is there twice; type it once.")));
        }
        prefixes.push(prefix);
    }
    if prefixes.is_empty() {
        return Err(BadPrefix("Type at least one URL to listen on, for instance http://localhost:80/.".into()));
    }
    Ok(prefixes)
}

/// Reads one prefix; the error says what to type.
fn read(text: &str) -> Result<ListenPrefix, &'static str> {
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

/// HTTP.sys wants a slash at the end; adding it changes nothing that anybody could mean.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Vec<String> {
        parse(text).unwrap().iter().map(ToString::to_string).collect()
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
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.ends_with('.'), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_refused_one_among_many_is_named() {
        let error = parse("http://a/, http://b:x/").unwrap_err().to_string();
        assert!(error.starts_with("http://b:x/: "), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_read_back(text in "https?://([a-z0-9.-]{1,8}|\\+|\\*|\\[::[0-9a-f]{1,3}\\])(:[0-9]{1,5})?(/[a-z]{0,4}){0,3}") {
            if let Ok(prefixes) = parse(&text) {
                proptest::prop_assert_eq!(parse(&prefixes[0].to_string()), Ok(prefixes));
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = parse(&text);
        }
    }
}
