//! The machine key: 32 random bytes in a file of their own.

use std::io::{self, ErrorKind};

use data_encoding::{BASE64, HEXLOWER};
use ring::aead::{CHACHA20_POLY1305, LessSafeKey, UnboundKey};
use zeroize::Zeroizing;

use super::SealError;
use crate::world::atomic_write::{Existing, atomic_write};
use crate::world::places::Places;
use crate::world::{folder, random, small_file};

/// Bytes of the key.
const LENGTH: usize = 32;

/// So often a lost race is run again.
const MOST: u32 = 64;

/// The key's bytes, and the AEAD made of them.
pub(super) struct MachineKey {
    bytes: Zeroizing<[u8; LENGTH]>,
    aead: LessSafeKey,
}

impl MachineKey {
    fn of(bytes: Zeroizing<[u8; LENGTH]>) -> io::Result<Self> {
        let wrong = |_| io::Error::new(ErrorKind::InvalidData, "it has the wrong length");
        let aead = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &*bytes).map_err(wrong)?);
        Ok(Self { bytes, aead })
    }

    /// Eight hexadecimal digits that tell this key from another and nothing else.
    pub(super) fn id(&self) -> String {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(b"octopus-setup machine key 1\0");
        context.update(&*self.bytes);
        HEXLOWER.encode(&context.finish().as_ref()[..4])
    }

    /// The AEAD under it; the bytes are wiped.
    pub(super) fn aead(self) -> LessSafeKey {
        self.aead
    }
}

/// Reads the key; `None` where this machine has none.
pub(super) fn read(places: &Places) -> Result<Option<MachineKey>, SealError> {
    let path = places.machine_key();
    match read_file(&path) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SealError::MachineKey { path, source }),
    }
}

/// Reads the key, or makes one. Of two wizards that make one at the same time, the second reads the first one's.
pub(super) fn read_or_create(places: &Places) -> Result<MachineKey, SealError> {
    if let Some(key) = read(places)? {
        return Ok(key);
    }
    let path = places.machine_key();
    let refused = |source| SealError::MachineKey { path: path.clone(), source };
    folder::create_private(&places.state).map_err(refused)?;
    let bytes = Zeroizing::new(random::bytes::<LENGTH>()?);
    // Joined in a buffer that has room for both: one that grows leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(BASE64.encode_len(LENGTH) + 1));
    BASE64.encode_append(&*bytes, &mut text);
    text.push('\n');
    // Two instances of one machine do so under two locks, and each sweeps the other's unfinished file away. Whoever lost
    // its own looks again: by then the other one's key is there, or the place is free.
    for tried in 1.. {
        match atomic_write(&path, text.as_bytes(), Existing::Refuse) {
            Ok(()) => break,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => break,
            Err(error) if error.kind() == ErrorKind::NotFound && tried < MOST => {}
            Err(source) => return Err(refused(source)),
        }
    }
    // Read back in either case: what is on disk is what will be there tomorrow.
    read_file(&path).map_err(refused)
}

fn read_file(path: &std::path::Path) -> io::Result<MachineKey> {
    let text = small_file::read(path, 4_096).map(Zeroizing::new)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let said = format!("others may read it (mode {mode:04o}); it must be 0600");
            return Err(io::Error::new(ErrorKind::PermissionDenied, said));
        }
    }
    let wrong = || io::Error::new(ErrorKind::InvalidData, "it does not hold a machine key");
    let bytes = BASE64.decode(text.trim_ascii()).map(Zeroizing::new).map_err(|_| wrong())?;
    let mut key = Zeroizing::new([0; LENGTH]);
    if bytes.len() != LENGTH {
        return Err(wrong());
    }
    key.copy_from_slice(&bytes);
    MachineKey::of(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wizards_of_several_instances_that_make_it_at_once_have_one() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let places = Places::under(folder.path().join("state"));
            let make = || read_or_create(&places).map(|key| key.id()).map_err(|error| error.to_string());
            let ids: Vec<_> = std::thread::scope(|scope| {
                let wizards: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
                wizards.into_iter().map(|wizard| wizard.join().expect("no panic").expect("a key")).collect()
            });
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        }
    }
}
