//! A login or password that could belong to somebody else, or to nobody: nothing is sent before the operator has accepted it.

use crate::catalog::form::read;
use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Finding;
use crate::model::placeholder::Placeholder;
use crate::model::untrusted::Untrusted;
use secrecy::ExposeSecret;

/// Returns why the login of these answers should not be sent to the server unasked: it is an account of a domain or directory,
/// which wrong tries may lock, or something that was to be replaced by the real one. Looks at the texts only.
pub fn doubt(answers: &Answers) -> Option<Finding> {
    let user = answers.trimmed(FieldId::User);
    let name = Untrusted::new(user);
    if let Some(form) = Placeholder::find(user) {
        return Some(placeholder("The login", form, FieldId::User));
    }
    let password = answers.secret(FieldId::Password);
    if let Some(form) = password.and_then(|secret| Placeholder::find(secret.expose_secret())) {
        return Some(placeholder("The password", form, FieldId::Password));
    }
    is_directory_account(user, answers).then(|| {
        warn(
            format!(
                "{name} looks like an account of a domain or directory. It would be sent as a SQL login, and wrong tries may lock \
                 such an account; nothing was sent."
            ),
            format!("Type a SQL login. If {name} is one, accept sql-login; then the server is asked."),
            FieldId::User,
        )
    })
}

fn placeholder(what: &str, form: Placeholder, field: FieldId) -> Finding {
    warn(
        format!("{what} looks like a placeholder ({}) in whose place the real one should stand; nothing was sent.", form.form()),
        "Give the real one. If this is it, accept sql-login; then the server is asked.".to_owned(),
        field,
    )
}

fn warn(says: String, fix: String, field: FieldId) -> Finding {
    Finding::warn(CheckId::SqlLogin, says, fix).about(field)
}

/// Returns whether a login is `name@domain`. On Azure SQL Database `login@server` is a SQL login.
fn is_directory_account(user: &str, answers: &Answers) -> bool {
    let Some((_, domain)) = user.rsplit_once('@') else { return false };
    let host = read::server(answers).map(|address| address.host).unwrap_or_default();
    let server = host.split('.').next().unwrap_or_default();
    !domain.eq_ignore_ascii_case(server) || server.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;

    fn says(changes: &[(FieldId, &str)]) -> Option<String> {
        doubt(&samples::with(changes)).map(|finding| finding.says)
    }

    #[test]
    fn directory_accounts_and_placeholders_are_doubted_and_never_shown_whole() {
        for (field, text, part) in [
            (FieldId::User, "svc@corp.example", "svc@corp.example looks like an account"),
            (FieldId::User, "svc@", "an account"),
            (FieldId::User, "${DB_USER}", "The login looks like a placeholder (${…})"),
            (FieldId::Password, "#{Project.Password}", "The password looks like a placeholder (#{…})"),
            (FieldId::Password, "********", "placeholder (********)"),
        ] {
            let said = says(&[(field, text)]).unwrap_or_else(|| panic!("{text} is not doubted"));
            assert!(said.contains(part) && said.contains("nothing was sent"), "{said}");
            assert!(field != FieldId::Password || !said.contains("Project"), "{said}");
        }
    }

    #[test]
    fn what_is_usual_is_not_doubted() {
        assert_eq!(says(&[]), None);
        let azure = [(FieldId::Server, "octo.database.windows.net"), (FieldId::User, "octopus@OCTO")];
        assert_eq!(says(&azure), None, "Azure's own form of a SQL login");
        assert!(says(&[(FieldId::Server, "octo.database.windows.net"), (FieldId::User, "octopus@corp")]).is_some());
    }
}
