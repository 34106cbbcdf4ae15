//! A first node, whole, and undone again.

use octopus_setup::catalog::steps;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::plan::{Failure, Progress, Scope, StepKind, StepState};
use octopus_setup::model::storage::{SharedFolder, SharedStorage};
use octopus_setup::model::web::TrustedProxy;

use crate::lab::{ADMIN_PASSWORD, LICENCE, Lab, SERVICE_PASSWORD, failed, kept};

#[tokio::test]
async fn a_first_node_is_handed_over_command_by_command() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    let (outcome, news) = lab.install(&plan).await;
    outcome.expect("no failure");
    lab.assert_whole("installed").await;

    let calls = lab.standin.changes();
    let verbs: Vec<_> = calls.iter().map(|call| call.args[0].as_str()).collect();
    assert_eq!(verbs, ["create-instance", "database", "configure", "admin", "license", "path", "service", "node"]);
    let [create, database, configure, admin, license, path, service, node] = &calls[..] else { unreachable!() };
    let home = lab.bench.home.display().to_string();
    assert_eq!(
        create.args[1..],
        [
            "--instance".to_owned(),
            "My Node".into(),
            "--config".into(),
            format!("{home}/OctopusServer.config"),
            "--home".into(),
            home,
            "--serverNodeName".into(),
            "web01".into(),
        ]
    );
    assert_eq!(database.value("--masterKey"), Some("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="));
    // The wizard has made the database: --create alone would do nothing.
    assert!(["--create", "--upgrade"].iter().all(|option| database.args.iter().any(|word| word == option)), "{database:?}");
    assert_eq!((steps::row(StepKind::OctopusDatabase).scope)(plan.flow), Scope::Cluster);
    assert_eq!((configure.value("--commsListenPort"), configure.value("--webForceSSL")), (Some("10943"), Some("False")));
    assert_eq!((admin.value("--username"), admin.value("--password")), (Some("admin"), Some(ADMIN_PASSWORD)));
    // The licence is in a file of our own, which is gone by now, and not on the command line.
    assert_eq!(license.licence, Some((LICENCE.to_owned(), 0o600)));
    let file = std::path::Path::new(license.value("--licenseFile").unwrap());
    assert!(file.starts_with(&lab.bench.places.state) && !file.exists());
    assert_eq!(path.args[3..], ["--clusterShared", "/srv/octopus"]);
    assert_eq!(service.args[3..], ["--install", "--reconfigure", "--username", "octopus", "--start"]);
    assert_eq!(node.args[3..], ["--taskCap", "5"]);
    for call in lab.standin.calls() {
        let env = call.env.as_object().unwrap();
        let own = env.get("OCTOPUS_SERVICE_PASSWORD").and_then(serde_json::Value::as_str);
        assert_eq!(own, (call.verb() == "service").then_some(SERVICE_PASSWORD), "{call:?}");
        assert!(!FieldId::ALL.into_iter().any(|field| field.is_secret() && env.contains_key(&field.variable())), "{call:?}");
    }
    let said = |kind| {
        let lines = news.iter().find_map(|news| match news {
            Progress::Said(of, lines) if *of == kind => Some(lines.clone()),
            _ => None,
        });
        lines.unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(said(StepKind::OctopusDatabase), ["Database created and upgraded.", "The connection string was saved."]);
    assert_eq!(said(StepKind::OctopusService), ["Service installed", "Service started"]);
}

#[tokio::test]
async fn an_old_server_and_a_new_one_are_asked_nothing_that_they_do_not_know() {
    let folders = SharedStorage::Folders(vec![
        (SharedFolder::Artifacts, "/srv/artifacts".into()),
        (SharedFolder::TaskLogs, "/srv/logs".into()),
        (SharedFolder::Packages, "/srv/packages".into()),
    ]);
    let old = Lab::new().await;
    old.standin.is_of_version("2019.13.7");
    let short = MasterKey::from_bytes(&[7; 16]).unwrap();
    let mut plan = old.plan();
    (plan.node.storage, plan.fingerprint) = (folders, short.fingerprint());
    old.install_with(&plan, &short).await.0.expect("no failure");
    old.assert_whole("2019.13.7").await;
    // What the checks stop before is refused by the program itself.
    let too_old = Lab::new().await;
    too_old.standin.is_of_version("2024.3.99");
    let (_, news) = too_old.install(&too_old.plan()).await;
    assert_eq!(failed(&news).map(|(kind, _)| kind), Some(StepKind::OctopusDatabase), "{news:?}");

    let new = Lab::new().await;
    new.standin.is_of_version("2026.4.6342");
    let mut plan = new.plan();
    plan.node.web.grpc_port = 8444;
    plan.node.web.trusted_proxies = TrustedProxy::parse_all("10.0.0.0/8").unwrap();
    new.install(&plan).await.0.expect("no failure");
    new.assert_whole("2026.4.6342").await;
    let calls = new.standin.changes();
    let configure = calls.iter().find(|call| call.args[0] == "configure").unwrap();
    assert_eq!((configure.value("--grpcListenPort"), configure.value("--trustedProxies")), (Some("8444"), Some("10.0.0.0/8")));
}

