//! From pairs to fields.

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::model::answers::Raw;
use crate::model::choice::spelled;
use crate::model::field::FieldId;
use crate::model::target::{Encryption, TrustKind};
use crate::model::untrusted::Untrusted;

use super::grammar::{self, Pair};
use super::keys::{self, Key};
use super::{BadConnectionString, ConnectionString};

/// The values as they stand last; an empty one takes an earlier one back.
#[derive(Default)]
struct Said {
    fields: Vec<(FieldId, Zeroizing<String>)>,
    encrypt: Option<Encryption>,
    trust_any: Option<bool>,
    ignored: Vec<String>,
    harmless: Vec<&'static str>,
}

/// Reads a connection string.
pub fn read(text: &str) -> Result<ConnectionString, BadConnectionString> {
    let start: String = text.trim_start().chars().take(16).collect::<String>().to_ascii_lowercase();
    let scheme = text.split('=').next().unwrap_or_default();
    if start.starts_with("jdbc:") || scheme.contains("://") {
        return Err(BadConnectionString(
            "This is a URL; paste the .NET form instead: Server=…;Database=…;User ID=…;Password=….".into(),
        ));
    }
    let mut said = Said::default();
    let mut after_bare_password = false;
    for pair in grammar::pairs(text)? {
        let key = keys::find(&pair.key);
        match key {
            Some(key) => said.take(key, &pair)?,
            // What follows an unquoted password and is no keyword is most likely its second half: not to be shown.
            None if after_bare_password => said.ignored.push(format!(
                "What follows the password at character {} is not known and was left out; a password with a ; in it must stand in quotes.",
                pair.at
            )),
            None => said.ignored.push(format!("SQL Server has no key {}; it was left out.", shown(&pair.key))),
        }
        after_bare_password = match key {
            Some(Key::Password) => !pair.quoted,
            None => after_bare_password,
            Some(_) => false,
        };
    }
    Ok(said.finish())
}

impl Said {
    fn take(&mut self, key: Key, pair: &Pair) -> Result<(), BadConnectionString> {
        let value = &pair.value;
        match key {
            Key::Server => self.fill(FieldId::Server, value),
            Key::Database => self.fill(FieldId::Database, value),
            Key::User => self.fill(FieldId::User, value),
            Key::Password => self.fill(FieldId::Password, value),
            Key::MultiSubnet => {
                let on = spelled(truth(pair)?);
                self.fill(FieldId::MultiSubnet, on);
            }
            Key::Encrypt => self.encrypt = Some(encryption(pair)?),
            Key::TrustServerCertificate => self.trust_any = Some(truth(pair)?),
            Key::Integrated => {
                if value.trim().eq_ignore_ascii_case("sspi") || truth(pair)? {
                    self.ignored.push(format!("{} was left out: only SQL logins work here, so type one.", shown(&pair.key)));
                }
            }
            Key::Authentication => {
                let way: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
                if !matches!(way.as_str(), "" | "sqlpassword" | "notspecified") {
                    self.ignored.push("Authentication was left out: only SQL logins work here, so type one.".into());
                }
            }
            Key::Intent => {
                if value.trim().eq_ignore_ascii_case("readonly") {
                    self.ignored.push("Application Intent was left out: Octopus writes to its database all the time.".into());
                }
            }
            Key::FailoverPartner => {
                if !value.is_empty() {
                    self.ignored.push("Failover Partner was left out: Octopus does not support database mirroring.".into());
                }
            }
            Key::HostNameInCertificate => self.ignored.push(
                "Host Name In Certificate was left out: the certificate must be for the server's name, or be trusted by its \
                 fingerprint."
                    .into(),
            ),
            Key::ServerCertificate => {
                self.ignored.push("Server Certificate was left out: trust the certificate by its fingerprint instead.".into());
            }
            Key::LocalFile => self
                .ignored
                .push(format!("{} was left out: a database of one's own machine cannot be shared by nodes.", shown(&pair.key))),
            Key::Harmless(name) => {
                if !self.harmless.contains(&name) {
                    self.harmless.push(name);
                }
            }
        }
        Ok(())
    }

    fn fill(&mut self, field: FieldId, value: &str) {
        self.fields.retain(|(other, _)| *other != field);
        if !value.is_empty() {
            self.fields.push((field, Zeroizing::new(value.to_owned())));
        }
    }

