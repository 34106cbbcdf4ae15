//! `TYPE_INFO`: how a type is announced. Source: [MS-TDS] 2.2.5.4 to 2.2.5.6.

use crate::value::SqlType;

use super::cursor::{Cursor, DecodeError};

/// `SQL_Latin1_General_CP1_CI_AS`, on the wire.
pub const COLLATION: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];
/// The length that means `max`.
pub const MAX: u16 = 0xFFFF;

/// How a value's length is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// There is no value at all: the untyped NULL.
    Nothing,
    /// Always so many bytes, never NULL.
    Fixed(usize),
    /// By one byte; 0 is NULL.
    Byte,
    /// By one byte; 0xFF is NULL. The character types of before 1998.
    OldText,
    /// By two bytes; 0xFFFF is NULL.
    Short,
    /// By four bytes; 0xFFFFFFFF is NULL. `text`, `ntext`, `image`.
    Long,
    /// In chunks.
    Chunks,
    /// By four bytes, and its own type in front.
    Variant,
}

/// What the bytes of a value mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// An integer or a bit, by length.
    Integer,
    /// A truth value.
    Bit,
    /// `real` or `float`, by length.
    Float,
    /// `money` or `smallmoney`, by length.
    Money,
    /// `decimal` of this scale.
    Decimal(u8),
    /// `datetime` or `smalldatetime`, by length.
    DateTime,
    /// `date`.
    Date,
    /// `time` of this scale.
    Time(u8),
    /// `datetime2` of this scale.
    DateTime2(u8),
    /// `datetimeoffset` of this scale.
    DateTimeOffset(u8),
    /// UTF-16.
    Wide,
    /// Code page 1252.
    Narrow,
    /// Bytes.
    Binary,
    /// A `uniqueidentifier`.
    Guid,
}

/// A type as a parameter announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeInfo {
    /// As SQL Server would declare it; `None` for the untyped NULL.
    pub kind: Option<SqlType>,
    /// How its length is told.
    pub shape: Shape,
    /// What its bytes mean.
    pub meaning: Meaning,
}

impl TypeInfo {
    fn new(kind: SqlType, shape: Shape, meaning: Meaning) -> Self {
        Self { kind: Some(kind), shape, meaning }
    }

    /// Reads the type that a parameter announces.
    pub fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let byte = cursor.u8()?;
        if let Some(fixed) = Self::fixed(byte) {
            return Ok(fixed);
        }
        match byte {
            0x26 | 0x68 | 0x6D | 0x6E | 0x6F | 0x24 => Self::nullable(byte, cursor.u8()?),
            0x37 | 0x3F | 0x6A | 0x6C => {
                cursor.u8()?;
                Self::decimal(cursor.u8()?, cursor.u8()?)
            }
            0x28 => Ok(Self::new(SqlType::Date, Shape::Byte, Meaning::Date)),
            0x29..=0x2B => Self::scaled(byte, cursor.u8()?),
            0xA5 | 0xAD => Ok(sized(Meaning::Binary, cursor.u16()?)),
            0xA7 | 0xAF | 0xE7 | 0xEF => {
                let length = cursor.u16()?;
                cursor.take(5)?;
                let wide = matches!(byte, 0xE7 | 0xEF);
                Ok(sized(if wide { Meaning::Wide } else { Meaning::Narrow }, length))
            }
            0x25 | 0x2D | 0x27 | 0x2F => {
                let length = Some(u16::from(cursor.u8()?).max(1));
                Ok(if matches!(byte, 0x25 | 0x2D) {
                    Self::new(SqlType::VarBinary(length), Shape::OldText, Meaning::Binary)
                } else {
                    Self::new(SqlType::VarChar(length), Shape::OldText, Meaning::Narrow)
                })
            }
            0x22 | 0x23 | 0x63 => {
                cursor.u32()?;
                if byte == 0x22 {
                    return Ok(Self::new(SqlType::VarBinary(None), Shape::Long, Meaning::Binary));
                }
                cursor.take(5)?;
                Ok(if byte == 0x63 {
                    Self::new(SqlType::NVarChar(None), Shape::Long, Meaning::Wide)
                } else {
                    Self::new(SqlType::VarChar(None), Shape::Long, Meaning::Narrow)
                })
            }
            0xF1 if cursor.u8()? == 0 => Ok(Self::new(SqlType::NVarChar(None), Shape::Chunks, Meaning::Wide)),
            0x62 => {
                cursor.u32()?;
                Ok(Self::new(SqlType::Variant, Shape::Variant, Meaning::Binary))
            }
            _ => Err(DecodeError::UnsupportedType(byte)),
        }
    }

    /// The types that are never NULL, and the NULL that has no type.
    pub fn fixed(byte: u8) -> Option<Self> {
        use Meaning as M;
        let (kind, length, meaning) = match byte {
            0x1F => {
                return Some(Self { kind: None, shape: Shape::Nothing, meaning: M::Binary });
            }
            0x30 => (SqlType::TinyInt, 1, M::Integer),
            0x32 => (SqlType::Bit, 1, M::Bit),
            0x34 => (SqlType::SmallInt, 2, M::Integer),
            0x38 => (SqlType::Int, 4, M::Integer),
            0x7F => (SqlType::BigInt, 8, M::Integer),
            0x3B => (SqlType::Real, 4, M::Float),
            0x3E => (SqlType::Float, 8, M::Float),
            0x3A => (SqlType::DateTime, 4, M::DateTime),
            0x3D => (SqlType::DateTime, 8, M::DateTime),
            0x7A => (money(10), 4, M::Money),
            0x3C => (money(19), 8, M::Money),
            _ => return None,
        };
        Some(Self::new(kind, Shape::Fixed(length), meaning))
    }

    /// The types whose length says which of their family they are.
    pub fn nullable(byte: u8, length: u8) -> Result<Self, DecodeError> {
        use Meaning as M;
        let (kind, meaning) = match (byte, length) {
            (0x26, 1) => (SqlType::TinyInt, M::Integer),
            (0x26, 2) => (SqlType::SmallInt, M::Integer),
            (0x26, 4) => (SqlType::Int, M::Integer),
            (0x26, 8) => (SqlType::BigInt, M::Integer),
            (0x68, 1) => (SqlType::Bit, M::Bit),
            (0x6D, 4) => (SqlType::Real, M::Float),
            (0x6D, 8) => (SqlType::Float, M::Float),
            (0x6E, 4) => (money(10), M::Money),
            (0x6E, 8) => (money(19), M::Money),
            (0x6F, 4 | 8) => (SqlType::DateTime, M::DateTime),
            (0x24, 16) => (SqlType::Guid, M::Guid),
            _ => return Err(DecodeError::Malformed("type length")),
        };
        Ok(Self::new(kind, Shape::Byte, meaning))
    }

    /// `decimal`.
    pub fn decimal(precision: u8, scale: u8) -> Result<Self, DecodeError> {
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(DecodeError::Malformed("decimal"));
        }
        Ok(Self::new(SqlType::Decimal { precision, scale }, Shape::Byte, Meaning::Decimal(scale)))
    }

    /// `time`, `datetime2`, `datetimeoffset`.
    pub fn scaled(byte: u8, scale: u8) -> Result<Self, DecodeError> {
        if scale > 7 {
            return Err(DecodeError::Malformed("scale"));
        }
        let (kind, meaning) = match byte {
            // The engine has no `time`; its text converts back.
            0x29 => (SqlType::NVarChar(Some(16)), Meaning::Time(scale)),
            0x2A => (SqlType::DateTime2(scale), Meaning::DateTime2(scale)),
            _ => (SqlType::DateTimeOffset(scale), Meaning::DateTimeOffset(scale)),
        };
        Ok(Self::new(kind, Shape::Byte, meaning))
    }
}

