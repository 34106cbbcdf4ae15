//! Where everything has its place, by the size of the window and by how much there is to show; never by what the checks
//! say, so that nothing jumps while they run.

use ratatui::layout::Rect;

/// Below this nothing can be shown but a request for a larger window.
pub const LEAST: (u16, u16) = (40, 12);
/// From here on the list of screens has its own column.
const WITH_SIDEBAR: u16 = 72;
/// From here on the checks stand beside the fields.
const WIDE: u16 = 110;
/// The sidebar's columns: the longest name, its sign and a gap.
const SIDEBAR: u16 = 20;

/// The parts of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regions {
    /// What we are connected to.
    pub head: Rect,
    /// The rule under the head.
    pub upper_rule: Rect,
    /// The list of screens; empty where there is no room or no flow.
    pub sidebar: Rect,
    /// The screen itself, beside the sidebar, down to the message.
    pub page: Rect,
    /// The same across the whole width.
    pub body: Rect,
    /// What is foremost: a finding, a notice, a question.
    pub message: Rect,
    /// The rule above the foot.
    pub lower_rule: Rect,
    /// The keys.
    pub foot: Rect,
    /// Whether checks stand beside the fields.
    pub wide: bool,
}

/// Whether a window is too small for anything.
pub const fn is_too_small(area: Rect) -> bool {
    area.width < LEAST.0 || area.height < LEAST.1
}

/// The parts of a window that is not too small. `message` is how many lines the message wants.
pub fn regions(area: Rect, in_flow: bool, message: u16) -> Regions {
    let line = |y: u16| Rect::new(area.x, area.y + y.min(area.height), area.width, u16::from(y < area.height));
    let inner = |y: u16, height: u16| Rect::new(area.x + 1, area.y + y, area.width.saturating_sub(2), height);
    let within = area.height.saturating_sub(4);
    let message = message.min(within);
    let body = inner(2, within - message);
    let has_sidebar = in_flow && area.width >= WITH_SIDEBAR;
    let columns = if has_sidebar { SIDEBAR.min(body.width) } else { 0 };
    Regions {
        head: inset(line(0)),
        upper_rule: line(1),
        sidebar: Rect { width: columns.saturating_sub(1), ..body },
        page: Rect { x: body.x + columns, width: body.width - columns, ..body },
        body,
        message: inner(2 + within - message, message),
        lower_rule: line(area.height.saturating_sub(2)),
        foot: inset(line(area.height.saturating_sub(1))),
        wide: area.width >= WIDE,
    }
}

fn inset(line: Rect) -> Rect {
    Rect { x: line.x + 1, width: line.width.saturating_sub(2), ..line }
}

/// How much a screen of fields has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageContent {
    /// Lines of the introduction when it is shown whole.
    pub intro: u16,
    /// Lines of the fields.
    pub fields: u16,
    /// Whether any field is asked, so that one has its help under it.
    pub asked: bool,
    pub checks: u16,
    /// Screens in the sidebar, 0 without one.
    pub screens: u16,
}

/// Where a screen of fields has its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLayout {
    /// Whether the introduction is shown whole, under the title; else its first sentence stands beside the title.
    pub roomy: bool,
    /// Title and introduction.
    pub heading: Rect,
    pub fields: Rect,
    pub checks: Rect,
    /// In how many columns the checks stand.
    pub columns: u16,
}

/// One way to save room; they are tried in turn.
struct Density {
    /// Whether the introduction is shown whole.
    roomy: bool,
    /// Blank lines under the heading.
    under: u16,
    /// Lines of the focused field's help.
    hint: u16,
    grid: bool,
    /// Blank lines before the checks, and behind them.
    around: (u16, u16),
}

const fn density(roomy: bool, under: u16, hint: u16, grid: bool, around: (u16, u16)) -> Density {
    Density { roomy, under, hint, grid, around }
}

const DENSITIES: [Density; 8] = [
    density(true, 1, 2, false, (1, 1)),
    density(false, 1, 2, false, (1, 1)),
    density(false, 1, 2, false, (1, 0)),
    density(true, 1, 2, true, (1, 1)),
    density(false, 1, 2, true, (1, 1)),
    density(false, 0, 2, true, (1, 1)),
    density(false, 0, 2, true, (0, 1)),
    density(false, 0, 1, true, (0, 0)),
];

/// Arranges a screen of fields.
pub fn arrange(regions: &Regions, amount: PageContent) -> PageLayout {
    if regions.wide { beside(regions, amount) } else { beneath(regions, amount) }
}

/// The columns of the heading and the fields.
pub const fn text_width(regions: &Regions) -> u16 {
    let page = regions.page.width;
    // The checks get the larger part: what they tell is longer than most answers.
    match (regions.wide, page * 2 / 5) {
        (true, part) if part > 46 => part,
        (true, _) if page > 46 => 46,
        _ => page,
    }
}

