//! Reads a licence's XML. A licence is half a secret: its key is not even read.
//!
//! quick-xml expands no entities of the document's own and opens nothing outside of it; a DOCTYPE is refused all the same. Only
//! the values that are needed are kept: the key and the signature are passed over.

#[cfg(test)]
mod tests;

use data_encoding::BASE64_NOPAD;
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;
use zeroize::Zeroizing;

use crate::model::untrusted::Untrusted;

/// The most bytes of a licence, in whatever form: those of Octopus have two thousand as XML, and four times as many as base64
/// of UTF-16.
pub const LIMIT: u64 = 64 << 10;

/// How many nodes a licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeLimit {
    /// So many; one where the licence says nothing.
    Nodes(u32),
    /// As many as one wants.
    Unlimited,
}

impl NodeLimit {
    /// What the registry keeps for [`Self::Unlimited`].
    const WITHOUT_END: i32 = i32::MAX;

    /// As the registry keeps it.
    pub fn to_row(self) -> i32 {
        match self {
            Self::Nodes(nodes) => i32::try_from(nodes).unwrap_or(Self::WITHOUT_END),
            Self::Unlimited => Self::WITHOUT_END,
        }
    }

    /// From the registry; a number below one is none that a licence could have.
    pub fn from_row(number: i32) -> Option<Self> {
        match number {
            Self::WITHOUT_END => Some(Self::Unlimited),
            number => u32::try_from(number).ok().filter(|nodes| *nodes > 0).map(Self::Nodes),
        }
    }

    /// Whether so many nodes are allowed.
    pub const fn allows(self, nodes: u64) -> bool {
        match self {
            Self::Nodes(limit) => nodes <= limit as u64,
            Self::Unlimited => true,
        }
    }
}

/// A licence, as its XML tells it. Its signature cannot be verified: the key is not public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Whom it is for.
    pub licensed_to: Untrusted,
    /// `Trial`, or whatever it says; empty where it says nothing.
    pub kind: Untrusted,
    /// From when on it holds.
    #[serde(with = "crate::model::day::optional")]
    pub valid_from: Option<Date>,
    /// Until when it holds, that day included (trials).
    #[serde(with = "crate::model::day::optional")]
    pub valid_to: Option<Date>,
    /// Until when, that day included, released versions may be run with it.
    #[serde(with = "crate::model::day::optional")]
    pub maintenance_expires: Option<Date>,
    /// How many nodes it allows.
    pub nodes: NodeLimit,
}

impl Licence {
    /// Reads a licence as people have it: XML or base64 of it, with line breaks in it or without, in UTF-8 or UTF-16, with a
    /// byte order mark or without. With it comes the XML as it is handed over: as UTF-8, without a mark.
    pub fn read(bytes: &[u8]) -> Result<(Self, SecretString), NotALicence> {
        let xml = decode_xml(bytes)?;
        let licence = parse_xml(&xml)?;
        Ok((licence, SecretString::from(undeclared(&xml))))
    }

    /// The first day on which something of it has ended, but for that: of a trial the licence itself, else its maintenance.
    pub fn ends(&self) -> Option<Date> {
        [self.valid_to, self.maintenance_expires].into_iter().flatten().min()
    }
}

/// The name of one of a licence's elements. (An alias, because serde would borrow a plain reference from what it reads.)
pub type ElementName = &'static str;

/// Why a text is no licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NotALicence {
    /// Nothing was given.
    #[error("there is nothing in it")]
    Empty,
    /// More bytes than [`LIMIT`].
    #[error("it is far too long for one")]
    TooLong,
    /// Neither XML nor base64 of XML.
    #[error("it is neither XML nor base64 of XML")]
    NotXml,
    /// XML without its end.
    #[error("it breaks off before its end")]
    BrokenOff,
    /// XML that is not well-formed.
    #[error("it is not well-formed XML")]
    Malformed,
    /// XML, but not a licence.
    #[error("it is XML, but there is no License in it")]
    NotOne,
    /// One of its values cannot be read.
    #[error("its {element} cannot be read")]
    Unreadable {
        /// The element.
        #[serde(deserialize_with = "known_element")]
        element: ElementName,
    },
}

