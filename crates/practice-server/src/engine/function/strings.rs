//! Functions of texts, numbers and bytes; `LIKE` with its character classes; `COMPRESS` and `DECOMPRESS`.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::io::Read;

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use rusqlite::types::Value as Stored;

use crate::engine::collation::{self, compare};
use crate::engine::convert::utf16_len;
use crate::engine::error::SqlError;
use crate::engine::function::{number, optional_text, text};
use crate::engine::server;

#[expect(clippy::too_many_lines, reason = "a table of functions, one arm each")]
/// Calls a function; a `NULL` argument gives `NULL` unless the function says otherwise.
pub(super) fn call(name: &str, arguments: &[Stored]) -> Result<Stored, SqlError> {
    let known_null = arguments.iter().take(required_arguments(name)).any(|one| *one == Stored::Null);
    if known_null {
        return Ok(Stored::Null);
    }
    let one = || text(arguments, 0).unwrap_or_default();
    Ok(match name {
        "len" => integer(utf16_len(one().trim_end_matches(' '))),
        "datalength_n" => integer(utf16_len(one()) * 2),
        "datalength_v" => integer(one().chars().count()),
        "datalength_b" => match arguments.first() {
            Some(Stored::Blob(bytes)) => integer(bytes.len()),
            _ => Stored::Null,
        },
        "left" => Stored::Text(utf16_slice(one(), 0, length(arguments, 1, "LEFT")?)),
        "right" => {
            let all = one();
            let count = length(arguments, 1, "RIGHT")?;
            Stored::Text(utf16_slice(all, utf16_len(all).saturating_sub(count), usize::MAX))
        }
        "substring" => {
            let start = number(arguments, 1).unwrap_or(1);
            let count = number(arguments, 2).unwrap_or(0);
            if count < 0 {
                return Err(SqlError::new(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.").state(3));
            }
            // Positions before the first count towards the length.
            let end = start.saturating_add(count);
            let from = usize::try_from(start.max(1) - 1).unwrap_or(0);
            let upto = usize::try_from((end - 1).max(0)).unwrap_or(0);
            match arguments.first() {
                Some(Stored::Blob(bytes)) => Stored::Blob(bytes.iter().take(upto).skip(from).copied().collect()),
                _ => Stored::Text(utf16_slice(one(), from, upto.saturating_sub(from))),
            }
        }
        "upper" => Stored::Text(collation::upper_case(text(arguments, 1).unwrap_or_default(), one())),
        "lower" => Stored::Text(collation::lower_case(text(arguments, 1).unwrap_or_default(), one())),
        "ltrim" => Stored::Text(one().trim_start_matches(' ').to_owned()),
        "rtrim" => Stored::Text(one().trim_end_matches(' ').to_owned()),
        "trim" => Stored::Text(one().trim_matches(' ').to_owned()),
        "reverse" => Stored::Text(one().chars().rev().collect()),
        "replicate" => {
            let times = number(arguments, 1).unwrap_or(0);
            match usize::try_from(times) {
                // SQL Server stops at 8,000 bytes unless the type is max; a limit keeps a hostile batch small.
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
        "quotename" => optional_text(quotename(one(), text(arguments, 1).unwrap_or("["))),
        "ascii" => one().chars().next().map_or(Stored::Null, |char| Stored::Integer(i64::from(u32::from(char).min(255)))),
        "unicode" => one().encode_utf16().next().map_or(Stored::Null, |unit| Stored::Integer(i64::from(unit))),
        "char" => {
            let char = number(arguments, 0).and_then(|code| u8::try_from(code).ok()).map(char::from);
            optional_text(char.map(String::from))
        }
        "nchar" => {
            let char = number(arguments, 0).and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32);
            optional_text(char.map(String::from))
        }
        "stuff" => {
            let all = one();
            let (start, count) = (number(arguments, 1).unwrap_or(0), number(arguments, 2).unwrap_or(-1));
            let (Ok(start), Ok(count)) = (usize::try_from(start - 1), usize::try_from(count)) else {
                return Ok(Stored::Null);
            };
            if start >= utf16_len(all) {
                return Ok(Stored::Null);
            }
            let middle = text(arguments, 3).unwrap_or_default();
            Stored::Text(format!("{}{middle}{}", utf16_slice(all, 0, start), utf16_slice(all, start + count, usize::MAX)))
        }
        "abs_i" => match number(arguments, 0).and_then(i64::checked_abs) {
            Some(number) => Stored::Integer(number),
            None => {
                return Err(SqlError::new(8115, "Arithmetic overflow error converting expression to data type bigint.").state(2));
            }
        },
        "bytes_concat" => match (arguments.first(), arguments.get(1)) {
            (Some(Stored::Blob(a)), Some(Stored::Blob(b))) => Stored::Blob([a.as_slice(), b].concat()),
            _ => Stored::Null,
        },
        "hashbytes" => return hash(arguments),
        "fail" => {
            let error = SqlError::unpacked(one()).unwrap_or_else(|| SqlError::new(50000, one()));
            return Err(error);
        }
        "newid" => Stored::Text(crate::engine::convert::guid_text(&uuid_v4(server::random_bytes()))),
        _ => return Err(SqlError::unsupported(format!("The function {name}"))),
    })
}

/// Returns how many leading arguments make the result `NULL` if one of them is.
fn required_arguments(name: &str) -> usize {
    match name {
        "concat" | "newid" => 0,
        "left" | "right" | "quotename" | "charindex" | "replicate" => 2,
        "substring" | "replace" | "stuff" => 3,
        _ => 1,
    }
}

pub(super) fn uuid_v4(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

fn integer(size: usize) -> Stored {
    Stored::Integer(i64::try_from(size).unwrap_or(i64::MAX))
}

fn length(arguments: &[Stored], at: usize, name: &str) -> Result<usize, SqlError> {
    usize::try_from(number(arguments, at).unwrap_or(0)).map_err(|_| {
        if name == "LEFT" {
            SqlError::new(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.").state(2)
        } else {
            SqlError::new(536, "Invalid length parameter passed to the right function.").state(2)
        }
    })
}

/// Returns a part by UTF-16 positions; a surrogate pair is never split.
fn utf16_slice(text: &str, from: usize, count: usize) -> String {
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

/// Quotes a name; `None` if it has over 128 characters or the quote is unknown.
pub(super) fn quotename(name: &str, quote: &str) -> Option<String> {
    if utf16_len(name) > 128 {
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

fn hash(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let algorithm = match text(arguments, 0).unwrap_or_default().to_ascii_uppercase().as_str() {
        "SHA2_256" => &ring::digest::SHA256,
        "SHA2_512" => &ring::digest::SHA512,
        "SHA1" | "SHA" => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        other => return Err(SqlError::unsupported(format!("HASHBYTES('{other}')"))),
    };
    match arguments.get(1) {
        Some(Stored::Blob(bytes)) => Ok(Stored::Blob(ring::digest::digest(algorithm, bytes).as_ref().to_vec())),
        _ => Ok(Stored::Null),
    }
}

/// Matches. Arguments: text, pattern, escape character or `NULL`, comparison class.
pub(super) fn like(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let (Some(value), Some(pattern), Some(class)) = (text(arguments, 0), text(arguments, 1), text(arguments, 3)) else {
        return Ok(Stored::Null);
    };
    let escape = match text(arguments, 2) {
        None => None,
        Some(escape) => {
            let mut chars = escape.chars();
            match (chars.next(), chars.next()) {
                (Some(one), None) => Some(one),
                _ => {
                    return Err(SqlError::new(
                        506,
                        format!("The invalid escape character \"{escape}\" was specified in a LIKE predicate."),
                    ));
                }
            }
        }
    };
    let pattern = parse_pattern(pattern, escape);
    let value: Vec<char> = value.chars().collect();
    let found = matches(&pattern, &value, class) || {
        // Trailing blanks of the value are ignored.
        let end = value.iter().rposition(|char| *char != ' ').map_or(0, |last| last + 1);
        end < value.len() && matches(&pattern, &value[..end], class)
    };
    Ok(crate::engine::function::bit_value(found))
}

enum PatternPart {
    Char(char),
    AnyChar,
    AnyText,
    Class { not: bool, ranges: Vec<(char, char)> },
}

fn parse_pattern(pattern: &str, escape: Option<char>) -> Vec<PatternPart> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let char = chars[at];
        at += 1;
        if Some(char) == escape && at < chars.len() {
            pieces.push(PatternPart::Char(chars[at]));
            at += 1;
            continue;
        }
        match char {
            '%' => pieces.push(PatternPart::AnyText),
            '_' => pieces.push(PatternPart::AnyChar),
            '[' => match chars[at..].iter().skip(1).position(|one| *one == ']').map(|end| at + 1 + end) {
                Some(end) => {
                    let not = chars[at] == '^';
                    pieces.push(PatternPart::Class { not, ranges: ranges(&chars[at + usize::from(not)..end]) });
                    at = end + 1;
                }
                None => pieces.push(PatternPart::Char('[')),
            },
            other => pieces.push(PatternPart::Char(other)),
        }
    }
    pieces
}

fn ranges(chars: &[char]) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if at + 2 < chars.len() && chars[at + 1] == '-' {
            ranges.push((chars[at], chars[at + 2]));
            at += 3;
        } else {
            ranges.push((chars[at], chars[at]));
            at += 1;
        }
    }
    ranges
}

fn order(class: &str, a: char, b: char) -> Ordering {
    // A blank must not be ignored as a trailing one.
    if a == ' ' || b == ' ' {
        return a.cmp(&b);
    }
    compare(class, a.encode_utf8(&mut [0; 4]), b.encode_utf8(&mut [0; 4]))
}

/// Matches iteratively, going back only to the last `%`: no pattern takes longer than the product of both lengths.
fn matches(pattern: &[PatternPart], value: &[char], class: &str) -> bool {
    let (mut p, mut v) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while v < value.len() {
        let fits = match pattern.get(p) {
            Some(PatternPart::AnyText) => {
                back = Some((p + 1, v));
                p += 1;
                continue;
            }
            Some(PatternPart::AnyChar) => true,
            Some(PatternPart::Char(char)) => order(class, value[v], *char) == Ordering::Equal,
            Some(PatternPart::Class { not, ranges }) => {
                let inside = ranges.iter().any(|(low, high)| {
                    order(class, value[v], *low) != Ordering::Less && order(class, value[v], *high) != Ordering::Greater
                });
                inside != *not
            }
            None => false,
        };
        if fits {
            p += 1;
            v += 1;
        } else if let Some((after, from)) = back {
            back = Some((after, from + 1));
            p = after;
            v = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|piece| matches!(piece, PatternPart::AnyText))
}

/// The limit of a result in bytes: a few bytes of gzip can expand a thousandfold, and nothing that a practice server stores
/// is longer.
const LONGEST: u64 = 64 * 1024 * 1024;

pub(super) fn compress(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let Some(Stored::Blob(bytes)) = arguments.first() else {
        return Ok(Stored::Null);
    };
    read_limited(GzEncoder::new(bytes.as_slice(), Compression::default()))
}

pub(super) fn decompress(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let Some(Stored::Blob(bytes)) = arguments.first() else {
        return Ok(Stored::Null);
    };
    read_limited(GzDecoder::new(bytes.as_slice()))
}

fn read_limited(from: impl Read) -> Result<Stored, SqlError> {
    let mut bytes = Vec::new();
    match from.take(LONGEST).read_to_end(&mut bytes) {
        Ok(_) => Ok(Stored::Blob(bytes)),
        // SQL Server's own number is not documented; 50000 is that of errors raised by programs.
        Err(error) => Err(SqlError::new(50000, format!("The bytes cannot be decompressed: {error}."))),
    }
}

#[cfg(test)]
mod like_tests {
    use super::*;

    fn like(value: &str, pattern: &str) -> bool {
        matches(&parse_pattern(pattern, Some('!')), &value.chars().collect::<Vec<_>>(), "ci_as")
    }

    #[test]
    fn patterns() {
        assert!(like("Latin1_General_CI_AS", "%!_ci!_%"));
        assert!(like("node7", "node[0-9]"));
        assert!(!like("nodex", "node[0-9]"));
        assert!(like("nodex", "node[^0-9]"));
        assert!(like("", "%"));
        assert!(!like("a", ""));
        assert!(like("aXbXc", "a%x%c"));
        assert!(like("50%", "50!%"));
    }
}

#[cfg(test)]
mod gzip_tests {
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
