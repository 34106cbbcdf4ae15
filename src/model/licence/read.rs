//! From a licence's XML to what is to be known of it.
//!
//! quick-xml expands no entities of the document's own and opens nothing outside of it; a DOCTYPE is refused all the same.
//! Only the values that are asked for are kept: the key and the signature are passed over.

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use time::Date;
use time::macros::format_description;

use super::{Licence, NodeLimit, NotALicence};
use crate::model::untrusted::Untrusted;

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
pub(super) fn element<'de, D: serde::Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    let name = <String as serde::Deserialize>::deserialize(from)?;
    let known = ELEMENTS.into_iter().find(|element| *element == name);
    known.ok_or_else(|| serde::de::Error::custom("a licence has no such element"))
}

/// Reads it.
pub(super) fn read(xml: &str) -> Result<Licence, NotALicence> {
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
