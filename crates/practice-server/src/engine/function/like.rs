//! `LIKE` with its classes of characters.

use std::cmp::Ordering;

use rusqlite::types::Value as Stored;

use super::super::collation::compare;
use super::super::fault::Fault;
use super::text;

/// Arguments: text, pattern, escape character or `NULL`, collation class.
pub(super) fn like(arguments: &[Stored]) -> Result<Stored, Fault> {
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
                    return Err(Fault::new(
                        506,
                        format!("The invalid escape character \"{escape}\" was specified in a LIKE predicate."),
                    ));
                }
            }
        }
    };
    let pattern = read(pattern, escape);
    let value: Vec<char> = value.chars().collect();
    let found = matches(&pattern, &value, class) || {
        // Trailing blanks of the value do not count.
        let end = value.iter().rposition(|char| *char != ' ').map_or(0, |last| last + 1);
        end < value.len() && matches(&pattern, &value[..end], class)
    };
    Ok(super::flag(found))
}

enum Piece {
    One(char),
    Any,
    Rest,
    Class { not: bool, ranges: Vec<(char, char)> },
}

fn read(pattern: &str, escape: Option<char>) -> Vec<Piece> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let char = chars[at];
        at += 1;
        if Some(char) == escape && at < chars.len() {
            pieces.push(Piece::One(chars[at]));
            at += 1;
            continue;
        }
        match char {
            '%' => pieces.push(Piece::Rest),
            '_' => pieces.push(Piece::Any),
            '[' => match chars[at..].iter().skip(1).position(|one| *one == ']').map(|end| at + 1 + end) {
                Some(end) => {
                    let not = chars[at] == '^';
                    pieces.push(Piece::Class { not, ranges: ranges(&chars[at + usize::from(not)..end]) });
                    at = end + 1;
                }
                None => pieces.push(Piece::One('[')),
            },
            other => pieces.push(Piece::One(other)),
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
    // A blank must not vanish as trailing.
    if a == ' ' || b == ' ' {
        return a.cmp(&b);
    }
    compare(class, a.encode_utf8(&mut [0; 4]), b.encode_utf8(&mut [0; 4]))
}

/// Iterative, going back only to the last `%`: no pattern makes it slow beyond the product of both lengths.
fn matches(pattern: &[Piece], value: &[char], class: &str) -> bool {
    let (mut p, mut v) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while v < value.len() {
        let fits = match pattern.get(p) {
            Some(Piece::Rest) => {
                back = Some((p + 1, v));
                p += 1;
                continue;
            }
            Some(Piece::Any) => true,
            Some(Piece::One(char)) => order(class, value[v], *char) == Ordering::Equal,
            Some(Piece::Class { not, ranges }) => {
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
    pattern[p..].iter().all(|piece| matches!(piece, Piece::Rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(value: &str, pattern: &str) -> bool {
        matches(&read(pattern, Some('!')), &value.chars().collect::<Vec<_>>(), "ci_as")
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
