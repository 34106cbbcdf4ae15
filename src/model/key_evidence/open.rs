//! Decryption: AES-128 or AES-256 by the key's length, CBC, PKCS#7.

use aes::{Aes128, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use zeroize::Zeroizing;

use super::EncryptedValue;
use crate::model::master_key::MasterKey;

/// What comes out of a value under a key; `None` where the padding does not come out right, as it always does under the
/// key that the value was made with.
pub(super) fn open(value: &EncryptedValue, key: &MasterKey) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(value.cipher.clone());
    let length = match key.expose_bytes().len() {
        16 => unpadded(Decryptor::<Aes128>::new_from_slices(key.expose_bytes(), &value.iv).ok()?, &mut text),
        _ => unpadded(Decryptor::<Aes256>::new_from_slices(key.expose_bytes(), &value.iv).ok()?, &mut text),
    }?;
    text.truncate(length);
    Some(text)
}

fn unpadded(decryptor: impl BlockModeDecrypt, text: &mut [u8]) -> Option<usize> {
    decryptor.decrypt_padded::<Pkcs7>(text).ok().map(<[u8]>::len)
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER};

    use super::*;

    fn key(hex: &str) -> MasterKey {
        MasterKey::from_bytes(&HEXLOWER.decode(hex.as_bytes()).expect("hex")).expect("a key")
    }

    fn value(cipher: &[u8]) -> EncryptedValue {
        let iv = HEXLOWER.decode(b"000102030405060708090a0b0c0d0e0f").expect("hex");
        EncryptedValue::parse(&format!("{}|{}", BASE64.encode(cipher), BASE64.encode(&iv))).expect("a value")
    }

    #[test]
    fn the_published_vectors_of_both_lengths_come_out() {
        // NIST SP 800-38A, F.2.2 and F.2.6: the first block of each, and a last block that pads it, by OpenSSL.
        let plain = "6bc1bee22e409f96e93d7e117393172a";
        for (hex, cipher) in [
            ("2b7e151628aed2a6abf7158809cf4f3c", CIPHER_128),
            ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", CIPHER_256),
        ] {
            let opened = open(&value(&HEXLOWER.decode(cipher.as_bytes()).expect("hex")), &key(hex)).expect("opened");
            assert_eq!(HEXLOWER.encode(&opened), plain);
        }
    }

    const CIPHER_128: &str = "7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c";
    const CIPHER_256: &str = "f58c4c04d6e5f1ba779eabfb5f7bfbd6485a5c81519cf378fa36d42b8547edc0";

    #[test]
    fn a_length_that_is_no_block_is_refused_quietly() {
        let odd = EncryptedValue { cipher: vec![1; 17], ..value(&[1; 16]) };
        assert!(open(&odd, &key("2b7e151628aed2a6abf7158809cf4f3c")).is_none());
        let none = EncryptedValue { cipher: Vec::new(), ..value(&[1; 16]) };
        assert!(open(&none, &key("2b7e151628aed2a6abf7158809cf4f3c")).is_none());
    }
}
