//! Styles and signs. Signs and findings have a contrast of 4.5 to 1 or more on light and dark terminals. Every state has a sign, so that
//! colour is never the only carrier of meaning.

use std::ffi::OsStr;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// Whether colours are used. None of the sixteen can be read on a light and on a dark background both: green, yellow and cyan
/// fade on white, red on black (`tests/frames/contrast.rs` computes it). So there are colours only where the background is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// The bright ones of the sixteen, on a background that is known to be dark.
    #[default]
    OnDark,
    /// None: the terminal's own colour, in bold, underlined or reversed.
    None,
}

/// What decides about colours; the caller reads it from the environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColourHints<'a> {
    /// `NO_COLOR`.
    pub no_color: Option<&'a OsStr>,
    /// `TERM`.
    pub term: Option<&'a OsStr>,
    /// `COLORFGBG`, which some terminals set: the numbers of the colours of text and background, with semicolons between.
    pub foreground_background: Option<&'a OsStr>,
}

impl Colours {
    /// The colours for these: none where `NO_COLOR` is set and not empty (<https://no-color.org>), and where nothing tells that
    /// the background is dark.
    pub fn detect(hints: ColourHints<'_>) -> Self {
        let background = hints.foreground_background.and_then(OsStr::to_str).and_then(|text| text.rsplit(';').next());
        let is_dark = match background.and_then(|number| number.parse::<u8>().ok()) {
            Some(number) => matches!(number, 0..=6 | 8),
            // The Linux console is black.
            None => hints.term == Some(OsStr::new("linux")),
        };
        let is_wanted = hints.no_color.is_none_or(OsStr::is_empty);
        if is_wanted && is_dark { Self::OnDark } else { Self::None }
    }
}

/// The styles of everything that is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// Ordinary text.
    pub plain: Style,
    /// Titles.
    pub title: Style,
    /// What is secondary.
    pub dim: Style,
    /// The current screen, the focused field's label, the chosen item.
    pub accent: Style,
    /// The focused field's value, underlined across its width.
    pub edited: Style,
    /// A key at the foot.
    pub key: Style,
    pub good: Style,
    pub warn: Style,
    pub stop: Style,
}

impl Theme {
    /// The theme with or without colours.
    pub const fn new(colours: Colours) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let edited = plain.add_modifier(Modifier::UNDERLINED);
        match colours {
            Colours::OnDark => Self {
                plain,
                title: bold,
                dim,
                accent: bold.fg(Color::LightCyan),
                edited,
                key: plain.fg(Color::LightCyan),
                good: plain.fg(Color::LightGreen),
                warn: plain.fg(Color::LightYellow),
                // Bright red is 4.1 to 1 on the dark background of GNOME's terminals.
                stop: bold,
            },
            Colours::None => {
                // What stands in the way is seen at once without a colour, too.
                let stop = bold.add_modifier(Modifier::REVERSED);
                Self { plain, title: bold, dim, accent: bold, edited, key: bold, good: plain, warn: bold, stop }
            }
        }
    }
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// Everything.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

/// What decides about the character set; the caller reads it from flags and environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct CharsetHints<'a> {
    /// `--ascii`.
    pub ascii: bool,
    /// `TERM`.
    pub term: Option<&'a OsStr>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty.
    pub locale: Option<&'a OsStr>,
}

impl Charset {
    /// The character set for these: ASCII where it is asked for, on the Linux console (its font lacks our signs), and
    /// in a locale that is not UTF-8. On Windows the locale says nothing.
    pub fn detect(hints: CharsetHints<'_>) -> Self {
        let utf8 = |locale: &OsStr| {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        let poor_locale = !cfg!(windows) && !hints.locale.is_some_and(utf8);
        if hints.ascii || hints.term == Some(OsStr::new("linux")) || poor_locale { Self::Ascii } else { Self::Unicode }
    }

    /// The signs of this set.
    pub const fn signs(self) -> &'static Signs {
        match self {
            Self::Unicode => &UNICODE,
            Self::Ascii => &ASCII,
        }
    }
}

/// One set of signs.
#[derive(Debug)]
pub struct Signs {
    /// Good.
    pub ok: &'static str,
    pub note: &'static str,
    /// Not looked at, or could not be read.
    pub unknown: &'static str,
    pub warn: &'static str,
    pub stop: &'static str,
    pub running: &'static str,
    /// Not yet.
    pub pending: &'static str,
    /// Where we are.
    pub here: &'static str,
    /// Between parts of one line.
    pub dot: &'static str,
    /// What stands for a secret, whatever its length.
    pub mask: &'static str,
    /// A horizontal rule's cell.
    pub rule: &'static str,
    /// A done cell of a progress bar.
    pub full: &'static str,
    /// A cell that is yet to be done.
    pub empty: &'static str,
    /// Before a choice that has the focus.
    pub left: &'static str,
    /// Behind it.
    pub right: &'static str,
    /// There is more above.
    pub above: &'static str,
    /// There is more below.
    pub below: &'static str,
}

