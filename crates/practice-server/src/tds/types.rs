//! `TYPE_INFO`: how a type is described on the wire. Source: [MS-TDS] 2.2.5.4 to 2.2.5.6.

use crate::value::SqlType;

use super::reader::{ByteReader, DecodeError};

/// The wire form of `SQL_Latin1_General_CP1_CI_AS`.
pub const COLLATION: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];
/// The length that means `max`.
pub const MAX: u16 = 0xFFFF;

/// How the length of a value is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthForm {
    /// No value at all: the untyped NULL.
    Absent,
    /// Always this number of bytes, never NULL.
    Fixed(usize),
    /// One byte; 0 is NULL.
    U8,
    /// One byte; 0xFF is NULL. The character types from before 1998.
    LegacyU8,
    /// Two bytes; 0xFFFF is NULL.
    U16,
    /// Four bytes; 0xFFFFFFFF is NULL. `text`, `ntext`, `image`.
    U32,
    /// In chunks.
    Chunked,
    /// Four bytes, followed by the value's own type.
    Variant,
}

/// How the bytes of a value are interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// An integer, by length.
    Integer,
    /// A bit.
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
    /// UTF-16 text.
    Utf16,
    /// Text in code page 1252.
    Cp1252,
    /// Bytes.
    Binary,
    /// A `uniqueidentifier`.
    Guid,
}

/// The type of a parameter as described on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeInfo {
    /// As SQL Server would declare it; `None` for the untyped NULL.
    pub kind: Option<SqlType>,
    /// How the length is given.
    pub length_form: LengthForm,
    /// How the bytes are interpreted.
    pub content: ContentType,
}

impl TypeInfo {
    fn new(kind: SqlType, length_form: LengthForm, content: ContentType) -> Self {
        Self { kind: Some(kind), length_form, content }
    }

    /// Reads the type of a parameter.
    pub fn decode(reader: &mut ByteReader<'_>) -> Result<Self, DecodeError> {
        let byte = reader.u8()?;
        if let Some(fixed) = Self::fixed(byte) {
            return Ok(fixed);
        }
        match byte {
            0x26 | 0x68 | 0x6D | 0x6E | 0x6F | 0x24 => Self::nullable(byte, reader.u8()?),
            0x37 | 0x3F | 0x6A | 0x6C => {
                reader.u8()?;
                Self::decimal(reader.u8()?, reader.u8()?)
            }
            0x28 => Ok(Self::new(SqlType::Date, LengthForm::U8, ContentType::Date)),
            0x29..=0x2B => Self::scaled(byte, reader.u8()?),
            0xA5 | 0xAD => Ok(string_type(ContentType::Binary, reader.u16()?)),
            0xA7 | 0xAF | 0xE7 | 0xEF => {
                let length = reader.u16()?;
                reader.take(5)?;
                let wide = matches!(byte, 0xE7 | 0xEF);
                Ok(string_type(if wide { ContentType::Utf16 } else { ContentType::Cp1252 }, length))
            }
            0x25 | 0x2D | 0x27 | 0x2F => {
                let length = Some(u16::from(reader.u8()?).max(1));
                Ok(if matches!(byte, 0x25 | 0x2D) {
                    Self::new(SqlType::VarBinary(length), LengthForm::LegacyU8, ContentType::Binary)
                } else {
                    Self::new(SqlType::VarChar(length), LengthForm::LegacyU8, ContentType::Cp1252)
                })
            }
            0x22 | 0x23 | 0x63 => {
                reader.u32()?;
                if byte == 0x22 {
                    return Ok(Self::new(SqlType::VarBinary(None), LengthForm::U32, ContentType::Binary));
                }
                reader.take(5)?;
                Ok(if byte == 0x63 {
                    Self::new(SqlType::NVarChar(None), LengthForm::U32, ContentType::Utf16)
                } else {
                    Self::new(SqlType::VarChar(None), LengthForm::U32, ContentType::Cp1252)
                })
            }
            0xF1 if reader.u8()? == 0 => Ok(Self::new(SqlType::NVarChar(None), LengthForm::Chunked, ContentType::Utf16)),
            0x62 => {
                reader.u32()?;
                Ok(Self::new(SqlType::Variant, LengthForm::Variant, ContentType::Binary))
            }
            _ => Err(DecodeError::UnsupportedType(byte)),
        }
    }

    /// Returns the type that has this byte and is never NULL, or the untyped NULL.
    pub fn fixed(byte: u8) -> Option<Self> {
        use ContentType as M;
        let (kind, length, content) = match byte {
            0x1F => {
                return Some(Self { kind: None, length_form: LengthForm::Absent, content: M::Binary });
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
        Some(Self::new(kind, LengthForm::Fixed(length), content))
    }

    /// Returns the type of a family whose members differ by length.
    pub fn nullable(byte: u8, length: u8) -> Result<Self, DecodeError> {
        use ContentType as M;
        let (kind, content) = match (byte, length) {
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
        Ok(Self::new(kind, LengthForm::U8, content))
    }

    /// Returns `decimal`.
    pub fn decimal(precision: u8, scale: u8) -> Result<Self, DecodeError> {
        if !(1..=38).contains(&precision) || scale > precision {
            return Err(DecodeError::Malformed("decimal"));
        }
        Ok(Self::new(SqlType::Decimal { precision, scale }, LengthForm::U8, ContentType::Decimal(scale)))
    }

    /// Returns `time`, `datetime2` or `datetimeoffset`.
    pub fn scaled(byte: u8, scale: u8) -> Result<Self, DecodeError> {
        if scale > 7 {
            return Err(DecodeError::Malformed("scale"));
        }
        let (kind, content) = match byte {
            // The engine has no `time` type; its text can be converted back.
            0x29 => (SqlType::NVarChar(Some(16)), ContentType::Time(scale)),
            0x2A => (SqlType::DateTime2(scale), ContentType::DateTime2(scale)),
            _ => (SqlType::DateTimeOffset(scale), ContentType::DateTimeOffset(scale)),
        };
        Ok(Self::new(kind, LengthForm::U8, content))
    }
}

/// Returns a character or binary type of `length` bytes.
pub fn string_type(content: ContentType, length: u16) -> TypeInfo {
    let (bytes, length_form) = if length == MAX { (None, LengthForm::Chunked) } else { (Some(length.max(1)), LengthForm::U16) };
    let kind = match content {
        ContentType::Utf16 => SqlType::NVarChar(bytes.map(|bytes| bytes.div_ceil(2))),
        ContentType::Cp1252 => SqlType::VarChar(bytes),
        _ => SqlType::VarBinary(bytes),
    };
    TypeInfo::new(kind, length_form, content)
}

fn money(precision: u8) -> SqlType {
    SqlType::Decimal { precision, scale: 4 }
}

/// Returns the bytes of a `decimal` of this precision, including its sign.
pub fn decimal_length(precision: u8) -> u8 {
    match precision {
        0..=9 => 5,
        10..=19 => 9,
        20..=28 => 13,
        _ => 17,
    }
}

/// Writes a type description, always in the form that may be NULL.
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
