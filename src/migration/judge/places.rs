//! Whether places lie in each other. All of them are given as the operating system resolves them.

use std::path::{Path, PathBuf};

/// A source and a destination that are one, or one in the other: `true` for those. A copy into oneself never ends, and a source
/// below the destination would be copied beside itself.
pub fn entangled(from: &Path, to: &Path) -> bool {
    from.starts_with(to) || to.starts_with(from)
}

/// Two sources of which one lies in the other, by their places: its files would be copied twice.
pub fn misplaced(sources: &[PathBuf]) -> Option<(usize, usize)> {
    let pairs = (0..sources.len()).flat_map(|one| (0..sources.len()).map(move |other| (one, other)));
    pairs.into_iter().find(|(one, other)| {
        one != other && sources.get(*one).zip(sources.get(*other)).is_some_and(|(one, other)| one.starts_with(other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_s_own_inside_is_no_destination() {
        let told = |from: &str, to: &str| entangled(Path::new(from), Path::new(to));
        assert!(told("/o/Artifacts", "/o/Artifacts") && told("/o/Artifacts", "/o/Artifacts/x/Artifacts"));
        assert!(told("/mnt/s/Artifacts/old", "/mnt/s/Artifacts"));
        assert!(!told("/o/Artifacts", "/o/Artifacts2") && !told("/o/Artifacts", "/mnt/o/Artifacts"));
    }

    #[test]
    fn one_source_in_another_is_told() {
        let places = |all: &[&str]| all.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(misplaced(&places(&["/o/A", "/o/B", "/o/A/x"])), Some((2, 0)));
        assert_eq!(misplaced(&places(&["/o/A", "/o/A"])), Some((0, 1)));
        assert_eq!(misplaced(&places(&["/o/A", "/o/AB"])), None);
    }
}
