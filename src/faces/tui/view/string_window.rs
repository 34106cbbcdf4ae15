//! The window that takes a .NET connection string. It shows only the values of keys that are known to be harmless and
//! masks everything else, so that a password is not visible even in a half-typed string.

use ratatui::layout::{Position, Rect};

use zeroize::Zeroizing;

use crate::faces::tui::canvas::{Canvas, below, row};
use crate::faces::tui::editor::SecretInput;
use crate::faces::tui::text;

/// Keys whose values may be shown, in lower case and without spaces.
const HARMLESS: [&str; 17] = [
    "server",
    "datasource",
    "address",
    "addr",
    "networkaddress",
    "database",
    "initialcatalog",
    "userid",
    "uid",
    "user",
    "encrypt",
    "trustservercertificate",
    "multisubnetfailover",
    "integratedsecurity",
    "applicationname",
    "connecttimeout",
    "persistsecurityinfo",
];

/// Known keys whose values are secret.
const SECRET: [&str; 2] = ["password", "pwd"];

/// Draws the window in place of the screen.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, window: &SecretInput) {
    let theme = canvas.theme;
    canvas.put(row(area, 0), "Connection string", theme.title);
    let intro =
        "Paste a .NET connection string for SQL Server. It fills the fields of this screen; the password in it is not shown.";
    let used = canvas.wrap(below(area, 1), intro, theme.dim);
    let mut field = below(area, used + 2);
    field.height = field.height.min(5);
    for line in 0..field.height {
        canvas.style(row(field, line), theme.edited);
    }
    let shown = masked(window.text(), canvas.signs.mask);
    let lines = text::wrap(&shown, field.width.saturating_sub(1));
    let skipped = lines.len().saturating_sub(usize::from(field.height));
    let mut end = Position::new(field.x, field.y);
    for (line, words) in (0..field.height).zip(lines.iter().skip(skipped)) {
        canvas.put(row(field, line), words, theme.edited);
        end = Position::new(field.x + text::width(words), field.y + line);
    }
    if !field.is_empty() {
        canvas.cursor = Some(end);
    }
    if window.text().is_empty() {
        let example = " Server=sql01,1433;Database=OctopusDeploy;User ID=octopus;Password=…";
        canvas.put(row(field, 0), example, theme.edited.patch(theme.dim));
    }
}

/// Masks the values of all keys except those known to be harmless.
fn masked(text: &str, mask: &str) -> String {
    let mut shown = String::new();
    for (place, part) in parts(text).into_iter().enumerate() {
        if place > 0 {
            shown.push(';');
        }
        if let Some((key, value)) = part.split_once('=') {
            let name = plain(key);
            let harmless = HARMLESS.contains(&name.as_str());
            // An unknown key may be the end of a password that contains a semicolon.
            let known = harmless || SECRET.contains(&name.as_str());
            shown.push_str(if known { key } else { mask });
            shown.push('=');
            shown.push_str(if harmless || value.is_empty() { value } else { mask });
        } else {
            let name = plain(part);
            let begins = HARMLESS.iter().chain(&SECRET).any(|key| key.starts_with(name.as_str()));
            shown.push_str(if begins { part } else { mask });
        }
    }
    shown
}

/// Returns a key in lower case and without spaces. It is wiped after use, because it may be a piece of a password.
fn plain(key: &str) -> Zeroizing<String> {
    let mut name = Zeroizing::new(String::with_capacity(key.len()));
    name.extend(key.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()));
    name
}

/// Splits at the semicolons that are not inside quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (';', None) => {
                parts.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_harmless_is_shown() {
        let text = "Server=sql01,1433;Initial Catalog=Octopus;User ID=octopus;Password=hunter2;Encrypt=True";
        assert_eq!(masked(text, "***"), "Server=sql01,1433;Initial Catalog=Octopus;User ID=octopus;Password=***;Encrypt=True");
        assert_eq!(masked("Pwd=\"hun;ter2\"", "***"), "Pwd=***");
        assert_eq!(masked("Password=hun;ter2", "***"), "Password=***;***");
        assert_eq!(masked("Passw", "***"), "Passw");
    }

    proptest::proptest! {
        #[test]
        fn a_password_is_never_shown(password in "[QXZ0-9!;=]{6,12}", quoted in proptest::bool::ANY) {
            let text = if quoted { format!("Password='{password}'") } else { format!("Password={password}") };
            let shown = masked(&text, "***");
            let longest = password.split([';', '=']).max_by_key(|part| part.len()).unwrap_or_default();
            proptest::prop_assert!(longest.len() < 3 || !shown.contains(longest), "{} shows {}", shown, longest);
        }
    }
}
