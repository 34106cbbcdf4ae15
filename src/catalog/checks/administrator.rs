//! `admin-account`.

use secrecy::ExposeSecret;

use crate::catalog::commands;
use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;

use super::{Case, Check, octopus, report, report_all};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[Check {
    id: CheckId::AdminAccount,
    screen: ScreenId::Octopus,
    field: Some(FieldId::AdminUser),
    surveys: &[SurveyId::Octopus],
    flows: &[Flow::FirstNode],
    judge,
}];

/// What Octopus asks of a password before it asks for its score. Both are documented, and applied by its `admin` command as
/// in its portal: <https://octopus.com/docs/security/users-and-teams/resetting-passwords#password-complexity>.
const SHORTEST: usize = 8;

/// So many of the seven things that count have to be met.
const SCORE: usize = 3;

/// The first administrator can be made.
fn judge(case: &Case<'_>) -> Verdict {
    let administrator = match read::administrator(case.answers) {
        // What is wrong with a field is told beneath it.
        Err(_) => return Verdict::NotYet,
        Ok(None) => return octopus::unless_used(case).unwrap_or_else(|| report(later(case))),
        Ok(Some(administrator)) => administrator,
    };
    let password = administrator.password.expose_secret();
    let mut found = Vec::new();
    let score = score(password);
    if password.chars().count() < SHORTEST {
        found.push(Finding::stop(
            CheckId::AdminAccount,
            format!("Octopus Server will refuse this password: it takes none that is shorter than {SHORTEST} characters."),
            fix(),
        ));
    } else if score < SCORE {
        found.push(Finding::stop(
            CheckId::AdminAccount,
            format!("Octopus Server will refuse this password: it meets {score} of its criteria, and has to meet {SCORE}."),
            fix(),
        ));
    }
    if password.to_lowercase().contains(&administrator.user.to_lowercase()) {
        found.push(Finding::warn(
            CheckId::AdminAccount,
            "The administrator's name is in the password, where everybody looks first.",
            "Choose another password.",
        ));
    }
    let found = found.into_iter().map(|finding| finding.about(FieldId::AdminPassword)).collect();
    report_all(found, || {
        let mail = if administrator.email.is_empty() { ", without a mail address" } else { "" };
        format!("{}, with a password that Octopus takes{mail}", Untrusted::new(&administrator.user))
    })
}

/// Nobody is to be made now.
fn later(case: &Case<'_>) -> Finding {
    let instance = read::instance(case.answers).map(|name| name.as_str().to_owned()).unwrap_or_default();
    Finding::note(CheckId::AdminAccount, "None is made now; nobody can sign in before one is made with Octopus' own command.")
        .command(format!(
            "{} --username NAME --email MAIL --password PASSWORD",
            commands::server(case.platform(), "admin", &instance)
        ))
}

/// What to choose instead.
fn fix() -> String {
    format!(
        "Choose one of {SHORTEST} characters or more that meets {SCORE} of these: a number, a blank, a capital letter, a small \
         letter, punctuation or a symbol, 12 characters, 16 characters."
    )
}

/// How many of the seven things a password meets.
fn score(password: &str) -> usize {
    let any = |fits: fn(char) -> bool| password.chars().any(fits);
    let length = password.chars().count();
    let met = [
        any(char::is_numeric),
        any(char::is_whitespace),
        any(char::is_uppercase),
        any(char::is_lowercase),
        any(|c| !c.is_alphanumeric() && !c.is_whitespace()),
        length >= 12,
        length >= 16,
    ];
    met.into_iter().filter(|met| *met).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, warn};
    use crate::catalog::samples;
    use crate::model::finding::Severity;
    use crate::model::octopus::HandOverMode;

    fn with(user: &str, email: &str, password: &str) -> Verdict {
        let script = HandOverMode::Script.spelling();
        let answers = samples::with(&[
            (FieldId::HandOver, script),
            (FieldId::AdminUser, user),
            (FieldId::AdminEmail, email),
            (FieldId::AdminPassword, password),
        ]);
        judged(CheckId::AdminAccount, &answers, &samples::facts())
    }

    #[test]
    fn without_a_name_one_is_made_later_and_how_is_told() {
        let Verdict::Found(found) = with("", "", "") else { panic!("a note") };
        assert_eq!((found.len(), found[0].severity), (1, Severity::Note));
        let command = found[0].remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(command.starts_with("Octopus.Server admin --instance OctopusServer --username"), "{command}");
    }

    #[test]
    fn a_password_meets_what_octopus_asks_of_it() {
        for good in ["Passw0rd", "pass word1", "correct horse battery", "passwordpassword", "PASSWORD-PASSWORD"] {
            assert_eq!(evidence(&with("ann", "ann@example.com", good)), "ann, with a password that Octopus takes", "{good}");
        }
        for weak in ["password", "passwordpass", "12345678", "Password", "        "] {
            let said = stop(&with("ann", "", weak));
            assert!(said.says.contains("has to meet 3") && said.about == Some(FieldId::AdminPassword), "{weak}: {said:?}");
        }
        assert!(stop(&with("ann", "", "Pa5s wo")).says.contains("shorter than 8"));
    }

    #[test]
    fn a_name_in_the_password_and_a_missing_mail_are_told() {
        assert!(warn(&with("Webadmin", "", "webadmin-2026")).says.contains("name is in the password"));
        assert!(evidence(&with("ann", "", "Passw0rd")).ends_with("without a mail address"));
    }

    #[test]
    fn what_is_malformed_is_told_beneath_its_field() {
        for (email, password) in [("nobody", "Passw0rd"), ("", ""), ("", "a\nb")] {
            assert_eq!(with("ann", email, password), Verdict::NotYet);
        }
    }

    #[test]
    fn no_finding_holds_the_password() {
        let secret = "hunter2x";
        for user in ["ann", "hunter2x"] {
            let said = format!("{:?}", with(user, "", secret));
            assert_eq!(said.matches(secret).count(), 0, "{said}");
        }
    }
}
