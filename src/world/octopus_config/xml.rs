//! From XML to settings.
//!
//! quick-xml expands no entities of the document's own and opens nothing outside of it; a DOCTYPE is refused all the
//! same, because whoever put one there wanted something that we do not do. Its error texts are not handed on: where a
//! `<` or `&` in a password was not escaped, they would repeat what follows it.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use zeroize::Zeroizing;

/// Octopus writes two levels.
const DEEPEST: usize = 16;

/// As many sentences are kept; more are somebody's joke.
const MOST_UNUSED: usize = 20;

/// The root's name, and that of a setting.
const ROOT: &str = "octopus-settings";
const SET: &str = "set";

/// All settings of a file.
#[derive(Default)]
pub(super) struct Settings {
    /// By key in lower case: Octopus looks them up whatever their case.
    by_key: BTreeMap<String, Zeroizing<String>>,
    /// What is in the file and means nothing, as sentences.
    pub(super) unused: Vec<String>,
}

impl Settings {
    /// A setting's value without blanks around it; a blank one is none, as in Octopus.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.by_key.get(&key.to_lowercase()).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong there, as a part of a sentence.
    pub(super) said: &'static str,
}

/// Reads the settings of a whole text.
pub(super) fn read(text: &str) -> Result<Settings, Malformed> {
    let mut reader = Reader::from_str(text);
    // One buffer for all values, with room for the longest that can come: one that grows leaves copies of a password
    // behind, and one for each setting would make a file of many settings slow.
    let value = Zeroizing::new(String::with_capacity(text.len()));
    let mut walk = Walk { text, settings: Settings::default(), depth: 0, key: None, value, root: false };
    loop {
        let event = reader.read_event();
        let at = if event.is_ok() { reader.buffer_position() } else { reader.error_position() };
        match event.map_err(|error| words(&error)).and_then(|event| walk.step(&event, at)) {
            Ok(true) => return Ok(walk.settings),
            Ok(false) => {}
            Err(said) => return Err(Malformed { line: line_at(text, at), said }),
        }
    }
}

struct Walk<'t> {
    text: &'t str,
    settings: Settings,
    depth: usize,
    /// The key of the setting that is being read, and its value so far.
    key: Option<String>,
    value: Zeroizing<String>,
    root: bool,
}

impl Walk<'_> {
    /// One event; whether it was the last.
    fn step(&mut self, event: &Event<'_>, at: u64) -> Result<bool, &'static str> {
        match event {
            Event::Decl(declaration) => encoding(declaration)?,
            Event::DocType(_) => return Err("it has a DOCTYPE, which is not read"),
            Event::Start(start) => self.start(start, at)?,
            Event::Empty(start) => {
                self.start(start, at)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(text.as_ref())?,
            Event::CData(text) => self.text(text.as_ref())?,
            Event::GeneralRef(reference) => {
                let unknown = "an & begins no character that is known; in a value it must be written as &amp;";
                if reference.is_char_ref() {
                    let character = reference.resolve_char_ref().ok().flatten().ok_or(unknown)?;
                    self.text(character.encode_utf8(&mut [0; 4]))?;
                } else {
                    self.text(resolve_predefined_entity(reference).ok_or(unknown)?)?;
                }
            }
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof if self.depth > 0 => return Err("an element is not closed; the file breaks off here"),
            Event::Eof if !self.root => return Err("it is empty; octopus-settings is expected"),
            Event::Eof => return Ok(true),
        }
        Ok(false)
    }

    fn start(&mut self, start: &BytesStart<'_>, at: u64) -> Result<(), &'static str> {
        let name = start.local_name();
        let name = name.into_inner();
        match self.depth {
            0 if self.root => return Err("there is a second root element"),
            0 if name != ROOT => return Err("its root element is not octopus-settings"),
            0 => self.root = true,
            1 if name == SET => {
                self.value.clear();
                self.key = key(start)?;
                if self.key.is_none() {
                    let line = line_at(self.text, at);
                    self.unused(format!("The setting in line {line} has no key."));
                }
            }
            DEEPEST => return Err("its elements are nested too deeply"),
            _ => {}
        }
        self.depth += 1;
        Ok(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth != 1 {
            return;
        }
        let Some(key) = self.key.take() else { return };
        // At its own size: the buffer is for the longest that could come.
        let value = Zeroizing::new(self.value.as_str().to_owned());
        if self.settings.by_key.insert(key.to_lowercase(), value).is_some() {
            self.unused(format!("{key} is there twice; the last one counts."));
        }
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        match self.depth {
            2 if self.key.is_some() => self.value.push_str(text),
            0 if !text.trim().is_empty() => return Err("there is text outside of octopus-settings"),
            _ => {}
        }
        Ok(())
    }

    fn unused(&mut self, sentence: String) {
        if self.settings.unused.len() < MOST_UNUSED {
            self.settings.unused.push(sentence);
        }
    }
}

/// The key of a setting.
fn key(start: &BytesStart<'_>) -> Result<Option<String>, &'static str> {
    let mut key = None;
    // All of them, also behind the key: one that is there twice is an error.
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| "an attribute is malformed")?;
        if attribute.key.into_inner() == "key" {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| "a key is malformed")?;
            key = Some(value.trim().to_owned()).filter(|key| !key.is_empty());
        }
    }
    Ok(key)
}

/// Whether the declared encoding is one that was read. The bytes decide between UTF-8 and UTF-16, not the declaration.
fn encoding(declaration: &BytesDecl<'_>) -> Result<(), &'static str> {
    let Some(name) = declaration.encoding() else { return Ok(()) };
    let name = name.map_err(|_| "its XML declaration is malformed")?.to_ascii_lowercase();
    if matches!(name.as_str(), "utf-8" | "utf8" | "us-ascii" | "utf-16" | "utf-16le" | "utf-16be" | "unicode") {
        Ok(())
    } else {
        Err("it declares another encoding than UTF-8 or UTF-16")
    }
}

fn line_at(text: &str, offset: u64) -> usize {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
    text.as_bytes()[..offset].split(|byte| *byte == b'\n').count()
}

/// An error of the parser in words of ours.
fn words(error: &Error) -> &'static str {
    match error {
        Error::Syntax(_) => "what begins here is not ended; the file breaks off",
        Error::IllFormed(_) => "elements do not match; in a value < and & must be written as &lt; and &amp;",
        Error::InvalidAttr(_) => "an attribute is malformed",
        _ => "it is not well-formed XML",
    }
}
