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

/// The parts of the migration, as code inside and outside its folder names them.
const MIGRATION_JUDGE: [&str; 2] = ["migration::judge", "super::judge"];
const MIGRATION_WORLD: [&str; 2] = ["migration::world", "super::world"];
const MIGRATION_REPORT: [&str; 2] = ["migration::report", "super::report"];

#[test]
fn the_migration_has_the_layers_of_the_house_inside() {
    let above_nouns =
        ["crate::catalog", "crate::wizard", "crate::render", "crate::words", "crate::world", "crate::engine", "crate::faces"];
    forbids("migration/model.rs", &[&above_nouns[..], &OUTSIDE, &MIGRATION_JUDGE, &MIGRATION_WORLD, &MIGRATION_REPORT].concat());
    let above_mind = ["crate::world", "crate::engine", "crate::faces"];
    forbids("migration/judge", &[&above_mind[..], &OUTSIDE, &MIGRATION_WORLD, &MIGRATION_REPORT].concat());
    forbids("migration/world", &[&["crate::engine", "crate::faces", "tiberius"][..], &MIGRATION_REPORT].concat());
    let beyond_faces = ["crate::world", "std::net", "fs::read", "fs::write", "tiberius", "rustls"];
    forbids("migration/report", &[&beyond_faces[..], &MIGRATION_WORLD].concat());
}

#[test]
fn only_the_program_imports_the_migration() {
    for layer in ["model", "catalog", "wizard", "render", "words.rs", "world", "engine", "faces"] {
        forbids(layer, &["crate::migration"]);
    }
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

/// The modules beside it that a file names with `super::`, or in a `use super::{…}`.
fn siblings(code: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for (place, found) in code.match_indices("super::") {
        let rest = &code[place + found.len()..];
        // `super::super::x` is no sibling; `use super::{a, b::{c, d}}` names a and b.
        if code[..place].ends_with("super::") || rest.starts_with("super::") {
            continue;
        }
        let Some(list) = rest.strip_prefix('{') else {
            names.push(rest.split(|c| !is_name(c)).next().unwrap().to_owned());
            continue;
        };
        let mut depth = 0;
        let mut name = String::new();
        let mut ended = false;
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.push(std::mem::take(&mut name));
                    ended = false;
                }
                c if depth == 0 && !ended && is_name(c) => name.push(c),
                ':' if depth == 0 => ended = true,
                _ => {}
            }
        }
        names.push(name);
    }
    names
}

#[test]
fn siblings_are_found_in_every_form() {
    let code = "use super::a;\nuse super::{b, c::{x, y}, d::z,\n};\nfn f() { super::e::g(); super::super::no(); }";
    let found = siblings(code);
    assert_eq!(found.iter().map(String::as_str).filter(|name| !name.is_empty()).collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn the_parts_of_update_depend_on_each_other_in_one_direction() {
    let parts: Vec<(String, Vec<String>)> = sources("wizard/update")
        .into_iter()
        .filter(|(file, _)| file.parent().unwrap().ends_with("update") && !file.ends_with("mod.rs"))
        .inspect(|(file, code)| assert!(!code.contains("wizard::update::"), "{}: siblings are named by super", file.display()))
        .map(|(file, code)| (file.file_stem().unwrap().to_string_lossy().into_owned(), siblings(&code)))
        .collect();
    assert!(parts.len() > 5, "{parts:?}");
    let names: Vec<&String> = parts.iter().map(|(name, _)| name).collect();
    for (part, named) in &parts {
        let strange: Vec<_> = named.iter().filter(|name| !name.is_empty() && !names.contains(name)).collect();
        assert!(strange.is_empty(), "{part} names {strange:?} of update itself, which carries out what its parts return");
    }
    // Parts that name none of those that are left can be taken away; what is left in the end is a circle.
    let mut left = parts;
    loop {
        let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
        let before = left.len();
        left.retain(|(_, named)| named.iter().any(|name| names.contains(name)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "parts of wizard/update call each other in circles: {left:?}");
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

#[test]
fn every_sql_file_says_who_sends_it() {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, into) } else { into.push(path) }
        }
    }
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/world/sqlserver/sql"), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let head: Vec<_> = text.lines().take_while(|line| line.starts_with("--")).collect();
        let says = |words: &str| head.iter().any(|line| line.starts_with(words));
        let whole = ["-- Sent by:", "-- Needs:", "-- Runs on:"].iter().all(|words| says(words));
        assert!(whole || says("-- Part of "), "{} does not say who sends it", file.display());
    }
}
