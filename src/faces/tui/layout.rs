//! Where everything has its place, by the size of the window and by how much there is to show.

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
    /// Lines of what the checks have found.
    pub found: u16,
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
    pub findings: Rect,
}

/// One way to save room; they are tried in turn.
struct Density {
    /// Whether the introduction is shown whole.
    roomy: bool,
    /// Blank lines under the heading.
    under: u16,
    /// Lines of the focused field's help.
    hint: u16,
    /// Blank lines before the findings.
    before: u16,
}

const DENSITIES: [Density; 4] = [
    Density { roomy: true, under: 1, hint: 2, before: 1 },
    Density { roomy: false, under: 1, hint: 2, before: 1 },
    Density { roomy: false, under: 0, hint: 2, before: 1 },
    Density { roomy: false, under: 0, hint: 2, before: 0 },
];

/// Arranges a screen of fields.
pub fn arrange(regions: &Regions, amount: PageContent) -> PageLayout {
    if regions.wide { beside(regions, amount) } else { beneath(regions, amount) }
}

/// The columns of the heading and the fields.
pub const fn text_width(regions: &Regions) -> u16 {
    let page = regions.page.width;
    // The findings get the larger part: what they tell is longer than most answers.
    match (regions.wide, page * 2 / 5) {
        (true, part) if part > 46 => part,
        (true, _) if page > 46 => 46,
        _ => page,
    }
}

/// The columns of the findings, unless they may use the whole width beneath the sidebar.
pub const fn findings_width(regions: &Regions) -> u16 {
    if regions.wide { regions.page.width.saturating_sub(text_width(regions) + 3) } else { regions.page.width }
}

/// The findings beside the fields.
fn beside(regions: &Regions, amount: PageContent) -> PageLayout {
    let Regions { page, .. } = *regions;
    let left = text_width(regions);
    let column = Rect { width: left, ..page };
    let roomy = heading_lines(true, 1, amount) + amount.fields + 2 <= page.height;
    let heading = Rect { height: heading_lines(roomy, 1, amount).min(page.height), ..column };
    let rest = page.height - heading.height;
    let fields = Rect { y: page.y + heading.height, height: rest, ..column };
    let findings = Rect { x: (page.x + left + 3).min(page.right()), width: findings_width(regions), ..fields };
    PageLayout { roomy, heading, fields, findings }
}

/// The findings below the fields.
fn beneath(regions: &Regions, amount: PageContent) -> PageLayout {
    let Regions { page, body, .. } = *regions;
    // Below the sidebar they may use the whole width.
    let across = |above: u16| if above >= amount.screens { body } else { page };
    let parts = |density: &Density| {
        let heading = heading_lines(density.roomy, density.under, amount);
        let fields = amount.fields + if amount.asked { density.hint } else { 0 };
        (heading, fields, heading + fields + if amount.found == 0 { 0 } else { density.before })
    };
    for density in &DENSITIES {
        let (heading, fields, above) = parts(density);
        if above + amount.found <= page.height {
            return PageLayout {
                roomy: density.roomy,
                heading: Rect { height: heading, ..page },
                fields: Rect { y: page.y + heading, height: fields, ..page },
                findings: Rect { y: page.y + above, height: page.height - above, ..across(above) },
            };
        }
    }
    // There is not room for all: both scroll.
    let heading = 1.min(page.height);
    let rest = page.height - heading;
    let wanted = amount.fields + if amount.asked { 2 } else { 0 };
    let fields = wanted.min(rest.saturating_sub(amount.found).max(rest / 2));
    PageLayout {
        roomy: false,
        heading: Rect { height: heading, ..page },
        fields: Rect { y: page.y + heading, height: fields, ..page },
        findings: Rect { y: page.y + heading + fields, height: rest - fields, ..across(heading + fields) },
    }
}

fn heading_lines(roomy: bool, under: u16, amount: PageContent) -> u16 {
    1 + under + if roomy { amount.intro } else { 0 }
}

/// How many lines the message gets in a window of this height. It is the same whatever there is to say.
pub const fn message_lines(height: u16) -> u16 {
    match height {
        0..28 => 2,
        28..36 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: PageContent = PageContent { intro: 2, fields: 6, asked: true, found: 9, screens: 8 };

    fn arranged(width: u16, height: u16, amount: PageContent) -> (Regions, PageLayout) {
        let regions = regions(Rect::new(0, 0, width, height), true, message_lines(height));
        (regions, arrange(&regions, amount))
    }

    #[test]
    fn at_80_by_24_there_is_room_for_the_fields_eight_lines_of_findings_and_the_message() {
        let (regions, arrangement) = arranged(80, 24, DATABASE);
        assert_eq!(arrangement.fields.height, 8);
        assert_eq!(arrangement.findings.height, 9);
        assert_eq!(arrangement.findings.width, 78, "below the sidebar the whole width is used");
        assert_eq!(regions.message.height, 2);
    }

    #[test]
    fn a_wide_window_has_the_findings_beside_the_fields() {
        let (regions, arrangement) = arranged(120, 40, DATABASE);
        assert!(arrangement.roomy);
        assert!(arrangement.findings.x > arrangement.fields.right());
        assert!(arrangement.findings.right() <= regions.page.right());
        assert_eq!(arrangement.findings.height, arrangement.fields.height);
    }

    proptest::proptest! {
        #[test]
        fn parts_stay_inside_and_do_not_overlap(
            width in 40u16..200, height in 12u16..60, fields in 1u16..16, found in 0u16..40, intro in 1u16..4,
        ) {
            let amount = PageContent { intro, fields, asked: true, found, screens: 8 };
            let (regions, arrangement) = arranged(width, height, amount);
            let area = Rect::new(0, 0, width, height);
            let parts = [arrangement.heading, arrangement.fields, arrangement.findings, regions.message, regions.foot];
            for part in parts {
                proptest::prop_assert_eq!(part.intersection(area), part);
            }
            for (place, one) in parts.iter().enumerate() {
                for other in &parts[place + 1..] {
                    proptest::prop_assert!(one.is_empty() || other.is_empty() || !one.intersects(*other), "{:?} {:?}", one, other);
                }
            }
            proptest::prop_assert!(arrangement.fields.height >= 1);
            proptest::prop_assert!(found == 0 || arrangement.findings.height >= 1);
        }
    }
}
