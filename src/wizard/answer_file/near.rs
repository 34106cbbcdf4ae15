//! Did you mean: the known word that is nearest to one that is not known.

use std::fmt::Write as _;

/// How alike two words must be, from 0 to 1. At 0.8 `pasword`, `node_name` and `username` are found, and `port` is not
/// taken for `password`.
const ALIKE: f64 = 0.8;

/// How alike a word and one of another's parts are: `account` is nearer to `service-account` than to `accept`.
const PART: f64 = 0.9;

/// The known word that somebody most likely meant; none where several are as near. Case, and underscores for hyphens, do not
/// count.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word of this length is nobody's slip of the finger, and to compare it would take long.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    let mut rated: Vec<(f64, &str)> =
        known.into_iter().map(|known| (rate(&word, &known.to_lowercase().replace('_', "-")), known)).collect();
    rated.sort_by(|one, two| two.0.total_cmp(&one.0));
    match rated.as_slice() {
        // Of `comms-port` and `grpc-port` either would be a guess for `port`.
        [first, second, ..] if first.0.total_cmp(&second.0).is_eq() => None,
        [first, ..] if first.0 >= ALIKE => Some(first.1),
        _ => None,
    }
}

/// How alike two words are. One that ends with the other is alike too: `username` and `user`, `sql-password` and `password`.
fn rate(one: &str, two: &str) -> f64 {
    let (short, long) = if one.len() <= two.len() { (one, two) } else { (two, one) };
    let within = short.len() >= 4 && long.split('-').any(|part| part == short);
    // Of short words one letter, or two that changed places, is much, and still a slip.
    let slip = short.len() >= 3 && strsim::osa_distance(one, two) == 1;
    let least = match (within, slip) {
        (true, _) => PART,
        (false, true) => ALIKE,
        (false, false) => 0.0,
    };
    strsim::jaro_winkler(one, two).max(least)
}

/// What to do about an unknown word: the nearest one, or all of them where none is near.
pub fn instead<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::FieldId;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
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
    fn where_nothing_is_near_all_are_named() {
        assert_eq!(instead("envv", ["env", "file"]), "Did you mean `env`?");
        assert_eq!(instead("vault", ["env", "file"]), "Known are env, file.");
    }
}
