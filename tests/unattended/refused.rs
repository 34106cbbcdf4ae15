//! What refuses an unattended run: its exit status, its words, and that nothing was written.

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_answers_are_all_told_before_anything_is_looked_at() {
    let site = Site::start().await;
    let changes = [(FieldId::Server, "sql01:1433"), (FieldId::CommsPort, "70000"), (FieldId::KeyFile, "key.txt")];
    let (exit, all) = lines(&site, order(&site, Flow::FirstNode, "node-1", &changes)).await;
    assert_eq!(exit, Exit::Answers);
    let fields: Vec<&str> = of(&all, "problem").iter().map(|problem| problem["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["server", "comms-port", "key-file"]);
    assert_eq!(of(&all, "problem")[0]["place"], "--server");
    assert_eq!((site.server.connections(), written(&site)), (0, Vec::new()));
    assert_eq!((&end(&all)["exit"], &end(&all)["status"]), (&3.into(), &"answers-refused".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_nobody_said_where_to_keep_is_no_answer() {
    let site = Site::start().await;
    let mut order = order(&site, Flow::FirstNode, "node-1", &[]);
    order.loaded.answers.set(FieldId::KeyFile, Raw::Text("/root/octopus-master-key.txt".into()), Origin::Default);
    let (exit, said) = text(&site, order).await;
    assert_eq!(exit, Exit::Answers);
    assert!(said.contains("--key-file FILE") && said.contains("Nothing was written."), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_answer_is_told_as_answers_check_tells_it() {
    let site = Site::start().await;
    let mut order = order(&site, Flow::FirstNode, "node-1", &[(FieldId::CommsPort, "99999")]);
    order.loaded.places.insert(FieldId::CommsPort, AnswerPlace::Flag("--comms-port".into()));
    let (_, said) = text(&site, order).await;
    assert!(
        said.contains("  stop     comms-port: Type a port from 1 to 65535; 10943 is usual.\n           --comms-port\n"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_of_every_screen_are_told_at_once() {
    let site = Site::start().await;
    std::fs::write(site.home("file"), "x").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let home = site.home("file").join("home").display().to_string();
    let changes = [
        (FieldId::Home, home.as_str()),
        (FieldId::ServiceAccount, "custom"),
        (FieldId::ServiceUser, "nobody-of-this-name-here"),
        (FieldId::Password, "Wrong-0815"),
        (FieldId::CommsPort, &port),
        (FieldId::KeyFile, &site.home("nowhere").join("key.txt").display().to_string()),
    ];
    let before = written(&site);
    let (exit, all) = lines(&site, order(&site, Flow::FirstNode, "node-1", &changes)).await;
    assert_eq!(exit, Exit::Checks);
    let stops = end(&all)["stops"].to_string();
    for check in ["home-path", "sql-login", "web-ports", "key-file"] {
        assert!(stops.contains(check), "{check} is not among {stops}");
    }
    assert!(all.iter().any(|line| line["id"] == "service-account" && line["verdict"] != "ok"), "{all:#?}");
    let login = all.iter().find(|line| line["id"] == "sql-login").unwrap();
    assert!(login["findings"][0]["fix"].is_string() && login["findings"][0]["field"] == "password", "{login}");
    assert_eq!((&end(&all)["exit"], &end(&all)["status"]), (&4.into(), &"checks-refused".into()));
    assert_eq!(written(&site), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_stops_unless_it_is_accepted_by_its_name() {
    let site = Site::start().await;
    // A name that does not lead here is worth a warning.
    let changes = [(FieldId::Trust, "none")];
    let warned = || order(&site, Flow::FirstNode, "node-1", &changes);
    let (exit, said) = text(&site, warned()).await;
    assert_eq!(exit, Exit::Checks, "{said}");
    assert!(said.contains("To accept it: --accept sql-tls\n"), "{said}");
    assert!(said.contains("Warnings: sql-tls."), "{said}");
    let (exit, said) = text(&site, accepting(warned(), &[CheckId::HomeDisk])).await;
    assert_eq!(exit, Exit::Checks, "another name is no consent\n{said}");
    let (exit, said) = text(&site, accepting(warned(), &[CheckId::SqlTls, CheckId::SqlClock])).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(said.contains("Accepted: Certificate (sql-tls)"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_could_be_somebody_else_s_is_sent_once_it_is_accepted_by_name() {
    let login = practice_server::Login {
        name: "svc@corp.example".into(),
        password: "${Braces-7}".into(),
        sysadmin: true,
        dbcreator: false,
        disabled: false,
    };
    let site = Site::with(|options| options.logins.push(login)).await;
    let changes = [(FieldId::User, "svc@corp.example"), (FieldId::Password, "${Braces-7}")];
    let held = || order(&site, Flow::FirstNode, "node-1", &changes);
    let (exit, said) = text(&site, held()).await;
    assert_eq!((exit, site.server.connections()), (Exit::Checks, 0), "{said}");
    assert!(said.contains("Warnings: sql-login.") && !said.contains("Braces"), "{said}");
    let (exit, said) = text(&site, accepting(held(), &[CheckId::SqlLogin])).await;
    assert_eq!(exit, Exit::Done, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_cannot_be_accepted() {
    let site = Site::start().await;
    let order = accepting(order(&site, Flow::FirstNode, "node-1", &[(FieldId::Password, "Wrong-0815")]), &[CheckId::SqlLogin]);
    let (exit, said) = text(&site, order).await;
    assert_eq!(exit, Exit::Checks);
    assert!(said.contains("A stop cannot be accepted: sql-login."), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_once() {
    let site = Site::start().await;
    for (dry_run, logins) in [(false, 1), (true, 2)] {
        let order = Order { dry_run, ..order(&site, Flow::FirstNode, "node-1", &[(FieldId::Password, "Wrong-0815")]) };
        assert_eq!(text(&site, order).await.0, Exit::Checks);
        assert_eq!(site.server.logins(), logins);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_file_that_cannot_be_is_told_before_the_first_write() {
    let site = Site::start().await;
    std::fs::write(site.home("mine"), "mine").unwrap();
    let before = written(&site);
    for (file, words) in [(site.home("mine"), "not overwritten"), (site.home("no").join("key"), "there is no folder")] {
        let file = file.display().to_string();
        let (exit, said) = text(&site, order(&site, Flow::FirstNode, "node-1", &[(FieldId::KeyFile, &file)])).await;
        assert_eq!(exit, Exit::Checks, "{said}");
        assert!(said.contains(words), "{words} is not in\n{said}");
        assert_eq!(written(&site), before);
    }
    assert_eq!(std::fs::read(site.home("mine")).unwrap(), b"mine");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_directory_that_cannot_be_used_refuses_before_anything_is_written() {
    use std::os::unix::fs::PermissionsExt;

    for (what, says) in [("file", "is not a folder"), ("beneath a file", "is not a folder"), ("open", "(mode 0755)")] {
        let site = Site::start().await;
        let mut places = site.places();
        match what {
            "file" => std::fs::write(&places.state, "x").unwrap(),
            "beneath a file" => {
                std::fs::write(&places.state, "x").unwrap();
                places.state.push("state");
            }
            _ => {
                std::fs::create_dir(&places.state).unwrap();
                std::fs::set_permissions(&places.state, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        for (flow, before) in [(Flow::FirstNode, written(&site)), (Flow::Join, written(&site))] {
            let world = World::new(places.clone(), Surroundings::default());
            let (_sender, mut signals) = unbounded_channel();
            // A key in the right form, so that the checks are reached.
            let key = [(FieldId::MasterKey, "c3RhdGUtZm9sZGVyLXN0YXRlLWZvbGRlci1zdGF0ZTE=")];
            let (mut out, order) = (Vec::new(), order(&site, flow, "node-1", if flow == Flow::Join { &key } else { &[] }));
            let exit =
                headless::run(order, OutputFormat::Text, &mut out, &mut signals, |answers| Engine::new(world, answers, None))
                    .await;
            let said = String::from_utf8(out).unwrap();
            assert_eq!(exit, Exit::Checks, "{what}: {said}");
            assert!(said.contains("state-folder") && said.contains(says), "{what}: {said}");
            assert!(said.contains(&places.state.display().to_string()), "{what}: {said}");
            assert!(said.contains("Nothing was written."), "{what}: {said}");
            assert_eq!(written(&site), before, "{what}");
        }
    }
}

/// The case `keys-in-headless-words`: there is no key to press here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_trusted_is_told_with_the_flags_that_pin_it_and_without_keys() {
    let site = Site::start().await;
    let untrusted = || order(&site, Flow::FirstNode, "node-1", &[(FieldId::Trust, "system")]);
    let (exit, said) = text(&site, untrusted()).await;
    assert_eq!(exit, Exit::Checks, "{said}");
    let (_, all) = lines(&site, untrusted()).await;
    let tls = all.iter().find(|line| line["id"] == "sql-tls").unwrap().to_string();
    let stop = said.lines().skip_while(|line| !line.contains("sql-tls")).take(6).collect::<String>();
    for told in [&stop, &tls] {
        assert!(told.contains("--trust fingerprint --fingerprint SHA256"), "{told}");
    }
    for told in [said, serde_json::Value::from(all).to_string()] {
        // As a word of its own: a fingerprint has such digits too.
        let keys = (1..=12).flat_map(|number| [" ", "("].map(|before| format!("{before}F{number}")));
        for key in keys {
            let is_word = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == ':');
            assert!(!told.split(&key).skip(1).any(is_word), "{key}: {told}");
        }
        assert!(!told.contains("{key:"), "{told}");
    }
}
