//! Colours: one accent and three states, from the terminal's own sixteen, on its own background. So they fit a light
//! terminal as well as a dark one, and whoever chose a palette gets that palette.

use ratatui::style::{Color, Modifier, Style};

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// Four of the sixteen.
    #[default]
    Some,
    /// None: bold, underlined and reversed only.
    None,
}

impl Colours {
    /// What `NO_COLOR` asks for: none, whenever it is set and not empty (<https://no-color.org>).
    pub fn of(no_color: Option<&std::ffi::OsStr>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) { Self::None } else { Self::Some }
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
    /// Good.
    pub good: Style,
    /// Warning.
    pub warn: Style,
    /// Stop.
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
            Colours::Some => Self {
                plain,
                title: bold,
                dim,
                accent: bold.fg(Color::Cyan),
                edited,
                key: plain.fg(Color::Cyan),
                good: plain.fg(Color::Green),
                warn: plain.fg(Color::Yellow),
                stop: bold.fg(Color::Red),
            },
            Colours::None => {
                Self { plain, title: bold, dim, accent: bold, edited, key: bold, good: plain, warn: bold, stop: bold }
            }
        }
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
        assert_eq!(Colours::of(Some("1".as_ref())), Colours::None);
        assert_eq!(Colours::of(Some("".as_ref())), Colours::Some);
        assert_eq!(Colours::of(None), Colours::Some);
    }
}