const UNICODE: Signs = Signs {
    ok: "✔",
    note: "i",
    unknown: "–",
    warn: "!",
    stop: "✖",
    running: "◌",
    pending: "·",
    here: "▸",
    dot: " · ",
    mask: "••••••••",
    rule: "─",
    full: "█",
    empty: "░",
    left: "‹",
    right: "›",
    above: "↑",
    below: "↓",
};

const ASCII: Signs = Signs {
    ok: "+",
    note: "i",
    unknown: "?",
    warn: "!",
    stop: "x",
    running: "~",
    pending: ".",
    here: ">",
    dot: ", ",
    mask: "********",
    rule: "-",
    full: "#",
    empty: ".",
    left: "<",
    right: ">",
    above: "^",
    below: "v",
};

/// Makes a finished frame ASCII. What we write is so already; names and messages from outside are not, and a terminal
/// in another character set would print several wrong characters for each of theirs and so shift the whole line.
pub fn transliterate(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let plain = match cell.symbol() {
            "…" => "~",
            "–" | "—" | "─" => "-",
            "·" | "•" => "*",
            "“" | "”" | "«" | "»" => "\"",
            "‘" | "’" => "'",
            "↑" => "^",
            "↓" => "v",
            "←" => "<",
            "→" => ">",
            "\u{a0}" => " ",
            _ => "?",
        };
        cell.set_symbol(plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_means_no_colour_at_all() {
        let Theme { plain, title, dim, accent, edited, key, good, warn, stop } = Theme::new(Colours::None);
        for style in [plain, title, dim, accent, edited, key, good, warn, stop] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        let linux = ColourHints { term: Some(OsStr::new("linux")), ..ColourHints::default() };
        assert_eq!(Colours::detect(ColourHints { no_color: Some("1".as_ref()), ..linux }), Colours::None);
        assert_eq!(Colours::detect(ColourHints { no_color: Some("".as_ref()), ..linux }), Colours::OnDark);
        assert_eq!(Colours::detect(linux), Colours::OnDark);
    }

    #[test]
    fn colours_are_for_a_background_that_is_known_to_be_dark() {
        let told =
            |text: &str| Colours::detect(ColourHints { foreground_background: Some(text.as_ref()), ..ColourHints::default() });
        for dark in ["15;0", "7;0", "15;default;0", "12;8"] {
            assert_eq!(told(dark), Colours::OnDark, "{dark}");
        }
        for light in ["0;15", "0;7", "0;default;15", "15;default", "", ";", "\u{e4}"] {
            assert_eq!(told(light), Colours::None, "{light}");
        }
        let xterm = ColourHints { term: Some(OsStr::new("xterm-256color")), ..ColourHints::default() };
        assert_eq!((Colours::detect(xterm), Colours::detect(ColourHints::default())), (Colours::None, Colours::None));
    }

    fn detect(ascii: bool, term: &str, locale: &str) -> Charset {
        Charset::detect(CharsetHints { ascii, term: Some(OsStr::new(term)), locale: Some(OsStr::new(locale)) })
    }

    #[test]
    fn ascii_where_nothing_else_would_be_readable() {
        assert_eq!(detect(false, "xterm-256color", "en_GB.UTF-8"), Charset::Unicode);
        assert_eq!(detect(false, "xterm-256color", "C.utf8"), Charset::Unicode);
        assert_eq!(detect(true, "xterm-256color", "en_GB.UTF-8"), Charset::Ascii);
        assert_eq!(detect(false, "linux", "en_GB.UTF-8"), Charset::Ascii);
        if !cfg!(windows) {
            assert_eq!(detect(false, "xterm-256color", "de_DE.ISO-8859-1"), Charset::Ascii);
            assert_eq!(Charset::detect(CharsetHints::default()), Charset::Ascii);
        }
    }

    #[test]
    fn the_ascii_signs_are_ascii_and_as_wide_as_the_others() {
        let all = |signs: &Signs| {
            let Signs {
                ok,
                note,
                unknown,
                warn,
                stop,
                running,
                pending,
                here,
                dot,
                mask,
                rule,
                full,
                empty,
                left,
                right,
                above,
                below,
            } = *signs;
            [ok, note, unknown, warn, stop, running, pending, here, dot, mask, rule, full, empty, left, right, above, below]
        };
        assert!(all(&ASCII).iter().all(|sign| sign.is_ascii()));
        let states =
            |signs: &'static Signs| [signs.ok, signs.note, signs.unknown, signs.warn, signs.stop, signs.running, signs.pending];
        for signs in [&UNICODE, &ASCII] {
            assert!(states(signs).iter().all(|sign| sign.chars().count() == 1));
            let mut unique = states(signs).to_vec();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), 7);
        }
    }
}
