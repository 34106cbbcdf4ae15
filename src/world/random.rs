//! Randomness, only from the operating system.

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::model::cluster::ClusterId;
use crate::model::master_key::GeneratedKey;
use crate::model::master_key::{KeySize, MasterKey};

/// The operating system gave no random bytes, which does not happen on a running machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// Generates a new cluster's id and master key.
pub fn generate_key(size: KeySize) -> Result<GeneratedKey, NoRandomness> {
    Ok(GeneratedKey { cluster: ClusterId(bytes()?), key: master_key(size)? })
}

/// Returns `N` random bytes, for salts, nonces and ids.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// Generates a master key.
fn master_key(size: KeySize) -> Result<MasterKey, NoRandomness> {
    let mut bytes = Zeroizing::new([0; 32]);
    let bytes = &mut bytes[..size.bytes()];
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)?;
    // Only all zeros are refused, which is a broken source and not bad luck.
    MasterKey::from_bytes(bytes).map_err(|_| NoRandomness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_differ_and_have_the_size_asked_for() {
        let (one, two) = (generate_key(KeySize::Aes128).expect("random"), generate_key(KeySize::Aes256).expect("random"));
        assert_ne!(one.cluster, two.cluster);
        assert_eq!((one.key.expose_bytes().len(), two.key.expose_bytes().len()), (16, 32));
        assert_ne!(one.key.expose_bytes(), &two.key.expose_bytes()[..16]);
    }
}
