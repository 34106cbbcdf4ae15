//! How many copies of its secrets the program holds while Octopus Server's commands run.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::node_config::Sealed;
use octopus_setup::world::node_config;
use octopus_setup::world::seal::{Purpose, Sealer};
use secrecy::ExposeSecret;

use super::program;
use crate::support::stand_in::StandIn;
use crate::support::walk::Site;

/// Returns in which writable parts of a process's memory some bytes are, and how often.
fn copies(process: u32, secret: &[u8]) -> Vec<String> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = std::fs::File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    for line in maps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !words[1].starts_with("rw") {
            continue;
        }
        let (begin, end) = words[0].split_once('-').unwrap();
        let (begin, end) = (u64::from_str_radix(begin, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
        // A part that was unmapped meanwhile holds nothing.
        if memory.seek(SeekFrom::Start(begin)).and_then(|_| memory.read_exact(&mut bytes)).is_err() {
            continue;
        }
        let count = bytes.windows(secret.len()).filter(|window| *window == secret).count();
        if count > 0 {
            found.push(format!("{count} in {}", words.get(5).unwrap_or(&"memory without a name")));
        }
    }
    found
}

fn total(found: &[String]) -> usize {
    found.iter().filter_map(|line| line.split(' ').next()?.parse::<usize>().ok()).sum()
}

/// Opens the key that the program has sealed.
fn sealed_key(site: &Site) -> MasterKey {
    let sealer = Sealer::open(&site.places()).unwrap();
    let config = node_config::read(&site.home("node-1")).unwrap();
    let text = std::fs::read_to_string(site.home("node-1").join(&config.cluster.master_key_file)).unwrap();
    let purpose = Purpose::MasterKey { instance: &config.instance, cluster: config.cluster.id };
    MasterKey::from_bytes(sealer.unseal(&purpose, &Sealed(text)).unwrap().expose_secret()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_in_memory_once_or_twice_during_a_hand_over() {
    const ADMIN: &str = "Canary-5Hn2-Qw88-Rt60";
    let site = Site::start().await;
    let standin = StandIn::new();
    standin.fault("configure", "hang");
    let mut answers = site.answers("node-1");
    let texts = [
        (FieldId::OctopusServer, standin.program().display().to_string()),
        (FieldId::AdminUser, "admin".to_owned()),
        (FieldId::AdminEmail, "admin@corp.example".to_owned()),
    ];
    for (field, text) in texts {
        answers.set(field, Raw::of(field, text), Origin::Flag);
    }
    let folder = site.home("");
    let mut command = program(&folder, &["first-node", "--yes", "--output=json", "--accept=sql-latency,octopus-program"]);
    // Root may look anyway; any other account only if it is allowed.
    command.env("OCTOPUS_SETUP_CORE_DUMPS", "1");
    for field in FieldId::ALL.into_iter().filter(|field| answers.get(*field).origin == Origin::Flag) {
        match &answers.get(field).raw {
            Raw::Text(text) => drop(command.arg(format!("--{}={text}", field.id()))),
            Raw::Secret(_) => drop(command.env(field.variable(), site.password())),
        }
    }
    command.env(FieldId::AdminPassword.variable(), ADMIN);
    tokio::task::block_in_place(|| {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let mut is_at = |what: &str| {
            while let Some(Ok(line)) = output.next() {
                said.push(line);
                if said.last().is_some_and(|line| line.contains(what) && line.contains("\"begun\"")) {
                    return true;
                }
            }
            false
        };
        assert!(is_at("octopus-configure"), "{}", said.join("\n"));
        super::until("configure is not called", || standin.calls().iter().any(|call| call.verb() == "configure"));
        let bytes = sealed_key(&site);
        let text = bytes.to_base64().expose_secret().as_bytes().to_vec();
        let machine_key = std::fs::read_to_string(site.home("state").join("machine.key")).unwrap();
        let machine_key = data_encoding::BASE64.decode(machine_key.trim().as_bytes()).unwrap();
        let mut over = Vec::new();
        for (name, secret, most) in [
            ("the database password", site.password().as_bytes(), 2),
            ("the administrator's password", ADMIN.as_bytes(), 2),
            ("the master key's bytes", bytes.expose_bytes(), 2),
            ("the master key's text", &text, 2),
            ("the machine key", &machine_key, 0),
        ] {
            let found = copies(child.id(), secret);
            println!("{name}: {} ({})", total(&found), found.join(", "));
            if total(&found) > most {
                over.push(format!("{name}: {found:?}"));
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(over.is_empty(), "{}", over.join("\n"));
    });
}
