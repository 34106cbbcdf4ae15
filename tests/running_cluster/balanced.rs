//! Behind a real nginx.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::machine::{Machine, get};
use crate::site::Site;
use crate::support::walk::free_port;

/// Waits until something is so; a load balancer looks every few seconds.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not in a minute");
        std::thread::yield_now();
    }
}

/// Ends nginx, its workers included.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_printed_configuration_balances_the_two_nodes_that_are_there() {
    if !["/usr/sbin/nginx", "/usr/bin/nginx"].iter().any(|path| std::path::Path::new(path).exists()) {
        assert!(std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_none(), "nginx is not installed");
        eprintln!("skipped: nginx is not installed");
        return;
    }
    let site = Site::start().await;
    let first = Machine::first(&site, "web01", "daemon");
    first.run(&["first-node"]).ended(0);
    let second = Machine::joining(&site, "web02", "games", &first);
    second.run(&["join"]).ended(0);

    let (port, inner, cache) = (free_port(), row_of_two(), site.folder().join("cache"));
    std::fs::set_permissions(site.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (listen, inner) = (format!("127.0.0.1:{port}"), inner.to_string());
    let words = ["load-balancer", "nginx", "--listen", &listen, "--inner-port", &inner, "--no-polling"];
    let cache_text = cache.display().to_string();
    let printed = first.run(&[&words[..], &["--cache-dir", &cache_text]].concat()).ended(0);
    // The prefixes say localhost, so that the host's name is taken; in this test both machines are this one.
    let host = gethostname::gethostname().into_string().unwrap();
    let text = printed.out.replace(&format!("{host}:"), "127.0.0.1:").replace(&format!("{}:", host.to_lowercase()), "127.0.0.1:");
    let file = site.folder().join("nginx.conf");
    std::fs::write(&file, format!("pid {}/nginx.pid;\n{text}", site.folder().display())).unwrap();
    let mut nginx = Command::new("sh");
    let runs = format!("PATH=$PATH:/usr/sbin; exec nginx -e stderr -g 'daemon off;' -c '{}'", file.display());
    let log = std::fs::File::create(site.folder().join("nginx.log")).unwrap();
    let _nginx =
        Nginx(nginx.args(["-c", &runs]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());

    let seen = || {
        let (status, body) = get(port, "/app");
        (status == 200).then(|| body.lines().next().unwrap_or_default().to_owned())
    };
    let all = |count: usize| (0..count).map(|_| seen()).collect::<Vec<_>>();
    let has = |all: &[Option<String>], name: &str| all.iter().flatten().any(|line| line == &format!("node {name}"));
    until("both nodes answer", || {
        let all = all(4);
        has(&all, "web01") && has(&all, "web02")
    });
    assert!(get(port, "/app").1.contains("X-Forwarded-For: 127.0.0.1"));
    second.octopus.fault("ping", "418");
    until("the drained one is out", || {
        let all = all(6);
        all.iter().all(Option::is_some) && !has(&all, "web02")
    });
    second.octopus.fault("ping", "");
    until("it is in again", || has(&all(4), "web02"));
}

/// Two free ports in a row.
fn row_of_two() -> u16 {
    loop {
        let first = free_port();
        if free_port() == first + 1 {
            return first;
        }
    }
}
