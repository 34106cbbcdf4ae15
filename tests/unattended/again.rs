//! The same command once more, when everything is done.

use crate::scene::*;

/// A first node that is set up, and the order that did it.
async fn done(site: &Site) -> Order {
    let order = order(site, Flow::FirstNode, "node-1", &[]);
    let (exit, said) = text(site, order.clone()).await;
    assert_eq!(exit, Exit::Done, "{said}");
    order
}

fn with(order: &Order, field: FieldId, text: &str) -> Order {
    let mut order = order.clone();
    order.loaded.answers.set(field, Raw::of(field, text), Origin::Flag);
    order
}

/// Everything that was written, with what is in it.
fn contents(site: &Site) -> Vec<(PathBuf, Vec<u8>)> {
    written(site).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_that_is_done_is_done() {
    let site = Site::start().await;
    let order = done(&site).await;
    let before = contents(&site);
    for again in [order.clone(), dry(order.clone())] {
        let (exit, said) = text(&site, again).await;
        assert!(exit == Exit::Done && said.contains("Already done"), "{said}");
        assert_eq!(contents(&site), before, "nothing is written");
    }
    let (exit, told) = lines(&site, order).await;
    let end = end(&told);
    assert!(exit == Exit::Done && end["already"] == true && end["node"] == "node-1", "{end}");
    assert!(end["cluster"].is_string() && end["fingerprint"].is_string() && end["next_node"].is_string(), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_from_the_node_that_is_there_is_told() {
    let site = Site::start().await;
    let order = done(&site).await;
    let before = contents(&site);
    for (field, text) in [(FieldId::CommsPort, "19943"), (FieldId::Database, "Another"), (FieldId::Password, "Another-0815")] {
        let (exit, said) = super::scene::text(&site, with(&order, field, text)).await;
        assert!(exit == Exit::Answers && said.contains(&format!("{}: ", field.id())), "{said}");
        assert!(!said.contains("Another-0815"), "{said}");
    }
    assert_eq!(contents(&site), before);
    // Two ways of writing one thing are one thing.
    let server = order.loaded.answers.text(FieldId::Server).replace("localhost", "LOCALHOST");
    let (exit, said) = text(&site, with(&order, FieldId::Server, &server)).await;
    assert_eq!(exit, Exit::Done, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_file_counts_as_kept_unless_it_holds_something_else() {
    let site = Site::start().await;
    let order = done(&site).await;
    std::fs::rename(key_file(&site), site.home("elsewhere")).unwrap();
    let (exit, said) = text(&site, order.clone()).await;
    assert_eq!(exit, Exit::Done, "its keeper took it to a safer place\n{said}");
    std::fs::write(key_file(&site), "5qJcW9E6B99teMmrOzaYNA==\n").unwrap();
    let (exit, said) = text(&site, order).await;
    assert!(exit == Exit::Checks && said.contains("key-file"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_as_it_was_written_is_not_done() {
    let site = Site::start().await;
    let order = done(&site).await;
    let path = site.home("node-1").join("octopus-node.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let id = good.lines().find_map(|line| line.strip_prefix("id = ")).unwrap().trim_matches('"').to_owned();
    for (changed, check) in [
        (good.replace(&id, &"0".repeat(id.len())), "drift-row"),
        (good.replace("password = \"sealed:2:", "password = \"sealed:2:AAAA"), "node-seals"),
        ("format = 1\n".to_owned(), "home-instance"),
    ] {
        assert_ne!(changed, good);
        std::fs::write(&path, changed).unwrap();
        let (exit, said) = text(&site, order.clone()).await;
        assert!(exit == Exit::Checks && said.contains(check), "{check}\n{said}");
    }
    std::fs::write(&path, good).unwrap();
    assert_eq!(text(&site, order).await.0, Exit::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_has_joined_has_joined() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    let order = order(&site, Flow::Join, "node-2", &[(FieldId::MasterKey, &key)]);
    let (exit, said) = text(&site, order.clone()).await;
    assert_eq!(exit, Exit::Done, "{said}");
    let (exit, said) = text(&site, order.clone()).await;
    assert!(exit == Exit::Done && said.contains("Already done"), "{said}");
    let (exit, said) = text(&site, with(&order, FieldId::MasterKey, "5qJcW9E6B99teMmrOzaYNA==")).await;
    assert!(exit == Exit::Answers && said.contains("master-key: "), "{said}");
}
