//! Masks secrets in a program's output.

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::model::quote::push_doubled;

/// Replaces a secret, without revealing its length.
const MASK: &[u8] = b"***";
/// From this length on, each line of a multi-line secret is masked by itself. A licence has lines such as `</License>` too, but none
/// that short is worth hiding.
const LINE: usize = 8;

/// The secrets of a run, in every form in which a program may print them.
#[derive(Default)]
pub struct Masks(Vec<Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for Masks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Masks")
    }
}

impl Masks {
    /// Returns masks for these secrets; empty ones are ignored.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for secret in secrets {
            let text = secret.expose_secret();
            add(&mut forms, text);
            if text.contains('\n') {
                text.lines().map(str::trim).filter(|line| line.len() >= LINE).for_each(|line| add(&mut forms, line));
                let whole = Zeroizing::new(BASE64.encode(text.as_bytes()));
                add(&mut forms, &whole);
            }
        }
        // A secret may be part of another one, so the longer one has to be found first.
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        Self(forms)
    }

    /// Masks the secrets in a text.
    pub(super) fn hide(&self, text: &[u8]) -> Vec<u8> {
        let mut hidden = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.first() {
            if let Some(secret) = self.0.iter().find(|secret| rest.starts_with(secret)) {
                hidden.extend_from_slice(MASK);
                rest = &rest[secret.len()..];
            } else {
                hidden.push(*first);
                rest = &rest[1..];
            }
        }
        hidden
    }

    /// Returns how many bytes at the end of a text may be the beginning of a truncated secret.
    pub(super) fn begun_at_the_end(&self, text: &[u8]) -> usize {
        let most = |secret: &Zeroizing<Vec<u8>>| {
            (1..secret.len()).rev().find(|length| text.ends_with(&secret[..*length])).unwrap_or_default()
        };
        self.0.iter().map(most).max().unwrap_or_default()
    }

    /// Returns how many bytes at the beginning of a text may be the end of a truncated secret.
    pub(super) fn ending_at_the_beginning(&self, text: &[u8]) -> usize {
        let most = |secret: &Zeroizing<Vec<u8>>| {
            (1..secret.len()).rev().find(|length| text.starts_with(&secret[secret.len() - length..])).unwrap_or_default()
        };
        self.0.iter().map(most).max().unwrap_or_default()
    }
}

/// Returns a text as it is, and as connection strings, XML and JSON write it.
fn add(forms: &mut Vec<Zeroizing<Vec<u8>>>, text: &str) {
    if text.is_empty() {
        return;
    }
    let mut doubled = Zeroizing::new(String::with_capacity(2 * text.len()));
    push_doubled(&mut doubled, text, '"');
    for text in [text, &doubled] {
        forms.push(Zeroizing::new(text.as_bytes().to_vec()));
        // XML may escape both kinds of quotes, only the double one (in attributes), or none (in text).
        for quotes in ["\"'", "\"", ""] {
            forms.push(escaped(text, |c| xml(c, quotes)));
        }
        forms.push(escaped(text, json));
        forms.push(escaped(text, json_of_dotnet));
    }
}

fn escaped(text: &str, of: impl Fn(char) -> Option<&'static str>) -> Zeroizing<Vec<u8>> {
    // A character's longest form has six bytes, so the buffer never grows, and leaves no copy behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(6 * text.len()));
    for character in text.chars() {
        match of(character) {
            Some(form) => whole.extend_from_slice(form.as_bytes()),
            None => whole.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    whole
}

fn xml(character: char, quotes: &str) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' if quotes.contains('"') => Some("&quot;"),
        '\'' if quotes.contains('\'') => Some("&apos;"),
        _ => None,
    }
}

const fn json(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        '\t' => Some("\\t"),
        _ => None,
    }
}

/// Escapes like .NET's own JSON serializer, which escapes everything with a meaning in HTML, and the plus of base64 too.
const fn json_of_dotnet(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("\\u0022"),
        '&' => Some("\\u0026"),
        '\'' => Some("\\u0027"),
        '+' => Some("\\u002B"),
        '<' => Some("\\u003C"),
        '>' => Some("\\u003E"),
        '`' => Some("\\u0060"),
        other => json(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        let secrets: Vec<SecretString> = secrets.iter().map(|text| SecretString::from(*text)).collect();
        Masks::of(&secrets)
    }

    fn hidden(secrets: &[&str], text: &str) -> String {
        String::from_utf8(masks(secrets).hide(text.as_bytes())).expect("text")
    }

    #[test]
    fn a_secret_is_found_in_each_form_that_a_program_writes_it_in() {
        let secret = "a\"<&'>\\b";
        for text in [
            "a\"<&'>\\b",
            "a\"\"<&'>\\b",
            "a\"&lt;&amp;'&gt;\\b",
            "a&quot;&lt;&amp;&apos;&gt;\\b",
            "a\\\"<&'>\\\\b",
            "a&quot;&quot;&lt;&amp;&apos;&gt;\\b",
            "a\\u0022\\u003C\\u0026\\u0027\\u003E\\\\b",
        ] {
            assert_eq!(hidden(&[secret], &format!("Password={text};")), "Password=***;", "{text}");
        }
    }

    #[test]
    fn a_key_with_a_plus_is_found_in_json_of_dotnet() {
        assert_eq!(hidden(&["Nc91+1kfZszMpe7DMne8wg=="], "{\"key\":\"Nc91\\u002B1kfZszMpe7DMne8wg==\"}"), "{\"key\":\"***\"}");
    }

    #[test]
    fn the_longer_of_two_secrets_is_hidden_whole() {
        assert_eq!(hidden(&["hunter", "hunter2 and more", ""], "hunter2 and more, hunter"), "***, ***");
    }

    #[test]
    fn each_line_of_a_licence_is_hidden_and_so_is_its_base64() {
        let licence = "<License>\n  <LicenseKey>1-2-3</LicenseKey>\n</License>\n";
        let base64 = BASE64.encode(licence.as_bytes());
        assert_eq!(hidden(&[licence], &format!("read <LicenseKey>1-2-3</LicenseKey> from {base64}")), "read *** from ***");
    }

    #[test]
    fn what_a_cut_leaves_of_a_secret_is_known() {
        let masks = masks(&["hunter2"]);
        assert_eq!((masks.begun_at_the_end(b"say hunt"), masks.begun_at_the_end(b"say hunter2")), (4, 0));
        assert_eq!((masks.ending_at_the_beginning(b"ter2 ok"), masks.ending_at_the_beginning(b"hunter2")), (4, 0));
    }
}