    fn finish(mut self) -> ConnectionString {
        if let Some(encryption) = self.encrypt {
            self.fill(FieldId::Encryption, encryption.spelling());
        }
        match (self.trust_any, self.encrypt) {
            // .NET does not heed it there, and we are not to be laxer than what it was written for.
            (Some(true), Some(Encryption::Strict)) => self
                .ignored
                .push("Trust Server Certificate was left out: with strict encryption the certificate is always checked.".into()),
            (Some(true), _) => self.fill(FieldId::Trust, TrustKind::Nothing.spelling()),
            (Some(false), _) => self.fill(FieldId::Trust, TrustKind::System.spelling()),
            (None, _) => {}
        }
        if let Some(words) = listed(&self.harmless) {
            self.ignored.push(words);
        }
        let fields = self.fields.into_iter().map(|(field, value)| {
            // From a `&str` the secret is copied once, at its exact size; from a `String` it might be copied and left.
            let raw =
                if field.is_secret() { Raw::Secret(SecretString::from(value.as_str())) } else { Raw::Text(value.to_string()) };
            (field, raw)
        });
        ConnectionString { fields: fields.collect(), ignored: self.ignored }
    }
}

fn listed(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} makes no difference here.")),
        [first @ .., last] => Some(format!("{} and {last} make no difference here.", first.join(", "))),
    }
}

fn truth(pair: &Pair) -> Result<bool, BadConnectionString> {
    match pair.value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" | "" => Ok(false),
        _ => Err(BadConnectionString(format!("{} at character {} is neither true nor false.", shown(&pair.key), pair.at))),
    }
}

fn encryption(pair: &Pair) -> Result<Encryption, BadConnectionString> {
    match pair.value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "mandatory" | "" => Ok(Encryption::Mandatory),
        "false" | "no" | "0" | "optional" => Ok(Encryption::Optional),
        "strict" => Ok(Encryption::Strict),
        _ => Err(BadConnectionString(format!(
            "{} at character {} is none of true, false, mandatory, optional and strict.",
            shown(&pair.key),
            pair.at
        ))),
    }
}

