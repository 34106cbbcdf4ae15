//! Facts about this host: its platform, name and operating system.

use std::net::IpAddr;
use std::path::Path;

use super::small_file;
use crate::model::platform::Platform;

/// The platform that this program runs on.
pub const fn platform() -> Platform {
    if cfg!(windows) { Platform::Windows } else { Platform::Linux }
}

/// The host's name without its domain: the default node name.
pub fn name() -> String {
    first_label(&gethostname::gethostname().to_string_lossy()).to_owned()
}

/// Returns a host's name without its domain. An address has none: its first number would be no name at all.
fn first_label(whole: &str) -> &str {
    match whole.parse::<IpAddr>() {
        Ok(_) => whole,
        Err(_) => whole.split('.').next().unwrap_or_default(),
    }
}

/// The operating system's name for people: `Debian GNU/Linux 12 (bookworm)`, or just `Linux` or `Windows` if no more is known.
pub fn system(os_release: &Path) -> String {
    if cfg!(windows) {
        return "Windows".into();
    }
    let text = small_file::read_text(os_release).unwrap_or_default();
    pretty_name(&text).unwrap_or_else(|| if cfg!(target_os = "linux") { "Linux".into() } else { std::env::consts::OS.into() })
}

/// `PRETTY_NAME` of an os-release file, whose values are quoted as a shell would.
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?;
    let value = value.trim();
    let quoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let bare = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    let mut name = String::new();
    let mut characters = bare.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => name.extend(characters.next()),
            character => name.push(character),
        }
    }
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_domain_and_an_address_nothing() {
        for (whole, name) in [
            ("web01.corp.example", "web01"),
            ("localhost.localdomain", "localhost"),
            ("192.168.1.5", "192.168.1.5"),
            ("(none)", "(none)"),
            ("", ""),
        ] {
            assert_eq!(first_label(whole), name);
        }
    }

    #[test]
    fn the_pretty_name_is_unquoted() {
        let text = "ID=debian\nPRETTY_NAME=\"Debian \\\"12\\\"\"\n";
        assert_eq!(pretty_name(text).as_deref(), Some("Debian \"12\""));
        assert_eq!(pretty_name("PRETTY_NAME=Alpine\n").as_deref(), Some("Alpine"));
        assert_eq!(pretty_name("PRETTY_NAME='Void'\n").as_deref(), Some("Void"));
        assert_eq!(pretty_name("PRETTY_NAME=\"\"\n"), None);
        assert_eq!(pretty_name("garbage"), None);
    }

    #[test]
    fn a_host_without_the_file_has_a_system_all_the_same() {
        assert!(!system(Path::new("/nonexistent")).is_empty());
        assert!(!name().contains('.'));
    }
}
