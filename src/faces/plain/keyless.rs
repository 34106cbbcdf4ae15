//! The wizard's sentences without the names of keys: here nothing is pressed, everything is typed.
//!
//! The words are the same for every face, and some of them name the full-screen face's keys. Where the key matters, what
//! is typed here stands in its place; a clause that is about nothing but keys goes.

use crate::faces::sentences::clean;

/// What names a key, and what is said instead.
const INSTEAD: [(&str, &str); 14] = [
    (
        "can be pasted with F3 and fills the fields",
        "can be given by typing connection at the server's prompt, and fills the fields",
    ),
    ("and pin it with F4", "and trust it when you are asked"),
    ("then pin it with F4", "then trust it when you are asked"),
    ("or take the one that the server shows with F4", "or trust the one that the server shows when you are asked"),
    ("F4 takes the one that the server has just shown", "You are asked whether to trust the one that the server shows"),
    ("; F4 writes this one anew and lists it", "; changing settings writes this one anew and lists it"),
    ("F4 writes the config anew", "Changing settings writes the config anew"),
    ("F4 changes the node config", "changing settings changes the node config"),
    ("; F4 goes on changing it", "; changing settings goes on with it"),
    (
        "F9 takes the chosen one out of the registry, by a plan like any other",
        "It can be taken out of the registry, by a plan like any other",
    ),
    ("F4 changes what may be changed", "What may be changed is this"),
    ("F9 has this node leave its cluster", "The node can also leave its cluster"),
    ("Enter installs this one", "It is shown once more"),
    ("Then F5 checks it again", "Then check again"),
];

/// Names of keys, and of what is done with them.
const KEYS: [&str; 9] =
    ["Esc", "Enter goes", "Enter once", "Enter installs", "Ctrl-C", "PgUp", "Left and right", "Up and down", "F10"];

/// The text for people who type: cleaned, one paragraph, no keys.
pub fn plain(text: &str) -> String {
    let mut text = clean(text);
    for (keys, words) in INSTEAD {
        text = text.replace(keys, words);
    }
    for key in ["Esc", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10"] {
        text = text.replace(&format!(" ({key})"), "");
    }
    let sentences = text.split_inclusive(". ").filter_map(sentence).collect::<String>();
    sentences.trim().to_owned()
}

/// A sentence without the clauses that name a key; `None` where nothing is left.
fn sentence(sentence: &str) -> Option<String> {
    if !names_key(sentence) {
        return Some(sentence.to_owned());
    }
    let kept: Vec<&str> = sentence.trim_end().trim_end_matches('.').split("; ").filter(|clause| !names_key(clause)).collect();
    (!kept.is_empty()).then(|| format!("{}. ", kept.join("; ")))
}

fn names_key(text: &str) -> bool {
    let function = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.strip_prefix('F').is_some_and(|number| number.len() == 1 && number.bytes().all(|b| (b'1'..=b'9').contains(&b)))
    };
    KEYS.iter().any(|key| text.contains(key)) || text.split_whitespace().any(function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::advice::Advice;
    use crate::model::flow::Flow;
    use crate::model::screen::ScreenId;
    use crate::words;

    #[test]
    fn what_names_a_key_says_what_to_do_here_or_goes() {
        for (text, said) in [
            (
                "Nothing has been changed, so there is nothing to do. Esc goes back.",
                "Nothing has been changed, so there is nothing to do.",
            ),
            ("This has to be mended first; F5 checks again.", "This has to be mended first."),
            ("Change settings (F4) and give it again.", "Change settings and give it again."),
            ("Compare it, and pin it with F4.", "Compare it, and trust it when you are asked."),
            ("Left and right choose.", ""),
            ("Enter web02 into cluster 7f3a-91c2", "Enter web02 into cluster 7f3a-91c2"),
            ("Ports 80 and 443; TLS 1.2. All is well.", "Ports 80 and 443; TLS 1.2. All is well."),
        ] {
            assert_eq!(plain(text), said, "{text}");
        }
    }

    #[test]
    fn no_word_of_a_screen_names_a_key_here() {
        for screen in ScreenId::ALL.map(words::screen) {
            let flows = || Flow::ALL.into_iter().map(Some).chain([None]);
            let mut all: Vec<&str> =
                flows().flat_map(|flow| [screen.title(flow), screen.intro(flow), screen.help(flow)]).collect();
            all.extend(Advice::ALL.into_iter().filter_map(|advice| screen.advice(advice)));
            let fields = screen.fields().filter_map(|field| screen.field(field));
            all.extend(fields.flat_map(|words| [words.hint.as_str(), words.help.as_str()]));
            for text in all {
                let said = plain(text);
                assert!(!names_key(&said), "{said}");
                assert!(!said.contains('\n'));
            }
        }
    }
}
