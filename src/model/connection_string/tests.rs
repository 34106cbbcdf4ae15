use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::model::answers::Raw;
use crate::model::choice::spelled;
use crate::model::field::FieldId;
use crate::model::names::DatabaseName;
use crate::model::target::{ServerAddress, TrustKind};

#[test]
fn quotes_around_quotes_come_to_an_end() {
    for text in ["\"".repeat(200_000), "'\"".repeat(100_000) + &"\"'".repeat(100_000)] {
        assert!(ConnectionString::parse(&text).is_err());
    }
    let count = |text: &str| ConnectionString::parse(text).unwrap().fields.len();
    assert_eq!(count("\"DB_CONNECTION_STRING='Server=sql01;User ID=octopus'\""), 2);
}

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
fn a_login_that_is_left_over_is_not_taken() {
    for (text, kind) in [
        ("Integrated Security=True;User ID=octopus;Password=x", SignInKind::WindowsAccount),
        ("User ID=octopus;Password=x;Trusted_Connection=yes", SignInKind::WindowsAccount),
        ("Integrated Security=SSPI;UID=octopus", SignInKind::WindowsAccount),
        ("Authentication=Active Directory Password;User ID=a@corp.example;Password=x", SignInKind::Directory),
        ("User ID=a;Authentication=ActiveDirectoryServicePrincipal;Password=x", SignInKind::Directory),
        ("Authentication=Active Directory Integrated", SignInKind::Directory),
        ("Authentication=Something New;User ID=a", SignInKind::Directory),
    ] {
        let string = read(text).unwrap();
        assert_eq!((string.sign_in, string.fields.len()), (kind, 0), "{text}");
        assert!(string.ignored.iter().any(|said| said.contains("only SQL logins")), "{text}: {:?}", string.ignored);
    }
    for text in [
        "Integrated Security=True;Integrated Security=False;User ID=octopus",
        "Authentication=Sql Password;User ID=octopus",
        "Integrated Security=False;User ID=octopus",
    ] {
        let string = read(text).unwrap();
        assert_eq!((string.sign_in, string.fields.len()), (SignInKind::SqlLogin, 1), "{text}");
    }
}

