//! The licence: what its XML says. It is half a secret: its key is not even read.

mod decode;
mod read;
#[cfg(test)]
mod tests;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::Date;

use super::untrusted::Untrusted;

/// The most bytes of a licence, in whatever form: those of Octopus have two thousand as XML, and four times as many as base64
/// of UTF-16.
pub const LIMIT: u64 = 64 << 10;

/// How many nodes a licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeLimit {
    /// So many; one where the licence says nothing.
    Nodes(u32),
    /// As many as one wants.
    Unlimited,
}

impl NodeLimit {
    /// What the registry keeps for [`Self::Unlimited`].
    const WITHOUT_END: i32 = i32::MAX;

    /// As the registry keeps it.
    pub fn to_row(self) -> i32 {
        match self {
            Self::Nodes(nodes) => i32::try_from(nodes).unwrap_or(Self::WITHOUT_END),
            Self::Unlimited => Self::WITHOUT_END,
        }
    }

    /// From the registry; a number below one is none that a licence could have.
    pub fn from_row(number: i32) -> Option<Self> {
        match number {
            Self::WITHOUT_END => Some(Self::Unlimited),
            number => u32::try_from(number).ok().filter(|nodes| *nodes > 0).map(Self::Nodes),
        }
    }

    /// Whether so many nodes are allowed.
    pub const fn allows(self, nodes: u64) -> bool {
        match self {
            Self::Nodes(limit) => nodes <= limit as u64,
            Self::Unlimited => true,
        }
    }
}

/// A licence, as its XML tells it. Its signature cannot be verified: the key is not public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Whom it is for.
    pub licensed_to: Untrusted,
    /// `Trial`, or whatever it says; empty where it says nothing.
    pub kind: Untrusted,
    /// From when on it holds.
    #[serde(with = "crate::model::day::optional")]
    pub valid_from: Option<Date>,
    /// Until when it holds, that day included (trials).
    #[serde(with = "crate::model::day::optional")]
    pub valid_to: Option<Date>,
    /// Until when, that day included, released versions may be run with it.
    #[serde(with = "crate::model::day::optional")]
    pub maintenance_expires: Option<Date>,
    /// How many nodes it allows.
    pub nodes: NodeLimit,
}

impl Licence {
    /// Reads a licence as people have it: XML or base64 of it, with line breaks in it or without, in UTF-8 or UTF-16, with a
    /// byte order mark or without. With it comes the XML as it is handed over: as UTF-8, without a mark.
    pub fn read(bytes: &[u8]) -> Result<(Self, SecretString), NotALicence> {
        let xml = decode::xml(bytes)?;
        let licence = read::read(&xml)?;
        Ok((licence, SecretString::from(read::undeclared(&xml))))
    }

    /// The first day on which something of it has ended, but for that: of a trial the licence itself, else its maintenance.
    pub fn ends(&self) -> Option<Date> {
        [self.valid_to, self.maintenance_expires].into_iter().flatten().min()
    }
}

/// The name of one of a licence's elements. (An alias, because serde would borrow a plain reference from what it reads.)
pub type ElementName = &'static str;

/// Why a text is no licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NotALicence {
    /// Nothing was given.
    #[error("there is nothing in it")]
    Empty,
    /// More bytes than [`LIMIT`].
    #[error("it is far too long for one")]
    TooLong,
    /// Neither XML nor base64 of XML.
    #[error("it is neither XML nor base64 of XML")]
    NotXml,
    /// XML without its end.
    #[error("it breaks off before its end")]
    BrokenOff,
    /// XML that is not well-formed.
    #[error("it is not well-formed XML")]
    Malformed,
    /// XML, but not a licence.
    #[error("it is XML, but there is no License in it")]
    NotOne,
    /// One of its values cannot be read.
    #[error("its {element} cannot be read")]
    Unreadable {
        /// The element.
        #[serde(deserialize_with = "read::element")]
        element: ElementName,
    },
}

/// Whether a text that comes line by line has begun as XML, or base64 of it, and not yet ended: then more of it follows.
pub fn goes_on(text: &str) -> bool {
    decode::xml(text.as_bytes()).is_ok_and(|xml| !xml.contains("</License>"))
}
