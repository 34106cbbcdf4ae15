use super::*;
use crate::catalog::{flow, samples};
use crate::model::flow::Flow;
use crate::model::platform::Platform;

fn problem_of(field: FieldId, changes: &[(FieldId, &str)]) -> Option<String> {
    problem(field, &samples::with(changes))
}

#[test]
fn good_answers_have_no_problem_and_nothing_is_missing() {
    for (flow, answers) in [(Flow::FirstNode, samples::answers()), (Flow::Join, samples::joining())] {
        for field in FieldId::ALL.into_iter().filter(|field| flow::asks(flow, *field)) {
            assert_eq!(problem(field, &answers), None, "{}", field.id());
            assert!(!is_missing(field, &answers), "{}", field.id());
        }
    }
}

#[test]
fn what_is_missing_is_also_a_problem() {
    let answers = Answers::new(Platform::Linux);
    let of = |flow| -> Vec<FieldId> {
        FieldId::ALL.into_iter().filter(|field| flow::asks(flow, *field) && is_missing(*field, &answers)).collect()
    };
    let first = [FieldId::Home, FieldId::NodeName, FieldId::Server, FieldId::User, FieldId::Password];
    assert_eq!(of(Flow::FirstNode), first);
    assert_eq!(of(Flow::Join), [&first[..], &[FieldId::MasterKey]].concat());
    for field in of(Flow::Join) {
        let words = problem(field, &answers).unwrap_or_default();
        assert!(words.starts_with("Type ") || words.starts_with("Paste "), "{}: {words}", field.id());
    }
}

#[test]
fn fields_are_asked_only_where_they_belong() {
    for (field, by, shown, hidden) in [
        (FieldId::ServiceUser, FieldId::ServiceAccount, "custom", "local-system"),
        (FieldId::ServiceUser, FieldId::ServiceAccount, "managed", "local-system"),
        (FieldId::ServicePassword, FieldId::ServiceAccount, "custom", "managed"),
        (FieldId::CaFile, FieldId::Trust, "ca-file", "system"),
        (FieldId::Fingerprint, FieldId::Trust, "fingerprint", "none"),
    ] {
        assert!(is_visible(field, &samples::with(&[(by, shown)])), "{}", field.id());
        assert!(!is_visible(field, &samples::with(&[(by, hidden)])), "{}", field.id());
        assert_eq!(problem_of(field, &[(by, hidden), (field, "\u{1}")]), None, "{}", field.id());
        assert!(!is_missing(field, &samples::with(&[(by, hidden), (field, "")])), "{}", field.id());
    }
}

