//! Scripts in PowerShell, read by its quoting rules. There is no PowerShell here to run them: the reader below follows the
//! shell specification (chapter 2: single-quoted strings, with each of the characters that pass for a quote) for the few
//! forms that a script has, and refuses all others; a grammar of PowerShell that others wrote judges the scripts as a whole
//! where it is installed.

use octopus_setup::model::flow::Flow;
use octopus_setup::model::survey::AccountKind;
use octopus_setup::render::octopus::commands;
use octopus_setup::render::script::{by_reference, in_clear};
use octopus_setup::render::{Secret, Shell};
use proptest::prelude::*;
use secrecy::ExposeSecret;

use crate::argv;
use crate::expected::{self, Values};
use crate::judges::{powershell_errors, python};
use crate::nodes::{any_node, hostile, ordinary, setup, whole, with_account};

/// One call: its arguments, and what it puts into the environment.
struct Call {
    arguments: Vec<String>,
    environment: Option<(String, String)>,
    /// The URL that is asked after it until the node is in.
    awaits: Option<String>,
}

/// Reads expressions.
struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    values: &'a Values,
}

impl Reader<'_> {
    fn skip(&mut self) {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn takes(&mut self, text: &str) -> bool {
        self.skip();
        let mut ahead = self.rest.clone();
        let found = text.chars().all(|c| ahead.next() == Some(c));
        if found {
            self.rest = ahead;
        }
        found
    }

    fn must(&mut self, text: &str) {
        assert!(self.takes(text), "{text} is missing before {:?}", self.rest.clone().take(40).collect::<String>());
    }

    fn name(&mut self) -> String {
        self.skip();
        let mut name = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
        }
        name
    }

    fn string(&mut self) -> String {
        let is_quote = |c: &char| matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}');
        self.skip();
        assert!(self.rest.next_if(is_quote).is_some(), "a string begins with a quote");
        let mut text = String::new();
        loop {
            let c = self.rest.next().expect("a string that ends");
            if is_quote(&c) && self.rest.next_if(is_quote).is_none() {
                return text;
            }
            text.push(c);
        }
    }

    /// One value, in UTF-16 as PowerShell has it.
    fn value(&mut self) -> Vec<u16> {
        if self.takes("(") {
            let mut whole = self.value();
            while self.takes("+") {
                whole.extend(self.value());
            }
            self.must(")");
            return whole;
        }
        if self.takes("[char]0x") {
            return vec![u16::from_str_radix(&self.name(), 16).expect("a number")];
        }
        if self.takes("$env:") {
            let name = self.name();
            let secret = Secret::ALL.into_iter().find(|secret| secret.variable() == name).expect("a variable of ours");
            let value = self.values.of(secret);
            let doubled = self.takes(".Replace('\"', '\"\"')");
            return if doubled { value.replace('"', "\"\"") } else { value.to_owned() }.encode_utf16().collect();
        }
        self.string().encode_utf16().collect()
    }

    fn text(&mut self) -> String {
        String::from_utf16(&self.value()).expect("whole characters")
    }
}

/// The calls of a script. Its own part is taken as it is; what is behind it must be calls and comments and nothing else.
fn calls(script: &str, values: &Values) -> Vec<Call> {
    assert!(script.is_ascii(), "a script means the same in each encoding");
    let last = script.split_once("\nfunction Wait-Node").or_else(|| script.split_once("\nfunction Invoke-Octopus"));
    let (_, last) = last.expect("the last function");
    let (_, calls) = last.split_once("\n}\n\n#").expect("its end");
    let mut found: Vec<Call> = Vec::new();
    let mut reader = Reader { rest: calls.chars().peekable(), values };
    let mut comment = true;
    loop {
        if comment || reader.takes("#") {
            comment = false;
            while reader.rest.next().is_some_and(|c| c != '\n') {}
            continue;
        }
        reader.skip();
        if reader.rest.peek().is_none() {
            return found;
        }
        if reader.takes("Wait-Node ") {
            let url = reader.text();
            found.last_mut().expect("a call before it").awaits = Some(url);
            continue;
        }
        reader.must("Invoke-Octopus @(");
        let mut arguments = vec![reader.text()];
        while reader.takes(",") {
            arguments.push(reader.text());
        }
        reader.must(")");
        let environment = reader.takes("@{").then(|| {
            let name = reader.name();
            reader.must("=");
            let value = reader.text();
            reader.must("}");
            (name, value)
        });
        found.push(Call { arguments, environment, awaits: None });
    }
}

