//! The house: imports point downwards only, and each outside thing has one door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file under a folder of `src`, with its text stripped of comments.
fn sources(under: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(under);
    let mut files = Vec::new();
    if root.is_dir() {
        walk(&root, &mut files);
    } else {
        files.push(root);
    }
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            (file, code)
        })
        .collect()
}

/// Fails with every line of a layer that names something above it or outside its rights.
fn forbids(layer: &str, words: &[&str]) {
    let files = sources(layer);
    assert!(!files.is_empty(), "no sources under src/{layer}");
    let mut offences = Vec::new();
    for (file, code) in files {
        for line in code.lines() {
            for word in words {
                if line.contains(word) {
                    offences.push(format!("{}: {}", file.display(), line.trim()));
                }
            }
        }
    }
    assert!(offences.is_empty(), "src/{layer} reaches where it must not:\n{}", offences.join("\n"));
}

const OUTSIDE: [&str; 13] = [
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::process",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "tokio",
    "tiberius",
    "rustls",
    "SystemRandom",
    "File::open",
];

#[test]
fn the_nouns_import_nothing_above_them() {
    forbids(
        "model",
        &["crate::catalog", "crate::render", "crate::wizard", "crate::world", "crate::engine", "crate::faces", "crate::words"],
    );
}

#[test]
fn the_nouns_are_pure() {
    forbids("model", &OUTSIDE);
}

#[test]
fn the_catalog_imports_nouns_and_words_only() {
    forbids("catalog", &["crate::wizard", "crate::render", "crate::world", "crate::engine", "crate::faces", "crate::program"]);
}

#[test]
fn the_catalog_is_pure() {
    forbids("catalog", &OUTSIDE);
}

#[test]
fn the_mind_imports_catalog_nouns_and_words_only() {
    forbids("wizard", &["crate::world", "crate::engine", "crate::faces"]);
}

#[test]
fn the_mind_is_pure() {
    forbids("wizard", &OUTSIDE);
}

#[test]
fn the_world_knows_no_engine_and_no_face() {
    forbids("world", &["crate::engine", "crate::faces"]);
}

#[test]
fn the_engine_knows_no_face() {
    forbids("engine", &["crate::faces", "tiberius", "std::fs", "std::net", "std::process"]);
}

#[test]
fn the_faces_touch_neither_network_nor_disk() {
    forbids("faces", &["std::net", "fs::read", "fs::write", "tiberius", "rustls"]);
}

#[test]
fn renderings_know_nouns_and_words_only() {
    forbids("render", &["crate::wizard", "crate::world", "crate::engine", "crate::faces", "crate::program"]);
}

#[test]
fn renderings_are_pure() {
    forbids("render", &OUTSIDE);
}

#[test]
fn only_the_connection_knows_tiberius() {
    for (file, code) in sources(".") {
        let inside = file.to_string_lossy().contains("world/sqlserver");
        assert!(inside || !code.contains("tiberius"), "{} names tiberius", file.display());
    }
}

#[test]
fn only_the_program_names_the_practice_server() {
    for (file, code) in sources(".") {
        let name = file.to_string_lossy().replace('\\', "/");
        // Tests of the connection run against it.
        let code = code.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let allowed = name.contains("/program/") || name.ends_with("/tests.rs");
        assert!(allowed || !code.contains("practice_server"), "{name} names the practice server");
    }
}

#[test]
fn no_file_outgrows_its_noun() {
    let long: Vec<_> = sources(".")
        .into_iter()
        .map(|(file, _)| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines > 800)
        .collect();
    assert!(long.is_empty(), "files over 800 lines: {long:?}");
}