#[test]
fn a_malformed_text_gets_a_sentence_that_says_what_to_type() {
    for (field, text, part) in [
        (FieldId::Instance, "a/b", "letters"),
        (FieldId::Home, "octopus", "absolute path"),
        (FieldId::Home, "./octopus", "absolute path"),
        (FieldId::NodeName, "web 01", "letters"),
        (FieldId::ServiceAccount, "root", "local-system, custom, managed"),
        (FieldId::Server, "sql01:1433", "sql01,1433"),
        (FieldId::Server, "np:sql01", "Named pipes"),
        (FieldId::Database, "tempdb", "belongs to SQL Server"),
        (FieldId::Database, "[OctopusDeploy]", "type OctopusDeploy,"),
        (FieldId::Database, "\"OctopusDeploy\"", "type OctopusDeploy,"),
        (FieldId::Database, "Octo\u{200b}pus", "Character 5 is a zero-width space"),
        (FieldId::Server, "\u{201c}sql01\u{201d}", "Character 1 is a typographic quote"),
        (FieldId::Server, "sql01,\u{a0}1433", "Character 7 is a no-break space"),
        (FieldId::Home, "/var/lib/\u{feff}octopus", "Character 10 is a byte order mark"),
        (FieldId::Home, "/var/lib\u{a0}x/octopus", "Character 9 is a no-break space"),
        (FieldId::User, "\u{2018}octopus\u{2019}", "Character 1 is a typographic quote"),
        (FieldId::CommsPort, "1\u{202f}0943", "Character 2 is a narrow no-break space"),
        (FieldId::ListenPrefixes, "http://web\u{ad}01:80/", "Character 11 is a soft hyphen"),
        (FieldId::User, " ", "Type the SQL login"),
        (FieldId::User, "a\u{7}", "control character"),
        (FieldId::Password, "a\nb", "line break"),
        (FieldId::Encryption, "on", "mandatory, strict, optional"),
        (FieldId::Trust, "", "system"),
        (FieldId::CreateDatabase, "yes", "true or false"),
        (FieldId::MultiSubnet, "", "true or false"),
        (FieldId::ListenPrefixes, "", "at least one URL"),
        (FieldId::ListenPrefixes, "ftp://x/", "http://"),
        (FieldId::ForceSsl, "2", "true or false"),
        (FieldId::CommsPort, "", "10943"),
        (FieldId::CommsPort, "0", "1 to 65535"),
        (FieldId::CommsPort, "70000", "1 to 65535"),
        (FieldId::GrpcPort, "-1", "8443"),
        (FieldId::GrpcPort, "+1", "8443"),
        (FieldId::KeySize, "aes-512", "aes-256, aes-128"),
        (FieldId::KeyFile, "key.txt", "absolute path"),
        (FieldId::MasterKey, "", "Paste the cluster's master key"),
        (FieldId::MasterKey, "5qJcW9E6B99teMmrOzaYNA=", "23 characters look like a truncated paste"),
        (FieldId::MasterKey, "5qJcW9E6B99teMmrOzaYNA==x", "character 25 and what follows it are too much"),
        (FieldId::MasterKey, "e69c2571 6f44e81f df6d78c9 ab3b3698", "32 hexadecimal digits are not base64"),
        (FieldId::MasterKey, "5qJcW9E6_99teMmrOzaYNA==", "character 9 is base64's for URLs"),
        (FieldId::MasterKey, "5qJcW9E6?99teMmrOzaYNA==", "character 9 is not one of base64's"),
        (FieldId::MasterKey, "c2l4IGJ5dGVz", "12 characters look like a truncated paste"),
        (FieldId::MasterKey, "5d1c-88e0", "This is a key's fingerprint"),
        (FieldId::MasterKey, "/root/master-key.txt", "This is the path of a file"),
        (FieldId::MasterKey, "C:\\octopus\\key.txt", "This is the path of a file"),
        (FieldId::MasterKey, "-----BEGIN CERTIFICATE-----\nMIIB", "This is a certificate"),
        (FieldId::MasterKey, "-----BEGIN PRIVATE KEY-----\nMIIB", "This is a private key"),
        (FieldId::MasterKey, "A9993E364706816ABA3E25717850C26C9CD0D89D", "This is a certificate's thumbprint"),
        (FieldId::MasterKey, "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D", "This is a certificate's thumbprint"),
        (FieldId::MasterKey, "API-ABCDEFGHIJKLMNOPQRSTUVWXYZ12", "This is an API key"),
        (FieldId::MasterKey, "<License Signature=\"x\">", "This is a licence"),
        (FieldId::MasterKey, "0f8fad5b-d9cb-469f-a165-70867728950e", "This is a GUID"),
        (FieldId::MasterKey, "Server=sql01;Database=x;Password=y", "This is a connection string"),
        (FieldId::MasterKey, "AAECAwQFBgcICQoLDA0=", "it holds 14 bytes"),
        (FieldId::TaskCap, "", "0 to 1000"),
        (FieldId::TaskCap, "+5", "0 to 1000"),
        (FieldId::TaskCap, "1001", "0 to 1000"),
        (FieldId::UnverifiedKey, "yes", "true or false"),
    ] {
        let words = problem_of(field, &[(field, text)]).unwrap_or_default();
        assert!(words.contains(part) && words.ends_with('.'), "{} {text:?}: {words:?}", field.id());
    }
}

