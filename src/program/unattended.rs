//! `octopus-setup first-node` and `join` with nobody there: `--yes`, and `--dry-run`.

use std::process::ExitCode;

use octopus_setup::model::flow::Flow;
use octopus_setup::model::given::Loaded;
use octopus_setup::wizard::answer_file;

use super::cli::Wizard;
use super::outside::Outside;
use super::{complain, given};

/// A placeholder: the answers are judged, and the run itself is built beside this.
pub async fn run(_asked: &Wizard, flow: Flow, loaded: Loaded, _outside: &Outside) -> ExitCode {
    let problems = answer_file::judge(flow, &loaded);
    if given::refuse(&problems) {
        return given::refused(&problems);
    }
    complain("not built yet")
}
