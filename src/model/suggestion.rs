//! "Did you mean": suggests the known word that is nearest to an unknown one.

use std::fmt::Write as _;

use super::check::CheckId;

/// How similar two words must be, from 0 to 1. At 0.8 `pasword`, `node_name` and `username` are found, and `port` is not
/// taken for `password`.
const SIMILAR: f64 = 0.8;

/// The similarity of a word and one part of another: `account` is nearer to `service-account` than to `accept`.
const PART_SIMILARITY: f64 = 0.9;

/// Returns the known word that was most likely meant; `None` where several are equally near. Ignores case, and takes underscores
/// for hyphens.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word of this length is no typing error, and comparing it would take long.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    let mut rated: Vec<(f64, &str)> =
        known.into_iter().map(|known| (similarity(&word, &known.to_lowercase().replace('_', "-")), known)).collect();
    rated.sort_by(|one, two| two.0.total_cmp(&one.0));
    match rated.as_slice() {
        // Of `comms-port` and `grpc-port` either would be a guess for `port`.
        [first, second, ..] if first.0.total_cmp(&second.0).is_eq() => None,
        [first, ..] if first.0 >= SIMILAR => Some(first.1),
        _ => None,
    }
}

/// Returns how similar two words are. One that ends with the other is similar, too: `username` and `user`, `sql-password` and `password`.
fn similarity(one: &str, two: &str) -> f64 {
    let (short, long) = if one.len() <= two.len() { (one, two) } else { (two, one) };
    let is_part = short.len() >= 4 && long.split('-').any(|part| part == short);
    // In a short word, one wrong letter or two swapped ones are a large part, and still a typing error.
    let is_typo = short.len() >= 3 && strsim::osa_distance(one, two) == 1;
    let least = match (is_part, is_typo) {
        (true, _) => PART_SIMILARITY,
        (false, true) => SIMILAR,
        (false, false) => 0.0,
    };
    strsim::jaro_winkler(one, two).max(least)
}

/// Says what to write instead of an unknown word: the nearest known one, or all of them if none is near.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(nearest) = nearest(word, known.clone()) {
        return format!("Did you mean `{nearest}`?");
    }
    let mut text = "Known are ".to_owned();
    for (place, known) in known.into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{known}", if place == 0 { "" } else { ", " });
    }
    text + "."
}

/// Says what to write instead of the name of a check that does not exist.
pub fn suggest_check(name: &str) -> String {
    match nearest(name, CheckId::ALL.into_iter().map(CheckId::id)) {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => "A check's name is printed beside what it says, such as sql-clock.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::FieldId;

    #[test]
    fn a_typing_error_is_understood() {
        let ids = || FieldId::ALL.into_iter().map(FieldId::id);
        for (typed, meant) in [
            ("pasword", "password"),
            ("node_name", "node-name"),
            ("Server", "server"),
            ("username", "user"),
            ("sql-password", "password"),
            ("mastr-key", "master-key"),
            ("listen-prefix", "listen-prefixes"),
            ("comms_prot", "comms-port"),
            ("hmoe", "home"),
            ("name", "node-name"),
            ("comms", "comms-port"),
            ("database-name", "database"),
        ] {
            assert_eq!(nearest(typed, ids()), Some(meant), "{typed}");
        }
        for typed in ["", "zzz", "&%", "\u{4e2d}\u{6587}", "colour"] {
            assert_eq!(nearest(typed, ids()), None, "{typed}");
        }
        assert_eq!(nearest(&"password".repeat(1000), ids()), None);
        for several in ["port", "file", "node"] {
            assert_eq!(nearest(several, ids()), None, "{several}");
        }
        assert_eq!(nearest("account", ids().chain(["accept"])), Some("service-account"));
    }

    #[test]
    fn all_are_named_if_none_is_near() {
        assert_eq!(suggest("envv", ["env", "file"]), "Did you mean `env`?");
        assert_eq!(suggest("vault", ["env", "file"]), "Known are env, file.");
    }
}
