//! A call of the program: its words, with the secrets in them.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::Path;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::model::quote::push_doubled;
use crate::render::octopus::{Command, Flag, Form, Piece};
use crate::render::{Clear, Secret};

/// What is run: words that hold secrets, so it has no `Debug`, and it is dropped when the command has ended.
pub struct Call {
    /// The words behind the program's own name.
    pub(super) words: Vec<OsString>,
    /// What is added to the environment.
    pub(super) environment: Option<(&'static str, SecretString)>,
    /// The file that the licence is in while the command runs: only its owner can read it, and it goes with the call.
    _licence: Option<NamedTempFile>,
}

/// Why there is no call.
#[derive(Debug, thiserror::Error)]
pub enum NoCall {
    /// A secret that it needs is not at hand.
    #[error("{} is not at hand.", .0.noun())]
    Missing(Secret),
    /// The file for the licence could not be made.
    #[error("The file for the licence could not be written: {0}.")]
    Licence(std::io::Error),
}

impl Call {
    /// A call without secrets: the program is only asked what it is.
    pub fn plain(words: &[&str]) -> Self {
        Self { words: words.iter().map(OsString::from).collect(), environment: None, _licence: None }
    }

    /// The call of a command. A licence is not put on the command line, where whoever lists processes could read it: it goes
    /// through this file, which nobody else uses.
    pub fn of(command: &Command, clear: &Clear, through: &Path) -> Result<Self, NoCall> {
        let mut words: Vec<OsString> = vec![command.verb.id().into()];
        let mut licence = None;
        for option in &command.options {
            if option.flag == Flag::LicenseBase64 {
                let file = file_of(secret(clear, Secret::Licence)?, through).map_err(NoCall::Licence)?;
                words.extend([Flag::LicenseFile.id().into(), file.path().as_os_str().to_owned()]);
                licence = Some(file);
                continue;
            }
            words.push(option.flag.id().into());
            if let Some(word) = &option.value {
                let mut whole = String::new();
                for piece in &word.0 {
                    match piece {
                        Piece::Text(text) => whole.push_str(text),
                        Piece::Secret(kind, Form::Plain) => whole.push_str(secret(clear, *kind)?.expose_secret()),
                        Piece::Secret(kind, Form::Doubled) => {
                            push_doubled(&mut whole, secret(clear, *kind)?.expose_secret(), '"');
                        }
                    }
                }
                words.push(whole.into());
            }
        }
        let environment = match command.environment {
            Some((name, kind)) => Some((name, secret(clear, kind)?.clone())),
            None => None,
        };
        Ok(Self { words, environment, _licence: licence })
    }
}

fn secret(clear: &Clear, kind: Secret) -> Result<&SecretString, NoCall> {
    clear.get(kind).ok_or(NoCall::Missing(kind))
}

/// The licence in a file: the command line takes base64, the file has what that stands for.
fn file_of(licence: &SecretString, path: &Path) -> std::io::Result<NamedTempFile> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(ErrorKind::InvalidInput.into()) };
    forget(path)?;
    let mut file = tempfile::Builder::new().prefix(name).rand_bytes(0).tempfile_in(folder)?;
    let base64 = licence.expose_secret().as_bytes();
    let xml = BASE64.decode(base64).map(Zeroizing::new);
    file.write_all(xml.as_ref().map_or(base64, |xml| xml.as_slice()))?;
    file.flush()?;
    Ok(file)
}

/// Removes a licence's file that a start left which was killed. None is no error.
///
/// # Errors
/// The operating system's own.
pub fn forget(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
