//! The columns of the table of nodes: which of them there is room for, and how wide they are.

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The node's name.
    Name,
    /// Where its web portal is reached.
    Address,
    /// Its operating system.
    System,
    /// Its version of Octopus Server.
    Version,
    /// How many tasks it takes at a time.
    Tasks,
    /// How long ago it was seen.
    Seen,
    /// When the wizard last set it up or changed it, by the server's clock.
    SetUp,
    /// Whether it is alive: a sign and a word.
    Life,
}

/// Between two columns.
pub const GAP: u16 = 2;

/// A column with its least width.
type Bounds = (Column, u16);

/// From left to right.
const BOUNDS: [Bounds; 8] = [
    (Column::Name, 10),
    (Column::Address, 13),
    (Column::System, 7),
    (Column::Version, 8),
    (Column::Tasks, 5),
    (Column::Seen, 10),
    (Column::SetUp, 16),
    (Column::Life, 9),
];

/// What is left over goes to these in turn, up to so many columns.
const GROWING: [(Column, u16); 6] = [
    (Column::Name, 12),
    (Column::Address, 20),
    (Column::Name, 16),
    (Column::Version, 10),
    (Column::Address, 36),
    (Column::Name, 32),
];

/// In this order they come as the window gets wider.
const COMING: [Column; 8] =
    [Column::Name, Column::Life, Column::Seen, Column::Address, Column::Version, Column::Tasks, Column::System, Column::SetUp];

impl Column {
    /// Its head.
    pub const fn head(self) -> &'static str {
        match self {
            Self::Name => "Node",
            Self::Address => "Address",
            Self::System => "System",
            Self::Version => "Version",
            Self::Tasks => "Tasks",
            Self::Seen => "Last seen",
            Self::SetUp => "Set up (UTC)",
            Self::Life => "",
        }
    }
}

/// The columns that fit, from left to right, with their widths. What is left over goes to the names and the addresses, and
/// so does the room of the versions where no node has one.
pub fn fitting(width: u16, versions: bool) -> Vec<(Column, u16)> {
    let mut room = width;
    let mut kept: Vec<Column> = Vec::with_capacity(COMING.len());
    for column in COMING {
        let least = bounds(column).1 + if kept.is_empty() { 0 } else { GAP };
        // Only in this order: a window that grows never takes a column away.
        if least > room {
            break;
        }
        room -= least;
        kept.push(column);
    }
    if !versions && kept.contains(&Column::Version) {
        kept.retain(|column| *column != Column::Version);
        room += bounds(Column::Version).1 + GAP;
    }
    let mut columns: Vec<(Column, u16)> = BOUNDS.into_iter().filter(|(column, _)| kept.contains(column)).collect();
    for (wanted, most) in GROWING {
        for (_, width) in columns.iter_mut().filter(|(column, _)| *column == wanted) {
            let more = room.min(most.saturating_sub(*width));
            *width += more;
            room -= more;
        }
    }
    columns
}

fn bounds(column: Column) -> Bounds {
    BOUNDS.into_iter().find(|(other, _)| *other == column).unwrap_or((column, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(width: u16) -> Vec<Column> {
        fitting(width, true).into_iter().map(|(column, _)| column).collect()
    }

    #[test]
    fn versions_that_nobody_knows_leave_their_room_to_the_addresses() {
        let columns = fitting(58, false);
        assert_eq!(
            columns.iter().map(|(column, _)| *column).collect::<Vec<_>>(),
            [Column::Name, Column::Address, Column::Seen, Column::Life]
        );
        let address = |versions| fitting(58, versions).into_iter().find(|(column, _)| *column == Column::Address);
        assert_eq!(address(true), Some((Column::Address, 13)));
        assert_eq!(address(false), Some((Column::Address, 20)));
    }

    #[test]
    fn columns_come_as_the_window_gets_wider() {
        use Column::{Address, Life, Name, Seen, SetUp, System, Tasks, Version};
        assert_eq!(names(38), [Name, Seen, Life]);
        assert_eq!(names(58), [Name, Address, Version, Seen, Life]);
        assert_eq!(names(76), [Name, Address, System, Version, Tasks, Seen, Life]);
        assert_eq!(names(98), [Name, Address, System, Version, Tasks, Seen, SetUp, Life]);
        for width in 20..200 {
            assert!(names(width).iter().all(|column| names(width + 1).contains(column)), "{width}");
        }
    }

    #[test]
    fn they_fit() {
        for width in 10..250 {
            let columns = fitting(width, width % 2 == 0);
            let gaps = u16::try_from(columns.len().saturating_sub(1)).unwrap() * GAP;
            assert!(columns.iter().map(|(_, width)| width).sum::<u16>() + gaps <= width, "{width}");
        }
    }
}