#[test]
fn trust_asks_for_what_belongs_to_it() {
    let by = |trust| (FieldId::Trust, trust);
    let print = "9c".repeat(32);
    for (changes, field, part) in [
        (vec![by("ca-file")], FieldId::CaFile, "absolute path"),
        (vec![by("fingerprint")], FieldId::Fingerprint, "{key:take-certificate}"),
        (vec![by("fingerprint"), (FieldId::Fingerprint, "9c4e")], FieldId::Fingerprint, "64 hexadecimal"),
        (vec![by("fingerprint"), (FieldId::Fingerprint, &print[..40])], FieldId::Fingerprint, "SHA-1"),
        (vec![by("fingerprint"), (FieldId::Fingerprint, "é9c4e9c4e")], FieldId::Fingerprint, "64 hexadecimal"),
    ] {
        let words = problem_of(field, &changes).unwrap_or_default();
        assert!(words.contains(part) && words.ends_with('.'), "{changes:?}: {words:?}");
    }
    for good in [print.clone(), print.to_uppercase(), format!("SHA256:{print}"), format!("{} {}", &print[..32], &print[32..])] {
        assert_eq!(problem_of(FieldId::Fingerprint, &[by("fingerprint"), (FieldId::Fingerprint, &good)]), None, "{good}");
    }
}

#[test]
fn a_managed_or_custom_account_needs_a_name() {
    for kind in ["custom", "managed"] {
        let words = problem_of(FieldId::ServiceUser, &[(FieldId::ServiceAccount, kind)]).unwrap_or_default();
        assert!(words.starts_with("Type the account's name"), "{words:?}");
        assert!(problem_of(FieldId::ServiceUser, &[(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, "a\"b")]).is_some());
    }
    let custom = (FieldId::ServiceAccount, "custom");
    for platform in Platform::ALL {
        let is_needed = is_missing(FieldId::ServicePassword, &samples::with_on(platform, &[custom]));
        assert_eq!(is_needed, platform.is_windows());
    }
    assert!(problem_of(FieldId::ServicePassword, &[custom, (FieldId::ServicePassword, "a\tb")]).is_some());
}

#[test]
fn a_path_is_absolute_by_the_rules_of_its_platform() {
    for (platform, good, bad, example) in [
        (Platform::Linux, "/srv/octopus", "C:\\Octopus", "/var/lib/octopus"),
        (Platform::Windows, "D:\\Octopus", "/srv/octopus", "C:\\Octopus\\octopus"),
    ] {
        let of = |home: &str| problem(FieldId::Home, &samples::with_on(platform, &[(FieldId::Home, home)]));
        assert_eq!(of(good), None);
        assert_eq!(of(bad), Some(format!("Type an absolute path, for instance {example}.")));
        let program = samples::with_on(platform, &[(FieldId::HandOver, "always"), (FieldId::OctopusServer, "Octopus.Server")]);
        assert!(problem(FieldId::OctopusServer, &program).is_some_and(|says| says.contains(platform.server_program())));
    }
}

#[test]
fn a_problem_never_shows_a_password() {
    let words = problem_of(FieldId::Password, &[(FieldId::Password, "hunter2\n")]).unwrap_or_default();
    assert!(!words.is_empty() && !words.contains("hunter2"));
    let long = "hunter2".repeat(20);
    assert!(!problem_of(FieldId::Password, &[(FieldId::Password, &long)]).unwrap_or_default().contains("hunter2"));
}

#[test]
fn a_shared_path_that_the_registry_has_no_place_for_is_refused() {
    for (platform, start) in [(Platform::Linux, "/"), (Platform::Windows, r"C:\")] {
        let of = |path: &str| {
            let answers = samples::with_on(platform, &[(FieldId::Storage, "root"), (FieldId::StorageRoot, path)]);
            read::storage_root(&answers)
        };
        // The server counts characters beyond the first plane as two.
        let rest = 1_000 - start.len();
        assert!(of(&format!("{start}{}", "x".repeat(rest))).is_ok());
        for text in ["x".repeat(rest + 1), "\u{1f419}".repeat(rest / 2 + 1)] {
            assert!(of(&format!("{start}{text}")).is_err_and(|says| says.contains("1000 characters")));
        }
    }
}
