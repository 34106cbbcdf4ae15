use super::*;
use crate::catalog::checks::tests::{case, evidence, judged_in, stop, unknown, unproven, warn};
use crate::catalog::samples;
use crate::model::answers::Raw;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Fact, Facts, Heartbeat, HomeState, Identity, NodeSeen, PortFact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::node_config::{NodeConfig, TrustSection};
use crate::model::octopus::OctopusConfig;
use crate::model::platform::Platform;
use crate::model::registry::NodeRow;
use crate::model::storage::{SharedFolder, SharedStorage};

fn of(check: CheckId, change: impl FnOnce(&mut Facts)) -> Verdict {
    let (answers, mut facts) = (samples::answers(), samples::facts());
    facts.home.folder = Fact::Seen(HomeState::NodeConfig { instance: "OctopusServer".into() });
    change(&mut facts);
    judged_in(&Case { flow: Flow::Review, ..case(&answers, &facts) }, check)
}

fn config(facts: &mut Facts) -> &mut NodeConfig {
    let Fact::Seen(config) = &mut facts.node.config else { panic!("a config") };
    config
}

fn node(facts: &mut Facts, change: impl FnOnce(&mut NodeSeen)) {
    let mut node = samples::node_seen("web01", Heartbeat::Never);
    change(&mut node);
    facts.cluster.nodes = Fact::Seen(vec![node].into());
}

fn row(facts: &mut Facts, change: impl FnOnce(&mut NodeRow)) {
    node(facts, |node| change(&mut node.row.as_mut().unwrap().row));
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Found(findings) => findings.iter().map(|finding: &Finding| finding.says.clone()).collect::<Vec<_>>().join(" | "),
        other => panic!("nothing found: {other:?}"),
    }
}

#[test]
fn a_row_that_says_the_same_is_good() {
    assert_eq!(evidence(&of(CheckId::DriftRow, |_| {})), "the row of web01 says the same");
}

