//! The commands as they are typed.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::master_key::{Fingerprint, Verifier};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::node_config::{
    ClusterSection, CommsSection, DatabaseSection, NodeConfig, NodeSection, SealedSignIn, ServiceSection, TrustSection,
    WebSection,
};
use octopus_setup::model::registry::{NewCluster, NodeRow};
use octopus_setup::model::survey::AccountKind;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::model::web::TrustedProxy;
use octopus_setup::world::node_config;
use octopus_setup::world::places::Places;
use octopus_setup::world::seal::{Destination, Purpose, Sealer};
use octopus_setup::world::sqlserver::SqlServer;
use secrecy::ExposeSecret;

use crate::support::sql;
use crate::support::walk::Site;

fn run(state: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.args(words).env("OCTOPUS_SETUP_STATE_DIR", state).env_remove("OCTOPUS_SETUP_LOG").stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const NODES: [&str; 4] = ["--node", "web01=http://web01.corp", "--node", "web02=http://web02.corp:8080,10950"];

#[test]
fn without_a_database_nodes_are_given() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["nginx", "haproxy", "iis", "netscaler"] {
        let output = run(folder.path(), &[&["load-balancer", kind], &NODES[..]].concat());
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert!(text(&output.stdout).contains("web02.corp"), "{output:?}");
    }
    let output = run(folder.path(), &[&["load-balancer", "haproxy", "--output", "json", "--sticky"], &NODES[..]].concat());
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&said["for"], &said["nodes"][1]["comms_port"]), (&"haproxy".into(), &10_950.into()), "{said}");
    assert_eq!(said["polling_ports"], serde_json::json!({ "web01": 10_943, "web02": 10_944 }));
    assert!(said["text"].as_str().unwrap().contains("cookie OctopusNode"));

    let words = ["tentacles", "--output", "json", "--scheme", "shared", "--address", "octopus.example.com"];
    let output = run(folder.path(), &[&words, &NODES[..]].concat());
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["addresses"]["web02"], "https://octopus.example.com:10944", "{said}");
    let trusted: serde_json::Value = serde_json::from_str(said["json"].as_str().unwrap()).unwrap();
    assert_eq!(trusted[1]["Address"], "https://octopus.example.com:10944");
}

#[test]
fn a_file_is_made_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("haproxy.cfg");
    let words = [&["load-balancer", "haproxy", "--out", file.to_str().unwrap()], &NODES[..]].concat();
    let output = run(folder.path(), &words);
    assert!(output.status.success() && text(&output.stdout).contains("haproxy.cfg"), "{output:?}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("backend octopus"), "{written}");
    std::fs::write(&file, "mine").unwrap();
    let output = run(folder.path(), &words);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn what_cannot_be_is_refused_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["load-balancer", "nginx"][..],
        &["load-balancer", "nginx", "--node", "web01"],
        &["load-balancer", "nginx", "--node", "web 01=http://a"],
        &["load-balancer", "nginx", "--node", "a=http://a", "--instance", "x"],
        &["load-balancer", "nginx", "--node", "a=http://a", "--listen", "somewhere"],
        &["load-balancer", "nginx", "--node", "a=http://a", "--name", "a b"],
        &["load-balancer", "nginx", "--node", "a=http://a", "--certificate", "x"],
        &["load-balancer", "nginx", "--node", "a=http://a", "--cache-dir", "a$b"],
        &["tentacles", "--node", "a=http://a", "--scheme", "shared"],
        &["tentacles", "--node", "a=http://a", "--address", "b"],
        &["tentacles", "--node", "a=http://a", "--thumbprint", "API-1"],
        &["tentacles", "--node", "a=http://a", "--subscription", "https://x/"],
    ] {
        let output = run(folder.path(), words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{words:?}: {output:?}");
    }
}

fn row(name: &str, prefixes: &str) -> NodeRow {
    NodeRow {
        name: name.into(),
        address: prefixes.into(),
        host: format!("{name}.corp").into(),
        system: "Linux".into(),
        program: "0.1.0".into(),
        prefixes: prefixes.into(),
        comms_port: 10_943,
        grpc_port: 8_443,
        task_cap: 5,
    }
}

