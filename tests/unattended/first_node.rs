//! A first node, with nobody there.

use std::time::Duration;

use octopus_setup::catalog::checks;
use octopus_setup::faces::headless::ReportOptions;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::autopilot::checks_of;
use practice_server::Login;

use crate::scene::*;
use crate::support::canaries::{Secrets, clean_folder};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_is_set_up_and_its_key_is_kept() {
    let site = Site::start().await;
    let (exit, said) = text(&site, order(&site, Flow::FirstNode, "node-1", &[])).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(site.home("node-1").join("octopus-node.toml").exists());
    assert_eq!(mode(&key_file(&site)), 0o600);
    assert!(site.journals().is_empty(), "the run is closed");
    for part in [
        "Proving: ",
        "ok       sql-login",
        "ok       key-file",
        "Plan: 6 steps",
        "  1/6 begun",
        "  6/6 done",
        "\nDone.\n",
        "\nOn the next server, as one command:\n  octopus-setup join --server ",
        "--master-key-from env:OCTOPUS_SETUP_MASTER_KEY --yes\n",
        "\nNext:\n",
        "\n  octopus-setup join --server localhost,",
        " --master-key-from env:OCTOPUS_SETUP_MASTER_KEY --yes\n",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let host = said.find("Answers:").unwrap();
    assert!(said.contains("password           set  (flag)"), "{}", &said[host..]);
    let once = said.lines().filter(|line| line.contains(" sql-login ")).count();
    assert_eq!(once, 1, "a verdict is told once\n{said}");
    assert!(!said.contains('\u{1b}'), "no colours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_are_told_the_same_and_no_secret_is_in_it() {
    const PASSWORD: &str = "Canary-Db-7Qx41Zp9";
    let login = Login { name: "canary".into(), password: PASSWORD.into(), sysadmin: false, dbcreator: true, disabled: false };
    let site = Site::with(|options| options.logins.push(login)).await;
    let changes = [(FieldId::User, "canary"), (FieldId::Password, PASSWORD)];
    let (exit, said) = run(&site, order(&site, Flow::FirstNode, "node-1", &changes), OutputFormat::Json).await;
    assert_eq!(exit, Exit::Done, "{said}");
    let key = std::fs::read_to_string(key_file(&site)).unwrap();
    let bytes = data_encoding::BASE64.decode(key.trim().as_bytes()).unwrap();
    let secrets =
        Secrets::new(&[("the password", PASSWORD.as_bytes()), ("the key", &bytes), ("the key's text", key.trim().as_bytes())]);
    secrets.absent("what was told", said.as_bytes());
    let all = parsed(&said);
    assert_eq!(of(&all, "step").len(), 12, "each begins and ends");
    let plan = of(&all, "plan")[0];
    let password = plan["answers"].as_array().unwrap().iter().find(|answer| answer["field"] == "password").unwrap();
    assert_eq!((&password["secret"], &password["value"], &password["origin"]), (&true.into(), &Value::Null, &"flag".into()));
    assert!(plan["steps"].as_array().unwrap().iter().any(|step| step["scope"] == "cluster"), "{plan}");
    let end = end(&all);
    assert_eq!((&end["exit"], &end["status"], &end["resumable"]), (&0.into(), &"done".into(), &false.into()), "{end}");
    assert_eq!(end["key_file"], key_file(&site).display().to_string());
    assert_eq!(end["node_config"], site.home("node-1").join("octopus-node.toml").display().to_string());
    assert!(end["fingerprint"].as_str().is_some_and(|text| text.len() == 9) && end["cluster"].is_string(), "{end}");
    let next = end["next_node"].as_str().unwrap();
    assert!(next.starts_with("octopus-setup join --server ") && next.ends_with(" --yes"), "{next}");
    let places = [key_file(&site)];
    let but: Vec<&Path> = places.iter().map(PathBuf::as_path).collect();
    let others = Secrets::new(&[("the key", &bytes)]);
    assert!(clean_folder(&site.home("node-1"), &but, &others) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let site = Site::start().await;
    let (exit, all) = lines(&site, dry(order(&site, Flow::FirstNode, "node-1", &[]))).await;
    assert_eq!(exit, Exit::Done, "{all:#?}");
    assert_eq!((of(&all, "plan").len(), of(&all, "step").len()), (1, 0));
    let end = end(&all);
    assert_eq!((&end["dry_run"], &end["key_file"], &end["fingerprint"]), (&true.into(), &Value::Null, &Value::Null), "{end}");
    assert_eq!((&end["next_node"], &end["next"]), (&Value::Null, &serde_json::json!([])), "{end}");
    assert_eq!(written(&site), Vec::<PathBuf>::new());
    // Nothing is in the database either: the plan is the same once more, the database's creation in it.
    let (_, again) = lines(&site, dry(order(&site, Flow::FirstNode, "node-1", &[]))).await;
    let ids = |all: &[Value]| -> Vec<String> {
        of(all, "plan")[0]["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&all), ids(&again));
    assert!(ids(&all).contains(&"create-database".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_are_told_screen_by_screen_in_the_order_of_the_path() {
    let site = Site::with(|options| options.faults.round_trip = Duration::from_millis(20)).await;
    let (exit, said) = text(&site, dry(order(&site, Flow::FirstNode, "node-1", &[]))).await;
    assert_eq!(exit, Exit::Done, "{said}");
    let checks = said.lines().filter_map(|line| CheckId::from_id(line.get(11..)?.split(' ').next()?));
    let wanted: Vec<CheckId> = checks_of(Flow::FirstNode).map(|(_, check)| check).collect();
    let told: Vec<CheckId> = checks.collect();
    // What does not apply is not listed: nothing is shared here, there is no Octopus Server and no licence.
    let is_left_out = |check: &CheckId| !told.contains(check);
    let left_out: Vec<ScreenId> =
        wanted.iter().filter(|check| is_left_out(check)).map(|check| checks::row(*check).screen).collect();
    assert!(left_out.iter().all(|screen| [ScreenId::Storage, ScreenId::Octopus].contains(screen)), "{said}");
    assert_eq!(told, wanted.into_iter().filter(|check| !is_left_out(check)).collect::<Vec<_>>(), "{said}");
    let screens = ["\nHome directory\n", "\nService account\n", "\nDatabase\n", "\nOctopus Server\n", "\nMaster key\n"];
    let places: Vec<_> = screens.iter().map(|name| said.find(name)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_long_is_said_to_be_still_at_work() {
    let site = Site::with(|options| options.faults.round_trip = Duration::from_millis(60)).await;
    for output in [OutputFormat::Text, OutputFormat::Json] {
        let mut out = Vec::new();
        let (_sender, mut signals) = unbounded_channel();
        let world = World::new(site.places(), Surroundings::default());
        let options = ReportOptions { output, still: Duration::from_millis(20) };
        let order = dry(order(&site, Flow::FirstNode, "node-1", &[]));
        headless::run(order, options, &mut out, &mut signals, |answers| Engine::new(world, answers, None)).await;
        let said = String::from_utf8(out).unwrap();
        if output == OutputFormat::Json {
            let all = parsed(&said);
            let still = of(&all, "still");
            assert!(still.iter().any(|line| line["checks"].as_array().unwrap().contains(&"sql-login".into())), "{said}");
            assert!(still.iter().all(|line| line["seconds"] == 0 && line["step"].is_null()), "{said}");
        } else {
            assert!(said.lines().any(|line| line.starts_with("  still    ") && line.contains("sql-login")), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_has_gone_does_not_stop_an_install() {
    struct Gone(usize);
    impl std::io::Write for Gone {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 3 { Err(std::io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let site = Site::start().await;
    let (_sender, mut signals) = unbounded_channel();
    let mut out = Gone(0);
    let exit = run_with(&site, order(&site, Flow::FirstNode, "node-1", &[]), OutputFormat::Text, &mut out, &mut signals).await;
    assert_eq!((exit, out.0), (Exit::Done, 4), "told to nobody once nobody listens");
    assert!(key_file(&site).exists() && site.journals().is_empty());
}
