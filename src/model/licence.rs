//! Reads a licence's XML. A licence is half a secret: its key is not even read.
//!
//! quick-xml expands no entities of the document's own and opens nothing outside of it; a DOCTYPE is refused all the same. Only
//! the values that are needed are kept: the key and the signature are passed over.

use crate::model::secret::SecretString;
use data_encoding::BASE64_NOPAD;
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;
use zeroize::Zeroizing;

use super::untrusted::Untrusted;

/// The most bytes of a licence in any form. Octopus' licences have two thousand as XML, and four times as many as base64 of UTF-16.
pub const LIMIT: u64 = 64 << 10;

/// How many nodes a licence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeLimit {
    /// This many; one if the licence does not say.
    Nodes(u32),
    /// Any number.
    Unlimited,
}

impl NodeLimit {
    /// The registry's value for [`Self::Unlimited`].
    const WITHOUT_END: i32 = i32::MAX;

    /// Returns the registry's value.
    pub fn to_row(self) -> i32 {
        match self {
            Self::Nodes(nodes) => i32::try_from(nodes).unwrap_or(Self::WITHOUT_END),
            Self::Unlimited => Self::WITHOUT_END,
        }
    }

    /// Reads the registry's value; `None` below one.
    pub fn from_row(number: i32) -> Option<Self> {
        match number {
            Self::WITHOUT_END => Some(Self::Unlimited),
            number => u32::try_from(number).ok().filter(|nodes| *nodes > 0).map(Self::Nodes),
        }
    }

    /// Returns whether it allows this many nodes.
    pub const fn allows(self, nodes: u64) -> bool {
        match self {
            Self::Nodes(limit) => nodes <= limit as u64,
            Self::Unlimited => true,
        }
    }
}

/// A licence's XML. Its signature cannot be verified, because the key is not public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// Whom it is for.
    pub licensed_to: Untrusted,
    /// `Trial` or another kind; may be empty.
    pub kind: Untrusted,
    /// The first day on which it is valid.
    #[serde(with = "crate::model::day::optional")]
    pub valid_from: Option<Date>,
    /// The last day on which it is valid (trials).
    #[serde(with = "crate::model::day::optional")]
    pub valid_to: Option<Date>,
    /// Versions released until this day, inclusive, may be run with it.
    #[serde(with = "crate::model::day::optional")]
    pub maintenance_expires: Option<Date>,
    /// How many nodes it allows.
    pub nodes: NodeLimit,
}

impl Licence {
    /// Reads a licence as XML or base64 of it, with or without line breaks, in UTF-8 or UTF-16, with or without a byte order mark. Also
    /// returns the XML that is handed over: UTF-8 without a mark.
    pub fn read(bytes: &[u8]) -> Result<(Self, SecretString), NotALicence> {
        let xml = decode_xml(bytes)?;
        let licence = parse_xml(&xml)?;
        Ok((licence, SecretString::from(undeclared(&xml))))
    }

    /// Returns the day on which its validity or its maintenance ends, whichever is earlier.
    pub fn ends(&self) -> Option<Date> {
        [self.valid_to, self.maintenance_expires].into_iter().flatten().min()
    }
}

/// The name of one of a licence's elements. (An alias, because serde would borrow a plain reference from what it reads.)
pub type ElementName = &'static str;

/// Why a text is not a licence.
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
        #[serde(deserialize_with = "known_element")]
        element: ElementName,
    },
}

/// Returns whether a text that arrives line by line is the incomplete beginning of XML, or of base64 of it.
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

/// A licence has at least one of these elements; without them it is another product's `License`.
const MARKS: [&str; 4] = ["LicensedTo", "LicenseKey", "ValidFrom", "NodeLimit"];

/// Returns the name of an element, from a recording.
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
    /// The index in [`ELEMENTS`] of the element that is being read.
    at: Option<usize>,
    values: [Option<String>; ELEMENTS.len()],
    /// Whether the root was found, and one of [`MARKS`] in it.
    root: bool,
    marked: bool,
}

