//! The web portal and the ports of a node: as they were asked for, and as the node config keeps them.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::prefixes::ListenPrefix;

/// The web portal and the ports, as they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Web {
    /// Listen prefixes, at least one.
    pub prefixes: Vec<ListenPrefix>,
    /// Whether HTTP is redirected to HTTPS.
    pub force_ssl: bool,
    /// The port for polling Tentacles.
    pub comms_port: u16,
    /// The gRPC port.
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
        for entry in text.split(|c: char| matches!(c, ',' | ';') || c.is_whitespace()).filter(|entry| !entry.is_empty()) {
            let shown: String = entry.chars().flat_map(char::escape_debug).take(80).collect();
            let proxy = Self::parse(entry).map_err(|why| format!("{shown}: {why}"))?;
            if proxies.contains(&proxy) {
                return Err(format!("{shown} is there twice; type it once."));
            }
            proxies.push(proxy);
        }
        Ok(proxies)
    }

    /// All of them as one text, separated by commas.
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
    /// Listen prefixes. Text, so that a config with a malformed one can still be reviewed and mended.
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
    /// The gRPC port.
    pub grpc_port: u16,
}

impl Web {
    /// The listen prefixes in their canonical form.
    pub fn prefix_texts(&self) -> Vec<String> {
        self.prefixes.iter().map(ToString::to_string).collect()
    }

    /// What the node config keeps in `[web]`.
    pub fn section(&self) -> WebSection {
        WebSection {
            listen_prefixes: self.prefix_texts(),
            force_ssl: self.force_ssl,
            trusted_proxies: self.trusted_proxies.clone(),
        }
    }

    /// What the node config keeps in `[comms]`.
    pub const fn comms_section(&self) -> CommsSection {
        CommsSection { port: self.comms_port, grpc_port: self.grpc_port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
