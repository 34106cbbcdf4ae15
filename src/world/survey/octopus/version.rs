//! The version of the Octopus Server that is installed on this machine: what its executable itself says.

use std::path::Path;
use std::time::Duration;

use super::ask::{self, ask};
use super::find;
use crate::model::facts::{Fact, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::budget::within;
use crate::world::places::Places;

/// The version that the first executable of these that is there tells; [`Trouble::Unasked`] where none is.
pub(in crate::world::survey) async fn of(places: &Places) -> Fact<Untrusted> {
    let here = places.clone();
    match within(find::BUDGET, move || find::program(&here, None)).await {
        Ok(Some(program)) => of_program(&program, ask::BUDGET).await,
        Ok(None) => Fact::Missing(Trouble::Unasked),
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// The version that this program tells within a time.
pub(super) async fn of_program(program: &Path, budget: Duration) -> Fact<Untrusted> {
    match ask(program, &["version"], budget).await {
        Ok(said) => match version_in(&said.text()) {
            Some(version) => Fact::Seen(version.into()),
            None => Fact::Missing(said.no_answer("its version")),
        },
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// The first word of the output that is a version of at least three numbers: `2024.4.6962`, `2025.1.10-beta`.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric())).find(|word| {
        let numbers = word.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<_> = numbers.split('.').collect();
        let number = |text: &&str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        (3..=4).contains(&numbers.len()) && numbers.iter().all(number) && word.len() <= 64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_is_printed() {
        for (text, expected) in [
            ("2024.4.6962\n", Some("2024.4.6962")),
            ("Octopus Deploy: Server version (2025.1.10-beta.2) \nCopyright 2.0", Some("2025.1.10-beta.2")),
            ("warning 1.2\n2018.3.1.5", Some("2018.3.1.5")),
            ("v1.2.3", None),
            ("1..2 1.2. 127.0.0.0.1 99999999999.1.1", None),
            ("", None),
        ] {
            assert_eq!(version_in(text), expected, "{text}");
        }
    }
}
