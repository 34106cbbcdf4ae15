//! Which files are copied together: many small ones share the cost of one sync, and a large one goes by itself.

/// From this size on a file goes by itself, is synced by itself and is read back from the disk. 4 MiB.
pub const LARGE: u64 = 4 << 20;

/// The most small files of a batch. What is killed costs the batches under way, which are then compared or copied again.
const MOST_FILES: usize = 256;

/// The most bytes of a batch of small files.
const MOST_BYTES: u64 = 32 << 20;

/// Batches of files, as their places, by the files' sizes: first the large ones, the largest at the very beginning, so
/// that none of them is what everything waits for in the end; then runs of neighbours, which are in the same folders.
pub fn batches(sizes: &[u64]) -> Vec<Vec<usize>> {
    let mut large: Vec<usize> = (0..sizes.len()).filter(|place| sizes[*place] >= LARGE).collect();
    large.sort_by_key(|place| std::cmp::Reverse(sizes[*place]));
    let mut batches: Vec<Vec<usize>> = large.into_iter().map(|place| vec![place]).collect();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (place, size) in sizes.iter().enumerate().filter(|(_, size)| **size < LARGE) {
        if batch.len() == MOST_FILES || bytes >= MOST_BYTES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(place);
        bytes += size;
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_go_first_and_by_themselves() {
        let sizes = [1, LARGE, 2, LARGE * 9, 3];
        assert_eq!(batches(&sizes), [vec![3], vec![1], vec![0, 2, 4]]);
        assert!(batches(&[]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn every_file_is_in_one_batch_and_no_batch_is_too_large(sizes in proptest::collection::vec(0u64..LARGE * 2, 0..2_000)) {
            let batches = batches(&sizes);
            let mut places: Vec<usize> = batches.iter().flatten().copied().collect();
            places.sort_unstable();
            proptest::prop_assert_eq!(places, (0..sizes.len()).collect::<Vec<_>>());
            for batch in batches {
                let bytes: u64 = batch.iter().map(|place| sizes[*place]).sum();
                proptest::prop_assert!(batch.len() <= MOST_FILES && (batch.len() == 1 || bytes < MOST_BYTES + LARGE));
            }
        }
    }
}
