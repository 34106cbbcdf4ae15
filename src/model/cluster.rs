//! The cluster's id.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::master_key::Fingerprint;
use super::names::DatabaseName;

/// A cluster's id: 16 random bytes, printed as 32 hexadecimal digits, and shown short as `7f3a-91c2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterId(pub [u8; 16]);

/// The text is not 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cluster id has 32 hexadecimal digits")]
pub struct NotAClusterId;

impl ClusterId {
    /// Derives the id of a cluster that Octopus Server made, from what all of its nodes share: the master key's fingerprint and the
    /// database's name in lower case. So two nodes that adopt it at the same time agree on the id, and a node that joins without
    /// a registry recognises its cluster. The server's name is not part of it, since one server may have several names.
    pub fn adopted(fingerprint: Fingerprint, database: &DatabaseName) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(b"octopus-setup adopted cluster\0");
        context.update(fingerprint.to_string().as_bytes());
        context.update(b"\0");
        context.update(database.as_str().to_lowercase().as_bytes());
        let digest = context.finish();
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_ref()[..16]);
        Self(first)
    }

    /// Returns the first eight digits, as people compare them.
    pub fn short(self) -> String {
        let whole = self.to_string();
        format!("{}-{}", &whole[..4], &whole[4..8])
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for ClusterId {
    type Err = NotAClusterId;

    fn from_str(text: &str) -> Result<Self, NotAClusterId> {
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).map_err(|_| NotAClusterId)?;
        bytes.try_into().map(Self).map_err(|_| NotAClusterId)
    }
}

impl TryFrom<String> for ClusterId {
    type Error = NotAClusterId;

    fn try_from(text: String) -> Result<Self, NotAClusterId> {
        text.parse()
    }
}

impl From<ClusterId> for String {
    fn from(id: ClusterId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adopted_cluster_is_known_by_its_key_and_its_database_whatever_the_case() {
        let database = |name| DatabaseName::parse(name).unwrap();
        let id = ClusterId::adopted(Fingerprint([1, 2, 3, 4]), &database("OctopusDeploy"));
        // SHA-256 of "octopus-setup adopted cluster\0" "0102-0304" "\0" "octopusdeploy", by another implementation.
        assert_eq!(id.to_string(), "60cb312aa87cb8ce64cfdb13b9f51c50");
        assert_eq!(id, ClusterId::adopted(Fingerprint([1, 2, 3, 4]), &database("OCTOPUSdeploy")));
        assert_ne!(id, ClusterId::adopted(Fingerprint([1, 2, 3, 5]), &database("OctopusDeploy")));
        assert_ne!(id, ClusterId::adopted(Fingerprint([1, 2, 3, 4]), &database("OctopusDeploy2")));
    }

    #[test]
    fn an_id_is_printed_and_read_back() {
        let id = ClusterId([0x7f, 0x3a, 0x91, 0xc2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(id.short(), "7f3a-91c2");
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        assert_eq!("7f3a".parse::<ClusterId>(), Err(NotAClusterId));
    }
}