/// A node config of this machine in a cluster of three: one that lives, one that is drained, one that is dead.
async fn cluster(site: &Site) -> std::path::PathBuf {
    let address = format!("localhost,{}", site.server.addr().port());
    let target = Target {
        address: ServerAddress::parse(&address).unwrap(),
        database: DatabaseName::parse("Octopus").unwrap(),
        sign_in: SignIn::sql_login("sa", site.server.sa_password().clone()),
        encryption: Encryption::Mandatory,
        trust: Trust::CaFile(site.server.ca_file().to_owned()),
        multi_subnet: false,
    };
    let mut session = sql::session(&site.server, "master").await;
    sql::ask(&mut session, "CREATE DATABASE [Octopus] COLLATE Latin1_General_CI_AS").await;
    let (id, fingerprint) = (ClusterId([1; 16]), Fingerprint([1; 4]));
    let new = NewCluster {
        id,
        verifier: Verifier { salt: [1; 16], hash: [1; 32] },
        fingerprint,
        node: row("web01", "http://+:8080/"),
        node_limit: None,
        licence_ends: None,
        storage: octopus_setup::model::storage::SharedStorage::None,
        canaries: Vec::new(),
    };
    SqlServer::new().initialise(&target, &new).await.unwrap();
    let mut session = sql::session(&site.server, "Octopus").await;
    let columns = "name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap, joined, last_seen, drained";
    let insert = format!(
        "INSERT INTO octopus_setup.node ({columns}) VALUES \
         (CAST(N'app02' AS varbinary(400)), N'app02', N'', N'app02.corp', N'Linux', N'1', N'http://app02.corp:80/', 10944, 8443, 5, DATEADD(day, 1, SYSUTCDATETIME()), SYSUTCDATETIME(), 1), \
         (CAST(N'old03' AS varbinary(400)), N'old03', N'', N'old03.corp', N'Linux', N'1', N'http://old03.corp:80/', 10943, 8443, 5, DATEADD(day, -9, SYSUTCDATETIME()), DATEADD(day, -9, SYSUTCDATETIME()), 0)"
    );
    sql::ask(&mut session, &insert).await;
    let sealer = Sealer::open_or_create(&Places::under(site.home("state"))).unwrap();
    let trust = TrustSection::CaFile(site.server.ca_file().to_owned());
    let to = Destination::new(&address, "sa", target.encryption, &trust);
    let seal = sealer
        .seal(&Purpose::DatabasePassword { instance: "Blue", to: &to }, site.server.sa_password().expose_secret().as_bytes())
        .unwrap();
    let config = NodeConfig {
        storage: octopus_setup::model::storage::SharedStorage::None,
        format: NodeConfig::FORMAT,
        instance: "Blue".into(),
        node: NodeSection { name: "web01".into(), home: site.home("node"), task_cap: 5 },
        service: ServiceSection { account: AccountKind::LocalSystem, user: String::new(), password: None },
        database: DatabaseSection {
            server: address,
            name: "Octopus".into(),
            sign_in: SealedSignIn::SqlLogin { user: "sa".into(), password: seal },
            encryption: target.encryption,
            trust: TrustSection::from(&target.trust),
            multi_subnet: false,
            certificate: None,
        },
        cluster: ClusterSection { id, fingerprint, master_key_file: NodeConfig::KEY_FILE.into() },
        web: WebSection {
            listen_prefixes: vec!["http://+:8080/".into()],
            force_ssl: false,
            trusted_proxies: TrustedProxy::parse_all("10.0.4.20,10.0.8.0/24").unwrap(),
        },
        comms: CommsSection { port: 10_943, grpc_port: 8_443 },
    };
    let path = site.home("octopus-node.toml");
    std::fs::write(&path, node_config::render(&config).unwrap()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_come_live_from_the_registry() {
    let site = Site::start().await;
    let config = cluster(&site).await;
    let (state, config) = (site.home("state"), config.to_str().unwrap().to_owned());
    let output = run(&state, &["load-balancer", "haproxy", "--config", &config]);
    assert!(output.status.success(), "{output:?}");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    // In the order in which they joined; the dead one is named, and nothing is sent to it.
    assert!(out.contains("server web01 web01.corp:8080\n    server app02 app02.corp:80\n"), "{out}");
    assert!(out.contains("# Node old03 is left out: it is dead.") && !out.contains("old03.corp"), "{out}");
    assert!(out.contains("app02  http://app02.corp:80, drained"), "{out}");
    assert!(out.contains("configure --instance=<instance> --trustedProxies=10.0.4.20,10.0.8.0/24\n"), "{out}");
    assert!(err.contains("Node old03 is left out: it is dead.") && err.contains("names no host"), "{err}");
    assert!(!out.contains(site.server.sa_password().expose_secret()), "no secret is in it");

    let output = run(&state, &["tentacles", "--config", &config, "--format", "json"]);
    let trusted: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let addresses: Vec<_> = trusted.as_array().unwrap().iter().map(|entry| entry["Address"].as_str().unwrap()).collect();
    assert_eq!(addresses, ["https://web01.corp:10943", "https://app02.corp:10944"]);

    // A name that somebody put into the registry past the wizard is refused, not written.
    let mut session = sql::session(&site.server, "Octopus").await;
    sql::ask(&mut session, "UPDATE octopus_setup.node SET name = N'app02; } evil {' WHERE name = N'app02'").await;
    let output = run(&state, &["load-balancer", "nginx", "--config", &config]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("cannot be written"), "{output:?}");

    let server = site.server;
    server.stop().await;
    let output = run(&state, &["load-balancer", "nginx", "--config", &config]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(text(&output.stderr).contains("The nodes are not known."), "{output:?}");
}

/// Octopus' own config of a node of this cluster, with this in its connection string besides server and database.
fn octopus_config(site: &Site, rest: &str) -> String {
    let path = site.home("OctopusServer.config");
    let place = format!("Data Source=localhost,{};Initial Catalog=Octopus", site.server.addr().port());
    let set = |key: &str, value: &str| format!("<set key=\"{key}\">{}</set>", value.replace('&', "&amp;").replace('<', "&lt;"));
    let sets = [
        set("Octopus.Home", &site.home("octopus").display().to_string()),
        set("Octopus.Server.NodeName", "web01"),
        set("Octopus.Storage.ExternalDatabaseConnectionString", &format!("{place};{rest}")),
        set("Octopus.Storage.MasterKey", "AQAAANCMnd8BFdERjHoAwE/"),
        set("Octopus.WebPortal.ListenPrefixes", "http://localhost:8080/"),
    ];
    std::fs::write(&path, format!("<octopus-settings>{}</octopus-settings>", sets.concat())).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn octopus_own_config_is_taken_by_octopus_rules() {
    let site = Site::start().await;
    cluster(&site).await;
    let (state, password) = (site.home("state"), site.server.sa_password().expose_secret().to_owned());
    // It says nothing of trust, so that Octopus trusts any certificate; the practice server's is its own.
    let config = octopus_config(&site, &format!("User ID=sa;Password='{password}'"));
    for (words, part) in [
        (&["load-balancer", "haproxy"][..], "server app02 app02.corp:80"),
        (&["tentacles", "--format", "json"], "https://app02.corp:10944"),
        (&["script", "--format", "bash"], "--serverNodeName"),
        (&["script", "--format", "compose"], "OCTOPUS_SERVER_NODE_NAME"),
    ] {
        let output = run(&state, &[words, &["--config", &config]].concat());
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && out.contains(part), "{words:?}: {out}{err}");
        assert!(
            !out.contains(&password) && !err.contains(&password) && !out.contains("AQAAANCM"),
            "{words:?}: a secret is in it"
        );
    }
    // The key in it belongs to its machine.
    let file = site.home("script.sh").display().to_string();
    let output = run(&state, &["script", "--config", &config, "--with-secrets", "--out", &file]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("needs a node config"), "{output:?}");
    let logins = site.server.logins();
    for (rest, part) in [
        (format!("Integrated Security=True;User ID=sa;Password='{password}'"), "Windows account"),
        (format!("Authentication=Active Directory Password;User ID=sa;Password='{password}'"), "Entra ID"),
    ] {
        let config = octopus_config(&site, &rest);
        for words in [&["load-balancer", "haproxy"][..], &["tentacles"], &["script"]] {
            let output = run(&state, &[words, &["--config", &config]].concat());
            let err = text(&output.stderr);
            assert!(output.status.code() == Some(3) && err.contains(part), "{words:?}: {output:?}");
            assert!(!err.contains(&password), "{words:?}: {err}");
        }
    }
    assert_eq!(site.server.logins(), logins, "a left-over login is sent to nobody");
    // Told to check the certificate, it is checked.
    let config = octopus_config(&site, &format!("User ID=sa;Password='{password}';TrustServerCertificate=False"));
    let output = run(&state, &["load-balancer", "haproxy", "--config", &config]);
    assert!(output.status.code() == Some(4) && text(&output.stderr).contains("certificate"), "{output:?}");
}

#[test]
fn the_document_tells_every_member_that_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let document = include_str!("../../docs/headless-json.md");
    let (_, part) = document.split_once("# What `load-balancer` and `tentacles` print").unwrap();
    for (command, words) in [("load-balancer", &["load-balancer", "nginx"][..]), ("tentacles", &["tentacles"])] {
        let row = part.lines().find(|line| line.starts_with(&format!("| `{command}` |"))).unwrap();
        let documented = |other: &str| -> Vec<String> {
            let words = row.split('`').skip(3).step_by(2).filter(|word| *word != other);
            let mut words: Vec<String> = words.map(str::to_owned).collect();
            words.sort();
            words
        };
        let file = folder.path().join(command);
        let file = file.to_str().unwrap();
        for (more, other) in [(&[][..], "file"), (&["--out", file][..], "text")] {
            let output = run(folder.path(), &[words, &["--output", "json"], more, &NODES[..]].concat());
            let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let mut printed: Vec<String> = said.as_object().unwrap().keys().cloned().collect();
            printed.sort();
            assert_eq!((printed, &said["schema"]), (documented(other), &1.into()), "{command} {more:?}");
        }
    }
}

#[test]
fn a_file_that_is_there_stays_and_refusals_have_statuses_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("nginx.conf");
    std::fs::write(&there, "mine").unwrap();
    let out = ["--out", there.to_str().unwrap()];
    let output = run(folder.path(), &[&["load-balancer", "nginx"], &out[..], &NODES[..]].concat());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    for (words, status) in [
        (&["load-balancer", "nginx"][..], 2),
        (&["tentacles", "--config", "/nowhere/octopus-node.toml"], 3),
        (&["load-balancer", "nginx", "--node", "a=http://a", "--node", "A=http://b"], 2),
        (&["load-balancer", "nginx", "--listen", "99999"], 2),
        (&["tentacles", "--address", "octopus.example.com"], 2),
    ] {
        let output = run(folder.path(), words);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(status), 0), "{words:?}: {output:?}");
        assert!(text(&output.stderr).starts_with("octopus-setup: "), "{words:?}");
    }
}

