//! docs/troubleshooting.md, made from the sentences that stand in the code: each message with what it is said about and what to do.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use octopus_setup::catalog::checks;
use octopus_setup::faces::tui::bindings::fill;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::words;

use crate::pages::hold;

/// What stands for a name or a number in a message.
const GAP: char = '\u{2026}';

/// The sources whose messages no check of a screen has, each with the heading on the page.
const OTHERS: [(&str, &str); 6] = [
    ("src/model/names.rs", "Names of instances and nodes"),
    ("src/catalog/failures", "Connecting, and steps of a run"),
    ("src/migration/judge", "Moving to shared storage"),
    ("src/wizard/answer_file", "Answers"),
    ("src/wizard/autopilot.rs", "Runs without a screen"),
    ("src/world/answer_sources", "Where answers come from"),
];

/// The verbs that a sentence begins with that tells what to do.
const VERBS: [&str; 64] = [
    "Add",
    "Another folder",
    "Azure never",
    "Bring",
    "Change",
    "Check",
    "Choose",
    "Close",
    "Compare",
    "Copy",
    "Create",
    "Decide",
    "Delete",
    "Do",
    "Find",
    "Finish",
    "Fix",
    "For a single node",
    "Free",
    "Get",
    "Give",
    "Go",
    "Have",
    "If",
    "Install",
    "Keep",
    "Leave",
    "Let",
    "Look",
    "Make",
    "Mount",
    "Move",
    "Name",
    "Nothing is",
    "Open",
    "Point",
    "Put",
    "Raise",
    "Read",
    "Remove",
    "Renew",
    "Replace",
    "Reserve",
    "Run",
    "Say",
    "See",
    "Set",
    "Start",
    "Stop",
    "Take",
    "Those in",
    "Trust",
    "Try",
    "Turn",
    "Type",
    "Update",
    "Use",
    "Wait",
    "Where",
    "Write",
    "Bind",
    "Ask",
    "Two instances",
    "The config under review",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files of a folder, or the one file, but for tests.
fn sources(place: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if place.is_dir() {
        let entries = std::fs::read_dir(place).expect("a folder");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        // What a folder is about stands in its mod.rs.
        paths.sort_by_key(|path| (!path.ends_with("mod.rs"), path.clone()));
        for path in paths.into_iter().filter(|path| !path.ends_with("tests.rs") && !path.ends_with("tests")) {
            found.extend(sources(&path));
        }
    } else if place.extension().is_some_and(|extension| extension == "rs") {
        found.push(place.to_owned());
    }
    found
}

/// The string literals of a piece of source, without those of comments.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '/' if rest.peek() == Some(&'/') => while rest.next().is_some_and(|next| next != '\n') {},
            // A character, not a lifetime: a quotation mark among them would begin a string.
            '\'' if rest.peek() == Some(&'"') => {
                rest.next();
            }
            '"' => {
                let mut literal = String::new();
                while let Some(next) = rest.next().filter(|next| *next != '"') {
                    match next {
                        '\\' => match rest.next() {
                            Some('\n') => while rest.next_if(|blank| blank.is_whitespace()).is_some() {},
                            Some('n') => literal.push('\n'),
                            Some(other) => literal.push(other),
                            None => {}
                        },
                        other => literal.push(other),
                    }
                }
                found.push(literal);
            }
            _ => {}
        }
    }
    found
}

/// A sentence as people read it, with a gap where a value stands; `None` for a literal that is none.
fn sentence(literal: &str) -> Option<String> {
    let filled = fill(literal);
    let mut text = String::new();
    let mut rest = filled.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' | '}' if rest.peek() == Some(&character) => text.extend(rest.next()),
            '{' => {
                text.push(GAP);
                while rest.next().is_some_and(|next| next != '}') {}
            }
            other => text.push(other),
        }
    }
    let text = text.trim();
    let words = text.split_whitespace().count();
    let begins = text.starts_with(|first: char| first.is_uppercase() || first == GAP);
    let is_whole = words > 1 && text.len() > 14 && text.ends_with(['.', '?']);
    // Some are ended by the function that puts the server's own words behind them, or say it of a folder.
    let is_part = words > 4 && begins || text.starts_with("could not be ");
    // Statements are shown by the program, with the names in them; and what is put together of others has no words of its own.
    let letters = text.chars().filter(|character| character.is_lowercase()).count();
    ((is_whole || is_part) && letters > 7 && !text.starts_with("SELECT ") && !text.contains('\n')).then(|| text.to_owned())
}

/// A message, and what to do about it.
type Message = (String, Vec<String>);

fn messages(source: &str) -> Vec<Message> {
    let mut found: Vec<Message> = Vec::new();
    for text in literals(source).iter().filter_map(|literal| sentence(literal)) {
        let is_fix = VERBS.iter().any(|verb| text.strip_prefix(verb).is_some_and(|rest| rest.starts_with([' ', ':'])));
        match found.last_mut() {
            Some((_, fixes)) if is_fix => {
                if !fixes.contains(&text) {
                    fixes.push(text);
                }
            }
            _ => found.push((text, Vec::new())),
        }
    }
    found
}

