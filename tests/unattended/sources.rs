//! Where answers come from, proven by what they do; and secrets by every way there is.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::program::*;
use crate::scene::*;
use crate::support::canaries::{Secrets, clean_folder};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_alone_the_environment_alone_and_files_alone_each_set_up_a_node() {
    let site = Site::start().await;
    let key = cluster(&site);
    let mut by_environment = Program::new(&site, "node-2", Flow::Join);
    by_environment.environment =
        said(&site, Flow::Join, "node-2", &key).into_iter().map(|(field, text)| (field.variable(), text)).collect();
    ends(&by_environment.run(), 0);

    let (mut file, secrets) = (String::new(), site.home("secrets"));
    std::fs::create_dir(&secrets).unwrap();
    for (field, text) in said(&site, Flow::Join, "node-3", &key) {
        if field.is_secret() {
            std::fs::write(secrets.join(field.id()), format!("{text}\n")).unwrap();
            writeln!(file, "{} = {{ file = \"secrets/{0}\" }}", field.id()).unwrap();
        } else {
            writeln!(file, "{} = {}", field.id(), toml::Value::from(text)).unwrap();
        }
    }
    std::fs::write(site.home("third.toml"), file).unwrap();
    let path = site.home("third.toml").display().to_string();
    let output = Program::new(&site, "node-3", Flow::Join).and(&["--answers", &path]).run();
    ends(&output, 0);
    for node in ["node-1", "node-2", "node-3"] {
        assert!(config(&site, node).contains(node));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_goes_before_the_environment_that_before_a_file_and_a_later_one_before_an_earlier() {
    let site = Site::start().await;
    let key = cluster(&site);
    let (one, two) = (site.home("one.toml"), site.home("two.toml"));
    std::fs::write(&one, "node-name = \"by-file-one\"\n").unwrap();
    std::fs::write(&two, "node-name = \"by-file-two\"\n").unwrap();
    let (one, two) = (one.display().to_string(), two.display().to_string());
    let variable = (FieldId::NodeName.variable(), "by-environment".to_owned());
    let cases: [(&str, &[&str], bool, &str); 5] = [
        ("a", &["--answers", &one], false, "by-file-one"),
        ("b", &["--answers", &one, "--answers", &two], false, "by-file-two"),
        ("c", &["--answers", &one], true, "by-environment"),
        ("d", &["--answers", &one, "--node-name", "by-flag"], true, "by-flag"),
        ("e", &["--node-name", "by-flag-first", "--set", "node-name=by-set"], true, "by-set"),
    ];
    for (node, words, is_variable, name) in cases {
        let mut program = Program::with_flags(&site, Flow::Join, node, &key);
        program.words.retain(|word| !word.starts_with("--node-name="));
        program.environment.extend(is_variable.then(|| variable.clone()));
        ends(&program.and(words).run(), 0);
        assert!(config(&site, node).contains(&format!("\"{name}\"")), "{name}: {}", config(&site, node));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_come_by_every_way_and_are_nowhere_afterwards() {
    const CANARY: &str = "Canary-Db-7Qx41Zp9";
    let login = practice_server::Login {
        name: "canary".into(),
        password: CANARY.into(),
        sysadmin: false,
        dbcreator: true,
        disabled: false,
    };
    let site = Site::with(|options| options.logins.push(login)).await;
    let password = site.home("password");
    std::fs::write(&password, format!("{CANARY}\n")).unwrap();
    let ways = [
        ("env", format!("--password-from=env:{}", FieldId::Password.variable())),
        ("file", format!("--password-from=file:{}", password.display())),
        ("stdin", "--password-from=stdin".to_owned()),
        ("command", format!("--answers={}", site.home("command.toml").display())),
    ];
    let command = toml::Value::from(vec!["cat".to_owned(), password.display().to_string()]);
    std::fs::write(site.home("command.toml"), format!("password = {{ command = {command} }}\n")).unwrap();
    let mut key = String::new();
    for (way, word) in ways {
        let flow = if key.is_empty() { Flow::FirstNode } else { Flow::Join };
        let mut program = Program::with_flags(&site, flow, way, &key);
        program.words.retain(|word| !word.starts_with("--password-from") && !word.starts_with("--user="));
        program.environment.retain(|(name, _)| *name != FieldId::Password.variable());
        program.environment.extend((way == "env").then(|| (FieldId::Password.variable(), CANARY.to_owned())));
        let log = site.home(&format!("{way}.log")).display().to_string();
        let program = program.and(&["--user=canary", &word, "--log", &log]);
        let mut command = program.command();
        command.env("OCTOPUS_SETUP_LOG", "trace").stdin(std::process::Stdio::piped());
        let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let words = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        if way == "stdin" {
            child.stdin.take().unwrap().write_all(format!("{CANARY}\n").as_bytes()).unwrap();
        }
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        ends(&output, 0);
        if key.is_empty() {
            key = std::fs::read_to_string(key_file(&site)).unwrap().trim().to_owned();
        }
        let bytes = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
        let secrets = Secrets::new(&[("the password", CANARY.as_bytes()), ("the key", &bytes), ("its text", key.as_bytes())]);
        secrets.absent("standard output", &output.stdout);
        secrets.absent("standard error", &output.stderr);
        secrets.absent("the command line", &words);
        let logged = std::fs::read(&log).unwrap();
        assert!(logged.len() > 500, "there is a log");
        secrets.absent("the log", &logged);
        let (home, state) = (site.home(way), program.state());
        assert!(clean_folder(&home, &[], &secrets) > 0);
        clean_folder(&state, &[], &secrets);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_is_accepted_by_its_name_only() {
    let site = Site::start().await;
    let key = cluster(&site);
    let mut program = Program::with_flags(&site, Flow::Join, "node-2", &key);
    program.words.retain(|word| !word.starts_with("--listen-prefixes") && !word.starts_with("--accept") && word != "sql-latency");
    let program = program.and(&["--listen-prefixes=http://no-such-name.invalid:16001/", "--accept=sql-latency,storage-folders"]);
    let refused = program.run();
    ends(&refused, 4);
    assert!(told(&refused).contains("--accept web-names"), "{}", told(&refused));
    assert!(!site.home("node-2").exists() && program.journals() == 0);
    ends(&program.and(&["--accept", "web-names"]).run(), 0);
}
