//! What is announced and written is read back the same, for every type.

use proptest::prelude::*;
use time::macros::{date, datetime};

use crate::value::{SqlType, Value};

use super::cursor::Cursor;
use super::kinds::{self, TypeInfo};
use super::write_value::{Misfit, write};
use super::{read_value, variant};

fn through(kind: SqlType, value: &Value) -> Result<(Option<SqlType>, Value), Misfit> {
    let mut out = Vec::new();
    kinds::encode(&mut out, kind);
    write(&mut out, kind, value)?;
    let mut cursor = Cursor::new(&out);
    let info = TypeInfo::decode(&mut cursor).expect("the announced type");
    let read = read_value::read(&mut cursor, info).expect("the written value");
    assert!(cursor.is_empty(), "{kind:?} left bytes behind");
    Ok((info.kind, read))
}

fn cases() -> Vec<(SqlType, Value)> {
    let decimal = |precision, scale| SqlType::Decimal { precision, scale };
    vec![
        (SqlType::Bit, Value::Bit(true)),
        (SqlType::TinyInt, Value::Int(255)),
        (SqlType::SmallInt, Value::Int(-32768)),
        (SqlType::Int, Value::Int(-2_147_483_648)),
        (SqlType::BigInt, Value::Int(i64::MIN)),
        (SqlType::Real, Value::Float(-1.5)),
        (SqlType::Float, Value::Float(1e300)),
        (decimal(9, 2), Value::Decimal(-12_345, 2)),
        (decimal(19, 4), Value::Decimal(i128::from(i64::MAX), 4)),
        (decimal(28, 0), Value::Decimal(10i128.pow(28) - 1, 0)),
        (decimal(38, 38), Value::Decimal(1 - 10i128.pow(38), 38)),
        (SqlType::NVarChar(Some(4)), Value::Text("žπ🐙".to_owned())),
        (SqlType::NVarChar(Some(1)), Value::Text(String::new())),
        (SqlType::NVarChar(None), Value::Text("漢".repeat(40_000))),
        (SqlType::NVarChar(None), Value::Text(String::new())),
        (SqlType::VarChar(Some(3)), Value::Text("a€ÿ".to_owned())),
        (SqlType::VarChar(None), Value::Text("x".repeat(70_000))),
        (SqlType::VarBinary(Some(2)), Value::Bytes(vec![0, 255])),
        (SqlType::VarBinary(None), Value::Bytes(vec![1; 70_000])),
        (SqlType::Guid, Value::Guid(*b"0123456789abcdef")),
        (SqlType::Date, Value::Date(date!(9999 - 12 - 31))),
        (SqlType::DateTime2(0), Value::DateTime(datetime!(0001-01-01 23:59:59))),
        (SqlType::DateTime2(7), Value::DateTime(datetime!(2026-11-21 1:02:03.000_000_1))),
        (SqlType::DateTime, Value::DateTime(datetime!(2026-11-21 1:02:03.003))),
        (SqlType::DateTimeOffset(7), Value::DateTimeOffset(datetime!(2026-11-21 1:02:03 -9:30))),
    ]
}

#[test]
fn every_type_survives() {
    for (kind, value) in cases() {
        assert_eq!(through(kind, &value), Ok((Some(kind), value)));
    }
}

#[test]
fn every_type_has_its_null() {
    for (kind, _) in cases() {
        assert_eq!(through(kind, &Value::Null), Ok((Some(kind), Value::Null)));
    }
}

#[test]
fn a_variant_carries_any_value_with_its_type() {
    for (_, value) in cases() {
        let mut out = Vec::new();
        if variant::write(&mut out, &value).is_err() {
            // Only what is longer than 8,000 bytes does not fit.
            assert!(
                matches!(&value, Value::Text(text) if text.len() > 8000)
                    || matches!(&value, Value::Bytes(bytes) if bytes.len() > 8000)
            );
            continue;
        }
        let read = variant::read(&mut Cursor::new(&out));
        assert_eq!(read, Ok(value));
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_is_never_cut() {
    let short = SqlType::NVarChar(Some(2));
    assert_eq!(through(short, &Value::Text("abc".to_owned())), Err(Misfit(short)));
    assert_eq!(through(SqlType::TinyInt, &Value::Int(-1)), Err(Misfit(SqlType::TinyInt)));
    let small = SqlType::Decimal { precision: 2, scale: 0 };
    assert_eq!(through(small, &Value::Int(100)), Err(Misfit(small)));
    assert_eq!(through(SqlType::Guid, &Value::Int(1)), Err(Misfit(SqlType::Guid)));
}

#[test]
fn a_decimal_takes_its_columns_scale() {
    let kind = SqlType::Decimal { precision: 9, scale: 1 };
    let (_, read) = through(kind, &Value::Decimal(-1_250, 3)).expect("fits");
    assert_eq!(read, Value::Decimal(-13, 1));
}

proptest! {
    #[test]
    fn any_text_survives(text: String) {
        let value = Value::Text(text);
        prop_assert_eq!(through(SqlType::NVarChar(None), &value).expect("fits").1, value);
    }

    #[test]
    fn any_float_survives(number: f64) {
        prop_assume!(!number.is_nan());
        let value = Value::Float(number);
        prop_assert_eq!(through(SqlType::Float, &value).expect("fits").1, value);
    }

    #[test]
    fn garbage_variants_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = variant::read(&mut Cursor::new(&bytes));
    }
}
