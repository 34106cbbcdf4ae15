//! Saves the master key to a file of the operator's choosing, and reads it.

use std::io::{self, ErrorKind};
use std::path::Path;

use secrecy::ExposeSecret;

use zeroize::Zeroizing;

use super::atomic_write::{Existing, atomic_write};
use super::small_file;
use crate::model::master_key::{KeyForm, MasterKey};
use crate::model::secret::SecretString;

/// The most bytes of a key file. A key takes 45.
const LIMIT: u64 = 4_096;

/// Why a key could not be saved or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Something of that name exists, perhaps a symbolic link. It stays as it is.
    #[error("There is a file of that name already.")]
    Exists,
    /// The path is not absolute.
    #[error("The path must be absolute.")]
    NotAbsolute,
    /// The operating system refused.
    #[error("The operating system refused: {0}.")]
    Refused(#[from] io::Error),
    /// The file does not hold a key.
    #[error("The file holds no master key: {0}.")]
    Form(#[from] KeyForm),
    /// What was read back is not what was written.
    #[error("What was read back from the file is not the key that was written.")]
    ReadBack,
    /// The disk or share does not answer.
    #[error("The file's disk did not answer in time.")]
    TimedOut,
}

/// Saves the key to a new file, 0600, and reads it back. An existing file that holds this very key is fine: a run that was killed
/// after saving saves it once more.
pub fn save(path: &Path, key: &MasterKey) -> Result<(), KeyFileError> {
    let key_text = key.to_base64();
    let key_text = key_text.expose_secret();
    let mut text = Zeroizing::new(String::with_capacity(key_text.len() + 1));
    text.push_str(key_text);
    text.push('\n');
    match save_text(path, text.as_bytes()) {
        Err(KeyFileError::Exists) if read(path).is_ok_and(|found| found.same_as(key)) => return Ok(()),
        saved => saved?,
    }
    if read(path)?.expose_bytes() == key.expose_bytes() { Ok(()) } else { Err(KeyFileError::ReadBack) }
}

/// Saves a text to a new file, 0600.
pub fn save_text(path: &Path, text: &[u8]) -> Result<(), KeyFileError> {
    if !path.is_absolute() {
        return Err(KeyFileError::NotAbsolute);
    }
    atomic_write(path, text, Existing::Refuse).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => KeyFileError::Exists,
        _ => KeyFileError::Refused(error),
    })
}

/// Reads a key from a file, in UTF-8, or in UTF-16 as an older PowerShell's `>` writes it.
pub fn read(path: &Path) -> Result<MasterKey, KeyFileError> {
    if !path.is_absolute() {
        return Err(KeyFileError::NotAbsolute);
    }
    let bytes = Zeroizing::new(small_file::read(path, LIMIT)?);
    // A UTF-16 unit, or a byte that is not UTF-8, becomes three bytes at most: the buffer never grows, and so leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 3));
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        bytes => bytes.utf8_chunks().for_each(|chunk| {
            text.push_str(chunk.valid());
            text.extend((!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER));
        }),
    }
    Ok(MasterKey::parse(&SecretString::from(text.as_str()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        MasterKey::from_bytes(&[7; 32]).expect("a key")
    }

    #[test]
    fn a_saved_key_is_its_owners_alone_and_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        save(&path, &key()).expect("saved");
        assert_eq!(read(&path).expect("read").fingerprint(), key().fingerprint());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn nothing_is_overwritten_and_no_link_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        std::fs::write(&path, "mine").expect("written");
        assert!(matches!(save(&path, &key()), Err(KeyFileError::Exists)));
        assert_eq!(std::fs::read(&path).expect("read"), b"mine");
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).expect("linked");
            assert!(matches!(save(&link, &key()), Err(KeyFileError::Exists)));
        }
        assert!(matches!(save(Path::new("key"), &key()), Err(KeyFileError::NotAbsolute)));
        assert!(matches!(save(&folder.path().join("no/key"), &key()), Err(KeyFileError::Refused(_))));
    }

    #[test]
    fn what_powershell_wrote_is_read_and_what_is_no_key_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let text = format!("{}\r\n", key().to_base64().expose_secret());
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        std::fs::write(&path, wide).expect("written");
        assert_eq!(read(&path).expect("read").fingerprint(), key().fingerprint());
        std::fs::write(&path, "AAAA").expect("written");
        assert!(matches!(read(&path), Err(KeyFileError::Form(KeyForm::Length { bytes: 3 }))));
    }
}
