//! The grammar of .NET connection strings (`DbConnectionStringBuilder`'s, not ODBC's: braces are plain characters).

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use super::BadConnectionString;

/// One `key=value`.
#[derive(Debug)]
pub(super) struct Pair {
    /// The key as it was written, `==` already made into `=`.
    pub(super) key: String,
    /// Where the key begins, counted in characters from 1.
    pub(super) at: usize,
    /// The value; any of them may be the password, so all are wiped.
    pub(super) value: Zeroizing<String>,
    /// Whether the value was quoted.
    pub(super) quoted: bool,
}

/// Splits a text into its pairs, in order.
pub(super) fn pairs(text: &str) -> Result<Vec<Pair>, BadConnectionString> {
    let mut scan = Scan { rest: text.chars().peekable(), at: 0, longest: text.len() };
    let mut pairs = Vec::new();
    while let Some(at) = scan.next_key() {
        let key = scan.key(at)?;
        let (value, quoted) = scan.value()?;
        pairs.push(Pair { key, at, value, quoted });
    }
    Ok(pairs)
}

struct Scan<'a> {
    rest: Peekable<Chars<'a>>,
    /// Characters taken so far, so also the place of the last one, from 1.
    at: usize,
    /// No value is longer than the whole text: a buffer of that size never moves, and so leaves no copy behind.
    longest: usize,
}

impl Scan<'_> {
    fn take(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.at += usize::from(next.is_some());
        next
    }

    /// Skips blanks and empty pairs; the place where a key begins, or `None` at the end.
    fn next_key(&mut self) -> Option<usize> {
        while self.rest.next_if(|c| *c == ';' || c.is_whitespace()).is_some() {
            self.at += 1;
        }
        self.rest.peek().map(|_| self.at + 1)
    }

    fn key(&mut self, at: usize) -> Result<String, BadConnectionString> {
        let mut key = String::new();
        loop {
            match self.take() {
                Some('=') if self.rest.next_if_eq(&'=').is_some() => {
                    self.at += 1;
                    key.push('=');
                }
                Some('=') => break,
                // .NET would go on to the next `=` and then not know the key. The key is not named: it may well be
                // the second half of a password.
                None | Some(';') => {
                    return Err(BadConnectionString(format!(
                        "What begins at character {at} has no = behind its name; a value with a ; in it must stand in quotes."
                    )));
                }
                Some(c) if c.is_control() && !c.is_whitespace() => return Err(control(self.at)),
                Some(c) => key.push(c),
            }
        }
        let key = key.trim_end().to_owned();
        if key.is_empty() {
            return Err(BadConnectionString(format!("The = at character {} has no name before it.", self.at)));
        }
        Ok(key)
    }

    fn value(&mut self) -> Result<(Zeroizing<String>, bool), BadConnectionString> {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {
            self.at += 1;
        }
        match self.rest.peek().copied() {
            Some(quote @ ('"' | '\'')) => Ok((self.quoted(quote)?, true)),
            _ => Ok((self.plain()?, false)),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Zeroizing<String>, BadConnectionString> {
        let mut value = Zeroizing::new(String::with_capacity(self.longest));
        self.take();
        let opened = self.at;
        loop {
            match self.take() {
                Some(c) if c == quote => {
                    if self.rest.next_if_eq(&quote).is_none() {
                        break;
                    }
                    self.at += 1;
                    value.push(quote);
                }
                Some('\0') => return Err(control(self.at)),
                Some(c) => value.push(c),
                None => return Err(BadConnectionString(format!("The quote at character {opened} is not closed."))),
            }
        }
        loop {
            match self.take() {
                None | Some(';') => return Ok(value),
                Some(c) if c.is_whitespace() => {}
                Some(_) => {
                    return Err(BadConnectionString(format!(
                        "After the closing quote goes a ;, but character {} is another; a quote inside quotes is doubled.",
                        self.at
                    )));
                }
            }
        }
    }

    fn plain(&mut self) -> Result<Zeroizing<String>, BadConnectionString> {
        let mut value = Zeroizing::new(String::with_capacity(self.longest));
        let mut ended = false;
        while let Some(c) = self.take() {
            if c == ';' {
                ended = true;
                break;
            }
            if c.is_control() && !c.is_whitespace() {
                return Err(control(self.at));
            }
            value.push(c);
        }
        let length = value.trim_end().len();
        value.truncate(length);
        // As .NET has it, and for the same reason: half of a pair of quotes was lost.
        if !ended && value.ends_with(['"', '\'']) {
            return Err(BadConnectionString("The last value ends in a quote that was never opened.".into()));
        }
        Ok(value)
    }
}

fn control(at: usize) -> BadConnectionString {
    BadConnectionString(format!("Character {at} is a control character."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).unwrap().into_iter().map(|pair| (pair.key, pair.value.to_string())).collect()
    }

    #[test]
    fn values_are_read_as_dotnet_reads_them() {
        for (text, expected) in [
            ("", vec![]),
            (" ; ;; ", vec![]),
            ("a=b", vec![("a", "b")]),
            (" a = b ; c = d ;", vec![("a", "b"), ("c", "d")]),
            ("a=;b=", vec![("a", ""), ("b", "")]),
            ("a='b;c'", vec![("a", "b;c")]),
            ("a=\"b;c\" ; d=e", vec![("a", "b;c"), ("d", "e")]),
            ("a='it''s'", vec![("a", "it's")]),
            ("a=\"say \"\"hi\"\"\"", vec![("a", "say \"hi\"")]),
            ("a='say \"hi\"'", vec![("a", "say \"hi\"")]),
            ("a=' b '", vec![("a", " b ")]),
            ("a=''", vec![("a", "")]),
            ("a=b=c", vec![("a", "b=c")]),
            ("a==b=c", vec![("a=b", "c")]),
            ("a====b=c", vec![("a==b", "c")]),
            ("a={b;c=d}", vec![("a", "{b"), ("c", "d}")]),
            ("a=it's;b=c", vec![("a", "it's"), ("b", "c")]),
            ("user id\t=\n x y \r\n;", vec![("user id", "x y")]),
            ("a=žluť;ž=1", vec![("a", "žluť"), ("ž", "1")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_defect_is_told_with_its_place() {
        for (text, part) in [
            ("abc", "at character 1 "),
            ("a=b; cd", "at character 6 "),
            ("a=b;cd;e=f", "at character 5 "),
            ("=b", "The = at character 1 "),
            ("a=b; =c", "The = at character 6 "),
            ("a='b", "quote at character 3 "),
            ("a='b''", "quote at character 3 "),
            ("ž=\"b", "quote at character 3 "),
            ("a='b'c", "character 6 "),
            ("a='it's'", "character 7 "),
            ("a=b\u{7}", "Character 4 "),
            ("a\u{0}=b", "Character 2 "),
            ("a='\u{0}'", "Character 4 "),
            ("a=b'", "ends in a quote"),
        ] {
            let error = pairs(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.ends_with('.'), "{text:?}: {error}");
        }
    }

    #[test]
    fn an_error_never_holds_a_value() {
        for text in
            ["Password=hunter2'", "Password='hunter2", "Password=x;hunter2", "Password='x'hunter2", "Password=hunter2\u{1}"]
        {
            assert!(!pairs(text).unwrap_err().to_string().contains("hunter2"), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = pairs(&text);
        }

        #[test]
        fn soup_of_the_grammar_s_own_characters_does_not_either(text in "[a='\"; {}\\x00\\n]{0,40}") {
            let _ = pairs(&text);
        }
    }
}
