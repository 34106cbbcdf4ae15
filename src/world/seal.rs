//! Sealing: secrets on disk that only this machine can open.
//!
//! The AEAD is ChaCha20-Poly1305 under a random key of this machine, in a file of its own (0600). Anyone who can read that file can open
//! the secrets. Sealing achieves that a config, a backup of it or a copy on a share reveals nothing, and that a config from another
//! machine is recognised. On Windows the scheme is the same for now; DPAPI is to replace the file once a crate that wraps it without
//! `unsafe` in our code is chosen.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use data_encoding::{BASE64, HEXLOWER};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::SecretSlice;
use zeroize::Zeroizing;

use crate::model::cluster::ClusterId;
use crate::model::names::instance_key;
use crate::model::node_config::{DatabaseSection, Sealed, SealedSignIn, TrustSection};
use crate::model::secret::on_clean_stack;
use crate::model::target::{Encryption, ServerAddress};
use crate::world::atomic_write::{Existing, atomic_write};
use crate::world::places::Places;
use crate::world::random::{self, NoRandomness};
use crate::world::{folder, ownership, small_file};

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was sealed on another machine, or this machine's key was replaced or lost.
    #[error("it was sealed on another machine")]
    OtherMachine,
    /// It was sealed here, but for another purpose or instance, or it was changed.
    #[error("it is damaged, or was sealed for something else")]
    Damaged,
    /// It was sealed here, but the server, login, encryption or trust beside it was changed since then, or it was changed itself.
    #[error("it was sealed for another server, login, encryption or trust, or is damaged")]
    OtherDestination,
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

/// Shows only the key's id.
impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Sealer {
    /// Reads this machine's key, or creates one.
    pub fn open_or_create(places: &Places) -> Result<Self, SealError> {
        Ok(Self::under(read_or_create_machine_key(places)?))
    }

    /// Reads this machine's key, for opening only: a machine without a key has never sealed anything.
    pub fn open(places: &Places) -> Result<Self, SealError> {
        read_machine_key(places)?.map(Self::under).ok_or(SealError::OtherMachine)
    }

    fn under(key: MachineKey) -> Self {
        Self { id: key.id(), key: key.aead() }
    }

    /// Seals a secret for a purpose. The same secret never gives the same text twice.
    pub fn seal(&self, purpose: &Purpose<'_>, secret: &[u8]) -> Result<Sealed, SealError> {
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let (head, purpose) = match purpose.bound_text() {
            Some(text) => (Sealed::HEAD_BOUND, text),
            None => (Sealed::HEAD, purpose.text()),
        };
        let mut sealed = Zeroizing::new(secret.to_vec());
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut *sealed)
            .map_err(|_| SealError::Malformed)?;
        let whole = [&nonce[..], sealed.as_slice()].concat();
        Ok(Sealed(format!("{head}{}:{}", self.id, BASE64.encode(&whole))))
    }

    /// Opens a secret that was sealed for this purpose.
    pub fn unseal(&self, purpose: &Purpose<'_>, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError> {
        let sealed = sealed.0.trim();
        let (purpose, rest, shut) = match (sealed.strip_prefix(Sealed::HEAD_BOUND), sealed.strip_prefix(Sealed::HEAD)) {
            (Some(rest), _) => (purpose.bound_text().ok_or(SealError::Malformed)?, rest, SealError::OtherDestination),
            (None, Some(rest)) => (purpose.text(), rest, SealError::Damaged),
            (None, None) => return Err(SealError::Malformed),
        };
        let (id, text) = rest.split_once(':').ok_or(SealError::Malformed)?;
        let mut whole = BASE64.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| SealError::Malformed)?;
        if id != self.id {
            return Err(SealError::OtherMachine);
        }
        let (nonce, sealed) = whole.split_first_chunk_mut::<NONCE_LEN>().ok_or(SealError::Malformed)?;
        let opened =
            self.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose), sealed).map_err(|_| shut)?;
        Ok(SecretSlice::from(opened.to_vec()))
    }
}

/// What a sealed value is for. It is bound to that, and does not open anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// A cluster's master key.
    MasterKey {
        /// The instance whose home it is in.
        instance: &'a str,
        cluster: ClusterId,
    },
    /// The SQL login's password.
    DatabasePassword {
        /// The instance whose config it is in.
        instance: &'a str,
        /// Where it is sent.
        to: &'a Destination,
    },
    /// The service account's password.
    ServicePassword {
        /// The instance whose config it is in.
        instance: &'a str,
    },
}

