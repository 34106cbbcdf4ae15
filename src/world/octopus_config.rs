//! `OctopusServer.config`: XML that Octopus Server writes and we only read, in UTF-8 or in UTF-16 as .NET and older editors on
//! Windows write it.
//!
//! quick-xml expands no entities of the document's own and opens nothing outside of it; a DOCTYPE is refused all the same,
//! because anyone who put one there wanted something that we do not do. Its error texts are not handed on: where a `<` or `&` in
//! a password was not escaped, they would repeat what follows it.

use std::collections::BTreeMap;
use std::path::Path;

use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zeroize::Zeroizing;

use crate::catalog::settings::{self, OctopusSource, Setting};
use crate::model::answers::Raw;
use crate::model::choice;
use crate::model::connection_string::ConnectionString;
use crate::model::facts::ConfigTrouble;
use crate::model::field::Kind;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;
use crate::world::small_file;
use crate::world::toml_file::{OF_A_TENTACLE, other_kind, shown, unreadable};

/// The file's name in a home directory.
pub const FILE: &str = "OctopusServer.config";

/// The setting that holds the connection string, in plain text.
const CONNECTION: &str = "Octopus.Storage.ExternalDatabaseConnectionString";

/// The setting that holds the master key, protected by the machine.
const MASTER_KEY: &str = "Octopus.Storage.MasterKey";

/// Reads one, of at most 1 MiB. Errors tell the line and never a part of the text: it holds a password.
pub fn read(path: &Path) -> Result<OctopusConfig, ConfigTrouble> {
    let bytes = small_file::read(path, small_file::LIMIT).map(Zeroizing::new).map_err(|error| unreadable(path, &error))?;
    let text = small_file::decode(&bytes).map_err(|error| unreadable(path, &error))?;
    let other = |what: &'static str| ConfigTrouble::OtherKind { path: shown(path), what: what.into() };
    if let Some(what) = other_kind(&text).filter(|_| !text.trim_start().starts_with('<')) {
        return Err(other(what));
    }
    let settings = read_settings(&text).map_err(|error| ConfigTrouble::Malformed {
        path: shown(path),
        line: error.line,
        said: error.said.into(),
    })?;
    if settings.is_of_a_tentacle() {
        return Err(other(OF_A_TENTACLE));
    }
    Ok(config(path, settings))
}

fn config(path: &Path, mut settings: Settings) -> OctopusConfig {
    let mut unused: Vec<Untrusted> = settings.unused.drain(..).map(Untrusted::from).collect();
    let connection = settings.get(CONNECTION).and_then(|text| match ConnectionString::parse(text) {
        Ok(string) => {
            unused.extend(string.ignored.iter().map(|sentence| Untrusted::new(sentence)));
            Some(string)
        }
        Err(error) => {
            unused.push(format!("{CONNECTION} cannot be used: {error}").into());
            None
        }
    });
    let has_connection = connection.is_some();
    let ConnectionString { fields: mut said, sign_in, .. } = connection.unwrap_or_default();
    for setting in settings::all() {
        let OctopusSource::Keys { keys, .. } = setting.octopus else { continue };
        let Some((key, text)) = keys.iter().find_map(|key| Some((key, settings.get(key)?))) else { continue };
        match value(setting, text) {
            Some(text) => said.push((setting.field, Raw::of(setting.field, text))),
            None => unused.push(format!("{key} is neither true nor false.").into()),
        }
    }
    let has_master_key = settings.get(MASTER_KEY).is_some();
    OctopusConfig { path: shown(path), said, has_connection, sign_in, has_master_key, unused }
}

/// A value as an answer to its field; `None` if it is none of a toggle's two.
fn value(setting: &Setting, text: &str) -> Option<String> {
    match setting.kind {
        Kind::Toggle => choice::TOGGLES.into_iter().find(|word| text.eq_ignore_ascii_case(word)).map(str::to_owned),
        // It may hold anything.
        _ => Some(Untrusted::new(text).to_string()),
    }
}

