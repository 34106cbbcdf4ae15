//! Octopus Server's list of this machine's instances.

use serde_json::Value;

use crate::model::names::instance_key;
use crate::model::untrusted::Untrusted;

/// The most positions in the output that are tried as the beginning of a list.
const TRIES: usize = 256;
/// The most instances that are returned.
const MOST: usize = 1_000;

/// An instance in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Untrusted,
    /// Its config file.
    pub config: Untrusted,
}

/// Finds an instance by name in the output of `list-instances`. Octopus ignores case in names, and keeps two that differ by a blank and
/// a hyphen in one file.
pub fn listed(lines: &[Untrusted], name: &str) -> Option<Listed> {
    let text = lines.iter().map(Untrusted::as_str).collect::<Vec<_>>().join("\n");
    let all = read_instances(&text).unwrap_or_default();
    all.into_iter().find(|listed| instance_key(listed.name.as_str()) == instance_key(name))
}

/// Reads the instances in an output; `None` if there is neither a list nor the words that there is none.
pub fn read_instances(text: &str) -> Option<Vec<Listed>> {
    as_json(text).or_else(|| as_text(text)).map(|mut instances| {
        instances.truncate(MOST);
        instances
    })
}

/// Finds a list of records in a text: some versions of Octopus Server print an exception before it, and others may print something
/// after it. `System.String[]` there is no empty list, so an empty list has to be the only word of its line.
fn as_json(text: &str) -> Option<Vec<Listed>> {
    let begins_line = |place: &usize| text.get(..*place).is_none_or(|before| before.lines().next_back().is_none_or(is_blank));
    let places = || text.match_indices('[').map(|(place, _)| place);
    let tried = places().filter(begins_line).take(TRIES).chain(places().take(TRIES));
    let lists = tried.filter_map(|place| {
        let mut values = serde_json::Deserializer::from_str(text.get(place..)?).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Array(list))) => list.iter().map(record).collect::<Option<Vec<_>>>(),
            _ => None,
        }
    });
    let alone = text.lines().any(|line| line.trim() == "[]");
    lists.into_iter().find(|list| !list.is_empty() || alone)
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Reads `InstanceName` and `ConfigurationFilePath` in upper or lower case; other fields are Octopus' own.
fn record(value: &Value) -> Option<Listed> {
    let fields = value.as_object()?;
    let field = |names: [&str; 2]| {
        let (_, value) = fields.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
        value.as_str().map(Untrusted::new)
    };
    Some(Listed { name: field(["InstanceName", "Name"])?, config: field(["ConfigurationFilePath", "ConfigurationPath"])? })
}

/// Reads the text form: a line `Instance 'X' uses configuration 'C:\…'.` for each, or `No instances installed`. Other lines are log
/// output, and are ignored.
fn as_text(text: &str) -> Option<Vec<Listed>> {
    let found: Vec<Listed> = text.lines().filter_map(sentence).collect();
    let none = text.lines().any(|line| line.trim().to_ascii_lowercase().starts_with("no instances"));
    (!found.is_empty() || none).then_some(found)
}

fn sentence(line: &str) -> Option<Listed> {
    let (_, rest) = line.split_once("Instance '")?;
    // A name may hold a quote, a path may too; the words between them are the product's.
    let (name, rest) = rest.split_once("' uses configuration '")?;
    let config = rest.trim_end().trim_end_matches('.').strip_suffix('\'')?;
    Some(Listed { name: name.into(), config: config.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, config: &str) -> Vec<Listed> {
        vec![Listed { name: name.into(), config: config.into() }]
    }

    #[test]
    fn a_list_is_found_in_what_is_printed() {
        let json =
            "[\n  {\n    \"InstanceName\": \"OctopusServer\",\n    \"ConfigurationFilePath\": \"/home/o/x.config\"\n  }\n]";
        let expected = of("OctopusServer", "/home/o/x.config");
        assert_eq!(read_instances(json), Some(expected.clone()));
        let before = "Unhandled: System.Exception: no\n   at X.Main(System.String[] args) in [ ] and [1, 2]\n";
        assert_eq!(read_instances(&format!("{before}{json}\n[] behind it")), Some(expected.clone()));
        assert_eq!(read_instances(&format!("warn: {json}")), Some(expected), "in the middle of a line");
        assert_eq!(
            read_instances(r#"[{"instancename":"a'b","Other":[1],"CONFIGURATIONFILEPATH":"C:\\x"}]"#),
            Some(of("a'b", r"C:\x"))
        );
        assert_eq!(read_instances("[]\n"), Some(Vec::new()));
    }

    #[test]
    fn the_text_form_is_read_too() {
        assert_eq!(
            read_instances("Instance 'My Node' uses configuration 'C:\\O\\My Node.config'.\r\n"),
            Some(of("My Node", r"C:\O\My Node.config"))
        );
        assert_eq!(
            read_instances("Instance 'it's' uses configuration '/o'clock/x.config'."),
            Some(of("it's", "/o'clock/x.config"))
        );
        assert_eq!(read_instances("No instances installed"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_list_is_none_and_costs_little() {
        let deep = "[".repeat(60_000);
        let long = format!("[\"{}", "x[\"".repeat(20_000));
        for text in ["", "nonsense", "at M(String[] a)", "[1, 2]", "[{}]", "[{\"InstanceName\":7}]", "Instance 'x", &deep, &long]
        {
            assert_eq!(read_instances(text), None, "{text:.40}");
        }
    }

    #[test]
    fn what_it_says_does_not_act() {
        let name = read_instances("Instance 'a\u{1b}[31m' uses configuration '/x'.").expect("read").remove(0).name;
        assert_eq!(name.as_str(), "a^[[31m");
    }

    #[test]
    fn an_instance_is_found_among_other_lines() {
        let lines: Vec<Untrusted> = [
            "Octopus Deploy: Server version 2025.1.10",
            "Instance 'Default' uses configuration 'C:\\Octopus\\Default.config'.",
            "Instance 'It's Mine' uses configuration '/srv/it's/OctopusServer.config'.",
            "Instance 'broken' uses configuration 'x",
        ]
        .map(Untrusted::new)
        .to_vec();
        let found = |name: &str| listed(&lines, name).map(|listed| listed.config.to_string());
        assert_eq!(found("default").as_deref(), Some("C:\\Octopus\\Default.config"));
        assert_eq!(found("it's-mine").as_deref(), Some("/srv/it's/OctopusServer.config"));
        assert_eq!((found("broken"), found("Other")), (None, None));
    }
}
