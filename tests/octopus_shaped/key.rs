//! Master keys, right and wrong.

use octopus_setup::model::master_key::MasterKey;

/// The right key.
pub fn right(length: usize) -> MasterKey {
    MasterKey::from_bytes(&(1_u8..).take(length).collect::<Vec<_>>()).expect("a key")
}

/// Any number of wrong keys of this length, the same in each run so that a failure can be reproduced.
pub fn wrong(length: usize) -> impl Iterator<Item = MasterKey> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::from_fn(move || {
        let mut bytes = Vec::with_capacity(32);
        while bytes.len() < length {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend((z ^ (z >> 31)).to_le_bytes());
        }
        MasterKey::from_bytes(&bytes).ok()
    })
}
