//! Closed sets: enums that define each value in one place, with its id or the spelling that people type.

/// A closed set whose values have spellings: in answers, on disk and on the command line.
pub trait Choice: Copy + Eq + 'static {
    /// Every value, in the order in which they are offered.
    const ALL: &'static [Self];
    /// The spellings of all values, in the same order.
    const SPELLINGS: &'static [&'static str];

    /// This value's spelling.
    fn spelling(self) -> &'static str;

    fn from_spelling(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.spelling() == text)
    }
}

/// Defines a choice: `pub enum Name { Value = "spelling", … }`.
macro_rules! choices {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $value:ident = $spelling:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$doc])* #[serde(rename = $spelling)] $value,)+ }

        impl $crate::model::choice::Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];
            const SPELLINGS: &'static [&'static str] = &[$($spelling),+];

            fn spelling(self) -> &'static str {
                self.spelling()
            }
        }

        impl $name {
            /// This value's spelling.
            pub const fn spelling(self) -> &'static str {
                match self { $(Self::$value => $spelling,)+ }
            }
        }
    };
}
pub(crate) use choices;

/// Defines an enum and the list of its values, in the order in which they are written.
macro_rules! listed {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: [Self; [$(Self::$value),+].len()] = [$(Self::$value),+];
        }
    };
}
pub(crate) use listed;

/// Defines an enum, the list of its values, and the id of each, as files and people write it.
macro_rules! ids {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident = $id:literal,)+ }) => {
        $crate::model::choice::listed! {
            $(#[$meta])*
            pub enum $name { $($(#[$doc])* $value,)+ }
        }

        impl $name {
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$value => $id,)+
                }
            }

            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.id() == id)
            }
        }
    };
}
pub(crate) use ids;

/// Returns how a toggle is spelled.
pub const fn spelled(on: bool) -> &'static str {
    if on { TOGGLES[0] } else { TOGGLES[1] }
}

/// The two spellings of a toggle: on, off.
pub const TOGGLES: [&str; 2] = ["true", "false"];

/// Returns what a toggle's text says; `None` if it is neither.
pub fn toggled(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|on| spelled(*on) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::master_key::KeySize;
    use crate::model::octopus::HandOverMode;
    use crate::model::storage::StorageKind;
    use crate::model::survey::AccountKind;
    use crate::model::target::{Encryption, TrustKind};

    fn is_bijection<T: Choice + std::fmt::Debug>() {
        assert_eq!(T::ALL.len(), T::SPELLINGS.len());
        for (value, spelling) in T::ALL.iter().zip(T::SPELLINGS) {
            assert_eq!((value.spelling(), T::from_spelling(spelling)), (*spelling, Some(*value)));
        }
        assert_eq!(T::from_spelling("nobody"), None);
    }

    #[test]
    fn every_value_is_found_by_its_spelling() {
        is_bijection::<AccountKind>();
        is_bijection::<Encryption>();
        is_bijection::<TrustKind>();
        is_bijection::<StorageKind>();
        is_bijection::<HandOverMode>();
        is_bijection::<KeySize>();
        assert_eq!(TOGGLES.map(toggled), [Some(true), Some(false)]);
    }
}
