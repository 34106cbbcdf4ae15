//! Closed sets whose values have ids: each value stands in one place.

/// Defines the enum, all its values in the order in which they are written, and the id of each.
macro_rules! ids {
    ($(#[$of:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident = $id:literal,)+ }) => {
        $(#[$of])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $value,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: [Self; [$($id),+].len()] = [$(Self::$value),+];

            /// Its id, as files and people write it.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$value => $id,)+
                }
            }

            /// The value of this id.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.id() == id)
            }
        }
    };
}
