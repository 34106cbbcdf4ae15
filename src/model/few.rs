//! Short lists put in order.
//!
//! The standard library's stable sort is made anew for each kind of list and each order: six to twelve thousand bytes of the
//! program every time, for lists of a dozen that it is no faster with.

use std::cmp::Ordering;

/// Sorts a list of some dozens at most; what is equal stays in the order in which it stands. The time grows with the square
/// of the length, so this is not for lists whose length somebody else decides.
pub fn sort_by<T>(list: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    for end in 1..list.len() {
        for at in (1..=end).rev() {
            if order(&list[at - 1], &list[at]) != Ordering::Greater {
                break;
            }
            list.swap(at - 1, at);
        }
    }
}

/// The same by a key of each.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |one, other| key(one).cmp(&key(other)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(list in prop::collection::vec((0_u8..6, any::<u8>()), 0..24)) {
            let (mut ours, mut theirs) = (list.clone(), list);
            sort_by_key(&mut ours, |(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(ours, theirs);
        }
    }
}
