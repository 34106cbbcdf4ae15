//! A node config's text, line by line, with nothing secret in it.

use secrecy::{ExposeSecret, SecretSlice};
use subtle::ConstantTimeEq;

use crate::model::node_config::Sealed;
use crate::world::seal::{Purpose, Sealer};

/// Opens sealed values of an instance's config, as far as this machine can.
pub(super) struct Opener<'a> {
    instance: &'a str,
    sealer: Option<&'a Sealer>,
}

/// What a key whose name holds this word is given stays out of sight, sealed or not.
const SECRET: &str = "password";

/// A line, and the sealed value that it holds.
struct Line<'a> {
    /// As it may be shown, up to the value.
    text: String,
    /// The section and the sealed value, where the line holds one.
    sealed: Option<(&'a str, &'a str)>,
}

impl<'a> Opener<'a> {
    /// For this instance, with this machine's key if it has one.
    pub(super) fn new(instance: &'a str, sealer: Option<&'a Sealer>) -> Self {
        Self { instance, sealer }
    }

    fn open(&self, section: &str, sealed: &str) -> Option<SecretSlice<u8>> {
        let purpose = match section {
            "service" => Purpose::ServicePassword { instance: self.instance },
            _ => Purpose::DatabasePassword { instance: self.instance },
        };
        self.sealer?.unseal(&purpose, &Sealed(sealed.to_owned())).ok()
    }

    /// The lines of the present config.
    pub(super) fn present(&self, text: &str) -> Vec<String> {
        let said = |section: &str, sealed: &str| match self.open(section, sealed) {
            Some(_) => "(sealed)",
            None => "(sealed, does not open here)",
        };
        lines(text).into_iter().map(|line| line.shown(said)).collect()
    }

    /// The lines of an older one; of a sealed value also whether it is another than the present one.
    pub(super) fn older(&self, text: &str, present: &str) -> Vec<String> {
        let now: Vec<(&str, &str)> = lines(present).into_iter().filter_map(|line| line.sealed).collect();
        let said = |section: &str, sealed: &str| {
            let Some(then) = self.open(section, sealed) else { return "(sealed, does not open here)" };
            let present = now.iter().find(|(other, _)| *other == section);
            let same = present.and_then(|(section, sealed)| self.open(section, sealed)).is_some_and(|now| {
                let (one, two) = (now.expose_secret(), then.expose_secret());
                one.ct_eq(two).into()
            });
            if same { "(sealed)" } else { "(sealed, another value)" }
        };
        lines(text).into_iter().map(|line| line.shown(said)).collect()
    }
}

impl Line<'_> {
    fn shown(self, said: impl Fn(&str, &str) -> &'static str) -> String {
        match self.sealed {
            Some((section, sealed)) => format!("{}{}", self.text, said(section, sealed)),
            None => self.text,
        }
    }
}

/// All lines. A file that somebody edited may hold a password in the clear, on one line or over several.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut section = "";
    let mut within: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(quotes) = within {
            within = (!line.contains(quotes)).then_some(quotes);
            lines.push(Line { text: "(not shown)".into(), sealed: None });
            continue;
        }
        if let Some(name) = line.trim().strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim();
        }
        if let Some(at) = line.find("sealed:1:") {
            let (head, value) = line.split_at(at);
            let value = value.split(['"', '\'']).next().unwrap_or_default();
            let key = head.split('=').next().unwrap_or_default().trim_end();
            lines.push(Line { text: format!("{key} = "), sealed: Some((section, value)) });
        } else if let Some(at) = line.to_ascii_lowercase().find(SECRET) {
            let (head, value) = line.split_at(at + SECRET.len());
            within = ["\"\"\"", "'''"].into_iter().find(|quotes| value.matches(quotes).count() % 2 == 1);
            lines.push(Line { text: format!("{head} = (not shown)"), sealed: None });
        } else {
            lines.push(Line { text: line.to_owned(), sealed: None });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_sealed_is_not_shown_either() {
        let opener = Opener::new("A", None);
        let text = "[database]\npassword = 'hunter2'\n# the old Password was hunter2\nname = 'x'\n\
                    database = { user = 'sa', password = \"hunter2\" }\npassword = \"\"\"\nhunter2\nhunter2\"\"\"\nport = 1\n";
        let shown = opener.present(text);
        assert!(!shown.concat().contains("hunter2"), "{shown:?}");
        assert_eq!(shown[1], "password = (not shown)");
        assert_eq!((shown[3].as_str(), shown[8].as_str()), ("name = 'x'", "port = 1"));
    }

    #[test]
    fn a_machine_without_its_key_opens_nothing() {
        let opener = Opener::new("A", None);
        let text = "[database]\npassword = \"sealed:1:00000000:AAAA\"\n";
        assert_eq!(opener.present(text)[1], "password = (sealed, does not open here)");
        assert_eq!(opener.older(text, text)[1], "password = (sealed, does not open here)");
    }
}
