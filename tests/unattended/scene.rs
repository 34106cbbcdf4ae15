//! An unattended run on a machine of its own, and what is left of it.

pub use std::path::{Path, PathBuf};

use std::io::Write;

pub use octopus_setup::engine::Engine;
pub use octopus_setup::faces::exit::Exit;
pub use octopus_setup::faces::headless::{self, OutputFormat};
pub use octopus_setup::model::answers::{AnswerPlace, LoadedAnswers, Origin, Raw};
pub use octopus_setup::model::check::CheckId;
pub use octopus_setup::model::field::FieldId;
pub use octopus_setup::model::flow::Flow;
pub use octopus_setup::wizard::autopilot::Order;
pub use octopus_setup::world::World;
pub use octopus_setup::world::clipboard::Surroundings;
pub use serde_json::Value;
pub use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::canaries::files;
pub use crate::support::walk::{Site, mode};

/// The order to set a node up with the site's own answers, but for these.
pub fn order(site: &Site, flow: Flow, node: &str, changes: &[(FieldId, &str)]) -> Order {
    let mut answers = site.answers(node);
    for (field, text) in changes {
        answers.set(*field, Raw::of(*field, *text), Origin::Flag);
    }
    let places = changes.iter().map(|(field, _)| (*field, AnswerPlace::Flag(format!("--{}", field.id())))).collect();
    // A machine that is busy with other tests is slow to answer, and that is not what these are about.
    let mut accept = vec![CheckId::SqlLatency];
    // The first node shares nothing here, of which a second one is warned.
    accept.extend((flow == Flow::Join).then_some(CheckId::StorageFolders));
    Order { flow, loaded: LoadedAnswers { places, accept, ..LoadedAnswers::new(answers) }, dry_run: false, dead: None }
}

/// The same as a dry run.
pub fn dry(order: Order) -> Order {
    Order { dry_run: true, ..order }
}

/// The same with the warnings of these checks accepted.
pub fn accepting(mut order: Order, checks: &[CheckId]) -> Order {
    order.loaded.accept.extend_from_slice(checks);
    order
}

/// What an order came to: how it ended, and what was told.
pub async fn run(site: &Site, order: Order, output: OutputFormat) -> (Exit, String) {
    let mut out = Vec::new();
    let (_sender, mut signals) = unbounded_channel();
    let exit = run_with(site, order, output, &mut out, &mut signals).await;
    (exit, String::from_utf8(out).unwrap())
}

/// The same, told to somebody else and with signals.
pub async fn run_with(
    site: &Site,
    order: Order,
    output: OutputFormat,
    out: &mut impl Write,
    signals: &mut UnboundedReceiver<u8>,
) -> Exit {
    let world = World::new(site.places(), Surroundings::default());
    headless::run(order, output, out, signals, |answers| Engine::new(world, answers, None)).await
}

/// For people.
pub async fn text(site: &Site, order: Order) -> (Exit, String) {
    run(site, order, OutputFormat::Text).await
}

/// For programs.
pub async fn lines(site: &Site, order: Order) -> (Exit, Vec<Value>) {
    let (exit, text) = run(site, order, OutputFormat::Json).await;
    (exit, parsed(&text))
}

/// Lines of JSON, each an object with its schema and its event, the end last and only there.
pub fn parsed(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["schema"] == 1 && line["event"].is_string()), "{text}");
    let ends = lines.iter().filter(|line| line["event"] == "end").count();
    assert!(ends == 1 && lines.last().unwrap()["event"] == "end", "{text}");
    lines
}

/// The last line.
pub fn end(lines: &[Value]) -> &Value {
    lines.last().unwrap()
}

/// The lines of one event.
pub fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// Everything under the site's folder that is the nodes' or this machine's own: not the server's, whose log goes on.
pub fn written(site: &Site) -> Vec<PathBuf> {
    let root = site.home("");
    let server = site.home("server");
    files(&root).into_iter().filter(|path| !path.starts_with(&server)).collect()
}

/// The file that the key is saved to.
pub fn key_file(site: &Site) -> PathBuf {
    site.home("key.txt")
}

/// A first node, as it should be.
pub async fn first_node(site: &Site) -> String {
    let (exit, said) = text(site, order(site, Flow::FirstNode, "node-1", &[])).await;
    assert_eq!(exit, Exit::Done, "{said}");
    std::fs::read_to_string(key_file(site)).unwrap().trim().to_owned()
}