/// What `Protect-Argument` does, by hand: each run of backslashes is doubled before a double quote and at the end.
fn protected(text: &str) -> String {
    let mut line = String::from("\"");
    let mut backslashes = 0;
    for character in text.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                line.extend(std::iter::repeat_n('\\', backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(character);
    }
    line.extend(std::iter::repeat_n('\\', backslashes));
    line.push('"');
    line
}

proptest! {
    #[test]
    fn whatever_the_values_are_they_arrive_as_they_are(
        node in any_node(),
        texts in [hostile(), hostile(), hostile(), hostile(), hostile()],
        first in any::<bool>(),
        clear in any::<bool>(),
    ) {
        let [password, master_key, service_password, admin_password, licence] = texts;
        let values = Values { password, master_key, service_password, admin_password, licence };
        let setup = setup(if first { Flow::FirstNode } else { Flow::Join }, &node);
        let script = if clear {
            in_clear(&setup, Shell::PowerShell, &values.clear()).unwrap().expose_secret().to_owned()
        } else {
            by_reference(&setup, Shell::PowerShell).unwrap()
        };
        let commands = commands(&setup).unwrap();
        let calls = calls(&script, &values);
        prop_assert_eq!(calls.len(), commands.len());
        for (call, command) in calls.iter().zip(&commands) {
            let expected = expected::words(command, &values);
            prop_assert_eq!(&call.arguments, &expected);
            let service = command.environment.map(|(name, secret)| (name.to_owned(), values.of(secret).to_owned()));
            prop_assert_eq!(&call.environment, &service);
            prop_assert_eq!(&call.awaits, &command.awaits.as_ref().map(octopus_setup::model::web::PingEndpoint::url));
            let line = call.arguments.iter().map(|argument| protected(argument)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(argv::arguments(&line), expected, "{}", line);
            if let Some(place) = call.arguments.iter().position(|word| word == "--connectionString") {
                expected::assert_says(&call.arguments[place + 1], crate::nodes::login(&node), &values.password);
            }
        }
    }
}

/// The two replacements of the script's own `Protect-Argument`, by another implementation of regular expressions.
#[test]
fn the_script_s_own_replacements_do_what_they_are_held_to_do() {
    let script = by_reference(&setup(Flow::Join, &ordinary()), Shell::PowerShell).unwrap();
    let line = script.lines().find(|line| line.contains("-replace")).unwrap();
    assert_eq!(line.trim(), r#"'"' + (($Text -replace '(\\*)"', '$1$1\"') -replace '(\\+)\z', '$1$1') + '"'"#);
    let texts = ["", "a", "a b", "\"", "\\", "\\\\", "a\\\"b", "\\\\\"", "x\\", "x\\\n", "C:\\a b\\", "\"\"\\\\\"\\"];
    let program = r#"
import re, sys
for text in sys.stdin.buffer.read().decode().split("\0"):
    text = re.sub(r'(\\*)"', lambda m: m[1] * 2 + '\\"', text)
    text = re.sub(r'(\\+)\Z', lambda m: m[1] * 2, text)
    sys.stdout.buffer.write(('"' + text + '"\0').encode())
"#;
    let Some(said) = python(program, texts.join("\0").as_bytes()) else { return };
    let expected: String = texts.iter().map(|text| protected(text) + "\0").collect();
    assert_eq!(said, expected);
}

#[test]
fn a_grammar_that_others_wrote_finds_no_error() {
    let mut scripts = Vec::new();
    for kind in [AccountKind::LocalSystem, AccountKind::Custom] {
        let mut node = with_account(kind);
        node.name = "it's \u{2019}$(id)`\" \u{1f419}\n".into();
        for flow in [Flow::FirstNode, Flow::Join] {
            scripts.push(by_reference(&setup(flow, &node), Shell::PowerShell).unwrap());
        }
    }
    if let Some(said) = powershell_errors(&scripts) {
        assert_eq!(said, "");
    }
}

#[test]
fn scripts_look_like_this() {
    let node = whole();
    insta::assert_snapshot!("powershell_first_node", by_reference(&setup(Flow::FirstNode, &node), Shell::PowerShell).unwrap());
    insta::assert_snapshot!("powershell_join", by_reference(&setup(Flow::Join, &ordinary()), Shell::PowerShell).unwrap());
}
