//! What the server is, and who we are there.

use std::time::Duration;

use crate::model::facts::{LoggedIn, Trouble, Version};
use crate::world::sqlserver::answer::Answer;

/// The server's version. `SERVERPROPERTY` may answer with an empty text where it knows no such property.
pub fn version(answer: &Answer) -> Result<Version, Trouble> {
    let row = answer.row("identity")?;
    let number = row.text("number");
    let major = number.as_str().split('.').next().and_then(|first| first.trim().parse().ok()).unwrap_or_default();
    Ok(Version {
        major,
        number,
        edition: row.text("edition"),
        engine_edition: row.int("engine_edition"),
        server_name: row.text("server_name"),
    })
}

/// Who we are; `took` is the login's time, known from before.
pub fn logged_in(answer: &Answer, took: Duration) -> Result<LoggedIn, Trouble> {
    let row = answer.row("identity")?;
    Ok(LoggedIn { login: row.text("login_name"), user: row.text("user_name"), took })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::answer;

    #[test]
    fn version_and_login_are_read_and_nulls_are_empty() {
        let answer = answer(&[&[
            ("part", "identity"),
            ("number", "16.0.4135.4"),
            ("edition", "Developer Edition (64-bit)"),
            ("engine_edition", "#3"),
            ("server_name", "-"),
            ("login_name", "octopus"),
            ("user_name", "dbo"),
        ]]);
        let version = version(&answer).expect("read");
        assert_eq!((version.major, version.engine_edition), (16, 3));
        assert!(version.server_name.is_empty());
        assert_eq!(logged_in(&answer, Duration::ZERO).expect("read").login.as_str(), "octopus");
    }
}