/// A key as it may be shown: cleaned, and cut where it is too long to be one.
fn shown(key: &str) -> String {
    let cut: String = key.chars().take(40).collect();
    let dots = if cut.len() < key.len() { "…" } else { "" };
    format!("{}{dots}", Untrusted::new(&cut))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn filled(text: &str) -> Vec<(FieldId, String)> {
        let raw = |raw: Raw| match raw {
            Raw::Text(text) => text,
            Raw::Secret(secret) => secret.expose_secret().to_owned(),
        };
        read(text).unwrap().fields.into_iter().map(|(field, value)| (field, raw(value))).collect()
    }

    fn one(text: &str, field: FieldId) -> Option<String> {
        filled(text).into_iter().find(|(other, _)| *other == field).map(|(_, value)| value)
    }

    #[test]
    fn the_string_of_the_seed_fills_what_it_says() {
        let text = "Data Source=octopus-server-ha-db;Initial Catalog=OctopusDeploy-OctopusServer;Integrated Security=False;\
                    User ID=admin;Password=MY_PASSWORD";
        assert_eq!(
            filled(text),
            vec![
                (FieldId::Server, "octopus-server-ha-db".into()),
                (FieldId::Database, "OctopusDeploy-OctopusServer".into()),
                (FieldId::User, "admin".into()),
                (FieldId::Password, "MY_PASSWORD".into()),
            ]
        );
        assert!(read(text).unwrap().ignored.is_empty());
    }

    #[test]
    fn the_password_is_a_secret() {
        let string = read("pwd='hunter2'").unwrap();
        assert!(matches!(&string.fields[..], [(FieldId::Password, Raw::Secret(_))]));
        assert!(!format!("{string:?}").contains("hunter2"));
    }

    #[test]
    fn encryption_and_trust() {
        for (text, encryption, trust) in [
            ("Encrypt=True", Some("mandatory"), None),
            ("encrypt=yes", Some("mandatory"), None),
            ("Encrypt=Mandatory", Some("mandatory"), None),
            ("Encrypt=1", Some("mandatory"), None),
            ("Encrypt=Strict", Some("strict"), None),
            ("Encrypt=false", Some("optional"), None),
            ("Encrypt=No", Some("optional"), None),
            ("Encrypt=Optional", Some("optional"), None),
            ("TrustServerCertificate=True", None, Some("none")),
            ("Trust Server Certificate=yes;Encrypt=True", Some("mandatory"), Some("none")),
            ("Trust Server Certificate=false", None, Some("system")),
            ("Encrypt=strict;TrustServerCertificate=true", Some("strict"), None),
            ("TrustServerCertificate=true;TrustServerCertificate=false", None, Some("system")),
        ] {
            assert_eq!(one(text, FieldId::Encryption).as_deref(), encryption, "{text}");
            assert_eq!(one(text, FieldId::Trust).as_deref(), trust, "{text}");
        }
    }

    #[test]
    fn the_last_of_two_counts_and_an_empty_one_takes_back() {
        assert_eq!(one("Server=a;Data Source=b", FieldId::Server).as_deref(), Some("b"));
        assert_eq!(one("Database=a;Initial Catalog=", FieldId::Database), None);
        assert_eq!(one("MultiSubnetFailover=True", FieldId::MultiSubnet).as_deref(), Some("true"));
        assert_eq!(one("MultiSubnetFailover=0", FieldId::MultiSubnet).as_deref(), Some("false"));
    }

    #[test]
    fn what_is_not_used_is_told_by_name() {
        for (text, part) in [
            ("Integrated Security=SSPI", "only SQL logins"),
            ("Trusted_Connection=yes", "Trusted_Connection was left out"),
            ("Authentication=Active Directory Managed Identity", "only SQL logins"),
            ("ApplicationIntent=ReadOnly", "writes"),
            ("Failover Partner=sql02", "mirroring"),
            ("Host Name In Certificate=x", "fingerprint"),
            ("ServerCertificate=/x.cer", "fingerprint"),
            ("AttachDbFilename=x.mdf", "AttachDbFilename"),
            ("Encrypt=strict;TrustServerCertificate=true", "always checked"),
            ("Connect Timeout=5", "Connect Timeout makes no difference here."),
            ("Timeout=5;Pooling=true;App=x;Pooling=false", "Connect Timeout, Pooling and Application Name make no difference"),
            ("Passwort=hunter2", "no key Passwort;"),
            ("\u{1b}[31m=1".trim_start_matches('\u{1b}'), "no key [31m"),
        ] {
            let ignored = read(text).unwrap().ignored;
            assert_eq!(ignored.len(), 1, "{text}: {ignored:?}");
            assert!(ignored[0].contains(part) && ignored[0].ends_with('.'), "{text}: {ignored:?}");
        }
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        for text in
            ["Integrated Security=false", "Authentication=Sql Password", "ApplicationIntent=ReadWrite", "Failover Partner="]
        {
            assert!(read(text).unwrap().ignored.is_empty(), "{text}");
        }
    }

    #[test]
    fn no_half_of_a_password_is_ever_shown() {
        for text in ["Password=a;hunter2=b", "Password=a;x=1;hunter2=b", "Passwort=hunter2", "pwd=a;hunter2", "Encrypt=hunter2"] {
            let shown = match read(text) {
                Ok(string) => string.ignored.join(" "),
                Err(error) => error.to_string(),
            };
            assert!(!shown.is_empty() && !shown.contains("hunter2"), "{text}: {shown}");
        }
    }

    #[test]
    fn a_bad_value_is_told_with_its_place() {
        assert_eq!(
            read("Server=a;Encrypt=perhaps").unwrap_err().to_string(),
            "Encrypt at character 10 is none of true, false, mandatory, optional and strict."
        );
        assert_eq!(
            read("TrustServerCertificate=2").unwrap_err().to_string(),
            "TrustServerCertificate at character 1 is neither true nor false."
        );
    }

    #[test]
    fn a_url_is_recognised() {
        for text in ["jdbc:sqlserver://sql01;databaseName=x;user=y", "mssql://u:hunter2@sql01/x", "sqlserver://sql01?database=x"]
        {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("URL") && !error.contains("hunter2"), "{text}: {error}");
        }
        assert_eq!(one("Server=a;Password=http://x", FieldId::Password).as_deref(), Some("http://x"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".*") {
            let _ = read(&text);
        }
    }
}