/// A file without its tests, in pieces that begin at the left edge: functions, constants, implementations.
fn pieces(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a source");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut pieces = vec![String::new()];
    for line in text.lines() {
        if line == "}" || line == "];" {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    pieces
}

/// The checks that a piece of source names.
fn named(source: &str) -> BTreeSet<CheckId> {
    CheckId::ALL
        .into_iter()
        .filter(|check| {
            let name = format!("CheckId::{check:?}");
            source
                .match_indices(&name)
                .any(|(place, _)| !source[place + name.len()..].starts_with(|next: char| next.is_alphanumeric()))
        })
        .collect()
}

/// Where a message is told: with its check, or with those of its screen that more than one check may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Check(CheckId),
    Screen(ScreenId),
}

fn of_checks() -> Vec<(Place, Message)> {
    let mut found = Vec::new();
    for path in sources(&root().join("src/catalog/checks")) {
        let pieces = pieces(&path);
        let whole = named(&pieces.concat());
        let folder = path.parent().map(|folder| folder.join("mod.rs")).filter(|file| file.is_file());
        let screen = whole
            .first()
            .copied()
            .or_else(|| folder.and_then(|file| named(&std::fs::read_to_string(file).ok()?).first().copied()));
        let Some(screen) = screen.map(|check| checks::row(check).screen) else { continue };
        for piece in pieces {
            let checks = named(&piece);
            let place = match (checks.len(), whole.len(), checks.first().or(whole.first())) {
                (1, _, Some(check)) | (0, 1, Some(check)) => Place::Check(*check),
                _ => Place::Screen(screen),
            };
            found.extend(messages(&piece).into_iter().map(|message| (place, message)));
        }
    }
    found
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('*', "\\*").replace('<', "&lt;").replace('[', "\\[")
}

fn write_messages<'a>(page: &mut String, messages: impl Iterator<Item = &'a Message>) {
    let mut said = BTreeSet::new();
    for (message, fixes) in messages.filter(|message| said.insert((*message).clone())) {
        write!(page, "- {}", escaped(message)).expect("a string takes it");
        for fix in fixes {
            write!(page, "  \n  *{}*", escaped(fix)).expect("a string takes it");
        }
        page.push('\n');
    }
    if !said.is_empty() {
        page.push('\n');
    }
}

fn page() -> String {
    let of_checks = of_checks();
    let at = |place: Place| of_checks.iter().filter(move |(other, _)| *other == place).map(|(_, message)| message);
    let mut page = String::new();
    for screen in ScreenId::ALL {
        let checks: Vec<CheckId> = words::screen(screen).checks().collect();
        if checks.is_empty() {
            continue;
        }
        writeln!(page, "## {}\n", words::screen(screen).title(None)).expect("a string takes it");
        for check in checks {
            let words = words::screen(screen).check(check).expect("its words");
            writeln!(page, "### {} (`{}`)\n\n{}\n", words.label, check.id(), escaped(&fill(&words.proves)))
                .expect("a string takes it");
            write_messages(&mut page, at(Place::Check(check)));
        }
        if at(Place::Screen(screen)).next().is_some() {
            page.push_str("### Several checks of this screen\n\n");
            write_messages(&mut page, at(Place::Screen(screen)));
        }
    }
    for (place, heading) in OTHERS {
        writeln!(page, "## {heading}\n").expect("a string takes it");
        let said: Vec<Message> =
            sources(&root().join(place)).iter().flat_map(|path| pieces(path)).flat_map(|piece| messages(&piece)).collect();
        assert!(!said.is_empty(), "{place} says nothing");
        write_messages(&mut page, said.iter());
    }
    page.trim_end().to_owned() + "\n"
}

#[test]
fn the_page_of_messages_is_what_the_code_says() {
    hold("troubleshooting.md", &page());
}

#[test]
fn every_page_that_help_names_is_there() {
    for page in ScreenId::ALL.map(words::page).into_iter().chain([words::TROUBLESHOOTING, "docs/index.md"]) {
        assert!(root().join(page).is_file(), "{page}");
    }
}

/// Whether a printed text is a message of the page, with values in its gaps.
fn is_of(message: &str, printed: &str) -> bool {
    let mut rest = printed;
    let parts: Vec<&str> = message.split(GAP).filter(|part| !part.trim().is_empty()).collect();
    parts.iter().map(|part| part.len()).sum::<usize>() > 8
        && parts.into_iter().all(|part| {
            let found = rest.find(part);
            rest = found.map_or("", |place| &rest[place + part.len()..]);
            found.is_some()
        })
}

/// What real runs refuse or warn of is found on the page: by the corpus, whose texts are what the three faces print.
#[test]
fn every_stop_and_warning_of_the_corpus_is_found_on_the_page() {
    let page = page();
    let told: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("- "))
        .map(|line| line.trim_end().replace("\\*", "*").replace("&lt;", "<").replace("\\[", "[").replace("\\\\", "\\"))
        .collect();
    let mut missing = BTreeSet::new();
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("tests/same_truth/cases")).expect("the corpus") {
        let path = entry.expect("a case").path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a text");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("  stop ") || line.starts_with("  warning ") || line.starts_with("  unproven ") {
                let printed = lines.next().unwrap_or_default().trim();
                count += 1;
                if !told.iter().any(|message| is_of(message, printed)) {
                    missing.insert(printed.to_owned());
                }
            }
        }
    }
    assert!(count > 150, "{count} findings in the corpus");
    assert!(missing.is_empty(), "{} of {count} are not on the page: {missing:#?}", missing.len());
}
