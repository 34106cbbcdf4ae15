//! What stands in for text that changes from run to run: filled into answer files, and taken out of what came out.

/// Pairs of a placeholder and what stands there in this run, the longest text first.
#[derive(Debug, Clone, Default)]
pub struct Masks {
    pairs: Vec<(&'static str, String)>,
}

impl Masks {
    /// These.
    pub fn new(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
        Self { pairs }
    }

    /// With the texts in the place of the placeholders. A placeholder that nobody knows is a mistake.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (placeholder, with) in &self.pairs {
            filled = filled.replace(&format!("{{{placeholder}}}"), with);
        }
        filled
    }

    /// With the placeholders in the place of the texts, and without what else differs.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for (placeholder, with) in &self.pairs {
            masked = whole_words(&masked, with, &format!("{{{placeholder}}}"));
        }
        volatile(&masked)
    }
}

/// Replaces a text where no letter or digit goes on before or behind it: port 80 is no part of 8080.
fn whole_words(text: &str, what: &str, with: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(what) {
        let (before, after) = (&rest[..at], &rest[at + what.len()..]);
        let goes_on = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        let inside = goes_on(before.chars().next_back().or(replaced.chars().next_back())) || goes_on(after.chars().next());
        replaced.push_str(before);
        replaced.push_str(if inside { what } else { with });
        rest = after;
    }
    replaced + rest
}

/// Without what differs from run to run, whatever the scene is.
pub fn volatile(text: &str) -> String {
    // In /proc root finds no place, and others are not let in.
    let refusals = ["No such file or directory (os error 2)", "Permission denied (os error 13)"];
    let text = refusals.iter().fold(text.to_owned(), |text, said| {
        let text = text.replace(&format!("{said} at path"), "{refused} at path");
        text.replace(&format!("could not be created: {said}"), "could not be created: {refused}")
    });
    made_anew(&disks(&ages(&text)))
}

/// Which file system the tests' folder is on is this machine's.
fn disks(text: &str) -> String {
    let (mut masked, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("on a local disk (") {
        let (before, after) = rest.split_at(at + "on a local disk".len());
        masked.push_str(before);
        rest = after.find(')').map_or(after, |end| &after[end + 1..]);
    }
    masked + rest
}

/// `last seen 3 s ago` differs each time; days do not, since the scenes set them.
fn ages(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("last seen ") {
        let (before, after) = rest.split_at(at + "last seen ".len());
        masked.push_str(before);
        rest = after;
        if let Some(end) = after.find(" ago").filter(|end| *end < 12 && !after[..*end].ends_with('d')) {
            masked.push_str("{age}");
            rest = &after[end..];
        }
    }
    masked + rest
}

/// What it looks like, what stands in its place, and which bytes an x in it stands for.
type Pattern<'a> = (&'a str, &'a str, &'a dyn Fn(u8) -> bool);

/// What is made anew for each server and each run: fingerprints of certificates, ids of new clusters, moments, days of
/// certificates, names of temporary files, and how long something took.
fn made_anew(text: &str) -> String {
    let hex = |byte: u8| byte.is_ascii_hexdigit();
    let digit = |byte: u8| byte.is_ascii_digit();
    let word = |byte: u8| byte.is_ascii_alphanumeric();
    let patterns: [Pattern<'_>; 10] = [
        (&"xx:".repeat(32)[..95], "{sha256}", &hex),
        ("and cluster xxxx-xxxx", "and cluster {new}", &hex),
        ("server CA xxxxxxxx", "server CA {new}", &hex),
        ("xxxx-xx-xx xx:xx:xxZ", "{moment}", &digit),
        ("today is xxxx-xx-xx", "today is {day}", &digit),
        ("time ended on xxxx-xx-xx", "time ended on {day}", &digit),
        ("-proof-xxxxxx", "-proof-{new}", &word),
        ("The server is xx s ahead", "The server is {time} ahead", &digit),
        ("takes xx.x ms", "takes {time}", &digit),
        ("takes xxx ms", "takes {time}", &digit),
    ];
    patterns.into_iter().fold(text.to_owned(), |text, (pattern, with, fits)| replaced(text, pattern, with, fits))
}

/// Replaces what looks like the pattern, in which an x stands for any byte that fits.
fn replaced(mut text: String, pattern: &str, with: &str, fits: &dyn Fn(u8) -> bool) -> String {
    let is_like = |piece: &[u8]| {
        piece.iter().zip(pattern.bytes()).all(|(byte, wanted)| if wanted == b'x' { fits(*byte) } else { *byte == wanted })
    };
    while let Some(at) = text.as_bytes().windows(pattern.len()).position(is_like) {
        text.replace_range(at..at + pattern.len(), with);
    }
    text
}

#[test]
fn what_is_filled_in_is_masked_again() {
    let masks =
        Masks::new([("web", "8080".to_owned()), ("folder", "/tmp/x".to_owned()), ("server", "localhost,8080".to_owned())]);
    let text = "{server} and {folder}/home at {web}, not 80801; last seen {age} ago; last seen 19 d ago";
    assert_eq!(disks("it is on a local disk (ext4), as far; on a local disk"), "it is on a local disk, as far; on a local disk");
    let filled = masks.fill(text);
    assert_eq!(filled, "localhost,8080 and /tmp/x/home at 8080, not 80801; last seen {age} ago; last seen 19 d ago");
    assert_eq!(masks.mask(&filled.replace("{age}", "3 min")), text);
    assert_eq!(made_anew(&format!("SHA-256 {}.", ["AB"; 32].join(":"))), "SHA-256 {sha256}.");
    assert_eq!(made_anew("registry and cluster 12ab-34cd, it takes 29.3 ms"), "registry and cluster {new}, it takes {time}");
}