/// Whether a text that comes line by line has begun as XML, or base64 of it, and not yet ended: then more of it follows.
pub fn goes_on(text: &str) -> bool {
    decode_xml(text.as_bytes()).is_ok_and(|xml| !xml.contains("</License>"))
}

/// Licences have two levels.
const DEEPEST: usize = 16;

/// The longest value that is kept, in bytes.
const LONGEST: usize = 1_024;

/// The root's name.
const ROOT: &str = "License";

/// The elements whose values are read, in any order.
const ELEMENTS: [&str; 6] = ["LicensedTo", "Kind", "ValidFrom", "ValidTo", "MaintenanceExpires", "NodeLimit"];

/// Elements by one of which a licence is known; what has none of them is somebody else's `License`.
const MARKS: [&str; 4] = ["LicensedTo", "LicenseKey", "ValidFrom", "NodeLimit"];

/// The name of an element, from a recording.
pub(super) fn known_element<'de, D: serde::Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    let name = <String as serde::Deserialize>::deserialize(from)?;
    let known = ELEMENTS.into_iter().find(|element| *element == name);
    known.ok_or_else(|| serde::de::Error::custom("a licence has no such element"))
}

/// Reads it.
pub(super) fn parse_xml(xml: &str) -> Result<Licence, NotALicence> {
    let mut reader = Reader::from_str(xml);
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event().map_err(|error| match error {
            Error::Syntax(_) => NotALicence::BrokenOff,
            _ => NotALicence::Malformed,
        })?;
        if walk.step(&event)? {
            return walk.licence();
        }
    }
}

#[derive(Default)]
struct Walk {
    depth: usize,
    /// The element whose value is being read, by its place in [`ELEMENTS`].
    at: Option<usize>,
    values: [Option<String>; ELEMENTS.len()],
    /// Whether the root was there, and one of [`MARKS`] in it.
    root: bool,
    marked: bool,
}

