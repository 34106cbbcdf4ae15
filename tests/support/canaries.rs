//! Recognisable secrets, and searching for them in everything that a run leaves behind or could print.

use std::path::{Path, PathBuf};

use data_encoding::{BASE32, BASE64, BASE64URL, HEXLOWER};
use octopus_setup::engine::Engine;

/// Returns the encodings under which a secret could be hidden.
fn disguises(secret: &[u8]) -> Vec<Vec<u8>> {
    let text: String = secret.iter().copied().map(char::from).collect();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let scrambled: Vec<u8> = wide.iter().map(|byte| byte.rotate_left(4) ^ 0xA5).collect();
    let mut all = vec![secret.to_vec(), wide.clone(), scrambled, secret.iter().rev().copied().collect()];
    for bytes in [secret, &wide] {
        all.extend([HEXLOWER.encode(bytes).into_bytes(), HEXLOWER.encode(bytes).to_uppercase().into_bytes()]);
        // In base64 the secret may begin at any of three positions within a group.
        for skipped in 0..3 {
            let inner = &bytes[skipped..bytes.len() - (bytes.len() - skipped) % 3];
            all.extend([BASE64.encode(inner).into_bytes(), BASE64URL.encode(inner).into_bytes()]);
        }
        let inner = &bytes[..bytes.len() - bytes.len() % 5];
        all.push(BASE32.encode(inner).into_bytes());
    }
    // The list of numbers that a derived `Debug` of bytes prints.
    all.push(secret.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes());
    all
}

/// Secrets in all their encodings.
pub struct Secrets {
    needles: Vec<(String, Vec<u8>)>,
    /// The pairs of bytes that a needle begins with, so that megabytes are searched quickly.
    begins: Vec<bool>,
}

impl Secrets {
    /// Creates a set of named secrets.
    pub fn new(all: &[(&str, &[u8])]) -> Self {
        let needles: Vec<(String, Vec<u8>)> = all
            .iter()
            .flat_map(|(name, secret)| {
                disguises(secret)
                    .into_iter()
                    .enumerate()
                    .map(move |(number, needle)| (format!("{name}, disguise {number}"), needle))
            })
            .collect();
        let mut begins = vec![false; 1 << 16];
        for (name, needle) in &needles {
            assert!(needle.len() >= 8, "{name} is too short to be told from chance");
            begins[usize::from(needle[0]) << 8 | usize::from(needle[1])] = true;
        }
        Self { needles, begins }
    }

    /// Panics if one of the secrets is in these bytes.
    pub fn absent(&self, place: &str, bytes: &[u8]) {
        for at in 0..bytes.len().saturating_sub(1) {
            if self.begins[usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])] {
                let found = self.needles.iter().find(|(_, needle)| bytes[at..].starts_with(needle));
                assert!(found.is_none(), "{place} holds a secret: {:?}", found.map(|(name, _)| name));
            }
        }
    }
}

/// Returns every file under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// Checks every file under a folder except these. Returns how many were checked.
pub fn clean_folder(folder: &Path, but: &[&Path], secrets: &Secrets) -> usize {
    let all: Vec<PathBuf> = files(folder).into_iter().filter(|path| !but.contains(&path.as_path())).collect();
    for path in &all {
        let place = path.display().to_string();
        secrets.absent(&place, place.as_bytes());
        match std::fs::read(path) {
            Ok(bytes) => secrets.absent(&place, &bytes),
            // A temporary file that was renamed in the meantime.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{place}"),
        }
    }
    all.len()
}

/// Checks everything in a running wizard that a log, a crash report or a face could print.
pub fn clean_engine(engine: &Engine, secrets: &Secrets) {
    let state = engine.state();
    for (place, text) in [
        ("the engine", format!("{engine:?}")),
        ("the state", format!("{state:?}")),
        ("the state, at length", format!("{state:#?}")),
        ("the verdicts", format!("{:?}", state.verdicts())),
        ("the plan", format!("{:?}", state.run().plan)),
        ("the notice", format!("{:?}", state.notice)),
    ] {
        secrets.absent(place, text.as_bytes());
    }
}
