//! Functions of texts and numbers.

use std::fmt::Write as _;

use rusqlite::types::Value as Stored;

use super::super::collation::compare;
use super::super::convert::utf16;
use super::super::fault::Fault;
use super::super::server;
use super::{maybe_text, number, text};

#[expect(clippy::too_many_lines, reason = "a table of functions, one arm each")]
/// Calls one; `NULL` in gives `NULL` out, unless the function says otherwise.
pub(super) fn call(name: &str, arguments: &[Stored]) -> Result<Stored, Fault> {
    let known_null = arguments.iter().take(required(name)).any(|one| *one == Stored::Null);
    if known_null {
        return Ok(Stored::Null);
    }
    let one = || text(arguments, 0).unwrap_or_default();
    Ok(match name {
        "len" => integer(utf16(one().trim_end_matches(' '))),
        "datalength_n" => integer(utf16(one()) * 2),
        "datalength_v" => integer(one().chars().count()),
        "datalength_b" => match arguments.first() {
            Some(Stored::Blob(bytes)) => integer(bytes.len()),
            _ => Stored::Null,
        },
        "left" => Stored::Text(slice(one(), 0, length(arguments, 1, "LEFT")?)),
        "right" => {
            let all = one();
            let count = length(arguments, 1, "RIGHT")?;
            Stored::Text(slice(all, utf16(all).saturating_sub(count), usize::MAX))
        }
        "substring" => {
            let start = number(arguments, 1).unwrap_or(1);
            let count = number(arguments, 2).unwrap_or(0);
            if count < 0 {
                return Err(Fault::new(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.").state(3));
            }
            // Places before the first count towards the length.
            let end = start.saturating_add(count);
            let from = usize::try_from(start.max(1) - 1).unwrap_or(0);
            let upto = usize::try_from((end - 1).max(0)).unwrap_or(0);
            match arguments.first() {
                Some(Stored::Blob(bytes)) => Stored::Blob(bytes.iter().take(upto).skip(from).copied().collect()),
                _ => Stored::Text(slice(one(), from, upto.saturating_sub(from))),
            }
        }
        "upper" => Stored::Text(one().to_uppercase()),
        "lower" => Stored::Text(one().to_lowercase()),
        "ltrim" => Stored::Text(one().trim_start_matches(' ').to_owned()),
        "rtrim" => Stored::Text(one().trim_end_matches(' ').to_owned()),
        "trim" => Stored::Text(one().trim_matches(' ').to_owned()),
        "reverse" => Stored::Text(one().chars().rev().collect()),
        "replicate" => {
            let times = number(arguments, 1).unwrap_or(0);
            match usize::try_from(times) {
                // SQL Server stops at 8,000 bytes for all but max types; a limit keeps a hostile batch small.
                Ok(times) => Stored::Text(one().repeat(times.min(4_000_000 / one().len().max(1)))),
                Err(_) => Stored::Null,
            }
        }
        "space" => Stored::Text(" ".repeat(usize::try_from(number(arguments, 0).unwrap_or(0)).unwrap_or(0).min(8000))),
        "replace" => Stored::Text(replace(
            one(),
            text(arguments, 1).unwrap_or_default(),
            text(arguments, 2).unwrap_or_default(),
            text(arguments, 3).unwrap_or("ci_as"),
        )),
        "charindex" => {
            let start = number(arguments, 3).unwrap_or(1).max(1);
            let class = text(arguments, 2).unwrap_or("ci_as");
            charindex(one(), text(arguments, 1).unwrap_or_default(), usize::try_from(start - 1).unwrap_or(0), class)
        }
        "concat" => Stored::Text(
            arguments
                .iter()
                .filter_map(|part| match part {
                    Stored::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect(),
        ),
        "concat_ws" => {
            let parts: Vec<&str> = (1..arguments.len()).filter_map(|at| text(arguments, at)).collect();
            Stored::Text(parts.join(one()))
        }
        "quotename" => maybe_text(quotename(one(), text(arguments, 1).unwrap_or("["))),
        "ascii" => one().chars().next().map_or(Stored::Null, |char| Stored::Integer(i64::from(u32::from(char).min(255)))),
        "unicode" => one().encode_utf16().next().map_or(Stored::Null, |unit| Stored::Integer(i64::from(unit))),
        "char" => {
            let char = number(arguments, 0).and_then(|code| u8::try_from(code).ok()).map(char::from);
            maybe_text(char.map(String::from))
        }
        "nchar" => {
            let char = number(arguments, 0).and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32);
            maybe_text(char.map(String::from))
        }
        "stuff" => {
            let all = one();
            let (start, count) = (number(arguments, 1).unwrap_or(0), number(arguments, 2).unwrap_or(-1));
            let (Ok(start), Ok(count)) = (usize::try_from(start - 1), usize::try_from(count)) else {
                return Ok(Stored::Null);
            };
            if start >= utf16(all) {
                return Ok(Stored::Null);
            }
            let middle = text(arguments, 3).unwrap_or_default();
            Stored::Text(format!("{}{middle}{}", slice(all, 0, start), slice(all, start + count, usize::MAX)))
        }
        "abs_i" => match number(arguments, 0).and_then(i64::checked_abs) {
            Some(number) => Stored::Integer(number),
            None => return Err(Fault::new(8115, "Arithmetic overflow error converting expression to data type bigint.").state(2)),
        },
        "bytes_concat" => match (arguments.first(), arguments.get(1)) {
            (Some(Stored::Blob(a)), Some(Stored::Blob(b))) => Stored::Blob([a.as_slice(), b].concat()),
            _ => Stored::Null,
        },
        "hashbytes" => return hash(arguments),
        "fail" => {
            let fault = Fault::unpacked(one()).unwrap_or_else(|| Fault::new(50000, one()));
            return Err(fault);
        }
        "newid" => Stored::Text(super::super::stored::guid_text(&version4(server::random16()))),
        _ => return Err(Fault::unsupported(format!("The function {name}"))),
    })
}

/// How many leading arguments make the result `NULL` when one of them is.
fn required(name: &str) -> usize {
    match name {
        "concat" | "newid" => 0,
        "left" | "right" | "quotename" | "charindex" | "replicate" => 2,
        "substring" | "replace" | "stuff" => 3,
        _ => 1,
    }
}

pub(super) fn version4(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

fn integer(size: usize) -> Stored {
    Stored::Integer(i64::try_from(size).unwrap_or(i64::MAX))
}

fn length(arguments: &[Stored], at: usize, name: &str) -> Result<usize, Fault> {
    usize::try_from(number(arguments, at).unwrap_or(0)).map_err(|_| {
        if name == "LEFT" {
            Fault::new(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.").state(2)
        } else {
            Fault::new(536, "Invalid length parameter passed to the right function.").state(2)
        }
    })
}

/// A part by UTF-16 places; a pair is never torn.
fn slice(text: &str, from: usize, count: usize) -> String {
    let end = from.saturating_add(count);
    let mut place = 0;
    let mut part = String::new();
    for char in text.chars() {
        if place >= from && place < end {
            part.push(char);
        }
        place += char.len_utf16();
    }
    part
}

fn charindex(wanted: &str, within: &str, start: usize, class: &str) -> Stored {
    let (wanted, within): (Vec<char>, Vec<char>) = (wanted.chars().collect(), within.chars().collect());
    if wanted.is_empty() {
        return Stored::Integer(0);
    }
    let found = find(&wanted, &within, start, class);
    Stored::Integer(found.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0)))
}

fn find(wanted: &[char], within: &[char], start: usize, class: &str) -> Option<usize> {
    let same = |a: &char, b: &char| a == b || (*a != ' ' && *b != ' ' && compare(class, &a.to_string(), &b.to_string()).is_eq());
    (start..=within.len().checked_sub(wanted.len())?).find(|at| within[*at..].iter().zip(wanted).all(|(a, b)| same(a, b)))
}

fn replace(text: &str, old: &str, new: &str, class: &str) -> String {
    if old.is_empty() {
        return text.to_owned();
    }
    let (chars, wanted): (Vec<char>, Vec<char>) = (text.chars().collect(), old.chars().collect());
    let mut result = String::new();
    let mut at = 0;
    while let Some(found) = find(&wanted, &chars, at, class) {
        result.extend(&chars[at..found]);
        result.push_str(new);
        at = found + wanted.len();
    }
    result.extend(&chars[at.min(chars.len())..]);
    result
}

/// `None` for names over 128 characters and unknown quotes.
pub(super) fn quotename(name: &str, quote: &str) -> Option<String> {
    if utf16(name) > 128 {
        return None;
    }
    let (open, close) = match quote {
        "[" | "]" | "" => ('[', ']'),
        "\"" => ('"', '"'),
        "'" => ('\'', '\''),
        "(" | ")" => ('(', ')'),
        _ => return None,
    };
    let mut quoted = String::from(open);
    for char in name.chars() {
        quoted.push(char);
        if char == close {
            quoted.push(char);
        }
    }
    let _ = quoted.write_char(close);
    Some(quoted)
}

fn hash(arguments: &[Stored]) -> Result<Stored, Fault> {
    let algorithm = match text(arguments, 0).unwrap_or_default().to_ascii_uppercase().as_str() {
        "SHA2_256" => &ring::digest::SHA256,
        "SHA2_512" => &ring::digest::SHA512,
        "SHA1" | "SHA" => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        other => return Err(Fault::unsupported(format!("HASHBYTES('{other}')"))),
    };
    match arguments.get(1) {
        Some(Stored::Blob(bytes)) => Ok(Stored::Blob(ring::digest::digest(algorithm, bytes).as_ref().to_vec())),
        _ => Ok(Stored::Null),
    }
}
