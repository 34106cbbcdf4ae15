//! The foot: the keys that work now. Where there is not room for all of them, words get shorter first, and then the
//! least important keys go; they work nevertheless, and help tells of them.

use ratatui::layout::Rect;

use crate::faces::tui::bindings::Binding;
use crate::faces::tui::canvas::{Canvas, behind};
use crate::faces::tui::hits::Hit;
use crate::faces::tui::signs::Charset;
use crate::faces::tui::text;

/// One way to write the keys.
#[derive(Debug, Clone, Copy)]
struct Spacing {
    short: bool,
    gap: u16,
}

const SPACINGS: [Spacing; 3] =
    [Spacing { short: false, gap: 3 }, Spacing { short: false, gap: 2 }, Spacing { short: true, gap: 2 }];

/// Keys that every program has (Tab) go before words get shorter.
const DISPENSABLE: u8 = 8;

/// Draws the foot.
pub fn draw(canvas: &mut Canvas<'_>, line: Rect, bindings: &[Binding]) {
    let (kept, spacing) = chosen(bindings, line.width);
    let theme = canvas.theme;
    let ascii = std::ptr::eq(canvas.signs, Charset::Ascii.signs());
    let mut rest = line;
    for binding in kept {
        let start = rest;
        let cap = if ascii { plain(binding.cap) } else { binding.cap };
        rest = canvas.put(rest, cap, theme.key);
        rest = canvas.put(behind(rest, 1), label(&binding, spacing), theme.plain);
        canvas.hit(Rect { width: rest.x - start.x, ..start }, Hit::Key(binding.does));
        rest = behind(rest, spacing.gap);
    }
}

/// A cap of arrows in ASCII.
fn plain(cap: &'static str) -> &'static str {
    match cap {
        "↑↓" => "Up/Down",
        "←→" => "Left/Right",
        cap => cap,
    }
}

fn label(binding: &Binding, spacing: Spacing) -> &'static str {
    if spacing.short { binding.short } else { binding.label }
}

/// The keys that fit, and how they are written.
fn chosen(bindings: &[Binding], room: u16) -> (Vec<Binding>, Spacing) {
    let mut kept = bindings.to_vec();
    loop {
        let dispensable = kept.iter().any(|binding| binding.rank >= DISPENSABLE);
        for spacing in SPACINGS {
            if width(&kept, spacing) <= room && !(dispensable && spacing.short) {
                return (kept, spacing);
            }
        }
        let Some(least) = (0..kept.len()).max_by_key(|place| kept[*place].rank) else {
            return (kept, SPACINGS[2]);
        };
        kept.remove(least);
    }
}

fn width(bindings: &[Binding], spacing: Spacing) -> u16 {
    // Ten columns are the most that a cap takes in ASCII.
    let one = |binding: &Binding| text::width(plain(binding.cap)).min(10) + 1 + text::width(label(binding, spacing));
    let gaps = u16::try_from(bindings.len()).unwrap_or(0).saturating_sub(1) * spacing.gap;
    bindings.iter().map(one).sum::<u16>() + gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faces::tui::bindings;
    use crate::model::answers::Answers;
    use crate::model::flow::Flow;
    use crate::model::platform::Platform;
    use crate::wizard::update::begin;

    #[test]
    fn the_most_important_keys_stay_longest() {
        let (state, _) = begin(Answers::new(Platform::Linux), Some(Flow::FirstNode));
        let all = bindings::of(&state, false);
        for room in 0..120 {
            let (kept, spacing) = chosen(&all, room);
            assert!(width(&kept, spacing) <= room);
            let least_kept = kept.iter().map(|binding| binding.rank).max();
            let gone = all.iter().filter(|binding| !kept.contains(binding));
            assert!(gone.map(|binding| Some(binding.rank)).all(|rank| rank >= least_kept));
        }
        assert_eq!(chosen(&all, 200).0.len(), all.len());
    }
}