#[test]
fn what_changes_nothing_is_not_told() {
    for text in ["Integrated Security=false", "Authentication=Sql Password", "ApplicationIntent=ReadWrite", "Failover Partner="] {
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
fn quotes_of_the_place_that_it_was_copied_from_are_taken_off() {
    for text in [
        "\"Server=a;Password=b\"",
        " 'Server=a;Password=b' ",
        "\"Server=a;Password=b\",",
        "NAME=\"Server=a;Password=b\"",
        "X='Server=a;Password=b';",
    ] {
        assert_eq!(filled(text), [(FieldId::Server, "a".into()), (FieldId::Password, "b".into())], "{text}");
        assert!(read(text).unwrap().ignored.is_empty(), "{text}");
    }
    // A quote within is the string's own.
    assert_eq!(one("Server=a;Password=\"b\"", FieldId::Password).as_deref(), Some("b"));
    assert_eq!(one("Password='a=b'", FieldId::Password).as_deref(), Some("a=b"));
    for json in ["\"a\" : \"b", "{\"a\": \"b\"}", "{\"a\": \"Server=a;Password=hunter2\", \"b\": \"Server=b;Password=hunter2\"}"]
    {
        let error = read(json).unwrap_err().to_string();
        assert!(error.contains("JSON") && !error.contains("hunter2"), "{json}: {error}");
    }
}

#[test]
fn the_name_that_a_string_has_in_a_file_is_taken_off() {
    for text in [
        "NAME=Server=a;Password=b",
        "export DB_CONNECTION_STRING=Server=a;Password=b",
        "- DB_CONNECTION_STRING=Server=a;Password=b",
        "DB_CONNECTION_STRING: \"Server=a;Password=b\"",
        "DB_CONNECTION_STRING: Server=a;Password=b",
        "Environment=\"DB_CONNECTION_STRING=Server=a;Password=b\"",
        "$env:DB_CONNECTION_STRING = 'Server=a;Password=b'",
        "\"Default\": \"Server=a;Password=b\"",
        "\"Default\": \"Server=a;Password=b\",",
        "{\"ConnectionStrings\": {\"Default\": \"Server=a;Password=b\"}, \"Logging\": {\"Level\": \"x=y\"}}",
    ] {
        assert_eq!(filled(text), [(FieldId::Server, "a".into()), (FieldId::Password, "b".into())], "{text}");
    }
}

#[test]
fn the_escapes_of_json_are_read_within_its_quotes() {
    for text in [
        r#""Default": "Server=a\\B;Password=\"p;\\w\"""#,
        r#"{"ConnectionStrings": {"Default": "Server=a\\B;Password=\"p;\\w\""}}"#,
        r#""Server=a\\B;Password=\"p;\\w\"""#,
    ] {
        assert_eq!(filled(text), [(FieldId::Server, r"a\B".into()), (FieldId::Password, r"p;\w".into())], "{text}");
    }
    // These are no escapes of JSON, so this is somebody's quotes around a path.
    assert_eq!(one(r#""Server=a\SQLEXPRESS;Password=p\w""#, FieldId::Password).as_deref(), Some(r"p\w"));
}

#[test]
fn a_doubled_backslash_before_an_instance_is_json_s() {
    assert_eq!(one(r"Server=a\\B,1", FieldId::Server).as_deref(), Some(r"a\B,1"));
    assert!(read(r"Server=a\\B").unwrap().ignored[0].contains("JSON"));
    for server in [r"a\B", r"np:\\sql01\pipe\sql\query", r"\\sql01\x", r"a\\"] {
        assert_eq!(one(&format!("Server={server}"), FieldId::Server).as_deref(), Some(server));
    }
}

#[test]
fn a_url_is_recognised() {
    for text in ["jdbc:sqlserver://sql01;databaseName=x;user=y", "mssql://u:hunter2@sql01/x", "sqlserver://sql01?database=x"] {
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
    assert_eq!(to_dotnet(&target("a\0b")).err(), Some(NulInConnectionString));
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

#[test]
fn every_synonym_is_known_whatever_its_case() {
    for (key, synonyms) in [
        (Keyword::Server, &["Data Source", "ADDR", "Address", "Network Address", "server"][..]),
        (Keyword::Database, &["Initial Catalog", "Database"]),
        (Keyword::User, &["User ID", "UID", "user"]),
        (Keyword::Password, &["Password", "PWD"]),
        (Keyword::TrustServerCertificate, &["Trust Server Certificate", "TrustServerCertificate", "trust  server\tcertificate"]),
        (Keyword::MultiSubnet, &["Multi Subnet Failover", "MultiSubnetFailover"]),
        (Keyword::Integrated, &["Integrated Security", "Trusted_Connection", "IntegratedSecurity"]),
        (Keyword::Harmless("Connect Timeout"), &["Connect Timeout", "Connection Timeout", "Timeout"]),
        (Keyword::Harmless("Workstation ID"), &["Workstation ID", "WSID"]),
    ] {
        for synonym in synonyms {
            assert_eq!(keyword(synonym), Some(key), "{synonym}");
        }
    }
    assert_eq!(keyword("Passwort"), None);
}

#[test]
fn a_canonical_spelling_is_its_own_synonym() {
    for name in ["Pooling", "Packet Size", "Server SPN", "Max Pool Size", "Command Timeout", "Enlist", "Application Name"] {
        assert_eq!(keyword(name), Some(Keyword::Harmless(name)));
    }
}

#[test]
fn a_connection_string_that_was_pasted_elsewhere_is_recognised() {
    for text in [
        "Server=sql01;Database=Octo",
        "data source = tcp:sql01,1433 ; User ID=x;Password=y",
        "\"Server=sql01;Database=Octo\"",
        "ConnectionStrings__Octopus=\"Server=sql01;Database=Octo;\"",
        "Password=y;Server=sql01",
    ] {
        assert!(ConnectionString::is_meant(text), "{text}");
    }
    for text in ["", "sql01,1433", "Server=sql01", "a=b;c=d", "pa;ss=word", "the server;is=down"] {
        assert!(!ConnectionString::is_meant(text), "{text}");
    }
}
