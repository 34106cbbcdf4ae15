//! A connection string for Octopus Server, by .NET's own rules of quoting.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::model::quote::push_dotnet;
use crate::model::target::{Encryption, SignIn, Target, Trust};

/// A value has a NUL in it, which no connection string can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A NUL character cannot stand in a connection string.")]
pub struct Unwritable;

/// Writes the connection string of a target, encryption and trust always spelled out: their defaults have changed
/// between versions of the driver.
///
/// `True` and `False` rather than `Mandatory` and `Optional`, since drivers before Microsoft.Data.SqlClient 5 know
/// only those. A pinned certificate has no spelling there (`Server Certificate` wants a file), so Octopus Server is
/// told to trust what it is shown; the wizard alone then checks the fingerprint.
pub fn to_dotnet(target: &Target) -> Result<SecretString, Unwritable> {
    let (before, after) = halves(target)?;
    let SignIn::SqlLogin { password, .. } = &target.sign_in;
    let password = password.expose_secret();
    if password.contains('\0') {
        return Err(Unwritable);
    }
    // Quoting at most doubles a value and adds two, so the buffer never moves and leaves no copy of the password.
    let mut text = Zeroizing::new(String::with_capacity(before.len() + 2 * password.len() + 2 + after.len()));
    text.push_str(&before);
    push_dotnet(&mut text, password);
    text.push_str(&after);
    Ok(SecretString::from(text.as_str()))
}

/// The same without the password: what stands before it and behind it. It belongs between the two with each double quote
/// in it written twice; the double quotes around it are there already, for what it will be is not known yet.
pub fn around_password(target: &Target) -> Result<(String, String), Unwritable> {
    let (mut before, mut after) = halves(target)?;
    before.push('"');
    after.insert(0, '"');
    Ok((before, after))
}

/// What stands before the password's value and behind it.
fn halves(target: &Target) -> Result<(String, String), Unwritable> {
    let Target { address, database, sign_in, encryption, trust, multi_subnet } = target;
    let SignIn::SqlLogin { user, password: _ } = sign_in;
    let encrypt = match encryption {
        Encryption::Strict => "Strict",
        Encryption::Mandatory => "True",
        Encryption::Optional => "False",
    };
    let trust_any = match trust {
        Trust::SystemRoots | Trust::CaFile(_) => "False",
        Trust::Fingerprint(_) | Trust::Nothing => "True",
    };
    let address = address.to_string();
    let mut before = String::new();
    for (key, value) in [("Data Source", address.as_str()), ("Initial Catalog", database.as_str()), ("User ID", user.as_str())] {
        if value.contains('\0') {
            return Err(Unwritable);
        }
        before.push_str(key);
        before.push('=');
        push_dotnet(&mut before, value);
        before.push(';');
    }
    before.push_str("Password=");
    let multi_subnet = if *multi_subnet { "True" } else { "False" };
    let after = format!(";Encrypt={encrypt};TrustServerCertificate={trust_any};MultiSubnetFailover={multi_subnet}");
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::answers::Raw;
    use crate::model::choice::spelled;
    use crate::model::connection_string::ConnectionString;
    use crate::model::field::FieldId;
    use crate::model::names::DatabaseName;
    use crate::model::server_address::ServerAddress;
    use crate::model::target::TrustKind;

    fn target(password: &str) -> Target {
        Target {
            address: ServerAddress::parse("sql01,1433").unwrap(),
            database: DatabaseName::parse("OctopusDeploy").unwrap(),
            sign_in: SignIn::sql_login("octopus", password),
            encryption: Encryption::Mandatory,
            trust: Trust::SystemRoots,
            multi_subnet: false,
        }
    }

    #[test]
    fn values_are_quoted_as_dotnet_quotes_them() {
        for (value, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a;b", "\"a;b\""),
            ("a=b", "\"a=b\""),
            ("a b", "\"a b\""),
            (" a", "\" a\""),
            ("it's", "\"it's\""),
            ("say \"hi\"", "'say \"hi\"'"),
            ("it's \"x\"", "\"it's \"\"x\"\"\""),
            ("\"", "'\"'"),
            ("{}", "{}"),
            ("a\tb", "\"a\tb\""),
        ] {
            let mut text = String::new();
            push_dotnet(&mut text, value);
            assert_eq!(text, written, "{value:?}");
        }
    }

    #[test]
    fn the_whole_string() {
        assert_eq!(
            to_dotnet(&target("a;b")).unwrap().expose_secret(),
            "Data Source=sql01,1433;Initial Catalog=OctopusDeploy;User ID=octopus;Password=\"a;b\";Encrypt=True;\
             TrustServerCertificate=False;MultiSubnetFailover=False"
        );
        assert_eq!(to_dotnet(&target("a\0b")).err(), Some(Unwritable));
    }

    #[test]
    fn a_pinned_certificate_is_trusted_by_octopus_and_a_ca_is_checked() {
        let with = |trust| to_dotnet(&Target { trust, ..target("x") }).unwrap().expose_secret().to_owned();
        assert!(with(Trust::Fingerprint([7; 32])).contains("TrustServerCertificate=True"));
        assert!(with(Trust::CaFile("/ca.pem".into())).contains("TrustServerCertificate=False"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            database in "[^\\p{C}\\p{Z}]{1,30}( [^\\p{C}\\p{Z}]{1,9})?",
            user in "[ ;='\"{}a-zž]{0,10}[a-z]",
            password in "[^\\x00]{1,40}",
            encryption in prop_oneof![Just(Encryption::Mandatory), Just(Encryption::Optional)],
            any in any::<bool>(),
            multi_subnet in any::<bool>(),
        ) {
            let Ok(database) = DatabaseName::parse(&database) else { return Ok(()) };
            let trust = if any { Trust::Nothing } else { Trust::SystemRoots };
            let target = Target {
                database: database.clone(), sign_in: SignIn::sql_login(user.as_str(), password.as_str()), encryption, trust,
                multi_subnet, ..target(&password)
            };
            let read = ConnectionString::parse(to_dotnet(&target).unwrap().expose_secret()).unwrap();
            prop_assert!(read.ignored.is_empty());
            for (field, expected) in [
                (FieldId::Server, "sql01,1433"),
                (FieldId::Database, database.as_str()),
                (FieldId::User, &user),
                (FieldId::Password, &password),
                (FieldId::Encryption, encryption.spelling()),
                (FieldId::Trust, if any { TrustKind::Nothing } else { TrustKind::System }.spelling()),
                (FieldId::MultiSubnet, spelled(multi_subnet)),
            ] {
                let got = read.fields.iter().find(|(other, _)| *other == field).map(|(_, raw)| raw.clone());
                prop_assert_eq!(got, Some(Raw::of(field, expected)));
            }
        }
    }
}
