//! What Octopus Server has to receive, from the commands as data and with the secrets at hand.

use octopus_setup::model::answers::Raw;
use octopus_setup::model::connection_string::ConnectionString;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::secret::SecretString;
use octopus_setup::render::octopus::{OctopusCommand, SecretForm, WordPart};
use octopus_setup::render::{ClearSecrets, Secret};

/// The secrets as they are when a script runs.
#[derive(Debug, Clone)]
pub struct Values {
    pub password: String,
    pub master_key: String,
    pub service_password: String,
    pub admin_password: String,
    pub licence: String,
}

impl Values {
    pub fn of(&self, secret: Secret) -> &str {
        match secret {
            Secret::Password => &self.password,
            Secret::MasterKey => &self.master_key,
            Secret::ServicePassword => &self.service_password,
            Secret::AdminPassword => &self.admin_password,
            Secret::Licence => &self.licence,
        }
    }

    /// All of them, to stand in the clear.
    pub fn clear(&self) -> ClearSecrets {
        Secret::ALL.into_iter().map(|secret| (secret, Some(SecretString::from(self.of(secret))))).collect()
    }
}

/// The words of a command, its name first.
pub fn words(command: &OctopusCommand, values: &Values) -> Vec<String> {
    let mut words = vec![command.verb.id().to_owned()];
    for option in &command.options {
        words.push(option.flag.id().to_owned());
        if let Some(word) = &option.value {
            let piece = |piece: &WordPart| match piece {
                WordPart::Text(text) => text.clone(),
                WordPart::Secret(secret, SecretForm::Plain) => values.of(*secret).to_owned(),
                WordPart::Secret(secret, SecretForm::Doubled) => values.of(*secret).replace('"', "\"\""),
            };
            words.push(word.0.iter().map(piece).collect());
        }
    }
    words
}

/// Fails unless a connection string says this password and this user, by our own reader of .NET's grammar.
pub fn assert_says(connection_string: &str, user: &str, password: &str) {
    let read = ConnectionString::parse(connection_string).expect("a connection string");
    assert!(read.ignored.is_empty(), "{:?}", read.ignored);
    for (field, text) in [(FieldId::Password, password), (FieldId::User, user)] {
        // Nothing is read where nothing is said.
        if text.is_empty() {
            continue;
        }
        let got = read.fields.iter().find(|(other, _)| *other == field).map(|(_, raw)| raw.clone());
        assert!(got == Some(Raw::of(field, text)), "{} of {connection_string:?}", field.id());
    }
}
