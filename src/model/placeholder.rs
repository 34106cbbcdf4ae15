//! Placeholders: texts that a tool should have replaced by a value and did not, and masks that were copied instead of one.

use super::choice::listed;

listed! {
    /// The form of a placeholder.
    pub enum Placeholder {
        /// `${X}`: shells, Docker Compose, Flyway.
        Dollar,
        /// `$(X)`: `sqlcmd`, Azure Pipelines, Kubernetes.
        Sqlcmd,
        /// `#{X}`: Octopus Deploy.
        Octopus,
        /// `{{ x }}`: Helm, Ansible, Jinja.
        Braces,
        /// `%X%`: the Windows command prompt.
        Percent,
        /// `$X` or `$env:X`: a shell's variable.
        Variable,
        /// `__X__`: replaced tokens.
        Underscores,
        /// `<password>`: a manual's example.
        Angles,
        /// `********`: what a program shows in a password's place.
        Mask,
    }
}

impl Placeholder {
    /// Finds the placeholder in a text. Looks at its form only: some of them could be real passwords.
    pub fn find(text: &str) -> Option<Self> {
        let text = text.trim();
        let forms = [
            (Self::Dollar, has_inner(text, "${", "}")),
            (Self::Sqlcmd, has_inner(text, "$(", ")")),
            (Self::Octopus, has_inner(text, "#{", "}")),
            (Self::Braces, has_inner(text, "{{", "}}")),
            (Self::Percent, inner(text, "%", "%").is_some_and(is_name)),
            (Self::Variable, is_variable(text)),
            (Self::Underscores, inner(text, "__", "__").is_some_and(is_name)),
            (Self::Angles, inner(text, "<", ">").is_some_and(is_words)),
            (Self::Mask, is_mask(text)),
        ];
        forms.into_iter().find(|(_, is_there)| *is_there).map(|(form, _)| form)
    }

    /// Returns its form for people; never its text, which may be a password after all.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Dollar => "${…}",
            Self::Sqlcmd => "$(…)",
            Self::Octopus => "#{…}",
            Self::Braces => "{{…}}",
            Self::Percent => "%…%",
            Self::Variable => "$…",
            Self::Underscores => "__…__",
            Self::Angles => "<…>",
            Self::Mask => "********",
        }
    }
}

/// Returns whether a pair of brackets stands anywhere in the text with words between them.
fn has_inner(text: &str, open: &str, close: &str) -> bool {
    text.match_indices(open).any(|(at, _)| {
        let rest = &text[at + open.len()..];
        rest.find(close).is_some_and(|end| is_words(&rest[..end]))
    })
}

/// Returns what stands between the text's ends.
fn inner<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    text.strip_prefix(open)?.strip_suffix(close)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':'))
}

/// Returns whether a text is the inside of a placeholder: names, blanks, filters and defaults.
fn is_words(text: &str) -> bool {
    let text = text.trim();
    text.chars().any(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | ' ' | '|' | '[' | ']' | '?' | '/'))
}

/// Returns whether a text is `$env:X`, or `$X` in capitals as variables of the environment have them.
fn is_variable(text: &str) -> bool {
    if text.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("$env:")) {
        return is_name(&text[5..]);
    }
    let Some(name) = text.strip_prefix('$') else { return false };
    let shape = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    shape && name.len() > 2 && name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().any(|c| c == '_')
        || name == "PASSWORD"
}

/// Returns whether a text is one masking character again and again.
fn is_mask(text: &str) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return false };
    matches!(first, '*' | '•' | '●' | '⁎' | '∗' | '·' | '…') && text.chars().count() > 2 && characters.all(|c| c == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_found() {
        for (text, form) in [
            ("${DB_PASSWORD}", Placeholder::Dollar),
            ("${db.password:-none}", Placeholder::Dollar),
            ("pre-${X}-post", Placeholder::Dollar),
            ("$(SqlPassword)", Placeholder::Sqlcmd),
            ("#{Project.Database.Password}", Placeholder::Octopus),
            ("#{X | ToBase64}", Placeholder::Octopus),
            ("{{ password }}", Placeholder::Braces),
            ("{{.Values.password}}", Placeholder::Braces),
            ("%SQL_PASSWORD%", Placeholder::Percent),
            ("%X%", Placeholder::Percent),
            ("$DB_PASSWORD", Placeholder::Variable),
            ("$env:SqlPassword", Placeholder::Variable),
            ("__SqlPassword__", Placeholder::Underscores),
            ("<password>", Placeholder::Angles),
            (" <your password here> ", Placeholder::Angles),
            ("********", Placeholder::Mask),
            ("••••••", Placeholder::Mask),
        ] {
            assert_eq!(Placeholder::find(text), Some(form), "{text}");
        }
    }

    #[test]
    fn passwords_are_no_placeholders() {
        for text in [
            "",
            "octopus",
            "hunter2",
            "P@ssw0rd!",
            "a${b",
            "$(",
            "100%",
            "%",
            "%%",
            "50% of 100%",
            "<",
            "<>",
            "a<b>c",
            "**",
            "*a*",
            "$ecret",
            "$100",
            "#{}",
            "{}",
            "{{}}",
            "__",
            "____",
            "_x_",
            "${!&}",
            "xY$(#)",
        ] {
            assert_eq!(Placeholder::find(text), None, "{text}");
        }
    }

    #[test]
    fn a_form_never_shows_the_text() {
        for form in Placeholder::ALL {
            assert!(!form.form().is_empty());
        }
    }
}
