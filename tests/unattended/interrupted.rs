//! Signals.

use crate::scene::*;

/// Sends a signal as soon as this was told, and again as often as it is to be.
struct Listener {
    said: String,
    when: &'static str,
    sender: UnboundedSender<u8>,
    times: usize,
}

impl std::io::Write for Listener {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let before = self.said.contains(self.when);
        self.said.push_str(std::str::from_utf8(bytes).unwrap());
        if !before && self.said.contains(self.when) {
            for _ in 0..self.times {
                self.sender.send(130).unwrap();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn interrupted(site: &Site, order: Order, when: &'static str, times: usize) -> (Exit, String) {
    let (sender, mut signals) = unbounded_channel();
    let mut out = Listener { said: String::new(), when, sender, times };
    let exit = run_with(site, order, OutputFormat::Json, &mut out, &mut signals).await;
    (exit, out.said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_install_nothing_is_written() {
    let site = Site::start().await;
    let order = order(&site, Flow::FirstNode, "node-1", &[]);
    let (exit, said) = interrupted(&site, order, "\"event\":\"proving\"", 1).await;
    assert_eq!(exit, Exit::Signal(130));
    let all = parsed(&said);
    assert_eq!((&end(&all)["status"], &end(&all)["resumable"]), (&"interrupted".into(), &false.into()));
    // A folder's proof of writing that a slow disk is still busy with is taken away by itself.
    while written(&site).iter().any(|path| path.to_string_lossy().contains(".octopus-setup-proof-")) {
        tokio::task::yield_now().await;
    }
    assert_eq!(written(&site), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_the_plan_and_the_install_nothing_is_begun() {
    let site = Site::start().await;
    let order = order(&site, Flow::FirstNode, "node-1", &[]);
    let (exit, said) = interrupted(&site, order, "\"event\":\"plan\"", 1).await;
    assert_eq!(exit, Exit::Signal(130));
    let all = parsed(&said);
    assert_eq!((of(&all, "step").len(), &end(&all)["resumable"]), (0, &false.into()), "{said}");
    assert_eq!(written(&site), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_when_the_signal_comes_is_done() {
    let site = Site::start().await;
    let key = first_node(&site).await;
    for times in [1, 2] {
        let order = order(&site, Flow::Join, &format!("node-{}", times + 1), &[(FieldId::MasterKey, &key)]);
        let last = "\"number\":6,\"of\":6,\"schema\":1,\"state\":\"done\"";
        let (exit, said) = interrupted(&site, order, last, times).await;
        assert!(said.contains(last), "{said}");
        // Unless the machine was too slow to close the journal within the half second of the second signal.
        let closed = site.journals().is_empty();
        assert_eq!((exit == Exit::Done, end(&parsed(&said))["resumable"] == false), (closed, closed), "{said}");
        assert!(closed || times == 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_install_the_running_step_comes_to_its_end_and_the_same_order_goes_on() {
    for times in [1, 2] {
        let site = Site::start().await;
        let order = order(&site, Flow::FirstNode, "node-1", &[]);
        let (exit, said) = interrupted(&site, order.clone(), "\"state\":\"begun\"", times).await;
        assert_eq!(exit, Exit::Signal(130), "{said}");
        let all = parsed(&said);
        assert_eq!((&end(&all)["exit"], &end(&all)["resumable"]), (&130.into(), &true.into()), "{said}");
        assert_eq!(site.journals().len(), 1);
        site.wait_until_nobody_works("node-1").await;
        let (exit, said) = text(&site, order).await;
        assert_eq!(exit, Exit::Done, "{said}");
        assert!(said.contains("Going on with the run that stopped after"), "{said}");
    }
}
