//! A folder's access control list, which replaces the group's bits. We tell people to use `setfacl`, so its effect must be seen.

use std::path::Path;

use super::Account;

/// The extended attribute that holds it; acl(5), and the kernel's `posix_acl_xattr.h`.
const NAME: &str = "system.posix_acl_access";
/// The only version.
const VERSION: u32 = 2;
/// The most entries of a list.
const MOST: usize = 4 + 8 * 1024;

const OTHER_USER: u16 = 0x02;
const OWN_GROUP: u16 = 0x04;
const OTHER_GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHERS: u16 = 0x20;

/// A list: tag, permissions and number of each entry.
pub(super) struct AccessList(Vec<(u16, u32, u32)>);

/// Reads a folder's list; `None` if it has only a mode.
pub(super) fn read(folder: &Path) -> Option<AccessList> {
    let mut bytes = vec![0; MOST];
    let length = rustix::fs::getxattr(folder, NAME, &mut bytes[..]).ok()?;
    AccessList::parse(bytes.get(..length)?)
}

impl AccessList {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, entries) = bytes.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*version) != VERSION {
            return None;
        }
        let entry = |entry: &[u8]| {
            let [tag, tag2, bits, bits2, number @ ..] = entry else { return None };
            let number = u32::from_le_bytes(number.try_into().ok()?);
            Some((u16::from_le_bytes([*tag, *tag2]), u32::from(u16::from_le_bytes([*bits, *bits2])), number))
        };
        entries.chunks_exact(8).map(entry).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Returns whether an account other than the owner has all of this access.
    pub(super) fn allows(&self, account: &Account, group: u32, wanted: u32) -> bool {
        let mask = self.0.iter().find(|(tag, ..)| *tag == MASK).map_or(0o7, |(_, bits, _)| *bits);
        let allows = |bits: u32| bits & wanted == wanted;
        let named = |(tag, _, number): &&(u16, u32, u32)| *tag == OTHER_USER && *number == account.user;
        if let Some((_, bits, _)) = self.0.iter().find(named) {
            return allows(bits & mask);
        }
        let mut groups = self.0.iter().filter(|(tag, _, number)| match *tag {
            OWN_GROUP => account.groups.contains(&group),
            OTHER_GROUP => account.groups.contains(number),
            _ => false,
        });
        if let Some((_, first, _)) = groups.next() {
            return allows(first & mask) || groups.any(|(_, bits, _)| allows(bits & mask));
        }
        self.0.iter().any(|(tag, bits, _)| *tag == OTHERS && allows(*bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16, u32)]) -> AccessList {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for (tag, bits, number) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(bits.to_le_bytes());
            bytes.extend(number.to_le_bytes());
        }
        AccessList::parse(&bytes).expect("a list")
    }

    #[test]
    fn a_named_account_and_its_groups_count_under_the_mask() {
        let octopus = Account { user: 7001, groups: vec![7002, 7003] };
        for (entries, expected) in [
            (vec![(OTHER_USER, 7, 7001), (OWN_GROUP, 5, 0), (MASK, 7, 0), (OTHERS, 0, 0)], true),
            (vec![(OTHER_USER, 7, 7001), (OWN_GROUP, 5, 0), (MASK, 5, 0), (OTHERS, 7, 0)], false),
            (vec![(OTHER_USER, 7, 7009), (OWN_GROUP, 5, 0), (MASK, 7, 0), (OTHERS, 0, 0)], false),
            (vec![(OWN_GROUP, 5, 0), (OTHER_GROUP, 4, 7002), (OTHER_GROUP, 7, 7003), (MASK, 7, 0), (OTHERS, 0, 0)], true),
            (vec![(OWN_GROUP, 5, 0), (OTHER_GROUP, 4, 7002), (MASK, 7, 0), (OTHERS, 7, 0)], false),
            (vec![(OWN_GROUP, 0, 0), (OTHERS, 7, 0)], true),
        ] {
            assert_eq!(list(&entries).allows(&octopus, 9, 0o7), expected, "{entries:?}");
        }
    }

    #[test]
    fn what_is_no_list_is_none() {
        assert!(AccessList::parse(&[]).is_none() && AccessList::parse(&[1, 0, 0, 0]).is_none());
        assert!(AccessList::parse(&[2, 0, 0, 0]).is_some());
    }
}
