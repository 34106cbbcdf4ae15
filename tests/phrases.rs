//! Sentences name no key of one face, and the mind no platform of one host: what the compiler cannot hold, by search.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

use octopus_setup::faces::{plain, tui};
use octopus_setup::model::advice::Advice;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::phrase::{self, Key};
use octopus_setup::model::platform::Platform;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::words;

/// The layers that know no face.
const SENTENCES: [&str; 6] = ["src/model", "src/catalog", "src/wizard", "src/render", "src/words.rs", "src/migration"];

/// The layers that know no host.
const MIND: [&str; 8] = [
    "src/model",
    "src/catalog",
    "src/wizard",
    "src/render",
    "src/words.rs",
    "src/migration/model.rs",
    "src/migration/judge",
    "src/migration/report",
];

fn files(under: &str, extension: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(under);
    if !path.is_dir() {
        return vec![path];
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(path.to_str().unwrap(), extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            all.push(path);
        }
    }
    assert!(!all.is_empty(), "nothing under {under}");
    all
}

/// What comes before a file's tests.
fn production(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn is_of_tests(path: &Path) -> bool {
    let name = path.to_string_lossy().replace('\\', "/");
    name.ends_with("tests.rs") || name.contains("/tests/") || name.contains("/samples")
}

/// The string literals of Rust code, as they are written between their quotes.
fn literals(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = code;
    while let Some(place) = rest.find(['"', '\'', '/']) {
        let at = &rest[place..];
        if at.starts_with("//") {
            rest = at.split_once('\n').map_or("", |(_, rest)| rest);
        } else if at.starts_with('"') {
            let mut end = 1;
            while !at[end..].starts_with('"') {
                end += if at[end..].starts_with('\\') { 2 } else { at[end..].chars().next().unwrap().len_utf8() };
            }
            // A line that goes on has its blanks taken away.
            let lines: Vec<&str> = at[1..end].split("\\\n").collect();
            let joined = lines.iter().enumerate().map(|(place, line)| if place == 0 { line } else { line.trim_start() });
            all.push(joined.collect());
            rest = &at[end + 1..];
        } else if let Some(after) = at.strip_prefix("'\"'").or_else(|| at.strip_prefix("'\\\"'")) {
            rest = after;
        } else {
            rest = &at[1..];
        }
    }
    all
}

/// A format string with its doubled braces made single, and something in the place of its values.
fn unformatted(literal: &str) -> String {
    let mut text = String::new();
    let mut rest = literal;
    while let Some(place) = rest.find(['{', '}']) {
        text.push_str(&rest[..place]);
        let at = &rest[place..];
        if let Some(after) = at.strip_prefix("{{") {
            text.push('{');
            rest = after;
        } else if let Some(after) = at.strip_prefix("}}") {
            text.push('}');
            rest = after;
        } else {
            text.push('x');
            rest = at.split_once('}').map_or("", |(_, after)| after);
        }
    }
    text + rest
}

/// Words that are the names of keys. `Enter` and `Tab` are also words of sentences, and count with what keys do.
fn named_key(text: &str) -> Option<&str> {
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let function =
        |word: &&str| word.strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n)));
    let single =
        |word: &&str| matches!(*word, "Esc" | "Ctrl-C" | "Ctrl-D" | "Ctrl-Z" | "PgUp" | "PgDn" | "Backspace" | "Shift-Tab");
    let phrase = [
        "Left and right",
        "Up and down",
        "Page up",
        "Page down",
        "arrow key",
        "Enter goes",
        "Enter once",
        "Enter installs",
        "press Enter",
        "Press Enter",
        "press Tab",
        "Tab goes",
        "Tab moves",
    ];
    words().find(|word| function(word) || single(word)).or_else(|| phrase.into_iter().find(|phrase| text.contains(phrase)))
}

#[test]
fn no_sentence_names_a_key_of_one_face() {
    let mut found = Vec::new();
    for file in files("screens", "toml") {
        let text = fs::read_to_string(&file).unwrap();
        found.extend(text.lines().filter_map(|line| Some(format!("{}: {}: {line}", file.display(), named_key(line)?))));
    }
    for file in SENTENCES.iter().flat_map(|layer| files(layer, "rs")).filter(|file| !is_of_tests(file)) {
        let text = fs::read_to_string(&file).unwrap();
        for literal in literals(production(&text)) {
            found.extend(named_key(&literal).map(|key| format!("{}: {key}: {literal}", file.display())));
        }
    }
    assert!(found.is_empty(), "keys of one face:\n{}", found.join("\n"));
}