/// Octopus writes two levels.
const DEEPEST: usize = 16;

/// As many sentences are kept; more are somebody's joke.
const MOST_UNUSED: usize = 20;

/// The root's name, and that of a setting.
const ROOT: &str = "octopus-settings";
const SET: &str = "set";

/// All settings of a file.
#[derive(Default)]
struct Settings {
    /// By key in lower case: Octopus looks them up whatever their case.
    by_key: BTreeMap<String, Zeroizing<String>>,
    /// What is in the file and means nothing, as sentences.
    unused: Vec<String>,
}

impl Settings {
    /// Whether these are a Tentacle's: it has settings that no server has, and no database.
    fn is_of_a_tentacle(&self) -> bool {
        let own = [
            "Tentacle.Communication.TrustedOctopusServers",
            "Tentacle.Deployment.ApplicationDirectory",
            "Tentacle.Services.PortNumber",
        ];
        self.get(CONNECTION).is_none() && own.into_iter().any(|key| self.get(key).is_some())
    }

    /// A setting's value without blanks around it; a blank one is none, as in Octopus.
    fn get(&self, key: &str) -> Option<&str> {
        self.by_key.get(&key.to_lowercase()).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
struct Malformed {
    /// The line, from 1.
    line: usize,
    /// What is wrong there, as a part of a sentence.
    said: &'static str,
}

/// Reads the settings of a whole text.
fn read_settings(text: &str) -> Result<Settings, Malformed> {
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

#[cfg(test)]
mod tests {
    use super::*;

    use secrecy::ExposeSecret;

    use crate::model::field::FieldId;

    fn read_bytes(bytes: &[u8]) -> Result<OctopusConfig, ConfigTrouble> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        std::fs::write(&path, bytes).expect("written");
        let read = read(&path);
        assert_eq!(std::fs::read(&path).expect("still there"), bytes);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        read
    }

    fn settings(inner: &str) -> OctopusConfig {
        let text = format!("<?xml version='1.0' encoding='UTF-8' ?><octopus-settings>{inner}</octopus-settings>");
        read_bytes(text.as_bytes()).expect("read")
    }

    /// The line and the words of what cannot be read.
    fn refused(text: &[u8]) -> (usize, String) {
        match read_bytes(text) {
            Err(ConfigTrouble::Malformed { line, said, .. }) => (line, said.to_string()),
            Err(ConfigTrouble::Unreadable { said, .. }) => (0, said.to_string()),
            other => panic!("{other:?}"),
        }
    }

    fn password(config: &OctopusConfig) -> Option<String> {
        config.get(FieldId::Password).map(|raw| match raw {
            Raw::Secret(secret) => secret.expose_secret().to_owned(),
            Raw::Text(_) => panic!("a password in the clear"),
        })
    }

    const WHOLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
    <octopus-settings xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <set key="Octopus.Communications.ServicesPort">10943</set>
      <set key="Octopus.Home">C:\Octopus</set>
      <set key="Octopus.Server.NodeName">WEB01</set>
      <set key="Octopus.Storage.ExternalDatabaseConnectionString">Data Source=sql01;Initial Catalog=Octopus;User ID=octo;Password=hunter2</set>
      <set key="Octopus.Storage.MasterKey">AQAAANCMnd8BFdERjHoAwE/</set>
      <set key="Octopus.WebPortal.ForceSsl">True</set>
      <set key="Octopus.WebPortal.ListenPrefixes">http://localhost:80/</set>
    </octopus-settings>
    "#;

    #[test]
    fn what_octopus_writes_is_read_in_every_encoding_that_windows_writes() {
        let wide = |unit: fn(u16) -> [u8; 2]| WHOLE.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let expected = read_bytes(WHOLE.as_bytes()).expect("read");
        for (field, text) in [
            (FieldId::CommsPort, "10943"),
            (FieldId::Home, r"C:\Octopus"),
            (FieldId::NodeName, "WEB01"),
            (FieldId::ListenPrefixes, "http://localhost:80/"),
            (FieldId::ForceSsl, "true"),
        ] {
            assert_eq!(expected.text(field), Some(text), "{}", field.id());
        }
        assert!(expected.has_connection && expected.has_master_key);
        assert_eq!(password(&expected).as_deref(), Some("hunter2"));
        assert_eq!(expected.unused, []);
        assert!(!format!("{expected:?}").contains("hunter2") && !format!("{expected:?}").contains("AQAAANC"));
        for bytes in [
            [b"\xef\xbb\xbf", WHOLE.as_bytes()].concat(),
            [b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(),
            [b"\xfe\xff".to_vec(), wide(u16::to_be_bytes)].concat(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            WHOLE.replace("utf-8", "utf-16").into_bytes(),
        ] {
            let read = read_bytes(&bytes).expect("read");
            assert_eq!(OctopusConfig { path: expected.path.clone(), ..read }, expected);
        }
    }

    #[test]
    fn keys_have_no_case_and_a_blank_value_is_none() {
        let config = settings(
            r#"<set key="octopus.webportal.FORCESSL">false</set><set key="Octopus.Home">  </set>
               <set key="Octopus.Server.NodeName"/><set key="Octopus.Storage.NodeName">web02</set><other><set/></other>
               <set key="Octopus.Storage.MasterKey"> </set>"#,
        );
        let said = (config.text(FieldId::ForceSsl), config.text(FieldId::Home), config.text(FieldId::NodeName));
        assert_eq!((said, config.has_master_key), ((Some("false"), None, Some("web02")), false));
        let bare = settings("");
        assert_eq!((bare.has_connection, bare.said), (false, Vec::new()));
    }

    #[test]
    fn escaped_values_are_unescaped_once() {
        let connection =
            |value: &str| settings(&format!(r#"<set key="Octopus.Storage.ExternalDatabaseConnectionString">{value}</set>"#));
        for (value, expected) in [
            ("Server=a;Password=x&amp;y", "x&y"),
            ("Server=a;Password=&lt;x&gt;", "<x>"),
            ("Server=a;Password=&quot;a&#59;b&#x3b;c&quot;", "a;b;c"),
            ("Server=a;Password=<![CDATA[a<b&c]]>", "a<b&c"),
            ("Server=a;<!-- not here -->Password=&amp;lt;", "&lt;"),
        ] {
            let quoted = value.replace("&amp;lt;", "'&amp;lt;'");
            assert_eq!(password(&connection(&quoted)).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_in_sentences_without_values() {
        let config = settings(
            r#"<set key="Octopus.WebPortal.ForceSsl">perhaps</set><set>hunter2</set>
               <set key="Octopus.Home">/a</set><set key="octopus.home">/b</set>
               <set key="Octopus.Storage.ExternalDatabaseConnectionString">Server=a;Password='hunter2</set>"#,
        );
        assert_eq!((config.text(FieldId::Home), config.has_connection, config.get(FieldId::ForceSsl)), (Some("/b"), false, None));
        let told: Vec<&str> = config.unused.iter().map(Untrusted::as_str).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.contains(&"octopus.home is there twice; the last one counts."), "{told:?}");
        assert!(told.contains(&"Octopus.WebPortal.ForceSsl is neither true nor false."), "{told:?}");
        assert!(told.iter().any(|said| said.starts_with("Octopus.Storage.ExternalDatabaseConnectionString cannot be used: ")));
        assert!(told.iter().all(|said| said.ends_with('.') && !said.contains("hunter2")), "{told:?}");
        let windows =
            settings(r#"<set key="Octopus.Storage.ExternalDatabaseConnectionString">Server=a;Integrated Security=True</set>"#);
        assert!(windows.unused[0].as_str().contains("Integrated Security"), "{:?}", windows.unused);
    }

    #[test]
    fn bad_files_are_told_with_their_line_and_never_with_their_text() {
        let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY a \"hunter2\">\n<!ENTITY b \"&a;&a;&a;&a;\">\n]>\n\
                      <octopus-settings><set key=\"x\">&b;</set></octopus-settings>";
        let outside = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><octopus-settings/>";
        for (text, line, part) in [
            ("", 1, "it is empty"),
            ("\n\n<!-- x -->\n", 4, "it is empty"),
            (laughs, 5, "DOCTYPE"),
            (outside, 1, "DOCTYPE"),
            ("<octopus-settings>\n<set key=\"a\">hunter2", 2, "breaks off"),
            ("<octopus-settings>\n<set key=\"a\">x</set>\n", 3, "breaks off"),
            ("<octopus-settings>\n<set key=\"hunter2", 2, "breaks off"),
            ("<octopus-settings>\n\n<set key=\"a\">x<hunter2</set></octopus-settings>", 3, "&lt;"),
            ("<octopus-settings>\n<set key=\"a\">&hunter2;</set></octopus-settings>", 2, "&amp;"),
            ("<octopus-settings>\n<set key=\"a\">a&hunter2</set></octopus-settings>", 2, "&amp;"),
            ("<octopus-settings>\n<set key=\"a\">&#x110000;</set></octopus-settings>", 2, "&amp;"),
            ("<octopus-settings>\n<set key=\"a\" key=\"hunter2\"/></octopus-settings>", 2, "attribute"),
            ("<configuration/>", 1, "not octopus-settings"),
            ("<octopus-settings/>\n<octopus-settings/>", 2, "second root"),
            ("<octopus-settings/>\nhunter2", 2, "outside"),
            ("[node]\nname = 'hunter2'\n", 3, "outside"),
            ("<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<octopus-settings/>", 1, "another encoding"),
            (&format!("<octopus-settings>{}", "<a>".repeat(10_000)), 1, "too deeply"),
        ] {
            let (told, said) = refused(text.as_bytes());
            let start: String = text.chars().take(80).collect();
            assert!(told == line && said.contains(part) && !said.contains("hunter2"), "{start}: line {told}: {said}");
        }
        for (bytes, part) in [
            (&b"<octopus-settings>\n<set key=\"a\">\xe4</set>"[..], "the first wrong byte is in line 2"),
            (b"\xff\xfe<\0o", "UTF-16"),
            (b"\xff\xfe\x00\xd8x\0", "UTF-16"),
        ] {
            if bytes == b"\xff\xfe<\0o" {
                assert_eq!(refused(bytes).1, "it begins as UTF-16 text and does not go on as such");
            }
            assert!(refused(bytes).1.contains(part), "{:?}", refused(bytes));
        }
        assert!(refused(&vec![b' '; 2 << 20]).1.contains("larger than 1048576 bytes"));
    }

    #[test]
    fn many_settings_take_no_time() {
        let many = "<set key=\"a\">b</set>".repeat(40_000);
        assert_eq!(settings(&many).unused.len(), 20);
    }

    proptest::proptest! {
        #[test]
        fn garbage_makes_it_panic_never(
            text in "(<octopus-settings>|<!DOCTYPE|<\\?xml |<set key=\"a\">|</set>|&#x?[0-9]{0,9};|&amp;|<!\\[CDATA\\[|\\]\\]>|[<>&;\"'/ \u{e4}x=-]|\n){0,40}",
        ) {
            let _ = read_settings(&text);
        }

        #[test]
        fn nor_do_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80), head in 0..5_usize) {
            let heads: [&[u8]; 5] = [b"", b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"];
            let whole = [heads[head], &bytes].concat();
            if let Ok(text) = small_file::decode(&whole) {
                let _ = read_settings(&text);
            }
        }
    }
}
