//! A server's address as people write it: `host`, `host\instance`, `host,port`, `tcp:host`, `[::1],1433`, `.`.

use std::fmt;

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

/// Why a text is not an address. The words are for people; each names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Nothing was written.
    #[error("The server is missing.")]
    Empty,
}

impl ServerAddress {
    /// The port where none is written and no instance is named.
    pub const DEFAULT_PORT: u16 = 1433;

    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadAddress::Empty);
        }
        Ok(Self { host: text.to_owned(), instance: None, port: None })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host)
    }
}
