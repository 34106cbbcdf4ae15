//! As much of DER as it takes to tell a PKCS#12 store from chance.

/// `SEQUENCE`
const SEQUENCE: u8 = 0x30;
/// `INTEGER 3`, the only version that PKCS#12 has.
const VERSION: [u8; 3] = [0x02, 0x01, 0x03];
/// `1.2.840.113549.1.7.1`, data, and `…2`, signed data: what a store may contain.
const CONTENTS: [[u8; 11]; 2] = [
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01],
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02],
];

/// Whether the bytes are a PKCS#12 store by their frame: a sequence to the last byte, version 3, and a content of a known
/// kind. The content itself is encrypted once more; its password is nothing that we know.
///
/// The frame has more than sixteen bytes that cannot be otherwise: chance makes it once in 2^128 tries.
pub(super) fn is_pkcs12(bytes: &[u8]) -> bool {
    let inner = || {
        let store = sequence(bytes).filter(|store| store.ends)?;
        let content = sequence(store.inside.strip_prefix(&VERSION)?)?;
        Some(CONTENTS.iter().any(|kind| content.inside.starts_with(kind)))
    };
    inner().unwrap_or(false)
}

struct Sequence<'a> {
    inside: &'a [u8],
    /// Whether nothing follows it.
    ends: bool,
}

/// The sequence that the bytes begin with. Old tools write BER, where the length may be told by an end mark (two zeros)
/// instead; then it is the whole rest.
fn sequence(bytes: &[u8]) -> Option<Sequence<'_>> {
    let (first, rest) = bytes.strip_prefix(&[SEQUENCE])?.split_first()?;
    if *first == 0x80 {
        return rest.strip_suffix(&[0, 0]).map(|inside| Sequence { inside, ends: true });
    }
    let (length, rest) = length(*first, rest)?;
    let (inside, after) = rest.split_at_checked(length)?;
    Some(Sequence { inside, ends: after.is_empty() })
}

fn length(first: u8, rest: &[u8]) -> Option<(usize, &[u8])> {
    match first {
        0..=0x7f => Some((usize::from(first), rest)),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes.iter().fold(0, |all: u64, byte| (all << 8) | u64::from(*byte));
            usize::try_from(length).ok().map(|length| (length, rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key_evidence::samples::PKCS12;

    #[test]
    fn a_store_of_openssl_is_one_and_no_part_of_it_is() {
        assert!(is_pkcs12(PKCS12));
        for cut in 0..PKCS12.len() {
            assert!(!is_pkcs12(&PKCS12[..cut]), "{cut}");
        }
        assert!(!is_pkcs12(&[PKCS12, &[0]].concat()), "a byte follows");
    }

    #[test]
    fn any_byte_of_the_frame_counts() {
        // But for the low byte of the content's length: what follows the content is the optional digest.
        for at in (0..22).filter(|at| *at != 10) {
            let mut other = PKCS12.to_vec();
            other[at] ^= 0x40;
            assert!(!is_pkcs12(&other), "{at}");
        }
    }

    #[test]
    fn the_end_mark_of_old_tools_is_understood() {
        let old = [&[0x30, 0x80][..], &VERSION, &[0x30, 0x80], &CONTENTS[0], &[0xa0, 0x80, 0, 0, 0, 0, 0, 0]].concat();
        assert!(is_pkcs12(&old));
        assert!(!is_pkcs12(&old[..old.len() - 6]), "no mark for each");
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        for bytes in [&[0x30][..], &[0x30, 0x82], &[0x30, 0x84, 255, 255, 255, 255], &[0x30, 0x88, 0, 0], &[0x30, 0x80]] {
            assert!(!is_pkcs12(bytes));
        }
    }
}