impl Purpose<'_> {
    /// The text that is authenticated with the value. It is part of the format: with a changed word, nothing opens any more.
    pub(super) fn text(&self) -> String {
        let (what, instance) = match self {
            Self::MasterKey { instance, cluster } => (format!("master-key\0{cluster}"), instance),
            Self::DatabasePassword { instance, .. } => ("database-password".to_owned(), instance),
            Self::ServicePassword { instance } => ("service-password".to_owned(), instance),
        };
        format!("octopus-setup sealed 1\0{}\0{what}", instance_key(instance))
    }

    /// The same where the destination is authenticated too, so that a copied config with another server does not open it; `None`
    /// for what is sent nowhere.
    fn bound_text(&self) -> Option<String> {
        let Self::DatabasePassword { instance, to: Destination { server, login, encryption, trust } } = self else { return None };
        // Lengths, since a login may hold any character.
        let parts = [server, login, encryption, trust].map(|part| format!("{}:{part}", part.len())).join("\0");
        Some(format!("octopus-setup sealed 2\0{}\0database-password\0{parts}", instance_key(instance)))
    }
}

/// Where a password is sent, and how: the server, whose it is, whether it may go unencrypted, and what the server's certificate is
/// checked against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    server: String,
    login: String,
    encryption: String,
    trust: String,
}

impl Destination {
    /// Returns the destination that a config names.
    pub fn of_config(database: &DatabaseSection) -> Self {
        let DatabaseSection { server, sign_in: SealedSignIn::SqlLogin { user, .. }, encryption, trust, .. } = database;
        Self::new(server, user, *encryption, trust)
    }

    /// Makes a destination. Two spellings of one server are the same.
    pub fn new(server: &str, login: &str, encryption: Encryption, trust: &TrustSection) -> Self {
        let address = ServerAddress::parse(server).map_or_else(|_| server.to_owned(), |address| address.to_string());
        let by = trust.ca_file().or_else(|| trust.fingerprint().map(|digits| digits.to_lowercase())).unwrap_or_default();
        Self {
            server: address.to_lowercase(),
            login: login.to_owned(),
            encryption: encryption.spelling().to_owned(),
            trust: format!("{}\0{by}", trust.kind().spelling()),
        }
    }
}

/// Bytes of the key.
const LENGTH: usize = 32;

/// How often a lost race is tried again.
const MOST_BYTES: u32 = 64;

/// The key's bytes, and the AEAD made of them.
pub(super) struct MachineKey {
    /// On the heap: an array that is moved leaves a copy behind.
    bytes: Box<Zeroizing<[u8; LENGTH]>>,
    aead: LessSafeKey,
}

impl MachineKey {
    fn new(bytes: Box<Zeroizing<[u8; LENGTH]>>) -> io::Result<Self> {
        let wrong = |_| io::Error::new(ErrorKind::InvalidData, "it has the wrong length");
        let aead = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &**bytes).map_err(wrong)?);
        Ok(Self { bytes, aead })
    }

    /// Returns eight hexadecimal digits that identify the key and reveal nothing else.
    pub(super) fn id(&self) -> String {
        let digest = on_clean_stack(|| {
            let mut context = ring::digest::Context::new(&ring::digest::SHA256);
            context.update(b"octopus-setup machine key 1\0");
            context.update(&**self.bytes);
            context.finish()
        });
        HEXLOWER.encode(&digest.as_ref()[..4])
    }

    /// The AEAD under it; the bytes are wiped.
    pub(super) fn aead(self) -> LessSafeKey {
        self.aead
    }
}

/// Reads the key; `None` if this machine has none.
pub(super) fn read_machine_key(places: &Places) -> Result<Option<MachineKey>, SealError> {
    let path = places.machine_key();
    match read_file(&path) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SealError::MachineKey { path, source }),
    }
}

/// Reads the key, or creates one. Of two wizards that create one at the same time, the second reads the first one's.
pub(super) fn read_or_create_machine_key(places: &Places) -> Result<MachineKey, SealError> {
    if let Some(key) = read_machine_key(places)? {
        return Ok(key);
    }
    let path = places.machine_key();
    let refused = |source| SealError::MachineKey { path: path.clone(), source };
    folder::create_private(&places.state).map_err(refused)?;
    let bytes = on_clean_stack(|| random::bytes::<LENGTH>().map(|bytes| Box::new(Zeroizing::new(bytes))))?;
    // Joined in a buffer that has room for both: one that grows leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(BASE64.encode_len(LENGTH) + 1));
    BASE64.encode_append(&**bytes, &mut text);
    text.push('\n');
    // Two instances of one machine hold different locks here, and each removes the other's unfinished file. The one that lost its file tries
    // again: by then the other's key is there, or the place is free.
    for tried in 1.. {
        match atomic_write(&path, text.as_bytes(), Existing::Refuse) {
            Ok(()) => break,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => break,
            Err(error) if error.kind() == ErrorKind::NotFound && tried < MOST_BYTES => {}
            Err(source) => return Err(refused(source)),
        }
    }
    // Read it back in either case, because the file is what will be used tomorrow.
    read_file(&path).map_err(refused)
}

