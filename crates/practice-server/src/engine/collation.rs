//! The known collations, and how each compares.

use std::cmp::Ordering;

/// The server's default collation.
pub(crate) const SERVER_DEFAULT: &str = "SQL_Latin1_General_CP1_CI_AS";

/// How a collation that is not binary compares.
struct ComparisonClass {
    /// The name in `SQLite`.
    name: &'static str,
    case: bool,
    accent: bool,
    /// Tells i from dotless ı: İ is the capital of i, and I that of ı.
    turkish: bool,
}

const fn class(name: &'static str, case: bool, accent: bool, turkish: bool) -> ComparisonClass {
    ComparisonClass { name, case, accent, turkish }
}

const CLASSES: [ComparisonClass; 8] = [
    class("ci_as", false, true, false),
    class("ci_ai", false, false, false),
    class("cs_as", true, true, false),
    class("cs_ai", true, false, false),
    class("tr_ci_as", false, true, true),
    class("tr_ci_ai", false, false, true),
    class("tr_cs_as", true, true, true),
    class("tr_cs_ai", true, false, true),
];

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
    let turkish = upper.starts_with("TURKISH_") || upper.starts_with("AZERI_LATIN_");
    let wanted = |one: &&ComparisonClass| one.case == case && one.accent == accent && one.turkish == turkish;
    CLASSES.iter().find(wanted).map_or("ci_as", |class| class.name)
}

/// Returns whether two texts are equal under a collation.
pub(crate) fn are_equal(collation: &str, a: &str, b: &str) -> bool {
    compare(comparison_class(collation), a, b) == Ordering::Equal
}

/// Compares by a class. Trailing blanks do not count, as everywhere in SQL Server. Neither does the width of a character, nor
/// whether a syllable is written in hiragana or katakana: the marks `WS` and `KS` of a collation's name are not obeyed.
pub(crate) fn compare(class: &str, a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    let Some(class) = CLASSES.iter().find(|one| one.name == class) else {
        return a.encode_utf16().cmp(b.encode_utf16());
    };
    let turkish = class.turkish;
    let lower = |char| to_lower(to_common_form(char), turkish);
    let key = |char| sort_key(lower(char));
    let base = a.chars().map(key).cmp(b.chars().map(key));
    base.then_with(|| if class.accent { a.chars().map(lower).cmp(b.chars().map(lower)) } else { Ordering::Equal }).then_with(
        || {
            if class.case {
                // A lower-case letter sorts before its capital.
                a.chars().map(char::is_uppercase).cmp(b.chars().map(char::is_uppercase))
            } else {
                Ordering::Equal
            }
        },
    )
}

/// Returns a text in lower case, by the rules of a class: one character for each, as SQL Server does it.
pub(crate) fn lower_case(class: &str, text: &str) -> String {
    let turkish = class.starts_with("tr_");
    text.chars().map(|char| to_lower(char, turkish)).collect()
}

/// Returns a text in upper case, by the rules of a class.
pub(crate) fn upper_case(class: &str, text: &str) -> String {
    let turkish = class.starts_with("tr_");
    text.chars().map(|char| to_upper(char, turkish)).collect()
}

fn to_lower(char: char, turkish: bool) -> char {
    match char {
        'I' if turkish => 'ı',
        'İ' if turkish => 'i',
        // Its lower case is two characters.
        'İ' => char,
        _ => char.to_lowercase().next().unwrap_or(char),
    }
}

fn to_upper(char: char, turkish: bool) -> char {
    match char {
        'i' if turkish => 'İ',
        'ı' if !turkish => char,
        _ => {
            let mut upper = char.to_uppercase();
            // ß has none of one character.
            upper.next().filter(|_| upper.next().is_none()).unwrap_or(char)
        }
    }
}

/// Returns the character in its usual width, and a syllable in katakana.
fn to_common_form(char: char) -> char {
    const HALF_WIDTH: &str =
        "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    let code = u32::from(char);
    let moved = |by: u32| char::from_u32(by).unwrap_or(char);
    match char {
        '\u{ff01}'..='\u{ff5e}' => moved(code - 0xfee0),
        '\u{3000}' => ' ',
        'ぁ'..='ゖ' => moved(code + 0x60),
        '\u{ff66}'..='\u{ff9d}' => HALF_WIDTH.chars().nth((code - 0xff66) as usize).unwrap_or(char),
        _ => char,
    }
}

/// Orders symbols before digits before letters; letters without accent.
fn sort_key(lower: char) -> (u8, char) {
    let rank = if lower.is_alphabetic() { 2 } else { u8::from(lower.is_numeric()) };
    (rank, unaccented(lower))
}

fn unaccented(char: char) -> char {
    const GROUPS: [(&str, char); 17] = [
        ("àáâãäåāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ďđ", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ĝğġģ", 'g'),
        ("ĥ", 'h'),
        ("ìíîïĩīĭįİ", 'i'),
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

/// Registers the classes with a connection.
pub(crate) fn register(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    for class in CLASSES.iter().map(|class| class.name).chain(["bin"]) {
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

    #[test]
    fn turkish_has_two_letters_i() {
        assert!(!are_equal("Turkish_CI_AS", "WEBI", "webi"));
        assert!(are_equal("Turkish_CI_AS", "WEBİ", "webi") && are_equal("Turkish_CI_AI", "WEBI", "webı"));
        assert!(are_equal("Latin1_General_CI_AS", "WEBI", "webi") && !are_equal("Latin1_General_CI_AS", "ı", "i"));
        assert_eq!((lower_case("tr_ci_as", "IİÉ"), upper_case("tr_ci_as", "ıiß")), ("ıié".into(), "Iİß".into()));
        assert_eq!((lower_case("ci_as", "Iİ"), upper_case("ci_as", "ıi")), ("iİ".into(), "ıI".into()));
    }

    #[test]
    fn width_and_kana_do_not_count() {
        assert!(are_equal("Japanese_CI_AS", "ｗｅｂ０１", "WEB01") && are_equal("Latin1_General_CI_AS", "ｗｅｂ", "web"));
        assert!(are_equal("Japanese_CI_AS", "さくら", "サクラ") && are_equal("Japanese_CI_AS", "ｻｸﾗ", "さくら"));
        assert!(!are_equal("Japanese_CI_AS", "が", "か") && !are_equal("Japanese_BIN2", "さ", "サ"));
    }
}
