//! The backups beside a config.

use std::fs;
use std::path::PathBuf;

use octopus_setup::model::facts::{Backup, DiffSign};
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::world::node_config::{render, write};
use octopus_setup::world::seal::Sealer;

use crate::bench::{Bench, bench};

fn backup_path(bench: &Bench, middle: &str) -> PathBuf {
    bench.home.join(format!("{}.{middle}.bak", NodeConfig::FILE))
}

async fn backups(bench: &Bench) -> Vec<Backup> {
    bench.node().await.backups.seen().expect("listed").clone()
}

/// The lines of the difference with their signs.
fn lines(backup: &Backup) -> Vec<String> {
    let sign = |sign| match sign {
        DiffSign::Same => ' ',
        DiffSign::Old => '-',
        DiffSign::New => '+',
    };
    backup.lines.iter().map(|line| format!("{}{}", sign(line.sign), line.text)).collect()
}

#[tokio::test]
async fn a_backup_is_shown_with_its_differences() {
    let bench = bench();
    let mut config = bench.config("hunter2");
    write(&config).expect("written");
    config.web.force_ssl = true;
    config.comms.port = 10_944;
    write(&config).expect("written");
    let backups = backups(&bench).await;
    assert_eq!(backups.len(), 1);
    assert_eq!(
        lines(&backups[0]),
        [
            " [web]",
            " listen_prefixes = [\"http://localhost:80/\"]",
            "-force_ssl = false",
            "+force_ssl = true",
            " ",
            " [comms]",
            "-port = 10943",
            "+port = 10944",
            " grpc_port = 8443",
        ]
    );
    let (day, minute) = backups[0].when.as_str().split_once(' ').expect("a day and a time");
    assert_eq!((day.len(), minute.len()), (10, 5));
}

#[tokio::test]
async fn backups_are_listed_newest_first_and_at_most_fifty() {
    let bench = bench();
    bench.install();
    let text = bench.text();
    for middle in ["20261121T120405Z", "20261121T120405Z-2", "20261121T120405Z-10", "20261122T000000Z", "20250101T000000Z"] {
        fs::write(backup_path(&bench, middle), &text).expect("written");
    }
    // None of ours.
    for other in ["mine", "20261121T120405Z-x", "20269921T120405Z", "20261121"] {
        fs::write(backup_path(&bench, other), &text).expect("written");
    }
    fs::write(bench.home.join("other.toml.20261121T120405Z.bak"), &text).expect("written");
    let found = backups(&bench).await;
    let when: Vec<&str> = found.iter().map(|backup| backup.when.as_str()).collect();
    assert_eq!(when, ["2026-11-22 00:00", "2026-11-21 12:04", "2026-11-21 12:04", "2026-11-21 12:04", "2025-01-01 00:00"]);
    assert!(found[1].path.as_str().ends_with("Z-10.bak") && found[3].path.as_str().ends_with("05Z.bak"), "{found:?}");
    for number in 0..60 {
        fs::write(backup_path(&bench, &format!("20240101T0000{number:02}Z")), "x = 1\n").expect("written");
    }
    assert_eq!(backups(&bench).await.len(), 50);
}

#[tokio::test]
async fn sealed_values_are_compared_by_content_and_never_shown() {
    let bench = bench();
    bench.install();
    // The same secrets, sealed anew: no difference.
    fs::write(backup_path(&bench, "20261121T000001Z"), bench.text()).expect("written");
    let other = render(&bench.config("hunter3")).expect("rendered");
    fs::write(backup_path(&bench, "20261121T000002Z"), &other).expect("written");
    let elsewhere = crate::bench::bench();
    let foreign = render(&elsewhere.config("hunter2")).expect("rendered");
    let foreign = foreign.replace(&*elsewhere.home.to_string_lossy(), &bench.home.to_string_lossy());
    fs::write(backup_path(&bench, "20261121T000003Z"), foreign).expect("written");
    fs::write(backup_path(&bench, "20261121T000004Z"), "[database]\npassword = \"hunter2\"\n").expect("written");
    let found = backups(&bench).await;
    let of = |place: usize| lines(&found[place]);
    assert_eq!(of(3), [""; 0]);
    let changed: Vec<_> = of(2).into_iter().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(changed, ["-password = (sealed, another value)", "+password = (sealed)"]);
    let changed: Vec<_> = of(1).into_iter().filter(|line| !line.starts_with(' ')).collect();
    let both = ["-password = (sealed, does not open here)", "+password = (sealed)"];
    assert_eq!(changed, [both, both].concat());
    assert!(of(0).contains(&"-password = (not shown)".to_owned()), "{:?}", of(0));
    assert!(found.iter().all(|backup| !format!("{backup:?}").contains("sealed:1:") && !format!("{backup:?}").contains("hunter")));
}

#[tokio::test]
async fn an_unreadable_backup_is_listed_with_the_reason() {
    let bench = bench();
    bench.install();
    fs::write(backup_path(&bench, "20261121T000001Z"), [0xff]).expect("written");
    fs::File::create(backup_path(&bench, "20261121T000002Z")).and_then(|file| file.set_len(100 << 20)).expect("sparse");
    fs::create_dir(backup_path(&bench, "20261121T000003Z")).expect("created");
    let said: Vec<_> = backups(&bench).await.iter().flat_map(lines).collect();
    assert_eq!(
        said,
        [
            " This backup cannot be read: it is not a file.",
            " This backup cannot be read: it is larger than 1048576 bytes.",
            " This backup cannot be read: it is not UTF-8 text; the first wrong byte is in line 1.",
        ]
    );
}

#[tokio::test]
async fn a_broken_config_is_compared_and_a_binary_file_is_not() {
    let bench = bench();
    let whole = bench.text();
    fs::write(backup_path(&bench, "20261121T000001Z"), &whole).expect("written");
    fs::write(bench.path(), whole.replace("force_ssl = false", "force_ssl = ")).expect("written");
    let changed: Vec<_> = lines(&backups(&bench).await[0]).into_iter().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(changed, ["-force_ssl = false", "+force_ssl ="]);
    fs::remove_file(bench.path()).expect("removed");
    let said = lines(&backups(&bench).await[0]);
    assert_eq!(said, [" The present config cannot be read, so there is nothing to compare with."]);
    // Without the machine's key nothing opens, and nothing breaks.
    fs::write(bench.path(), &whole).expect("written");
    fs::remove_file(bench.places.machine_key()).expect("removed");
    assert_eq!(lines(&backups(&bench).await[0]), [""; 0]);
    assert!(Sealer::open(&bench.places).is_err());
}

#[tokio::test]
async fn a_backup_that_is_not_a_config_takes_no_time() {
    let bench = bench();
    bench.install();
    let many: Vec<String> = (0..90_000).map(|number| format!("x{number}")).collect();
    fs::write(backup_path(&bench, "20261121T000001Z"), many.join("\n")).expect("written");
    let found = backups(&bench).await;
    assert_eq!(found[0].lines.last().map(|line| line.text.as_str()), Some("… and more."));
}
