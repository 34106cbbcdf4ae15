//! The licence: what its XML says. It is semi-secret: its key is never shown in full.

use time::Date;

use super::untrusted::Untrusted;

/// How many nodes a licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// Whom it is for.
    pub licensed_to: Untrusted,
    /// `Trial`, or what else it says; empty where it says nothing.
    pub kind: Untrusted,
    /// From when on it holds.
    pub valid_from: Option<Date>,
    /// Until when it holds (trials).
    pub valid_to: Option<Date>,
    /// Until when newer versions may be installed.
    pub maintenance_expires: Option<Date>,
    /// How many nodes it allows.
    pub nodes: NodeLimit,
}

impl Licence {
    /// The day after which something ends: the licence itself, or its maintenance.
    pub fn ends(&self) -> Option<Date> {
        [self.valid_to, self.maintenance_expires].into_iter().flatten().min()
    }
}

/// Why a text is no licence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotALicence {
    /// Nothing was given.
    #[error("there is nothing in it")]
    Empty,
    /// Neither XML nor base64 of XML.
    #[error("it is neither XML nor base64 of XML")]
    NotXml,
    /// XML, but not a licence.
    #[error("it is XML, but there is no License in it")]
    NotOne,
    /// One of its values cannot be read.
    #[error("its {element} cannot be read")]
    Unreadable {
        /// The element.
        element: &'static str,
    },
}