/// What is changed, how, and what has to be said of it.
type Row = (&'static str, fn(&mut NodeRow), &'static [&'static str]);

#[test]
fn each_column_that_differs_is_told_with_both_sides() {
    let table: [Row; 6] = [
        ("prefixes", |row| row.prefixes = "http://other/".into(), &["http://web01/", "http://other/"]),
        ("address", |row| row.address = "http://old/".into(), &["Address", "http://old/"]),
        ("comms", |row| row.comms_port = 1, &["10943", "registry 1."]),
        ("grpc", |row| row.grpc_port = 2, &["8443", "registry 2."]),
        ("cap", |row| row.task_cap = 9, &["says 5", "registry 9."]),
        ("case", |row| row.name = "WEB01".into(), &["web01", "WEB01", "upper and lower case"]),
    ];
    for (what, change, parts) in table {
        let verdict = of(CheckId::DriftRow, |facts| row(facts, change));
        let finding = warn(&verdict);
        assert!(parts.iter().all(|part| finding.says.contains(part)), "{what}: {finding:?}");
        assert_eq!(said(&verdict), finding.says, "{what}: and nothing else");
    }
}

#[test]
fn the_order_and_the_spelling_of_prefixes_are_no_difference() {
    let verdict = of(CheckId::DriftRow, |facts| {
        config(facts).web.listen_prefixes = vec!["http://web01/".into(), "https://web01".into()];
        row(facts, |row| row.prefixes = "https://WEB01:443/,http://web01:80/".into());
    });
    evidence(&verdict);
}

#[test]
fn program_and_system_are_notes_unless_the_family_is_another() {
    let old = of(CheckId::DriftRow, |facts| row(facts, |row| row.program = "0.0.1".into()));
    assert_eq!((old.severity(), said(&old).contains("0.0.1")), (Some(Severity::Note), true));
    let newer = of(CheckId::DriftRow, |facts| row(facts, |row| row.system = "Linux 7".into()));
    assert_eq!(newer.severity(), Some(Severity::Note));
    assert!(
        warn(&of(CheckId::DriftRow, |facts| row(facts, |row| row.system = "Windows Server 2022".into())))
            .says
            .contains("Windows")
    );
}

#[test]
fn octopus_own_task_cap_counts() {
    let seen = |beat| {
        of(CheckId::DriftRow, |facts| {
            node(facts, |node| {
                node.task_cap = Some(10);
                node.beat = beat;
            });
        })
    };
    // Where Octopus Server never ran, it goes by nothing.
    evidence(&seen(Heartbeat::Never));
    let finding = warn(&seen(Heartbeat::Ago(std::time::Duration::from_secs(3))));
    assert!(finding.says.contains("goes by 10"));
    assert_eq!(finding.remedy.unwrap().text(), "Octopus.Server node --instance 'OctopusServer' --taskCap '5'");
}

#[test]
fn no_row_is_warned_of_and_another_cluster_or_key_stops() {
    for nodes in [Vec::new(), vec![NodeSeen { row: None, ..samples::node_seen("web01", Heartbeat::Never) }]] {
        let finding = warn(&of(CheckId::DriftRow, |facts| facts.cluster.nodes = Fact::Seen(nodes.into())));
        assert!(finding.says.contains("not in the registry"));
    }
    let other = stop(&of(CheckId::DriftRow, |facts| config(facts).cluster.id = ClusterId([9; 16])));
    assert!(other.says.contains("0909-0909") && other.says.contains("7f3a-91c2"), "{other:?}");
    let key = stop(&of(CheckId::DriftRow, |facts| config(facts).cluster.fingerprint = Fingerprint([9; 4])));
    assert!(key.says.contains("0909-0909") && key.says.contains(&samples::fingerprint().to_string()));
}

#[test]
fn what_is_not_known_of_the_cluster_is_not_judged() {
    let lost = Fact::Missing(Trouble::ConnectionLost);
    assert_eq!(of(CheckId::DriftRow, |facts| facts.cluster.identity = lost), Verdict::NotYet);
    assert_eq!(of(CheckId::DriftRow, |facts| facts.cluster.nodes = Fact::Missing(Trouble::ConnectionLost)), Verdict::NotYet);
    let unregistered = of(CheckId::DriftRow, |facts| facts.cluster.identity = Fact::Seen(Identity::Octopus { version: None }));
    assert!(unknown(&unregistered).contains("no registry"));
    assert_eq!(of(CheckId::DriftRow, |facts| facts.node.config = Fact::Missing(Trouble::Io("x".into()))), Verdict::NotYet);
}

/// An `OctopusServer.config` that says what the samples' node config says.
fn octopus() -> OctopusConfig {
    let text = |field: FieldId, text: &str| (field, Raw::of(field, text));
    OctopusConfig {
        path: "/etc/octopus/x.config".into(),
        said: vec![
            text(FieldId::NodeName, "web01"),
            text(FieldId::Home, samples::HOME),
            text(FieldId::Server, "SQL01"),
            text(FieldId::Database, "octopusdeploy"),
            text(FieldId::User, "octopus"),
            text(FieldId::Password, samples::PASSWORD),
            text(FieldId::ListenPrefixes, "http://web01:80/"),
            text(FieldId::ForceSsl, "false"),
        ],
        has_connection: true,
        has_master_key: true,
        ..OctopusConfig::default()
    }
}

fn with(change: impl FnOnce(&mut OctopusConfig)) -> Verdict {
    let mut config = octopus();
    change(&mut config);
    of(CheckId::DriftOctopus, |facts| facts.node.octopus = Fact::Seen(Some(Box::new(config))))
}

#[test]
fn a_config_of_octopus_that_says_the_same_in_other_words_is_good() {
    assert_eq!(evidence(&with(|_| {})), "OctopusServer.config says the same");
    assert_eq!(of(CheckId::DriftOctopus, |_| {}), Verdict::DoesNotApply);
}

fn put(config: &mut OctopusConfig, field: FieldId, text: &str) {
    take(config, field);
    config.said.push((field, Raw::of(field, text)));
}

fn take(config: &mut OctopusConfig, field: FieldId) {
    config.said.retain(|(other, _)| *other != field);
}

/// What is changed and how, what the finding has to say, and a part of the command that fixes it.
type Setting = (&'static str, fn(&mut OctopusConfig), &'static [&'static str], &'static str);

#[test]
fn each_setting_of_octopus_that_differs_is_told_with_both_sides_and_a_command_where_there_is_one() {
    let table: [Setting; 10] = [
        ("name", |config| put(config, FieldId::NodeName, "web02"), &["web01", "web02"], ""),
        ("case", |config| put(config, FieldId::NodeName, "WEB01"), &["WEB01", "upper and lower case"], ""),
        ("home", |config| put(config, FieldId::Home, "/elsewhere"), &[samples::HOME, "/elsewhere"], "--home"),
        ("server", |config| put(config, FieldId::Server, "sql02"), &["sql01,1433", "sql02"], "--connectionString"),
        ("port", |config| put(config, FieldId::Server, "sql01,1434"), &["sql01,1434"], "--connectionString"),
        ("database", |config| put(config, FieldId::Database, "Other"), &["OctopusDeploy", "Other"], "--connectionString"),
        ("login", |config| put(config, FieldId::User, "sa"), &["octopus", "sa"], "--connectionString"),
        (
            "prefixes",
            |config| take(config, FieldId::ListenPrefixes),
            &["http://web01/", "nothing"],
            "--webListenPrefixes 'http://web01/'",
        ),
        ("ssl", |config| put(config, FieldId::ForceSsl, "true"), &["false", "true"], "--webForceSSL 'False'"),
        ("comms", |config| put(config, FieldId::CommsPort, "1"), &["10943", "config 1."], "--commsListenPort '10943'"),
    ];
    for (what, change, parts, fix) in table {
        let verdict = with(change);
        let finding = warn(&verdict);
        assert!(parts.iter().all(|part| finding.says.contains(part)), "{what}: {finding:?}");
        assert_eq!(said(&verdict), finding.says, "{what}: and nothing else");
        let command = finding.remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(command.contains(fix) && command.is_empty() == fix.is_empty(), "{what}: {command}");
    }
}

#[test]
fn a_password_is_compared_and_never_shown() {
    for text in ["another-c4nary", ""] {
        let verdict = with(|config| put(config, FieldId::Password, text));
        assert!(warn(&verdict).says.contains("not the same"));
        assert!(!format!("{verdict:?}").contains("another-c4nary"));
    }
    let none = with(|config| take(config, FieldId::Password));
    assert!(warn(&none).says.contains("has none"));
}

#[test]
fn an_octopus_server_that_signs_in_with_an_account_of_its_own_is_told_once() {
    let verdict = with(|config| {
        take(config, FieldId::User);
        take(config, FieldId::Password);
        config.sign_in = crate::model::connection_string::SignInKind::WindowsAccount;
    });
    let finding = warn(&verdict);
    assert!(finding.says.contains("octopus") && finding.says.contains("its Windows account"), "{finding:?}");
    assert_eq!(said(&verdict), finding.says, "and nothing else");
}

#[test]
fn only_a_weaker_protection_is_a_difference() {
    assert!(warn(&with(|config| put(config, FieldId::Encryption, "optional"))).says.contains("optional"));
    assert!(warn(&with(|config| put(config, FieldId::Trust, "none"))).says.contains("TrustServerCertificate"));
    evidence(&with(|config| put(config, FieldId::Encryption, "strict")));
    evidence(&with(|config| put(config, FieldId::Trust, "system")));
    let pinned = of(CheckId::DriftOctopus, |facts| {
        config(facts).database.trust = TrustSection::Fingerprint("9c".repeat(32));
        let mut octopus = octopus();
        put(&mut octopus, FieldId::Trust, "none");
        facts.node.octopus = Fact::Seen(Some(Box::new(octopus)));
    });
    evidence(&pinned);
}

#[test]
fn an_octopus_config_without_connection_or_key_is_told() {
    assert!(warn(&with(|config| config.has_connection = false)).says.contains("no connection string"));
    let keyless = stop(&with(|config| config.has_master_key = false));
    assert!(keyless.says.contains("draws a new one") && !keyless.remedy.unwrap().text().contains(samples::KEY));
    let none = warn(&with(|config| config.has_connection = false));
    let command = none.remedy.expect("a command");
    let command = command.text();
    assert!(
        command.contains("--connectionString") && command.contains("Data Source=sql01,1433;Initial Catalog=OctopusDeploy"),
        "{command}"
    );
    assert!(command.contains("OCTOPUS_DB_PASSWORD") && !command.contains(samples::PASSWORD), "{command}");
    assert!(!command.contains('<') && !none.fix.contains("script"), "nothing in it passes for a value: {command}");
}

#[test]
fn an_instance_that_octopus_made_has_nothing_to_compare() {
    for check in [CheckId::DriftRow, CheckId::DriftOctopus] {
        let verdict = of(check, |facts| {
            facts.node.config = Fact::Missing(Trouble::Unasked);
            facts.node.octopus = Fact::Seen(Some(Box::new(octopus())));
        });
        assert_eq!(verdict, Verdict::DoesNotApply, "{check:?}");
    }
}

#[test]
fn a_name_in_a_command_stays_in_its_quotes() {
    for (platform, quote) in [(Platform::Linux, "'\\''"), (Platform::Windows, "''")] {
        let (answers, facts) = (samples::with_on(platform, &[(FieldId::Instance, "a'; rm -rf /")]), samples::facts());
        let line = octopus_command(&case(&answers, &facts), "node", &[("taskCap", "5")]);
        assert_eq!(line, format!("Octopus.Server node --instance 'a{quote}; rm -rf /' --taskCap '5'"));
    }
}

#[test]
fn the_host_has_the_name_and_the_home() {
    assert_eq!(evidence(&of(CheckId::DriftHost, |facts| facts.ports.ports.clear())), "web01, with its home");
    let renamed = of(CheckId::DriftHost, |facts| row(facts, |row| row.host = "old-host".into()));
    assert!(warn(&renamed).says.contains("old-host") && said(&renamed).contains("web01"));
    let gone = of(CheckId::DriftHost, |facts| facts.home.folder = Fact::Seen(HomeState::Creatable { parent: "/var".into() }));
    assert!(stop(&gone).says.contains("is not there"));
    let file = of(CheckId::DriftHost, |facts| facts.home.folder = Fact::Seen(HomeState::NotAFolder));
    assert!(stop(&file).says.contains("not a folder"));
    let unseen = of(CheckId::DriftHost, |facts| facts.home.folder = Fact::Missing(Trouble::Io("denied".into())));
    assert!(unproven(&unseen).says.contains("denied"));
}

#[test]
fn ports_that_nobody_listens_on_are_only_noted() {
    let silent = of(CheckId::DriftHost, |facts| facts.home.folder = Fact::Seen(HomeState::Empty));
    assert_eq!((silent.severity(), said(&silent).contains("80, 10943, 8443")), (Some(Severity::Note), true));
    let busy = of(CheckId::DriftHost, |facts| facts.ports.ports = vec![PortFact { port: 80, free: Fact::Seen(false) }]);
    evidence(&busy);
}

#[test]
fn without_the_registry_the_rest_is_judged() {
    let verdict = of(CheckId::DriftHost, |facts| {
        facts.cluster.nodes = Fact::Missing(Trouble::ConnectionLost);
        facts.ports.ports.clear();
    });
    assert!(unknown(&verdict).ends_with("was not compared"));
}

#[test]
fn storage_that_differs_is_told_with_both_sides_and_an_unknown_one_does_not() {
    let root = |path: &str| SharedStorage::Root(path.into());
    let of = |own: SharedStorage, registered: Fact<SharedStorage>| {
        of(CheckId::DriftRow, |facts| {
            config(facts).storage = own;
            facts.cluster.storage = registered;
        })
    };
    evidence(&of(root("/a"), Fact::Seen(root("/a"))));
    evidence(&of(root("/a"), Fact::Missing(Trouble::ConnectionLost)));
    let finding = warn(&of(root("/a"), Fact::Seen(root("/b"))));
    assert_eq!(finding.says, "Shared storage: the node config says /a, the registry /b.");
    assert!(finding.remedy.is_none() && finding.fix.contains("{key:leave-cluster}"), "{finding:?}");
    let folders = SharedStorage::Folders(vec![(SharedFolder::Artifacts, "/x".into())]);
    assert!(warn(&of(SharedStorage::None, Fact::Seen(folders))).says.ends_with("says nothing, the registry artifacts /x."));
    assert!(warn(&of(root("/a"), Fact::Seen(SharedStorage::None))).fix.contains("restored"));
}

#[test]
fn a_secret_is_taken_from_a_variable_or_asked_for_and_never_a_placeholder() {
    assert_eq!(secret_word(("", ""), "KEY", Shell::Bash), "\"${KEY:?}\"");
    assert_eq!(secret_word(("", ""), "KEY", Shell::PowerShell), "((Read-Host 'KEY'))");
    assert_eq!(secret_word(("a;b=", ";c"), "PW", Shell::Bash), "'a;b='\"${PW:?}\"';c'");
    assert_eq!(secret_word(("a;b=", ";c"), "PW", Shell::PowerShell), "('a;b=' + (Read-Host 'PW') + ';c')");
}
