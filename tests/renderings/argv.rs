//! How a Windows program reads its command line: `CommandLineToArgvW`'s rules, written from its documentation and from nothing
//! of ours.

/// The arguments behind the program's name.
pub fn arguments(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut rest = line.chars().peekable();
    loop {
        while rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        if rest.peek().is_none() {
            return arguments;
        }
        let (mut argument, mut quoted) = (String::new(), false);
        loop {
            let mut backslashes = 0;
            while rest.next_if_eq(&'\\').is_some() {
                backslashes += 1;
            }
            match rest.peek().copied() {
                // 2n backslashes and a quote: n backslashes, and the quote opens or closes; one more: a quote as it is.
                Some('"') => {
                    rest.next();
                    argument.extend(std::iter::repeat_n('\\', backslashes / 2));
                    if backslashes % 2 == 1 {
                        argument.push('"');
                    } else if quoted && rest.next_if_eq(&'"').is_some() {
                        // Within quotes, two of them are one.
                        argument.push('"');
                    } else {
                        quoted = !quoted;
                    }
                }
                other => {
                    argument.extend(std::iter::repeat_n('\\', backslashes));
                    match other {
                        None => break,
                        Some(' ' | '\t') if !quoted => break,
                        Some(character) => {
                            rest.next();
                            argument.push(character);
                        }
                    }
                }
            }
        }
        arguments.push(argument);
    }
}

#[test]
fn the_examples_of_the_documentation() {
    for (line, expected) in [
        (r#""a b c" d e"#, &["a b c", "d", "e"][..]),
        (r#""ab\"c" "\\" d"#, &["ab\"c", "\\", "d"]),
        (r#"a\\\b d"e f"g h"#, &[r"a\\\b", "de fg", "h"]),
        (r#"a\\\"b c d"#, &["a\\\"b", "c", "d"]),
        (r#"a\\\\"b c" d e"#, &[r"a\\b c", "d", "e"]),
        (r#""" x"#, &["", "x"]),
    ] {
        assert_eq!(arguments(line), expected, "{line}");
    }
}
