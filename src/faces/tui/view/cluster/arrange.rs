//! Where the parts of the cluster screen have their places: the table takes its rows and no more, and where there are more
//! nodes than rows, it shares the window with the fields and the checks, which are always seen.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::below;
use crate::faces::tui::layout::Regions;

/// How much there is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Lines of the introduction.
    pub intro: u16,
    /// Nodes.
    pub nodes: usize,
    /// Lines of the fields with the focused one's help, or of what is told of the chosen node.
    pub fields: u16,
    /// Checks.
    pub checks: u16,
    /// Screens in the sidebar, 0 without one.
    pub screens: u16,
    /// Whether the checks may stand beside the fields. What is told of a node has longer lines than fields have.
    pub beside: bool,
}

/// The places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrangement {
    /// Whether the introduction is shown whole.
    pub roomy: bool,
    /// Title and introduction.
    pub heading: Rect,
    /// Whether the table has heads.
    pub head: bool,
    /// The table, with its heads.
    pub table: Rect,
    /// The line that tells which rows are shown.
    pub mark: Rect,
    /// The fields.
    pub fields: Rect,
    /// The checks.
    pub checks: Rect,
    /// In how many columns the checks stand.
    pub columns: u16,
}

/// One way to save room; they are tried in turn.
struct Density {
    roomy: bool,
    /// Blank lines under the heading, and before the checks.
    gaps: (u16, u16),
    /// In how many columns the checks stand.
    columns: u16,
    /// The rows that the table has at least, if there are as many nodes.
    rows: usize,
}

const DENSITIES: [Density; 6] = [
    Density { roomy: true, gaps: (1, 1), columns: 1, rows: 8 },
    Density { roomy: false, gaps: (1, 1), columns: 1, rows: 6 },
    // A blank line less is better than checks whose words are cut; but not than a table of which next to nothing is seen.
    Density { roomy: false, gaps: (0, 1), columns: 1, rows: 4 },
    Density { roomy: false, gaps: (1, 1), columns: 2, rows: 4 },
    Density { roomy: false, gaps: (0, 1), columns: 2, rows: 3 },
    Density { roomy: false, gaps: (0, 0), columns: 2, rows: 2 },
];

/// Arranges the screen.
pub fn arrange(regions: &Regions, amount: Amount) -> Arrangement {
    for density in &DENSITIES {
        if let Some(found) = with(density, regions, amount) {
            return found;
        }
    }
    least(regions, amount)
}

fn with(density: &Density, regions: &Regions, amount: Amount) -> Option<Arrangement> {
    let Regions { page, body, .. } = *regions;
    let wide = amount.beside;
    let columns = if wide { 1 } else { density.columns };
    let checks = amount.checks.div_ceil(columns);
    let heading = 1 + if density.roomy { amount.intro } else { 0 };
    // The line under the table is blank, or tells which rows are shown.
    let (under, before) = (density.gaps.0, if amount.checks > 0 && amount.fields > 0 { density.gaps.1 } else { 0 });
    let lower = if wide { amount.fields.max(checks) } else { amount.fields + before + checks };
    let others = heading + under + 1 + 1 + lower;
    let room = usize::from(page.height.checked_sub(others)?);
    let nodes = amount.nodes.max(1);
    if room < nodes.min(density.rows) || room == 0 {
        return None;
    }
    let rows = u16::try_from(room.min(nodes)).unwrap_or(u16::MAX);
    let table = Rect { height: 1 + rows, ..below(page, heading + under) };
    let mark = Rect { y: table.bottom(), height: 1, ..page };
    let rest = Rect { y: mark.bottom(), height: page.bottom() - mark.bottom(), ..page };
    let heading = Rect { height: heading, ..page };
    if wide {
        let left = (page.width * 2 / 5).max(46).min(page.width);
        let fields = Rect { width: left, height: amount.fields.min(rest.height), ..rest };
        let taken = if amount.fields == 0 { 0 } else { left + 3 };
        let checks = Rect {
            x: (rest.x + taken).min(rest.right()),
            width: rest.width.saturating_sub(taken),
            height: checks.min(rest.height),
            ..rest
        };
        return Some(Arrangement { roomy: density.roomy, heading, head: true, table, mark, fields, checks, columns });
    }
    let fields = Rect { height: amount.fields.min(rest.height), ..rest };
    let start = fields.bottom() + before;
    // Beneath the sidebar the checks may use the whole width.
    let free = columns > 1 && start >= page.y + amount.screens;
    let across = if free { body } else { page };
    if columns > 1 && across.width < 60 {
        // Half of so little is too little for a check.
        return None;
    }
    let checks = Rect { y: start, height: checks, ..across };
    Some(Arrangement { roomy: density.roomy, heading, head: true, table, mark, fields, checks, columns })
}