/// Names, hosts and paths that would be more than one word of a configuration, or end its line.
#[test]
fn nothing_that_a_node_calls_itself_is_a_directive() {
    let folder = tempfile::tempdir().unwrap();
    for node in [
        "a;b=http://h",
        "a\nb=http://h",
        "a b=http://h",
        "a=http://h;return 200",
        "a=http://h\nserver x",
        "a=http://h'$(id)'",
        "a=http://h\"",
        "a=http://h$x",
        "$(id)=http://h",
        "a`id`=http://h",
        "a=http://h`id`",
    ] {
        for words in [
            &["load-balancer", "nginx"][..],
            &["load-balancer", "haproxy"],
            &["load-balancer", "iis"],
            &["load-balancer", "netscaler"],
            &["tentacles"],
        ] {
            let output = run(folder.path(), &[words, &["--node", node]].concat());
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{node:?} {words:?}: {output:?}");
        }
    }
    // What a path may hold is one word in each language, or refused.
    let node = "a=http://h/x'y\"z;{}#$(id)";
    for words in [
        &["load-balancer", "nginx"][..],
        &["load-balancer", "haproxy"],
        &["load-balancer", "iis"],
        &["load-balancer", "netscaler"],
        &["tentacles"],
    ] {
        let output = run(folder.path(), &[words, &["--node", node]].concat());
        let said = text(&output.stdout);
        let bare = said.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| line.contains("/x'y\"z;{}#$(id)"));
        assert!(!bare, "{words:?}: {said}");
    }
}
