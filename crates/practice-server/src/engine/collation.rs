//! The known collations, and how each compares.

use std::cmp::Ordering;

/// The server's default collation.
pub(crate) const SERVER_DEFAULT: &str = "SQL_Latin1_General_CP1_CI_AS";

/// The comparison classes: name in `SQLite`, case-sensitive, accent-sensitive.
const CLASSES: [(&str, bool, bool); 4] =
    [("ci_as", false, true), ("ci_ai", false, false), ("cs_as", true, true), ("cs_ai", true, false)];

const LANGUAGES: &str = " Latin1_General Albanian Arabic Azeri_Cyrillic Azeri_Latin Chinese_PRC Chinese_Taiwan_Stroke \
Croatian Cyrillic_General Czech Danish_Greenlandic Danish_Norwegian Estonian Finnish_Swedish French Georgian_Modern_Sort \
German_PhoneBook Greek Hebrew Hungarian Icelandic Indic_General Japanese Japanese_XJIS Kazakh Korean Korean_Wansung Latvian \
Lithuanian Macedonian_FYROM Modern_Spanish Norwegian Persian Polish Romanian Romansh Sami_Norway Slovak Slovenian Thai \
Traditional_Spanish Turkish Ukrainian Vietnamese SQL_Latin1_General_CP1 SQL_Latin1_General_CP850 \
SQL_Latin1_General_CP437 SQL_Latin1_General_CP1250 SQL_Latin1_General_CP1251 SQL_Latin1_General_CP1253 ";

/// Returns the name in SQL Server's spelling, if the collation exists.
pub(crate) fn canonical_name(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('_').collect();
    let suffix =
        parts.iter().position(|part| ["CI", "CS", "BIN", "BIN2"].iter().any(|known| part.eq_ignore_ascii_case(known)))?;
    let (mut language, marks) = (parts[..suffix].to_vec(), &parts[suffix..]);
    let sorted_by_marks = marks.first().is_some_and(|first| first.to_ascii_uppercase().starts_with("BIN"));
    let rest = if sorted_by_marks { &marks[1..] } else { marks.get(2..)? };
    let accent =
        sorted_by_marks || marks.get(1).is_some_and(|mark| mark.eq_ignore_ascii_case("AS") || mark.eq_ignore_ascii_case("AI"));
    let known_rest = rest.iter().all(|mark| ["KS", "WS", "SC", "UTF8", "VSS"].iter().any(|one| mark.eq_ignore_ascii_case(one)));
    let version = language.last().filter(|last| ["90", "100", "140"].contains(last)).map(|version| (*version).to_owned());
    if version.is_some() {
        language.pop();
    }
    let wanted = language.join("_");
    let language = LANGUAGES.split_whitespace().find(|one| one.eq_ignore_ascii_case(&wanted))?;
    (accent && known_rest).then(|| {
        let mut full = language.to_owned();
        for mark in version.iter().map(String::as_str).chain(marks.iter().copied()) {
            full.push('_');
            full.push_str(&mark.to_ascii_uppercase());
        }
        full
    })
}

/// Returns the class by which `SQLite` compares a collation.
pub(crate) fn comparison_class(name: &str) -> &'static str {
    let upper = name.to_ascii_uppercase();
    if upper.ends_with("_BIN") || upper.ends_with("_BIN2") || upper.contains("_BIN2_") {
        return "bin";
    }
    let case = upper.contains("_CS_");
    let accent = !upper.contains("_AI");
    CLASSES.iter().find(|(_, c, a)| *c == case && *a == accent).map_or("ci_as", |(name, _, _)| name)
}

/// Returns whether two texts are equal under a collation.
pub(crate) fn are_equal(collation: &str, a: &str, b: &str) -> bool {
    compare(comparison_class(collation), a, b) == Ordering::Equal
}

/// Compares by a class. Trailing blanks do not count, as everywhere in SQL Server.
pub(crate) fn compare(class: &str, a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    let Some((_, case, accent)) = CLASSES.iter().find(|(name, _, _)| *name == class) else {
        return a.encode_utf16().cmp(b.encode_utf16());
    };
    let base = a.chars().map(sort_key).cmp(b.chars().map(sort_key));
    base.then_with(|| if *accent { a.chars().map(lower_case).cmp(b.chars().map(lower_case)) } else { Ordering::Equal }).then_with(
        || {
            if *case {
                // A lower-case letter sorts before its capital.
                a.chars().map(char::is_uppercase).cmp(b.chars().map(char::is_uppercase))
            } else {
                Ordering::Equal
            }
        },
    )
}

fn lower_case(char: char) -> char {
    char.to_lowercase().next().unwrap_or(char)
}

/// Orders symbols before digits before letters; letters without case and accent.
fn sort_key(char: char) -> (u8, char) {
    let rank = if char.is_alphabetic() { 2 } else { u8::from(char.is_numeric()) };
    (rank, unaccented(lower_case(char)))
}

fn unaccented(char: char) -> char {
    const GROUPS: [(&str, char); 17] = [
        ("àáâãäåāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ďđ", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ĝğġģ", 'g'),
        ("ĥ", 'h'),
        ("ìíîïĩīĭį", 'i'),
        ("ĵ", 'j'),
        ("ķ", 'k'),
        ("ĺļľ", 'l'),
        ("ñńņň", 'n'),
        ("òóôõöōŏő", 'o'),
        ("ŕŗř", 'r'),
        ("śŝşš", 's'),
        ("ţť", 't'),
        ("ùúûüũūŭůűų", 'u'),
        ("ýÿŷ", 'y'),
    ];
    if char.is_ascii() {
        return char;
    }
    if "źżž".contains(char) {
        return 'z';
    }
    GROUPS.iter().find(|(group, _)| group.contains(char)).map_or(char, |(_, base)| *base)
}

/// Registers the five classes with a connection.
pub(crate) fn register(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    for class in ["ci_as", "ci_ai", "cs_as", "cs_ai", "bin"] {
        connection.create_collation(class, move |a: &str, b: &str| compare(class, a, b))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_spelled() {
        assert_eq!(canonical_name("latin1_general_ci_as").as_deref(), Some("Latin1_General_CI_AS"));
        assert_eq!(canonical_name("Latin1_General_100_CI_AS_SC_UTF8").as_deref(), Some("Latin1_General_100_CI_AS_SC_UTF8"));
        assert_eq!(canonical_name("Czech_BIN2").as_deref(), Some("Czech_BIN2"));
        assert_eq!(canonical_name("Klingon_CI_AS"), None);
        assert_eq!(canonical_name("Latin1_General_CI"), None);
    }

    #[test]
    fn classes_compare() {
        assert!(are_equal("Latin1_General_CI_AS", "Node A ", "nODE a"));
        assert!(!are_equal("Latin1_General_CI_AS", "é", "e"));
        assert!(are_equal("Latin1_General_CI_AI", "É", "e"));
        assert!(!are_equal("Latin1_General_CS_AS", "A", "a"));
        assert_eq!(compare("cs_as", "a", "A"), Ordering::Less);
        assert_eq!(compare("bin", "a", "A"), Ordering::Greater);
        assert_eq!(compare("ci_as", "a1", "ab"), Ordering::Less);
    }
}