/// There is not room for all: the fields scroll, the checks show their troubles and a tally, and the table two rows.
fn least(regions: &Regions, amount: Amount) -> Arrangement {
    let Regions { page, .. } = *regions;
    let heading = 1.min(page.height);
    let rest = page.height - heading;
    let checks = match (amount.checks, rest) {
        (0, _) | (_, 0..3) => 0,
        (_, 3..9) => 1,
        (all, _) => 3.min(all),
    };
    let rest = rest - checks;
    let wanted = u16::try_from(amount.nodes.max(1)).unwrap_or(u16::MAX);
    let fields = amount.fields.min((rest / 2).max(rest.saturating_sub(wanted.saturating_add(1))));
    let table = rest - fields;
    let head = table >= 4;
    let marked = table >= 6 && usize::from(table - 2) < amount.nodes;
    let rows = (table - u16::from(marked)).min(wanted.saturating_add(u16::from(head)));
    let table = Rect { height: rows, ..below(page, heading) };
    let mark = Rect { y: table.bottom(), height: u16::from(marked), ..page };
    let fields =
        Rect { y: mark.bottom(), height: (page.bottom() - mark.bottom()).saturating_sub(checks).min(amount.fields), ..page };
    let checks = Rect { y: page.bottom() - checks, height: checks, ..page };
    let heading = Rect { height: heading, ..page };
    Arrangement { roomy: false, heading, head, table, mark, fields, checks, columns: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faces::tui::layout;

    fn arranged(width: u16, height: u16, amount: Amount) -> (Regions, Arrangement) {
        let regions = layout::regions(Rect::new(0, 0, width, height), true, layout::message_lines(height));
        (regions, arrange(&regions, Amount { beside: amount.beside && regions.wide, ..amount }))
    }

    const JOIN: Amount = Amount { intro: 2, nodes: 2, fields: 5, checks: 6, screens: 8, beside: true };

    #[test]
    fn at_80_by_24_two_nodes_three_fields_and_six_checks_are_all_seen() {
        let (_, found) = arranged(80, 24, JOIN);
        assert_eq!(found.table.height, 3);
        assert_eq!(found.fields.height, 5);
        assert_eq!((found.checks.height, found.columns), (6, 1), "and their words in full");
    }

    #[test]
    fn many_nodes_leave_room_for_fields_and_checks() {
        for (width, height) in [(80, 24), (120, 40), (100, 30)] {
            let (_, found) = arranged(width, height, Amount { nodes: 100_000, ..JOIN });
            assert!(found.table.height >= 4, "{width}x{height}");
            assert_eq!(found.fields.height, 5);
            assert_eq!(found.checks.height * found.columns, 6);
            assert_eq!(found.mark.height, 1);
        }
        let (_, found) = arranged(40, 12, Amount { nodes: 100_000, ..JOIN });
        assert!(found.table.height >= 2 && found.fields.height >= 2 && found.checks.height == 1, "{found:?}");
    }

    proptest::proptest! {
        #[test]
        fn parts_stay_inside_and_do_not_overlap(
            width in 40u16..200, height in 12u16..60, nodes in 0usize..40, fields in 0u16..10, checks in 0u16..8, intro in 1u16..4,
            beside: bool,
        ) {
            let amount = Amount { intro, nodes, fields, checks, screens: 8, beside };
            let (regions, found) = arranged(width, height, amount);
            let parts = [found.heading, found.table, found.mark, found.fields, found.checks, regions.message];
            for part in parts {
                proptest::prop_assert_eq!(part.intersection(Rect::new(0, 0, width, height)), part);
            }
            for (place, one) in parts.iter().enumerate() {
                for other in &parts[place + 1..] {
                    proptest::prop_assert!(one.is_empty() || other.is_empty() || !one.intersects(*other), "{:?} {:?}", one, other);
                }
            }
            proptest::prop_assert!(found.table.height >= 1);
            proptest::prop_assert!(fields == 0 || found.fields.height >= 2.min(fields), "{:?}", found);
        }
    }
}