/// The checks beside the fields.
fn beside(regions: &Regions, amount: PageContent) -> PageLayout {
    let Regions { page, .. } = *regions;
    let left = text_width(regions);
    let column = Rect { width: left, ..page };
    let roomy = heading_lines(true, 1, amount) + amount.fields + 2 <= page.height;
    let heading = Rect { height: heading_lines(roomy, 1, amount).min(page.height), ..column };
    let rest = page.height - heading.height;
    let checks = Rect {
        x: (page.x + left + 3).min(page.right()),
        y: page.y + heading.height,
        width: page.width.saturating_sub(left + 3),
        height: rest.min(amount.checks),
    };
    PageLayout { roomy, heading, fields: Rect { y: page.y + heading.height, height: rest, ..column }, checks, columns: 1 }
}

/// The checks below the fields: in the page's own column where there is room, else in two columns across the window.
fn beneath(regions: &Regions, amount: PageContent) -> PageLayout {
    let Regions { page, body, .. } = *regions;
    for density in &DENSITIES {
        let heading = heading_lines(density.roomy, density.under, amount);
        let (before, after) = if amount.checks == 0 { (0, 0) } else { density.around };
        let hint = if amount.asked { density.hint } else { 0 };
        let fields = amount.fields + hint;
        let above = heading + fields + before;
        let (area, columns) = grid(density.grid, above, regions, amount);
        let checks = amount.checks.div_ceil(columns);
        if above + checks + after <= page.height {
            return PageLayout {
                roomy: density.roomy,
                heading: Rect { height: heading, ..page },
                fields: Rect { y: page.y + heading, height: fields, ..page },
                checks: Rect { y: area.y + above, height: checks, ..area },
                columns,
            };
        }
    }
    // There is not room for all: the fields scroll, and the checks show their troubles and a tally.
    let heading = 1.min(page.height);
    let rest = page.height - heading;
    let least = amount.checks.min(1);
    let checks = rest.saturating_sub(amount.fields + 1).clamp(least, amount.checks.div_ceil(2).max(least)).min(rest);
    let fields = rest - checks;
    let columns = if body.width >= 60 && checks > 1 { 2 } else { 1 };
    let area = if heading + fields >= amount.screens { body } else { page };
    PageLayout {
        roomy: false,
        heading: Rect { height: heading, ..page },
        fields: Rect { y: page.y + heading, height: fields, ..page },
        checks: Rect { y: area.y + heading + fields, height: checks, ..area },
        columns,
    }
}

fn heading_lines(roomy: bool, under: u16, amount: PageContent) -> u16 {
    1 + under + if roomy { amount.intro } else { 0 }
}

/// Where the checks can stand when so many lines are above them: beneath the sidebar they may use the whole width.
fn grid(wanted: bool, above: u16, regions: &Regions, amount: PageContent) -> (Rect, u16) {
    let free = above >= amount.screens;
    let area = if wanted && free { regions.body } else { regions.page };
    let columns = if wanted && area.width >= 60 { 2 } else { 1 };
    (area, columns)
}

/// How many lines the message gets in a window of this height. It is the same whatever there is to say.
pub const fn message_lines(height: u16) -> u16 {
    match height {
        0..16 => 2,
        16..28 => 3,
        28..36 => 4,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: PageContent = PageContent { intro: 2, fields: 5, asked: true, checks: 14, screens: 8 };

    fn arranged(width: u16, height: u16, amount: PageContent) -> (Regions, PageLayout) {
        let regions = regions(Rect::new(0, 0, width, height), true, message_lines(height));
        (regions, arrange(&regions, amount))
    }

    #[test]
    fn at_80_by_24_there_is_room_for_the_fields_all_checks_and_the_message() {
        let (regions, arrangement) = arranged(80, 24, DATABASE);
        assert!(arrangement.fields.height >= 6);
        assert_eq!(u32::from(arrangement.checks.height * arrangement.columns), 14);
        assert_eq!(regions.message.height, 3);
    }

    #[test]
    fn a_wide_window_has_the_checks_beside_the_fields() {
        let (regions, arrangement) = arranged(120, 40, DATABASE);
        assert!(arrangement.roomy);
        assert!(arrangement.checks.x > arrangement.fields.right());
        assert!(arrangement.checks.right() <= regions.page.right());
        assert_eq!(arrangement.checks.height, 14);
    }

    proptest::proptest! {
        #[test]
        fn parts_stay_inside_and_do_not_overlap(
            width in 40u16..200, height in 12u16..60, fields in 1u16..12, checks in 0u16..16, intro in 1u16..4,
        ) {
            let amount = PageContent { intro, fields, asked: true, checks, screens: 8 };
            let (regions, arrangement) = arranged(width, height, amount);
            let area = Rect::new(0, 0, width, height);
            let parts = [arrangement.heading, arrangement.fields, arrangement.checks, regions.message, regions.foot];
            for part in parts {
                proptest::prop_assert_eq!(part.intersection(area), part);
            }
            for (place, one) in parts.iter().enumerate() {
                for other in &parts[place + 1..] {
                    proptest::prop_assert!(one.is_empty() || other.is_empty() || !one.intersects(*other), "{:?} {:?}", one, other);
                }
            }
            proptest::prop_assert!(arrangement.fields.height >= 1);
        }
    }
}