#[test]
fn a_name_of_a_key_is_found() {
    for text in ["paste it with F3.", "Esc goes back.", "Left and right choose.", "save it (F7)", "then press Enter"] {
        assert!(named_key(text).is_some(), "{text}");
    }
    for text in ["Enter web02 into cluster 7f3a", "FIPS", "F 5", "F99", "a tab", "{key:back} goes back."] {
        assert_eq!(named_key(text), None, "{text}");
    }
    assert_eq!(literals("a(\"x \\\n   y\", '\"', \"z\\\"\") // \"no\"\n\"w\""), ["x y", "z\\\"", "w"]);
    assert_eq!(unformatted("{name} is{{?; {{key:back}} goes back}}"), "x is{?; {key:back} goes back}");
}

/// Every text of the screens that may name keys, and those that may not.
fn screen_texts() -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut may, mut must_not) = (Vec::new(), Vec::new());
    for screen in ScreenId::ALL.map(words::screen) {
        for flow in Flow::ALL.into_iter().map(Some).chain([None]) {
            may.extend([screen.intro(flow), screen.help(flow)]);
            must_not.push(screen.title(flow));
        }
        must_not.push(&screen.name);
        must_not.extend(Advice::ALL.into_iter().filter_map(|advice| screen.advice(advice)));
        for words in screen.fields().filter_map(|field| screen.field(field)) {
            may.extend([words.hint.as_str(), words.help.as_str()]);
            must_not.push(&words.label);
            must_not.extend(Platform::ALL.map(|platform| words.example(platform)));
            must_not.extend(words.choices.values().map(String::as_str));
        }
        for words in screen.checks().filter_map(|check| screen.check(check)) {
            must_not.extend([words.label.as_str(), words.proves.as_str()]);
        }
    }
    (may, must_not)
}

/// A text that holds placeholders is one in every face: each parses, and what is not left out has a name everywhere.
fn holds(text: &str, from: &str) {
    let (always, optional) =
        phrase::keys_of(text).unwrap_or_else(|place| panic!("{from}: a brace at {place} means nothing: {text}"));
    for key in always {
        assert!(phrase::name_in_files(key).is_some(), "{from}: files have no name for {key:?}: {text}");
        assert!(
            !plain::fill(&format!("{{?{{key:{}}}}}", key.id())).is_empty(),
            "{from}: plain sentences have none for {key:?}: {text}"
        );
    }
    for said in
        [plain::fill(text), tui::bindings::fill(text).into_owned(), phrase::fill(text, phrase::name_in_files).into_owned()]
    {
        assert!(!said.contains("{key:") && !said.contains("{?"), "{from}: {said}");
        assert!(!said.ends_with(" .") && !said.contains("  ") && said.trim() == said, "{from}: {said:?}");
    }
    assert!(optional.iter().all(|key| !tui::bindings::fill(&format!("{{key:{}}}", key.id())).is_empty()), "{from}: {text}");
}

#[test]
fn every_placeholder_of_a_screen_has_words_in_every_face() {
    let (may, must_not) = screen_texts();
    for text in may {
        for paragraph in text.trim().split("\n\n") {
            holds(paragraph, "screens");
        }
    }
    for text in must_not {
        assert_eq!(phrase::keys_of(text), Ok((Vec::new(), Vec::new())), "no key is named here: {text}");
    }
}

#[test]
fn every_placeholder_of_a_sentence_in_code_has_words_in_every_face() {
    let mut seen = 0;
    for file in
        SENTENCES.iter().flat_map(|layer| files(layer, "rs")).filter(|file| !is_of_tests(file) && !file.ends_with("phrase.rs"))
    {
        let text = fs::read_to_string(&file).unwrap();
        for literal in literals(production(&text)).iter().filter(|literal| literal.contains("{key:")) {
            let text = if literal.contains("{{key:") { unformatted(literal) } else { literal.clone() };
            holds(&text, &file.to_string_lossy());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} sentences with keys: the search is broken");
}

#[test]
fn every_key_has_a_name_on_the_full_screen() {
    for key in Key::ALL {
        let name = tui::bindings::fill(&format!("{{key:{}}}", key.id())).into_owned();
        assert!(!name.is_empty() && !name.contains(['{', '"']), "{key:?}: {name}");
    }
}

#[test]
fn the_mind_asks_no_host_for_its_platform() {
    let mut found = Vec::new();
    for file in MIND.iter().flat_map(|layer| files(layer, "rs")).filter(|file| !is_of_tests(file)) {
        let text = fs::read_to_string(&file).unwrap();
        // Paths of a target go by its platform, which `std::path` does not know.
        let words = [
            "cfg!(",
            "cfg(windows",
            "cfg(unix",
            "cfg(not(",
            "cfg(target_",
            "target_os",
            "is_absolute()",
            "MAIN_SEPARATOR",
            "std::env::consts",
        ];
        for line in production(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
            found.extend(
                words.iter().filter(|word| line.contains(**word)).map(|word| format!("{}: {word}: {line}", file.display())),
            );
        }
    }
    assert!(found.is_empty(), "a host's platform:\n{}", found.join("\n"));
}
