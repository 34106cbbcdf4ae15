//! The secrets of a node, and the text of one.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::field::FieldId;

/// The text of a secret. Clones share one piece of memory, which is wiped with the last of them: answers, targets and plans are copied
/// often, and a secret should not be. Debug output shows nothing of it.
#[derive(Debug, Clone, Default)]
pub struct SecretString(Arc<secrecy::SecretString>);

impl ExposeSecret<str> for SecretString {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Copies the text.
impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(Arc::new(text.into()))
    }
}

/// Takes the text over. One with room to spare is moved, and its older place wiped.
impl From<String> for SecretString {
    fn from(text: String) -> Self {
        let text = zeroize::Zeroizing::new(text);
        Self::from(text.as_str())
    }
}

impl From<secrecy::SecretString> for SecretString {
    fn from(text: secrecy::SecretString) -> Self {
        Self(Arc::new(text))
    }
}

/// A secret that a step, or a rendering, may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// The SQL login's password.
    Password,
    /// The cluster's master key.
    MasterKey,
    /// The service account's password.
    ServicePassword,
    /// The first administrator's password.
    AdminPassword,
    /// The licence, in base64 as Octopus Server takes it.
    Licence,
}

impl Secret {
    pub const ALL: [Self; 5] = [Self::Password, Self::MasterKey, Self::ServicePassword, Self::AdminPassword, Self::Licence];

    /// The field that it answers.
    pub const fn field(self) -> FieldId {
        match self {
            Self::Password => FieldId::Password,
            Self::MasterKey => FieldId::MasterKey,
            Self::ServicePassword => FieldId::ServicePassword,
            Self::AdminPassword => FieldId::AdminPassword,
            Self::Licence => FieldId::Licence,
        }
    }

    /// The environment variable that holds it: the field's own, so that there is one name for one thing.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Password => "OCTOPUS_SETUP_PASSWORD",
            Self::MasterKey => "OCTOPUS_SETUP_MASTER_KEY",
            Self::ServicePassword => "OCTOPUS_SETUP_SERVICE_PASSWORD",
            Self::AdminPassword => "OCTOPUS_SETUP_ADMIN_PASSWORD",
            Self::Licence => "OCTOPUS_SETUP_LICENCE",
        }
    }

    /// What it is, for people.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Password => "the password of the SQL login",
            Self::MasterKey => "the master key of the cluster",
            Self::ServicePassword => "the password of the service account",
            Self::AdminPassword => "the password of the first administrator",
            Self::Licence => "the licence, in base64",
        }
    }
}

/// Does work on a secret, and overwrites the stack that it used: a digest keeps the last bytes of its input there, and a key that is moved
/// its older places.
pub(crate) fn on_clean_stack<T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn in_frame_of_its_own<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    #[expect(clippy::large_stack_arrays, reason = "it is the stack that is wiped")]
    fn wipe_stack() {
        std::hint::black_box(&mut *zeroize::Zeroizing::new([0_u8; 64 * 1024]));
    }
    let done = in_frame_of_its_own(work);
    wipe_stack();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_their_text_and_show_nothing() {
        let secret = SecretString::from("hunter2".to_owned());
        let clone = secret.clone();
        assert_eq!(clone.expose_secret().as_ptr(), secret.expose_secret().as_ptr());
        assert_eq!(clone.expose_secret(), "hunter2");
        assert!(!format!("{secret:?} {secret:#?}").contains("hunter2"));
    }
}
