//! Sentences that name keys: each face fills in what a key is called there.
//!
//! - `{key:edit}` stands for the name of a key: `E` on the full screen, `"edit"` where lines are typed.
//! - `{? …}` is left out by a face that has no name for a key in it: `This is done{?; {key:back} goes back}.`
//!
//! Values are put into sentences before they are filled, and may hold such text themselves. That is harmless: a group ends
//! within itself or is none, so what a value brings can change or hide nothing but the value.

use std::borrow::Cow;

use super::choice::ids;

ids! {
    /// A key, or another way to make the wizard do something. Its id is its name in a placeholder.
    pub enum Key {
        /// Goes on.
        Next = "next",
        /// Goes back.
        Back = "back",
        /// Ends the program.
        Quit = "quit",
        /// Changes a choice.
        Choose = "choose",
        /// Moves through a list.
        Select = "select",
        /// Moves through a table that is longer than its place.
        Page = "page",
        /// Shows the master key.
        Reveal = "reveal",
        /// Takes a connection string.
        ConnectionString = "connection-string",
        /// Shows the server's certificate again.
        ShowCertificate = "show-certificate",
        /// Takes the certificate that the server shows for the one that is trusted.
        TakeCertificate = "take-certificate",
        /// Has exactly one certificate trusted.
        PinCertificate = "pin-certificate",
        /// Leads to the button that begins to write.
        Button = "button",
        /// Accepts a warning, or takes that back.
        Accept = "accept",
        /// Checks again.
        CheckAgain = "check-again",
        /// Stops the checks that run.
        StopChecking = "stop-checking",
        /// Copies the master key.
        CopyKey = "copy-key",
        /// Saves the master key and reads it back.
        SaveKey = "save-key",
        /// Changes settings.
        Edit = "edit",
        /// Has the node leave its cluster.
        LeaveCluster = "leave-cluster",
        /// Takes a dead node out of the registry.
        RemoveNode = "remove-node",
    }
}

/// Names the keys of a face; `None` for one that it does not have.
pub type KeyNames = fn(Key) -> Option<Cow<'static, str>>;

/// Names a key in files and in what is printed for programs and logs, where none can be pressed: by the command or
/// the fields that do the same.
pub fn name_in_files(key: Key) -> Option<Cow<'static, str>> {
    match key {
        Key::Edit | Key::LeaveCluster | Key::RemoveNode => Some("octopus-setup review".into()),
        Key::PinCertificate => Some("the fields trust and fingerprint (--trust fingerprint --fingerprint SHA256)".into()),
        Key::Next
        | Key::Button
        | Key::Accept
        | Key::Back
        | Key::Quit
        | Key::Choose
        | Key::Select
        | Key::Page
        | Key::Reveal
        | Key::ConnectionString
        | Key::ShowCertificate
        | Key::TakeCertificate
        | Key::CheckAgain
        | Key::StopChecking
        | Key::CopyKey
        | Key::SaveKey => None,
    }
}

/// Fills in the names of a face's keys.
pub fn fill(text: &str, names: KeyNames) -> Cow<'_, str> {
    if !text.contains("{key:") {
        return Cow::Borrowed(text);
    }
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('{') {
        filled.push_str(&rest[..place]);
        rest = &rest[place..];
        if let Some((key, after)) = placeholder(rest) {
            filled.push_str(names(key).as_deref().unwrap_or(key.id()));
            rest = after;
        } else if let Some((group, after)) = group(rest, names) {
            filled.push_str(group.as_deref().unwrap_or_default());
            rest = after;
        } else {
            filled.push('{');
            rest = &rest[1..];
        }
    }
    filled.push_str(rest);
    Cow::Owned(filled)
}

/// Returns the keys that a text names outside of its groups, and those within. Braces that mean nothing are the error, at the
/// place of the first of them.
pub fn keys_of(text: &str) -> Result<(Vec<Key>, Vec<Key>), usize> {
    let (mut always, mut optional) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(place) = rest.find(['{', '}']) {
        let at = &rest[place..];
        if let Some((key, after)) = placeholder(at) {
            always.push(key);
            rest = after;
        } else if let Some((_, after)) = group(at, |key| Some(key.id().into())) {
            let inner = &at["{?".len()..at.len() - after.len()];
            optional.extend(inner.match_indices('{').filter_map(|(place, _)| Some(placeholder(&inner[place..])?.0)));
            rest = after;
        } else {
            return Err(text.len() - at.len());
        }
    }
    Ok((always, optional))
}

/// Returns a placeholder at the beginning of a text, and what is behind it.
fn placeholder(text: &str) -> Option<(Key, &str)> {
    let (id, after) = text.strip_prefix("{key:")?.split_once('}')?;
    Some((Key::from_id(id)?, after))
}

/// Returns a group at the beginning of a text, filled, and what is behind it; `None` in it where a key has no name. There is a
/// key in each, and nothing else that has braces.
fn group(text: &str, names: KeyNames) -> Option<(Option<String>, &str)> {
    let mut rest = text.strip_prefix("{?")?;
    let mut filled = Some(String::new());
    let mut keys = 0;
    loop {
        let place = rest.find(['{', '}'])?;
        let (before, at) = rest.split_at(place);
        if let Some(filled) = &mut filled {
            filled.push_str(before);
        }
        if let Some(after) = at.strip_prefix('}') {
            return (keys > 0).then_some((filled, after));
        }
        let (key, after) = placeholder(at)?;
        keys += 1;
        filled = filled.zip(names(key)).map(|(filled, name)| filled + &name);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(key: Key) -> Option<Cow<'static, str>> {
        match key {
            Key::Edit => Some("F4".into()),
            _ => None,
        }
    }

    #[test]
    fn a_face_fills_in_its_own_names_and_leaves_out_what_it_does_not_have() {
        for (text, said) in [
            ("Change settings{? ({key:edit})} now.", "Change settings (F4) now."),
            ("{key:edit} writes it.", "F4 writes it."),
            ("Done{?; {key:back} goes back}.", "Done."),
            ("Done{?; {key:edit} or {key:back} does}.", "Done."),
            ("{?{key:choose} choose. }Only you know.", "Only you know."),
            ("Nothing {here} of {? interest}.", "Nothing {here} of {? interest}."),
            ("{key:edit} of {x}", "F4 of {x}"),
        ] {
            assert_eq!(fill(text, named), said);
        }
    }

    #[test]
    fn a_value_hides_nothing_but_itself() {
        let says =
            |value: &str| format!("{value} is gone. Change settings{{? ({{key:edit}})}} and look{{?, {{key:back}} goes back}}.");
        for value in ["{?", "{? {key:back}", "{key:", "{key:back", "{? {key:edit} {?", "}", "{? } {key:x}"] {
            let said = fill(&says(value), named).into_owned();
            assert!(said.ends_with(" is gone. Change settings (F4) and look."), "{value}: {said}");
        }
    }

    #[test]
    fn what_means_nothing_is_found() {
        assert_eq!(keys_of("A{?; {key:back} b}. {key:edit} c."), Ok((vec![Key::Edit], vec![Key::Back])));
        for (text, place) in [("a {key:nothing}", 2), ("a {? b}", 2), ("a }", 2), ("{key:edit} {?{key:back}", 11)] {
            assert_eq!(keys_of(text), Err(place), "{text}");
        }
    }
}
