//! What the data folder keeps for the server itself: the passwords of its own logins.

use std::io;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::engine::Login;
use crate::private::write_private;

/// The login for the wizard: may create databases, and nothing else.
pub const USER: &str = "octopus";
/// The administrator.
pub const ADMINISTRATOR: &str = "sa";
/// The file in the data folder.
const FILE: &str = "logins.toml";
const LENGTH: usize = 24;
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// The passwords.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The password of [`USER`].
    #[serde(deserialize_with = "secret")]
    pub octopus: SecretString,
    /// The password of [`ADMINISTRATOR`].
    #[serde(deserialize_with = "secret")]
    pub sa: SecretString,
}

/// Why the passwords cannot be read or generated.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read or written.
    #[error("the practice server's logins cannot be kept: {0}")]
    File(#[from] io::Error),
    /// The file does not have the expected form. Its content is not repeated.
    #[error("the practice server's file {FILE} is damaged; delete its data folder to begin anew")]
    Damaged,
    /// The operating system provides no random numbers.
    #[error("the operating system gives no random numbers")]
    Randomness,
}

impl Credentials {
    /// Returns whether a folder is a data folder.
    pub fn are_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Reads the passwords from the data folder, or generates and writes them.
    pub fn load_or_create(data: &Path) -> Result<Self, CredentialsError> {
        let path = data.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                toml::from_str(&text).map_err(|_| CredentialsError::Damaged)
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let made = Self { octopus: password()?, sa: password()? };
                let text = Zeroizing::new(format!(
                    "# The practice server's own logins. They open nothing else.\n{USER} = \"{}\"\n{ADMINISTRATOR} = \"{}\"\n",
                    made.octopus.expose_secret(),
                    made.sa.expose_secret(),
                ));
                write_private(&path, text.as_bytes())?;
                Ok(made)
            }
            Err(cause) => Err(cause.into()),
        }
    }

    /// Returns the two logins for [`crate::Engine::open`].
    pub fn logins(&self) -> Vec<Login> {
        let login = |name: &str, password: &SecretString, sysadmin| Login {
            name: name.to_owned(),
            password: password.clone(),
            sysadmin,
            dbcreator: !sysadmin,
            disabled: false,
        };
        vec![login(USER, &self.octopus, false), login(ADMINISTRATOR, &self.sa, true)]
    }
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Generates a password that meets common policies and needs no quoting in a shell: upper case, lower case and digits.
fn password() -> Result<SecretString, CredentialsError> {
    let random = SystemRandom::new();
    loop {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        while text.len() < LENGTH {
            let mut byte = [0];
            random.fill(&mut byte).map_err(|_| CredentialsError::Randomness)?;
            // Bytes beyond the last complete alphabet would favour its first letters.
            let whole = 256 / ALPHABET.len() * ALPHABET.len();
            if usize::from(byte[0]) < whole {
                let letter = ALPHABET[usize::from(byte[0]) % ALPHABET.len()];
                text.push(char::from(letter));
            }
        }
        let has = |class: fn(&char) -> bool| text.chars().any(|letter| class(&letter));
        if has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit) {
            return Ok(SecretString::from(text.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = Credentials::load_or_create(folder.path()).unwrap();
        let second = Credentials::load_or_create(folder.path()).unwrap();
        assert_eq!(first.sa.expose_secret(), second.sa.expose_secret());
        assert_ne!(first.sa.expose_secret(), first.octopus.expose_secret());
        assert_eq!(first.sa.expose_secret().len(), LENGTH);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Credentials::load_or_create(folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_said_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "sa = hunter2").unwrap();
        let cause = Credentials::load_or_create(folder.path()).unwrap_err();
        assert!(matches!(cause, CredentialsError::Damaged));
        assert!(!cause.to_string().contains("hunter2"));
    }
}
