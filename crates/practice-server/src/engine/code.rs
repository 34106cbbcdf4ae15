//! A type as one number, for the catalogue and for the functions inside `SQLite`.

use crate::value::SqlType;

/// `0xTTLLLLPS`: kind, length (0 for `max`), precision, scale.
pub(crate) fn encode(kind: SqlType) -> i64 {
    let length = |tag: i64, length: Option<u16>| (tag << 32) | (length.map_or(0, i64::from) << 16);
    match kind {
        SqlType::Bit => 1 << 32,
        SqlType::TinyInt => 2 << 32,
        SqlType::SmallInt => 3 << 32,
        SqlType::Int => 4 << 32,
        SqlType::BigInt => 5 << 32,
        SqlType::Real => 6 << 32,
        SqlType::Float => 7 << 32,
        SqlType::Decimal { precision, scale } => (8 << 32) | (i64::from(precision) << 8) | i64::from(scale),
        SqlType::NVarChar(n) => length(9, n),
        SqlType::VarChar(n) => length(10, n),
        SqlType::VarBinary(n) => length(11, n),
        SqlType::Guid => 12 << 32,
        SqlType::Date => 13 << 32,
        SqlType::DateTime2(scale) => (14 << 32) | i64::from(scale),
        SqlType::DateTimeOffset(scale) => (15 << 32) | i64::from(scale),
        SqlType::DateTime => 16 << 32,
        SqlType::Variant => 17 << 32,
    }
}

/// The reverse of [`encode`]; what is none of its numbers is taken for a variant.
pub(crate) fn decode(code: i64) -> SqlType {
    let byte = |shift: u32| u8::try_from((code >> shift) & 0xff).unwrap_or(0);
    let length = match u16::try_from((code >> 16) & 0xffff).unwrap_or(0) {
        0 => None,
        length => Some(length),
    };
    match code >> 32 {
        1 => SqlType::Bit,
        2 => SqlType::TinyInt,
        3 => SqlType::SmallInt,
        4 => SqlType::Int,
        5 => SqlType::BigInt,
        6 => SqlType::Real,
        7 => SqlType::Float,
        8 => SqlType::Decimal { precision: byte(8), scale: byte(0) },
        9 => SqlType::NVarChar(length),
        10 => SqlType::VarChar(length),
        11 => SqlType::VarBinary(length),
        12 => SqlType::Guid,
        13 => SqlType::Date,
        14 => SqlType::DateTime2(byte(0)),
        15 => SqlType::DateTimeOffset(byte(0)),
        16 => SqlType::DateTime,
        _ => SqlType::Variant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives() {
        for kind in [
            SqlType::Bit,
            SqlType::Int,
            SqlType::Decimal { precision: 18, scale: 4 },
            SqlType::NVarChar(Some(4000)),
            SqlType::VarChar(Some(8000)),
            SqlType::VarBinary(None),
            SqlType::DateTime2(3),
            SqlType::DateTimeOffset(7),
            SqlType::Variant,
        ] {
            assert_eq!(decode(encode(kind)), kind);
        }
    }
}