impl Walk {
    /// Handles an event, and returns whether it was the last.
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
            // A comment within a value does not end it: `<Version>2.0<!-- schema --></Version>`.
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
                    // It is unknown which of two values Octopus takes, so refuse both.
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

    /// Returns what was read.
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

/// Reads a day such as `2020-01-01`, and ignores a time of day after it. An empty element counts as missing.
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

/// Reads how many nodes are allowed.
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

/// Returns the XML without its declaration, whose encoding no longer applies. XML without one is UTF-8.
pub(super) fn undeclared(xml: &str) -> &str {
    match xml.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest.trim_start(),
        None => xml,
    }
}

/// Decodes the XML. Buffers never grow, so that no copy is left behind.
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

/// Decodes text: UTF-16 if a byte order mark says so or every other byte at the beginning is zero, as Windows' tools write it;
/// otherwise UTF-8.
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
    // A unit becomes three bytes at most.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| NotALicence::NotXml)?);
    }
    Ok(text)
}

/// Trims blanks, line breaks, byte order marks and the quotes of a command line.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0' | '"' | '\''))
}

/// Decodes base64 with any line breaks and blanks in it, with or without padding.
fn from_base64(text: &str) -> Result<Zeroizing<Vec<u8>>, NotALicence> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(|c| !c.is_whitespace()));
    let digits = digits.trim_end_matches('=');
    BASE64_NOPAD.decode(digits.as_bytes()).map(Zeroizing::new).map_err(|_| NotALicence::NotXml)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;
    use time::macros::date;

    use super::*;

    /// A trial, as the documents show it.
    const TRIAL: &str = r#"<License Signature="aGVsbG8=">
      <LicensedTo>Acme &amp; Söhne</LicensedTo>
      <LicenseKey>12345-54321-11223-34455</LicenseKey>
      <Version>2.0<!-- License Schema Version --></Version>
      <ValidFrom>2026-01-01</ValidFrom>
      <Kind>Trial</Kind>
      <ValidTo>2026-12-31</ValidTo>
      <ProjectLimit>Unlimited</ProjectLimit>
      <MachineLimit>Unlimited</MachineLimit>
      <NodeLimit>3<!-- nodes --></NodeLimit>
    </License>"#;

    fn read(text: &str) -> Result<Licence, NotALicence> {
        Licence::read(text.as_bytes()).map(|(licence, _)| licence)
    }

    fn within(inside: &str) -> Result<Licence, NotALicence> {
        read(&format!("<License><LicensedTo>Acme</LicensedTo>{inside}</License>"))
    }

    fn trial() -> Licence {
        Licence {
            licensed_to: "Acme & Söhne".into(),
            kind: "Trial".into(),
            valid_from: Some(date!(2026 - 01 - 01)),
            valid_to: Some(date!(2026 - 12 - 31)),
            maintenance_expires: None,
            nodes: NodeLimit::Nodes(3),
        }
    }

    /// Returns the encodings in which licences are seen.
    fn encoded(text: &str, way: u8) -> Vec<u8> {
        let le = text.encode_utf16().flat_map(u16::to_le_bytes);
        let be = text.encode_utf16().flat_map(u16::to_be_bytes);
        match way % 6 {
            0 => text.as_bytes().to_vec(),
            1 => [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
            2 => le.collect(),
            3 => [0xff, 0xfe].into_iter().chain(le).collect(),
            4 => be.collect(),
            _ => [0xfe, 0xff].into_iter().chain(be).collect(),
        }
    }

    /// Base64 as mail programs and editors break it.
    fn wrapped(bytes: &[u8], columns: usize, end: &str) -> String {
        let base64 = BASE64.encode(bytes);
        let lines: Vec<&str> = base64.as_bytes().chunks(columns).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        lines.join(end)
    }

    #[test]
    fn a_licence_is_read_in_each_form_that_people_have_it_in() {
        for way in 0..6 {
            let bytes = encoded(TRIAL, way);
            assert_eq!(Licence::read(&bytes).map(|(licence, _)| licence), Ok(trial()), "{way}");
            for outer in 0..6 {
                for base64 in [BASE64.encode(&bytes), wrapped(&bytes, 76, "\r\n"), wrapped(&bytes, 64, " \n")] {
                    let (licence, text) = Licence::read(&encoded(&format!(" {base64}\r\n"), outer)).unwrap();
                    assert_eq!(licence, trial(), "{way} {outer}");
                    assert_eq!(text.expose_secret(), TRIAL);
                }
            }
        }
    }

    #[test]
    fn what_is_handed_over_declares_no_encoding_that_it_no_longer_has() {
        let declared = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n{TRIAL}");
        let (_, text) = Licence::read(&encoded(&declared, 3)).unwrap();
        assert_eq!(text.expose_secret(), TRIAL);
    }

    #[test]
    fn padding_and_quotes_are_forgiven() {
        let base64 = BASE64.encode(TRIAL.as_bytes());
        for text in [format!("\"{base64}\""), base64.trim_end_matches('=').to_owned(), format!("\u{feff}{base64}\u{200b}")] {
            assert_eq!(read(&text), Ok(trial()));
        }
    }

    #[test]
    fn the_order_does_not_matter_nor_does_what_is_not_known() {
        let licence = read(
            "<?xml version='1.0'?><!-- for us --><License><Later deep='1'><a><NodeLimit>9</NodeLimit></a></Later>\
             <NodeLimit> unlimited </NodeLimit><MaintenanceExpires>2027-06-30T23:59:59.0000000+10:00</MaintenanceExpires>\
             <LicensedTo><![CDATA[A<B]]></LicensedTo></License>",
        )
        .unwrap();
        assert_eq!(licence.nodes, NodeLimit::Unlimited);
        assert_eq!(licence.ends(), Some(date!(2027 - 06 - 30)));
        assert_eq!(licence.licensed_to.as_str(), "A<B");
        assert_eq!((licence.kind.as_str(), licence.valid_from), ("", None));
    }

    #[test]
    fn a_limit_is_a_number_or_none_at_all_and_else_unreadable() {
        let limit = |inside: &str| within(inside).map(|licence| licence.nodes);
        assert_eq!(limit(""), Ok(NodeLimit::Nodes(1)));
        assert_eq!(limit("<NodeLimit/>"), Ok(NodeLimit::Nodes(1)));
        assert_eq!(limit("<NodeLimit>2</NodeLimit>"), Ok(NodeLimit::Nodes(2)));
        for nonsense in ["0", "-1", "+2", "two", "1.5", "99999999999", "2 3"] {
            let said = limit(&format!("<NodeLimit>{nonsense}</NodeLimit>"));
            assert_eq!(said, Err(NotALicence::Unreadable { element: "NodeLimit" }), "{nonsense}");
        }
        let twice = limit("<NodeLimit>2</NodeLimit><NodeLimit>3</NodeLimit>");
        assert_eq!(twice, Err(NotALicence::Unreadable { element: "NodeLimit" }));
    }

    #[test]
    fn a_day_may_have_a_time_and_must_be_one() {
        let until = |text: &str| within(&format!("<ValidTo>{text}</ValidTo>")).map(|licence| licence.valid_to);
        for good in ["2026-12-31", " 2026-12-31 ", "2026-12-31T00:00:00", "2026-12-31 00:00:00Z", "2026-12-31T00:00:00+00:00"] {
            assert_eq!(until(good), Ok(Some(date!(2026 - 12 - 31))), "{good}");
        }
        assert_eq!(until(""), Ok(None));
        for bad in
            ["2026-13-01", "2026-02-30", "31.12.2026", "2026-12-31x", "2026-12-31T", "20261231", "never", "2026-1-1", "ä026-12-3"]
        {
            assert_eq!(until(bad), Err(NotALicence::Unreadable { element: "ValidTo" }), "{bad}");
        }
    }

    #[test]
    fn what_is_none_says_why() {
        for (text, why) in [
            ("", NotALicence::Empty),
            (" \r\n\u{feff}", NotALicence::Empty),
            ("12345-54321-11223-34455", NotALicence::NotXml),
            ("bm90IHhtbA==", NotALicence::NotXml),
            ("PExpY2Vuc2U", NotALicence::BrokenOff),
            (&TRIAL[..TRIAL.len() - 12], NotALicence::BrokenOff),
            (&TRIAL[..TRIAL.len() - 3], NotALicence::BrokenOff),
            ("<License>", NotALicence::BrokenOff),
            ("<Licence/>", NotALicence::NotOne),
            ("<License/>", NotALicence::NotOne),
            ("<License><LicenseKey>1</License></LicenseKey>", NotALicence::Malformed),
            ("<License><LicensedTo>&acme;</LicensedTo></License>", NotALicence::Malformed),
            ("<!DOCTYPE x [<!ENTITY acme 'x'>]><License><LicenseKey>1</LicenseKey></License>", NotALicence::Malformed),
            ("<License><LicenseKey>1</LicenseKey></License><License/>", NotALicence::Malformed),
            ("<License><LicenseKey>1</LicenseKey></License> x", NotALicence::Malformed),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
        assert_eq!(Licence::read(&vec![b'<'; 65_537]).map(|_| ()), Err(NotALicence::TooLong));
        let deep = format!("<License>{}", "<a>".repeat(20));
        assert_eq!(read(&deep), Err(NotALicence::Malformed));
        let long = within(&format!("<Kind>{}</Kind>", "x".repeat(2_000)));
        assert_eq!(long, Err(NotALicence::Unreadable { element: "Kind" }));
    }

    #[test]
    fn nothing_of_the_key_is_kept() {
        let licence = read(TRIAL).unwrap();
        let said = format!("{licence:?}");
        assert!(!said.contains("12345") && !said.contains("aGVsbG8"), "{said}");
    }

    #[test]
    fn a_text_of_lines_goes_on_until_its_end() {
        assert!(goes_on("\u{feff} <?xml version='1.0'?>"));
        assert!(goes_on("<License>\n<LicensedTo>"));
        assert!(!goes_on(TRIAL));
        assert!(goes_on("PExpY2Vuc2U"));
        for over in ["", "12345", "hunter2"] {
            assert!(!goes_on(over), "{over}");
        }
        for (way, columns) in [(0, 64), (0, 76), (3, 64), (3, 76)] {
            let whole = wrapped(&encoded(TRIAL, way), columns, "\n");
            let lines: Vec<&str> = whole.lines().collect();
            let ends = (1..=lines.len()).find(|count| !goes_on(&lines[..*count].join("\n")));
            assert!(ends.is_some_and(|ends| ends + 1 >= lines.len()), "{way} {columns}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_encoding_the_same_is_read(
            name in "[^\\x00-\\x1f\\x7f-\\x9f<&\u{feff}\u{fffe}\u{ffff}]{1,40}", inner in 0_u8..6, outer in 0_u8..6, columns in 1_usize..200,
        ) {
            let xml = format!("<License><LicensedTo>{name}</LicensedTo><NodeLimit>2</NodeLimit></License>");
            let plain = Licence::read(xml.as_bytes()).unwrap();
            let bytes = encoded(&xml, inner);
            let base64 = encoded(&wrapped(&bytes, columns, "\n"), outer);
            for form in [bytes, base64] {
                let (licence, text) = Licence::read(&form).unwrap();
                prop_assert_eq!(&licence, &plain.0);
                prop_assert_eq!(text.expose_secret(), &xml);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Licence::read(&bytes);
            let _ = Licence::read(BASE64.encode(&bytes).as_bytes());
        }

        #[test]
        fn no_cut_and_no_change_makes_it_panic(cut in 0_usize..500, at in 0_usize..500, byte in any::<u8>()) {
            let mut bytes = TRIAL.as_bytes().to_vec();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(cut);
            let _ = Licence::read(&bytes);
        }
    }
}
