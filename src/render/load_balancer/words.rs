//! The escapers of the load balancers' languages: a value that stands in a template comes out as one word of it.

use std::fmt;

use askama::filters::Escaper;

/// Characters of which no language here thinks anything, so that they need no quotes.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '[' | ']' | '*' | ',');
    !text.is_empty() && text.chars().all(plain)
}

/// Refuses what ends a line, or what no program takes.
fn refuse(text: &str, others: &[char]) -> fmt::Result {
    if text.chars().any(|c| c.is_control() || others.contains(&c)) { Err(fmt::Error) } else { Ok(()) }
}

/// A text between double quotes, with a backslash before each of these characters.
fn quoted<W: fmt::Write>(dest: &mut W, text: &str, special: &[char]) -> fmt::Result {
    dest.write_char('"')?;
    for character in text.chars() {
        if special.contains(&character) {
            dest.write_char('\\')?;
        }
        dest.write_char(character)?;
    }
    dest.write_char('"')
}

/// The escaper of `.conf` templates. nginx takes `$` for a variable even between quotes, and there is no way to write one.
#[derive(Debug, Clone, Copy)]
pub struct NginxWord;

impl Escaper for NginxWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        refuse(text, &['$'])?;
        if is_plain(text) { dest.write_str(text) } else { quoted(&mut dest, text, &['"', '\\']) }
    }
}

/// The escaper of `.cfg` templates.
#[derive(Debug, Clone, Copy)]
pub struct HaProxyWord;

impl Escaper for HaProxyWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        refuse(text, &[])?;
        if is_plain(text) { dest.write_str(text) } else { quoted(&mut dest, text, &['"', '\\', '$']) }
    }
}

/// The escaper of `.ns` templates.
#[derive(Debug, Clone, Copy)]
pub struct NetScalerWord;

impl Escaper for NetScalerWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        refuse(text, &[])?;
        if is_plain(text) { dest.write_str(text) } else { quoted(&mut dest, text, &['"', '\\']) }
    }
}

/// A line of a comment. What stands there is ours but for names, which were cleaned.
pub(super) fn comment(line: &str) -> askama::filters::Safe<String> {
    // A second look costs nothing: a line break here would begin a directive.
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    askama::filters::Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(escaper: impl Escaper, text: &str) -> Option<String> {
        let mut word = String::new();
        escaper.write_escaped_str(&mut word, text).ok().map(|()| word)
    }

    #[test]
    fn each_language_has_its_quotes() {
        for (text, nginx, haproxy) in [
            ("/etc/ssl/a.pem", Some("/etc/ssl/a.pem"), Some("/etc/ssl/a.pem")),
            ("/etc/my certs/a;b{}.pem", Some("\"/etc/my certs/a;b{}.pem\""), Some("\"/etc/my certs/a;b{}.pem\"")),
            ("a\"b\\c", Some("\"a\\\"b\\\\c\""), Some("\"a\\\"b\\\\c\"")),
            ("a$b", None, Some("\"a\\$b\"")),
            ("", Some("\"\""), Some("\"\"")),
            ("a\nb", None, None),
            ("a\0b", None, None),
        ] {
            assert_eq!(word(NginxWord, text).as_deref(), nginx, "{text:?}");
            assert_eq!(word(HaProxyWord, text).as_deref(), haproxy, "{text:?}");
        }
        assert_eq!(word(NetScalerWord, "GET /api"), Some("\"GET /api\"".into()));
        assert_eq!(comment("a\nb").0, "# a b");
    }
}