fn read_file(path: &std::path::Path) -> io::Result<MachineKey> {
    let (text, seen) = small_file::read_seen(path, 4_096).map(|(text, seen)| (Zeroizing::new(text), seen))?;
    if let Some(said) = ownership::other_writer(&seen) {
        return Err(io::Error::new(ErrorKind::PermissionDenied, format!("{said}, and it must be this account's and 0600")));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = seen.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let said = format!("others may read it (mode {mode:04o}); it must be 0600");
            return Err(io::Error::new(ErrorKind::PermissionDenied, said));
        }
    }
    let wrong = || io::Error::new(ErrorKind::InvalidData, "it does not hold a machine key");
    let bytes = BASE64.decode(text.trim_ascii()).map(Zeroizing::new).map_err(|_| wrong())?;
    let mut key = Box::new(Zeroizing::new([0; LENGTH]));
    if bytes.len() != LENGTH {
        return Err(wrong());
    }
    key.copy_from_slice(&bytes);
    MachineKey::new(key)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::model::cluster::ClusterId;

    const PURPOSE: Purpose<'static> = Purpose::ServicePassword { instance: "OctopusServer" };

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
            Purpose::ServicePassword { instance: "Other" },
            Purpose::DatabasePassword { instance: "OctopusServer", to: &Destination::default() },
            Purpose::MasterKey { instance: "OctopusServer", cluster: ClusterId([0; 16]) },
        ] {
            assert!(matches!(sealer.unseal(&other, &text), Err(SealError::Damaged)), "{other:?}");
        }
    }

    #[test]
    fn a_password_opens_for_its_own_server_login_encryption_and_trust_only() {
        fn purpose(to: &Destination) -> Purpose<'_> {
            Purpose::DatabasePassword { instance: "OctopusServer", to }
        }
        let (_root, sealer) = sealing_machine();
        let fingerprint = TrustSection::Fingerprint("9c".repeat(32));
        let to = Destination::new("sql01,1433", "octopus", Encryption::Mandatory, &fingerprint);
        let text = sealer.seal(&purpose(&to), b"hunter2").expect("sealed");
        assert!(text.0.starts_with("sealed:2:"), "{}", text.0);
        for same in [to.clone(), Destination::new(" SQL01 , 1433", "octopus", Encryption::Mandatory, &fingerprint)] {
            assert_eq!(sealer.unseal(&purpose(&same), &text).expect("opened").expose_secret(), b"hunter2");
        }
        for other in [
            Destination::new("sql02,1433", "octopus", Encryption::Mandatory, &fingerprint),
            Destination::new("sql01,1434", "octopus", Encryption::Mandatory, &fingerprint),
            Destination::new("sql01,1433", "sa", Encryption::Mandatory, &fingerprint),
            Destination::new("sql01,1433", "octopus", Encryption::Optional, &fingerprint),
            Destination::new("sql01,1433", "octopus", Encryption::Mandatory, &TrustSection::None),
            Destination::new("sql01,1433", "octopus", Encryption::Mandatory, &TrustSection::Fingerprint("9d".repeat(32))),
            Destination::new("sql01,1433", "octopus", Encryption::Mandatory, &TrustSection::CaFile("9c".repeat(32).into())),
        ] {
            assert!(matches!(sealer.unseal(&purpose(&other), &text), Err(SealError::OtherDestination)), "{other:?}");
        }
        // The marker is authenticated: taking it back does not take the destination back.
        let older = Sealed(text.0.replace("sealed:2:", "sealed:1:"));
        assert!(matches!(sealer.unseal(&purpose(&to), &older), Err(SealError::Damaged)));
        // What is sent nowhere is never sealed so.
        assert!(matches!(sealer.unseal(&PURPOSE, &text), Err(SealError::Malformed)));
    }

    #[test]
    fn what_an_older_build_sealed_opens_as_it_did() {
        let (_root, sealer) = sealing_machine();
        let to = Destination::new("sql01", "octopus", Encryption::Mandatory, &TrustSection::System);
        let purpose = Purpose::DatabasePassword { instance: "OctopusServer", to: &to };
        let mut password = b"hunter2".to_vec();
        let nonce = [7; NONCE_LEN];
        let aad = Aad::from("octopus-setup sealed 1\0octopusserver\0database-password");
        sealer.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut password).expect("sealed");
        let text = Sealed(format!("sealed:1:{}:{}", sealer.id, BASE64.encode(&[&nonce[..], &password].concat())));
        assert_eq!(sealer.unseal(&purpose, &text).expect("opened").expose_secret(), b"hunter2");
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

    #[test]
    fn wizards_of_several_instances_that_make_it_at_once_have_one() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let places = Places::under(folder.path().join("state"));
            let make = || read_or_create_machine_key(&places).map(|key| key.id()).map_err(|error| error.to_string());
            let ids: Vec<_> = std::thread::scope(|scope| {
                let wizards: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                wizards.into_iter().map(|wizard| wizard.join().expect("no panic").expect("a key")).collect()
            });
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        }
    }
}
