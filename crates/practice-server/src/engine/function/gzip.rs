//! `COMPRESS` and `DECOMPRESS`: gzip.

use std::io::Read;

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use rusqlite::types::Value as Stored;

use super::super::fault::Fault;

/// A few bytes of gzip can be made to grow a thousandfold; nothing that a practice server keeps is longer than this.
const LONGEST: u64 = 64 * 1024 * 1024;

pub(super) fn compress(arguments: &[Stored]) -> Result<Stored, Fault> {
    let Some(Stored::Blob(bytes)) = arguments.first() else { return Ok(Stored::Null) };
    read(GzEncoder::new(bytes.as_slice(), Compression::default()))
}

pub(super) fn decompress(arguments: &[Stored]) -> Result<Stored, Fault> {
    let Some(Stored::Blob(bytes)) = arguments.first() else { return Ok(Stored::Null) };
    read(GzDecoder::new(bytes.as_slice()))
}

fn read(from: impl Read) -> Result<Stored, Fault> {
    let mut bytes = Vec::new();
    match from.take(LONGEST).read_to_end(&mut bytes) {
        Ok(_) => Ok(Stored::Blob(bytes)),
        // SQL Server's own number for it was not found; this is the one of an error that a program raises. The wizard looks at
        // none here.
        Err(error) => Err(Fault::new(50000, format!("The bytes cannot be decompressed: {error}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_and_garbage_is_an_error() {
        for bytes in [Vec::new(), b"x".to_vec(), vec![7; 100_000]] {
            let packed = compress(&[Stored::Blob(bytes.clone())]).expect("packed");
            assert_eq!(decompress(&[packed]).expect("unpacked"), Stored::Blob(bytes));
        }
        assert!(decompress(&[Stored::Blob(b"no gzip".to_vec())]).is_err());
        assert_eq!(decompress(&[Stored::Null]).expect("null"), Stored::Null);
    }
}
