//! Configs that cannot be read.

use std::fs;

use octopus_setup::model::facts::{ConfigTrouble, Fact, NodeFacts, Trouble};

use crate::bench::{Bench, bench, config_trouble};

/// The line and the message of a malformed config.
fn malformed(bench: &Bench, facts: &NodeFacts) -> (usize, String) {
    assert_eq!(facts.password, Fact::Missing(Trouble::Unasked));
    match config_trouble(facts) {
        ConfigTrouble::Malformed { path, line, said } => {
            assert_eq!(path.as_str(), bench.path().to_string_lossy());
            (*line, said.to_string())
        }
        other => panic!("{other:?}"),
    }
}

/// The message of a config that exists and cannot be read.
fn unreadable(bench: &Bench, facts: &NodeFacts) -> String {
    match config_trouble(facts) {
        ConfigTrouble::Unreadable { path, said } => {
            assert_eq!(path.as_str(), bench.path().to_string_lossy());
            said.to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// The number, from 1, of the line that begins with this.
fn line_of(text: &str, start: &str) -> usize {
    text.lines().position(|line| line.starts_with(start)).expect("such a line") + 1
}

#[tokio::test]
async fn errors_name_the_line_the_key_and_what_is_expected() {
    let bench = bench();
    let whole = bench.text();
    for (from, to, at, part) in [
        (
            "[web]\n",
            "[web]\nnews = 'hunter2'\n",
            "news",
            "unknown key `web.news`, expected one of `listen_prefixes`, `force_ssl`, `trusted_proxies`",
        ),
        ("[node]\n", "[nodes]\n", "[nodes]", "unknown key `nodes`, expected one of `format`, `instance`"),
        ("force_ssl = false", "force_ssl = \"hunter2\"", "force_ssl", "`web.force_ssl` must be true or false, and is a text"),
        ("port = 10943", "port = 70000", "port = 70000", "`comms.port` must be a whole number from 0 to 65535"),
        (
            "port = 10943",
            "port = '10943'",
            "port = '10943'",
            "`comms.port` must be a whole number from 0 to 65535, and is a text",
        ),
        ("instance = ", "instance = 4711 #", "instance", "`instance` must be a text in quotes, and is a whole number"),
        ("encryption = \"mandatory\"", "encryption = \"hunter2\"", "encryption", "`database.encryption` must be "),
        ("server = ", "server = hunter2 #", "server", "`database.server`"),
        ("multi_subnet = false\n", "", "[database]", "`database.multi_subnet` is missing"),
        ("user = \"octo\"", "user = \"octo\"\nuser = \"octo\"", "user = \"octo\"", "`database.user`: duplicate key"),
        ("format = 1\n", "format = '1'\n", "format", "`format` must be a whole number from 0 to 4294967295, and is a text"),
        ("format = 1\n", "format = -1\n", "format", "`format` must be a whole number from 0 to 4294967295"),
        ("format = 1\n", "", "grpc_port", "`format` is missing"),
    ] {
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole, "{from}");
        fs::write(bench.path(), &text).expect("written");
        let (line, said) = malformed(&bench, &bench.node().await);
        let mut expected = line_of(&text, at);
        if part.contains("duplicate") {
            expected += 1;
        }
        assert!(line == expected && said.contains(part), "{to}: line {line}, not {expected}: {said}");
    }
}

#[tokio::test]
async fn a_newer_format_is_recognised_whatever_else_is_in_it() {
    let bench = bench();
    for text in [
        bench.text().replacen("format = 1\n", "format = 2\n", 1),
        "format = 2\n[news]\nx = [1]\n".into(),
        "# x\nformat = 2\n<<<what TOML will be>>>\n".into(),
    ] {
        fs::write(bench.path(), text).expect("written");
        let facts = bench.node().await;
        assert!(matches!(config_trouble(&facts), ConfigTrouble::OtherFormat { found: 2, known: 1, .. }), "{facts:?}");
    }
}

#[tokio::test]
async fn a_truncated_config_is_never_taken_for_complete() {
    let bench = bench();
    let whole = bench.text();
    let start = whole.find("format = 1").expect("its first key");
    // Every place would be thousands of files; these are the ends of lines and a place within each.
    let ends = whole.match_indices('\n').flat_map(|(at, _)| [at, at + 1, at + 5]);
    // A port without its last digit, and a last line without its end, are no whole file either.
    let last = whole.len() - 4..whole.len();
    for end in ends.filter(|end| (start..whole.len()).contains(end) && whole.is_char_boundary(*end)).chain(last) {
        fs::write(bench.path(), &whole[..end]).expect("written");
        let (line, said) = malformed(&bench, &bench.node().await);
        let last = whole[..end].lines().count();
        assert!(line <= last && !said.is_empty(), "cut at {end}: line {line} of {last}: {said}");
    }
    let within = whole.find("[comms]").expect("a section") - 40;
    fs::write(bench.path(), &whole[..within]).expect("written");
    let (_, said) = malformed(&bench, &bench.node().await);
    assert!(said.contains("may break off here"), "{said}");
    fs::write(bench.path(), "").expect("written");
    assert_eq!(malformed(&bench, &bench.node().await), (1, "it is empty".into()));
}

#[tokio::test]
async fn a_binary_file_is_reported_with_its_first_bad_line() {
    let bench = bench();
    let latin = bench.text().replacen("web01", "b\u{fc}ro", 1).replace('\u{fc}', "?").into_bytes();
    let latin: Vec<u8> = latin.iter().map(|byte| if *byte == b'?' { 0xfc } else { *byte }).collect();
    fs::write(bench.path(), &latin).expect("written");
    let line = line_of(&bench.text(), "name = \"web01\"");
    assert_eq!(unreadable(&bench, &bench.node().await), format!("it is not UTF-8 text; the first wrong byte is in line {line}"));
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(bench.text().encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(bench.path(), wide).expect("written");
    assert_eq!(unreadable(&bench, &bench.node().await), "it is UTF-16 text, and must be UTF-8");
    // A mark at the beginning is what Notepad adds, and no reason to refuse it.
    fs::write(bench.path(), format!("\u{feff}{}", bench.text())).expect("written");
    assert!(bench.node().await.config.seen().is_some());
}

#[tokio::test]
async fn a_hundred_megabytes_are_not_loaded() {
    let bench = bench();
    fs::File::create(bench.path()).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    assert_eq!(unreadable(&bench, &bench.node().await), "it is larger than 1048576 bytes");
}

#[tokio::test]
async fn a_path_that_is_not_a_file_is_reported_and_does_not_hang() {
    let bench = bench();
    let absent = bench.node().await;
    assert!(matches!(config_trouble(&absent), ConfigTrouble::Absent { .. }), "{absent:?}");
    assert_eq!(absent.backups, Fact::Seen(Vec::new()));
    fs::create_dir(bench.path()).expect("created");
    assert_eq!(unreadable(&bench, &bench.node().await), "it is not a file");
    fs::remove_dir(bench.path()).expect("removed");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        for (to, part) in [
            ("/dev/zero", "it is not a file"),
            ("/nowhere/at/all", "it is a symbolic link to /nowhere/at/all, which is not there"),
            ("octopus-node.toml", "symbolic links"),
        ] {
            symlink(to, bench.path()).expect("linked");
            let said = unreadable(&bench, &bench.node().await);
            assert!(said.contains(part), "{said}");
            fs::remove_file(bench.path()).expect("removed");
        }
    }
    #[cfg(target_os = "linux")]
    {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, bench.path(), rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        assert_eq!(unreadable(&bench, &bench.node().await), "it is not a file");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_config_without_read_permission_is_reported_with_the_systems_error() {
    use std::os::unix::fs::PermissionsExt;
    let bench = bench();
    bench.install();
    fs::set_permissions(bench.path(), fs::Permissions::from_mode(0o000)).expect("changed");
    let facts = bench.node().await;
    // Root reads whatever there is.
    if rustix::process::geteuid().is_root() {
        assert!(facts.config.seen().is_some());
    } else {
        assert!(unreadable(&bench, &facts).contains("ermission denied"));
    }
}