#[tokio::test]
async fn it_is_undone_but_for_what_is_octopus_own() {
    let lab = Lab::new().await;
    lab.install(&lab.plan()).await.0.expect("no failure");
    let (whole, news) = lab.undo().await;
    // The key outlives the tables that were made under it, and so does all that leads to it.
    assert!(!whole);
    assert_eq!(
        kept(&news),
        [StepKind::InitialiseCluster, StepKind::CreateDatabase, StepKind::SealMasterKey, StepKind::CreateHome]
    );
    assert!(news.iter().any(|news| matches!(news, Progress::UndoFailed(StepKind::InitialiseCluster, Failure::Kept { .. }))));
    let notes: Vec<_> = news
        .iter()
        .filter_map(|news| match news {
            Progress::Said(kind, lines) => Some((*kind, lines.last()?.to_string())),
            _ => None,
        })
        .collect();
    for (kind, start) in [
        (StepKind::OctopusAdmin, "The administrator stays in database OctopusDeploy"),
        (StepKind::OctopusDatabase, "Octopus' own tables stay in database OctopusDeploy"),
        (StepKind::OctopusService, "Service uninstalled"),
        (StepKind::OctopusInstance, "Deleted instance: My Node"),
    ] {
        assert!(notes.iter().any(|(of, line)| *of == kind && line.starts_with(start)), "{kind:?}: {notes:?}");
    }
    assert!(lab.standin.keeps().is_empty(), "{:?}", lab.standin.keeps());
    assert!(!lab.bench.home.join("OctopusServer.config").exists());

    lab.drop_database().await;
    let (whole, news) = lab.undo().await;
    assert!(whole, "{news:?}");
    assert!(lab.left().is_empty(), "{:?}", lab.left());
}

#[tokio::test]
async fn what_runs_is_not_touched_by_a_start_that_comes_to_see() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    lab.install(&plan).await.0.expect("no failure");
    lab.standin.forget();
    let (outcome, news) = lab.install(&plan).await;
    outcome.expect("no failure");
    assert!(lab.standin.changes().is_empty(), "{:?}", lab.standin.changes());
    let done = news.iter().filter(|news| matches!(news, Progress::Done(_, StepState::Done | StepState::Already, _))).count();
    assert_eq!(done, plan.steps.len());
    // The node that is gone is set up again, whole.
    lab.standin.run(&["service", "--instance", "My Node", "--stop"]);
    lab.install(&plan).await.0.expect("no failure");
    lab.assert_whole("again").await;
}

#[tokio::test]
async fn an_instance_that_was_there_before_is_recognised() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    let config = lab.bench.home.join("OctopusServer.config").display().to_string();
    let create = |config: &str, name: &str| {
        let (status, said) =
            lab.standin.run(&["create-instance", "--instance", "my-node", "--config", config, "--serverNodeName", name]);
        assert_eq!(status, Some(0), "{said}");
    };
    // Elsewhere, and as another node: in the way, and left alone.
    let elsewhere = lab.bench.root.path().join("elsewhere.config").display().to_string();
    for (config, name) in [(&elsewhere, "web01"), (&config, "web02")] {
        create(config, name);
        lab.standin.forget();
        let (outcome, _) = lab.install(&plan).await;
        assert_eq!(outcome, Err(Failure::InstanceInTheWay { instance: "my-node".into(), config: config.as_str().into() }));
        assert!(lab.standin.changes().is_empty());
        lab.standin.run(&["delete-instance", "--instance", "my-node"]);
        std::fs::remove_file(config).unwrap();
    }
    // A node that works, of another cluster: not pointed to this one's database.
    create(&config, "web01");
    let set = "<set key=\"Octopus.Storage.ExternalDatabaseConnectionString\">Server=sql99;Database=Production;User ID=x;Password=y</set>";
    let text = std::fs::read_to_string(&config).unwrap().replace("</octopus-settings>", &format!("{set}</octopus-settings>"));
    assert!(text.contains("Production"), "{text}");
    std::fs::write(&config, &text).unwrap();
    lab.standin.forget();
    let (outcome, _) = lab.install(&plan).await;
    assert_eq!(outcome, Err(Failure::InstanceInTheWay { instance: "my-node".into(), config: config.as_str().into() }));
    assert!(lab.standin.changes().is_empty());
    assert_eq!(std::fs::read_to_string(&config).unwrap(), text);
    lab.standin.run(&["delete-instance", "--instance", "my-node"]);
    std::fs::remove_file(&config).unwrap();
    // A config that nobody has registered: not overwritten.
    std::fs::write(&config, "mine").unwrap();
    let (outcome, _) = lab.install(&plan).await;
    assert_eq!(outcome, Err(Failure::FileInTheWay { path: config.as_str().into() }));
    std::fs::remove_file(&config).unwrap();
    // Just as it is to be: taken as done, and left where it is by undo.
    create(&config, "web01");
    let (outcome, news) = lab.install(&plan).await;
    outcome.expect("no failure");
    assert!(news.iter().any(|news| matches!(news, Progress::Done(StepKind::OctopusInstance, StepState::Already, _))));
    lab.undo().await;
    assert_eq!(lab.standin.keeps(), ["my-node.config"]);
}