/// A character or binary type of so many bytes.
pub fn sized(meaning: Meaning, length: u16) -> TypeInfo {
    let (bytes, shape) = if length == MAX { (None, Shape::Chunks) } else { (Some(length.max(1)), Shape::Short) };
    let kind = match meaning {
        Meaning::Wide => SqlType::NVarChar(bytes.map(|bytes| bytes.div_ceil(2))),
        Meaning::Narrow => SqlType::VarChar(bytes),
        _ => SqlType::VarBinary(bytes),
    };
    TypeInfo::new(kind, shape, meaning)
}

fn money(precision: u8) -> SqlType {
    SqlType::Decimal { precision, scale: 4 }
}

/// Bytes of a `decimal` of this precision, its sign included.
pub fn decimal_length(precision: u8) -> u8 {
    match precision {
        0..=9 => 5,
        10..=19 => 9,
        20..=28 => 13,
        _ => 17,
    }
}

/// Announces a type, always in its form that may be NULL.
pub fn encode(out: &mut Vec<u8>, kind: SqlType) {
    match kind {
        SqlType::Bit => out.extend_from_slice(&[0x68, 1]),
        SqlType::TinyInt => out.extend_from_slice(&[0x26, 1]),
        SqlType::SmallInt => out.extend_from_slice(&[0x26, 2]),
        SqlType::Int => out.extend_from_slice(&[0x26, 4]),
        SqlType::BigInt => out.extend_from_slice(&[0x26, 8]),
        SqlType::Real => out.extend_from_slice(&[0x6D, 4]),
        SqlType::Float => out.extend_from_slice(&[0x6D, 8]),
        SqlType::Decimal { precision, scale } => {
            out.extend_from_slice(&[0x6A, decimal_length(precision), precision, scale]);
        }
        SqlType::NVarChar(length) => {
            out.push(0xE7);
            out.extend_from_slice(&length.map_or(MAX, |n| n * 2).to_le_bytes());
            out.extend_from_slice(&COLLATION);
        }
        SqlType::VarChar(length) => {
            out.push(0xA7);
            out.extend_from_slice(&length.unwrap_or(MAX).to_le_bytes());
            out.extend_from_slice(&COLLATION);
        }
        SqlType::VarBinary(length) => {
            out.push(0xA5);
            out.extend_from_slice(&length.unwrap_or(MAX).to_le_bytes());
        }
        SqlType::Guid => out.extend_from_slice(&[0x24, 16]),
        SqlType::Date => out.push(0x28),
        SqlType::DateTime2(scale) => out.extend_from_slice(&[0x2A, scale]),
        SqlType::DateTimeOffset(scale) => out.extend_from_slice(&[0x2B, scale]),
        SqlType::DateTime => out.extend_from_slice(&[0x6F, 8]),
        SqlType::Variant => {
            out.push(0x62);
            out.extend_from_slice(&8009u32.to_le_bytes());
        }
    }
}