impl Walk {
    /// One event; whether it was the last.
    fn step(&mut self, event: &Event<'_>) -> Result<bool, NotALicence> {
        match event {
            Event::DocType(_) => return Err(NotALicence::Malformed),
            Event::Start(start) => self.start(start.local_name().into_inner())?,
            Event::Empty(start) => {
                self.start(start.local_name().into_inner())?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(text.as_ref())?,
            Event::CData(text) => self.text(text.as_ref())?,
            Event::GeneralRef(reference) if reference.is_char_ref() => {
                let character = reference.resolve_char_ref().ok().flatten().ok_or(NotALicence::Malformed)?;
                self.text(character.encode_utf8(&mut [0; 4]))?;
            }
            Event::GeneralRef(reference) => {
                self.text(resolve_predefined_entity(reference).ok_or(NotALicence::Malformed)?)?;
            }
            // A comment within a value ends nothing: `<Version>2.0<!-- schema --></Version>`.
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof if self.depth > 0 => return Err(NotALicence::BrokenOff),
            Event::Eof => return Ok(true),
        }
        Ok(false)
    }

    fn start(&mut self, name: &str) -> Result<(), NotALicence> {
        match self.depth {
            0 if self.root => return Err(NotALicence::Malformed),
            0 if name != ROOT => return Err(NotALicence::NotOne),
            0 => self.root = true,
            1 => {
                self.marked |= MARKS.contains(&name);
                self.at = ELEMENTS.iter().position(|element| *element == name);
                if let Some(at) = self.at {
                    // Which of two values Octopus takes is not known, so none is taken for it.
                    let twice = self.values[at].replace(String::new()).is_some();
                    if twice {
                        return Err(NotALicence::Unreadable { element: ELEMENTS[at] });
                    }
                }
            }
            DEEPEST => return Err(NotALicence::Malformed),
            _ => {}
        }
        self.depth += 1;
        Ok(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 1 {
            self.at = None;
        }
    }

    fn text(&mut self, text: &str) -> Result<(), NotALicence> {
        if self.depth == 0 && !text.trim().is_empty() {
            return Err(NotALicence::Malformed);
        }
        let Some(at) = self.at.filter(|_| self.depth == 2) else { return Ok(()) };
        let value = self.values[at].get_or_insert_default();
        if value.len() + text.len() > LONGEST {
            return Err(NotALicence::Unreadable { element: ELEMENTS[at] });
        }
        value.push_str(text);
        Ok(())
    }

    /// What was read.
    fn licence(&self) -> Result<Licence, NotALicence> {
        if !self.root || !self.marked {
            return Err(NotALicence::NotOne);
        }
        let [licensed_to, kind, valid_from, valid_to, maintenance, nodes] =
            [0, 1, 2, 3, 4, 5].map(|at: usize| self.values[at].as_deref().map_or("", str::trim));
        Ok(Licence {
            licensed_to: Untrusted::new(licensed_to),
            kind: Untrusted::new(kind),
            valid_from: date("ValidFrom", valid_from)?,
            valid_to: date("ValidTo", valid_to)?,
            maintenance_expires: date("MaintenanceExpires", maintenance)?,
            nodes: node_limit(nodes)?,
        })
    }
}

/// A day as `2020-01-01`; a time of day behind it does not matter. An empty element is as good as none.
fn date(element: &'static str, text: &str) -> Result<Option<Date>, NotALicence> {
    let unreadable = NotALicence::Unreadable { element };
    if text.is_empty() {
        return Ok(None);
    }
    let (day, rest) = text.split_at_checked(10).ok_or(unreadable)?;
    let mut rest = rest.chars();
    let is_time = match rest.next() {
        None => true,
        Some('T' | ' ') => {
            rest.as_str().starts_with(|c: char| c.is_ascii_digit())
                && rest.all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z'))
        }
        Some(_) => false,
    };
    let is_day = day.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if !is_time || !is_day {
        return Err(unreadable);
    }
    Date::parse(day, format_description!("[year]-[month]-[day]")).map(Some).map_err(|_| unreadable)
}

/// How many nodes; a licence that does not say is for one.
fn node_limit(text: &str) -> Result<NodeLimit, NotALicence> {
    match text {
        "" => Ok(NodeLimit::Nodes(1)),
        text if text.eq_ignore_ascii_case("unlimited") => Ok(NodeLimit::Unlimited),
        text => {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let nodes = text.parse().ok().filter(|nodes| digits && *nodes > 0);
            nodes.map(NodeLimit::Nodes).ok_or(NotALicence::Unreadable { element: "NodeLimit" })
        }
    }
}

/// The XML without its declaration: what it says of the encoding holds no more, and XML without one is UTF-8.
pub(super) fn undeclared(xml: &str) -> &str {
    match xml.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => xml,
    }
}

/// The XML. Buffers never grow, so that no copy of it is left behind.
pub(super) fn decode_xml(bytes: &[u8]) -> Result<Zeroizing<String>, NotALicence> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(NotALicence::TooLong);
    }
    let outer = text(bytes)?;
    match trimmed(&outer) {
        "" => Err(NotALicence::Empty),
        xml if xml.starts_with('<') => Ok(Zeroizing::new(xml.to_owned())),
        base64 => {
            let inner = from_base64(base64)?;
            let text = text(&inner)?;
            let xml = trimmed(&text);
            if xml.starts_with('<') { Ok(Zeroizing::new(xml.to_owned())) } else { Err(NotALicence::NotXml) }
        }
    }
}

/// The text of bytes: UTF-16 where a mark says so, or where every other byte of the beginning is zero, as Windows' tools write
/// it; else UTF-8.
fn text(bytes: &[u8]) -> Result<Zeroizing<String>, NotALicence> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [1..=255, 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, 1..=255, ..] => wide(bytes, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| NotALicence::NotXml),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, NotALicence> {
    let (pairs, _) = bytes.as_chunks::<2>();
    // Three bytes are the most that one unit becomes.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| NotALicence::NotXml)?);
    }
    Ok(text)
}

/// Without blanks, line breaks, marks and the quotes of a command line around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0' | '"' | '\''))
}

/// Base64 with whatever line breaks and blanks are in it, and with or without what pads it.
fn from_base64(text: &str) -> Result<Zeroizing<Vec<u8>>, NotALicence> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(|c| !c.is_whitespace()));
    let digits = digits.trim_end_matches('=');
    BASE64_NOPAD.decode(digits.as_bytes()).map(Zeroizing::new).map_err(|_| NotALicence::NotXml)
}
