//! The hand-over to Octopus Server while it is installed, and what its commands printed.

use std::time::Duration;

use octopus_setup::faces::tui::Scene;
use octopus_setup::model::octopus::CommandFailure;
use octopus_setup::model::plan::{Failure, Step, StepKind, StepState};
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::wizard::run::{Phase, Row};
use octopus_setup::wizard::state::{Overlay, State};

use crate::cluster_wide::at_every_size;
use crate::states;

/// What a first node hands over.
const STEPS: [(StepKind, &str); 10] = [
    (StepKind::OctopusInstance, "Make instance OctopusServer (create-instance)"),
    (StepKind::OctopusDatabase, "Point it at OctopusDeploy (database)"),
    (StepKind::OctopusConfigure, "Set the web portal and the ports (configure)"),
    (StepKind::OctopusAdmin, "Make the administrator admin (admin)"),
    (StepKind::OctopusLicence, "Hand the licence over (license)"),
    (StepKind::OctopusPaths, "Hand the shared folders over (path)"),
    (StepKind::OctopusService, "Install and start the service (service)"),
    (StepKind::AwaitPing, "Wait until the node answers"),
    (StepKind::AwaitBeat, "Wait for its heart beat"),
    (StepKind::OctopusTaskCap, "Let it take 5 tasks (node)"),
];

/// Where in the plan the hand-over begins.
const OWN: usize = 6;

/// The install of a first node that hands over, with the database's command running.
pub fn running() -> State {
    let mut state = states::install();
    let row = |kind| Row { kind, state: StepState::Planned, since: None, took: None, failure: None };
    states::run(&mut state).rows.extend(STEPS.map(|(kind, _)| row(kind)));
    if let Some(plan) = &mut states::run(&mut state).plan {
        plan.steps.extend(STEPS.map(|(kind, title)| Step { kind, title: title.into(), mode: "" }));
    }
    for row in &mut states::run(&mut state).rows[..=OWN] {
        row.state = StepState::Done;
        (row.since, row.took) = (None, Some(Duration::from_millis(640)));
    }
    states::run(&mut state).rows[OWN + 1].since = Some(Duration::from_millis(4_100));
    states::run(&mut state).output = vec![
        (StepKind::OctopusInstance, lines(&["Creating instance OctopusServer", "Saved /var/lib/octopus/OctopusServer.config"])),
        (StepKind::OctopusDatabase, lines(&["Creating database schema", "Executing Script0001 - Initial.sql"])),
    ];
    state
}

fn lines(said: &[&str]) -> Vec<Untrusted> {
    said.iter().map(|line| Untrusted::new(line)).collect()
}

/// The same, failed.
pub fn failed() -> State {
    let mut state = running();
    states::run(&mut state).phase = Phase::Failed;
    let said = lines(&[
        "Creating database schema",
        "Cannot open database \"OctopusDeploy\" requested by the login ******. The login failed.",
        "System.Exception: the schema could not be made \u{1b}[31mat all\u{1b}[0m",
    ]);
    let row = &mut states::run(&mut state).rows[OWN + 1];
    row.since = None;
    row.failure = Some(Failure::Octopus {
        ended: CommandFailure::Status(100),
        said: said.clone(),
        by_hand: "Octopus.Server database --instance OctopusServer --masterKey \"$OCTOPUS_SETUP_MASTER_KEY\"".into(),
    });
    states::run(&mut state).output[1].1 = said;
    state
}

#[test]
fn install_that_hands_over() {
    let state = running();
    at_every_size("hand_over_running", &Scene::new(&state));
}

#[test]
fn install_whose_command_failed() {
    let state = failed();
    at_every_size("hand_over_failed", &Scene::new(&state));
}

#[test]
fn what_the_commands_printed() {
    let mut state = failed();
    state.overlay = Some(Overlay::Output);
    at_every_size("hand_over_output", &Scene::new(&state));
    let mut state = running();
    state.overlay = Some(Overlay::Output);
    insta::assert_snapshot!("hand_over_output_while_it_runs", crate::usual(&state));
}
