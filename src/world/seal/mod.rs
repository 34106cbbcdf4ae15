//! Sealing: secrets on disk that only this machine can open.
//!
//! The AEAD is ChaCha20-Poly1305 under a random key of this machine, in a file of its own (0600). Whoever can read
//! that file can open the secrets; what sealing buys is that a config, a backup of it or a copy on a share gives
//! nothing away, and that a config from elsewhere is recognised. On Windows the scheme is the same for now: DPAPI is
//! to take the file's place when a crate that wraps it without `unsafe` in our code is chosen.

mod machine_key;
mod purpose;

use std::fmt;
use std::io;
use std::path::PathBuf;

use data_encoding::BASE64;
use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use secrecy::SecretSlice;
use zeroize::Zeroizing;

pub use purpose::Purpose;

use super::places::Places;
use super::random::{self, NoRandomness};
use crate::model::node_config::Sealed;

/// How sealed texts begin: the word and the scheme's number.
const HEAD: &str = "sealed:1:";

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was sealed on another machine, or this machine's key was replaced or lost.
    #[error("it was sealed on another machine")]
    OtherMachine,
    /// It was sealed here, but for another purpose or instance, or it was changed.
    #[error("it is damaged, or was sealed for something else")]
    Damaged,
    /// It is not a sealed text at all.
    #[error("it is not a sealed value")]
    Malformed,
    /// The machine key's file cannot be used.
    #[error("the machine key {} cannot be used: {source}.", path.display())]
    MachineKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Seals and opens under this machine's key.
pub struct Sealer {
    key: LessSafeKey,
    id: String,
}

/// Shows which key, and nothing of it.
impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Sealer {
    /// With this machine's key; a machine that has none gets one.
    pub fn open_or_create(places: &Places) -> Result<Self, SealError> {
        Ok(Self::under(machine_key::read_or_create(places)?))
    }

    /// With this machine's key, for opening only: a machine without one never sealed anything.
    pub fn open(places: &Places) -> Result<Self, SealError> {
        machine_key::read(places)?.map(Self::under).ok_or(SealError::OtherMachine)
    }

    fn under(key: machine_key::MachineKey) -> Self {
        Self { id: key.id(), key: key.aead() }
    }

    /// Seals a secret for a purpose; the same secret never gives the same text twice.
    pub fn seal(&self, purpose: &Purpose<'_>, secret: &[u8]) -> Result<Sealed, SealError> {
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let mut sealed = Zeroizing::new(secret.to_vec());
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.text()), &mut *sealed)
            .map_err(|_| SealError::Malformed)?;
        let whole = [&nonce[..], sealed.as_slice()].concat();
        Ok(Sealed(format!("{HEAD}{}:{}", self.id, BASE64.encode(&whole))))
    }

    /// Opens what was sealed for this purpose.
    pub fn unseal(&self, purpose: &Purpose<'_>, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError> {
        let (id, text) = sealed.0.trim().strip_prefix(HEAD).and_then(|rest| rest.split_once(':')).ok_or(SealError::Malformed)?;
        let mut whole = BASE64.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| SealError::Malformed)?;
        if id != self.id {
            return Err(SealError::OtherMachine);
        }
        let (nonce, sealed) = whole.split_first_chunk_mut::<NONCE_LEN>().ok_or(SealError::Malformed)?;
        let opened = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose.text()), sealed)
            .map_err(|_| SealError::Damaged)?;
        Ok(SecretSlice::from(opened.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::model::cluster::ClusterId;

    const PURPOSE: Purpose<'static> = Purpose::DatabasePassword { instance: "OctopusServer" };

    fn sealing_machine() -> (tempfile::TempDir, Sealer) {
        let folder = tempfile::tempdir().expect("a folder");
        let sealer = Sealer::open_or_create(&Places::under(folder.path().join("state"))).expect("a key");
        (folder, sealer)
    }

    #[test]
    fn what_is_sealed_here_is_opened_here_and_never_looks_the_same() {
        let (root, sealer) = sealing_machine();
        let (one, two) = (sealer.seal(&PURPOSE, b"hunter2").expect("sealed"), sealer.seal(&PURPOSE, b"hunter2").expect("sealed"));
        assert_ne!(one, two);
        assert!(one.0.starts_with("sealed:1:") && !one.0.contains("hunter2"));
        let again = Sealer::open(&Places::under(root.path().join("state"))).expect("the same key");
        assert_eq!(again.unseal(&PURPOSE, &one).expect("opened").expose_secret(), b"hunter2");
    }

    #[test]
    fn another_machine_is_told_from_damage_and_from_nonsense() {
        let (_root, sealer) = sealing_machine();
        let text = sealer.seal(&PURPOSE, b"hunter2").expect("sealed");
        let (_elsewhere, other) = sealing_machine();
        assert!(matches!(other.unseal(&PURPOSE, &text), Err(SealError::OtherMachine)));
        let empty = tempfile::tempdir().expect("a folder");
        assert!(matches!(Sealer::open(&Places::under(empty.path().into())), Err(SealError::OtherMachine)));

        let (head, base64) = text.0.rsplit_once(':').expect("three colons");
        let mut whole = BASE64.decode(base64.as_bytes()).expect("base64");
        whole[NONCE_LEN] ^= 1;
        let changed = Sealed(format!("{head}:{}", BASE64.encode(&whole)));
        assert!(matches!(sealer.unseal(&PURPOSE, &changed), Err(SealError::Damaged)));

        for text in ["", "hunter2", "sealed:1:", "sealed:2:00000000:AAAA", "sealed:1:00000000:?", "sealed:1:x"] {
            assert!(matches!(sealer.unseal(&PURPOSE, &Sealed(text.into())), Err(SealError::Malformed)), "{text}");
        }
    }

    #[test]
    fn a_sealed_value_serves_no_other_purpose() {
        let (_root, sealer) = sealing_machine();
        let text = sealer.seal(&PURPOSE, b"hunter2").expect("sealed");
        for other in [
            Purpose::DatabasePassword { instance: "Other" },
            Purpose::ServicePassword { instance: "OctopusServer" },
            Purpose::MasterKey { instance: "OctopusServer", cluster: ClusterId([0; 16]) },
        ] {
            assert!(matches!(sealer.unseal(&other, &text), Err(SealError::Damaged)), "{other:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_machine_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (root, _sealer) = sealing_machine();
        let places = Places::under(root.path().join("state"));
        let mode = |path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(places.machine_key()), mode(places.state.clone())), (0o600, 0o700));
        std::fs::set_permissions(places.machine_key(), PermissionsExt::from_mode(0o644)).expect("changed");
        assert!(matches!(Sealer::open(&places), Err(SealError::MachineKey { .. })));
    }
}
