//! What is written, for each program and option.

use octopus_setup::model::backend::Backends;
use octopus_setup::render::load_balancer::{CertificateFiles, Frontend, Listen, Program, configuration};

use crate::running::row_of_ports;
use crate::support::judges::powershell_errors;

fn plain() -> Frontend {
    Frontend {
        name: None,
        listen: Listen { address: None, port: 80 },
        certificate: None,
        sticky: false,
        polling_port: Some(10_943),
        grpc_port: None,
        inner_port: Frontend::INNER,
        cache: Frontend::CACHE.into(),
    }
}

fn everything() -> Frontend {
    Frontend {
        name: Some("octopus.example.com".into()),
        listen: Listen::parse("192.0.2.10", 443).unwrap(),
        certificate: Some(CertificateFiles { file: "/etc/ssl/octopus chain.pem".into(), key: "/etc/ssl/octopus.key".into() }),
        sticky: true,
        grpc_port: Some(8_443),
        ..plain()
    }
}

fn given(nodes: &[&str]) -> Backends {
    let nodes: Vec<String> = nodes.iter().map(|node| (*node).to_owned()).collect();
    Backends::from_texts(&nodes).unwrap()
}

fn http() -> Backends {
    given(&["web01=http://web01.corp:80", "web02=http://[2001:db8::2]:8080,10944"])
}

fn https() -> Backends {
    given(&["web01=https://web01.corp/octopus", "web02=https://web02.corp/octopus", "web03=https://web03.corp/octopus"])
}

#[test]
fn configurations_look_like_this() {
    for program in Program::ALL {
        insta::assert_snapshot!(format!("{}_plain", program.id()), configuration(program, &http(), &plain()).unwrap());
        insta::assert_snapshot!(format!("{}_everything", program.id()), configuration(program, &https(), &everything()).unwrap());
    }
}

#[test]
fn a_grammar_that_others_wrote_finds_no_error_in_the_script_for_iis() {
    let scripts =
        [configuration(Program::Iis, &http(), &plain()).unwrap(), configuration(Program::Iis, &https(), &everything()).unwrap()];
    assert!(scripts.iter().all(|script| script.is_ascii()), "a script means the same in each encoding");
    if let Some(said) = powershell_errors(&scripts) {
        assert_eq!(said, "");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let refused =
        |program, backends: &Backends, front: &Frontend| configuration(program, backends, front).unwrap_err().to_string();
    let none = Backends::default();
    assert!(refused(Program::Nginx, &none, &plain()).contains("no live node"));
    let paths = given(&["a=http://a/octopus", "b=http://b/"]);
    assert!(refused(Program::HaProxy, &paths, &plain()).contains("different paths"));
    let mixed = given(&["a=http://a", "b=https://b"]);
    assert!(refused(Program::Iis, &mixed, &plain()).contains("one for all"));
    assert!(configuration(Program::Nginx, &mixed, &plain()).is_ok());
    for front in [
        Frontend { polling_port: Some(79), ..plain() },
        Frontend { polling_port: Some(u16::MAX), ..plain() },
        Frontend { inner_port: 10_942, ..plain() },
        Frontend { grpc_port: Some(80), ..plain() },
        Frontend { polling_port: Some(80), listen: Listen { address: None, port: 443 }, ..everything() },
    ] {
        assert!(configuration(Program::Nginx, &http(), &front).is_err(), "{front:?}");
    }
}

#[test]
fn no_value_gets_out_of_its_place() {
    let evil = "/tmp/a\"; } evil { \\";
    let front = Frontend {
        cache: evil.into(),
        certificate: Some(CertificateFiles { file: evil.into(), key: evil.into() }),
        listen: Listen { address: None, port: 443 },
        ..plain()
    };
    let nginx = configuration(Program::Nginx, &http(), &front).unwrap();
    assert_eq!(nginx.matches("\"/tmp/a\\\"; } evil { \\\\\"").count(), 3, "{nginx}");
    for bad in ["a\nb", "a\0b"] {
        let front = Frontend {
            certificate: Some(CertificateFiles { file: bad.into(), key: "k".into() }),
            cache: bad.into(),
            ..front.clone()
        };
        for program in [Program::Nginx, Program::HaProxy, Program::NetScaler] {
            assert!(configuration(program, &http(), &front).is_err(), "{program:?} {bad:?}");
        }
    }
    let variable = Frontend { cache: "/run/$host".into(), ..plain() };
    assert!(configuration(Program::Nginx, &http(), &variable).is_err());
}

/// The real programs take what uses every option; a certificate is made for it.
#[test]
fn the_real_programs_take_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    if !crate::have("openssl") || !crate::have("nginx") || !crate::have("haproxy") {
        return;
    }
    let run = |line: &str| {
        let output = std::process::Command::new("sh").args(["-c", &format!("PATH=$PATH:/usr/sbin; {line}")]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    };
    let (pem, key) = (path("a b.pem"), path("a b.pem.key"));
    run(&format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=octopus.example.com -days 2 -out '{pem}' -keyout '{key}' 2>&1"
    ));
    let nodes = given(&["web01=https://127.0.0.1:1443", "web02=https://127.0.0.2:1443"]);
    // nginx opens what it is tried with: below 1024 that needs rights, and not every machine has IPv6.
    let (is_root, has_v6) = (rustix::process::geteuid().is_root(), std::net::TcpListener::bind("[::1]:0").is_ok());
    for listen in ["127.0.0.1", "127.0.0.1:8444", "[::1]:8444"] {
        if (listen == "127.0.0.1" && !is_root) || (listen.starts_with('[') && !has_v6) {
            continue;
        }
        let front = Frontend {
            certificate: Some(CertificateFiles { file: pem.clone(), key: key.clone() }),
            listen: Listen::parse(listen, 443).unwrap(),
            cache: path("cache"),
            inner_port: row_of_ports(2),
            ..everything()
        };
        let nginx = configuration(Program::Nginx, &nodes, &front).unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|place| format!("    {place}_temp_path {};\n", path(place)))
            .collect::<Vec<_>>()
            .concat();
        std::fs::write(path("nginx.conf"), nginx.replace("\nhttp {\n", &format!("\nhttp {{\n{temporary}"))).unwrap();
        run(&format!("nginx -t -c {} -g 'pid {};'", path("nginx.conf"), path("pid")));
        let haproxy = configuration(Program::HaProxy, &nodes, &front).unwrap();
        std::fs::write(path("haproxy.cfg"), haproxy).unwrap();
        run(&format!("haproxy -c -f {}", path("haproxy.cfg")));
    }
}
