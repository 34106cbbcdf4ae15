//! Surveys: when one is begun, and which of its news counts.

use crate::catalog::checks;
use crate::catalog::flow as paths;
use crate::catalog::form::read;
use crate::catalog::settings;
use crate::model::answers::{Origin, Raw};
use crate::model::facts::{
    ClusterFacts, Fact, HealthFacts, HomeFacts, KeyFacts, KeyFileFacts, LicenceFacts, NodeFacts, OctopusFacts, PortsFacts,
    ServerFacts, ServiceFacts, StorageFacts, Trouble,
};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::storage::SharedStorage;
use crate::model::survey::{Inputs, Observed, SurveyId};
use crate::wizard::effect::Effect;
use crate::wizard::review;
use crate::wizard::run::Phase;
use crate::wizard::state::State;
use crate::wizard::tickets;
use crate::wizard::tickets::RequestState;

/// Begins the surveys of a screen, each unless it runs already or its result for these inputs is remembered. With `fresh`, a
/// remembered result does not count. Drops a running survey whose inputs are not complete any more.
pub fn begin_for_screen(state: &mut State, screen: ScreenId, fresh: bool, effects: &mut Vec<Effect>) {
    for id in tickets::surveys_of(screen, state.flow()) {
        begin(state, *id, fresh, effects);
    }
    settle_facts(state);
}

/// Begins everything in a review that can be asked by now and was not asked yet, whatever section is open.
pub fn begin_for_review(state: &mut State, effects: &mut Vec<Effect>) {
    if state.flow() == Some(Flow::Review) {
        begin_for_screen(state, ScreenId::Proof, false, effects);
    }
}

/// Proves every screen before the plan from now on, and the file that the new key is to be saved to; in a review, only whether that
/// file is there.
pub fn prove_all(state: &mut State, effects: &mut Vec<Effect>) {
    if state.flow() == Some(Flow::Review) {
        begin(state, SurveyId::KeyFile, false, effects);
        settle_facts(state);
    }
    if let Some(work) = state.work_mut() {
        work.proves_all = true;
    }
    begin_remaining(state, effects);
}

/// Begins, if everything is proven at once, what can be asked by now and was not asked yet. Does not repeat what ended. Once all steps
/// are done, only the place for the key is still surveyed.
pub fn begin_remaining(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(flow) = state.flow().filter(|_| state.proves_all()) else { return };
    let (phase, here) = (state.run().phase, state.place.here);
    let keeps = phase == Phase::Finished && here == ScreenId::MasterKey;
    let counts = |screen: &ScreenId| phase == Phase::Idle && *screen != ScreenId::Done || keeps && *screen == here;
    for screen in paths::path(flow).iter().copied().filter(counts) {
        begin_for_screen(state, screen, false, effects);
    }
}

/// Accepts that exactly this login and password are sent, and looks at the server.
pub fn accept_sign_in(state: &mut State, effects: &mut Vec<Effect>) {
    state.accepted_sign_in = read::sign_in(&state.answers).ok();
    let screen = if state.flow() == Some(Flow::Review) { ScreenId::Proof } else { state.place.here };
    begin_for_screen(state, screen, false, effects);
    begin_remaining(state, effects);
}

/// Returns whether a survey may begin. A review asks nothing before the node's files are read. The cluster and its key wait for a login
/// that has worked: three surveys that try a wrong password at once may lock the account.
fn may_begin(state: &State, id: SurveyId) -> bool {
    let behind_login = matches!(id, SurveyId::Cluster | SurveyId::Key);
    if (behind_login || id == SurveyId::Server) && state.held_sign_in().is_some() {
        return false;
    }
    if state.flow() != Some(Flow::Review) {
        // Before its first node there is no cluster.
        let is_there = state.flow() != Some(Flow::FirstNode) || id != SurveyId::Cluster;
        return is_there && (!(state.proves_all() && behind_login) || state.facts.server.login.seen().is_some());
    }
    let node = &state.facts.node;
    let is_known = node.config.seen().is_some() || matches!(&node.octopus, Fact::Seen(Some(_)));
    match id {
        SurveyId::Machine | SurveyId::Node => true,
        SurveyId::Cluster | SurveyId::Key => is_known && state.facts.server.login.seen().is_some(),
        SurveyId::Home
        | SurveyId::Service
        | SurveyId::Server
        | SurveyId::Ports
        | SurveyId::KeyFile
        | SurveyId::Storage
        | SurveyId::Licence
        | SurveyId::Octopus
        | SurveyId::Health => is_known,
    }
}

/// Begins a survey, unless it runs already or its result for these inputs is remembered; see [`begin_for_screen`].
pub fn begin(state: &mut State, id: SurveyId, fresh: bool, effects: &mut Vec<Effect>) {
    if !may_begin(state, id) {
        return;
    }
    let Some(inputs) = tickets::survey_inputs(id, &state.answers, state.subject()) else {
        if state.tickets.drop_running(id) {
            effects.push(Effect::CancelSurvey(id));
        }
        return;
    };
    let standing = state.tickets.for_inputs(&inputs).map(|request| request.state);
    match standing {
        Some(RequestState::Running) => return,
        Some(RequestState::Complete) if !fresh => return,
        _ => {}
    }
    // What was accepted was accepted of another state of affairs.
    if let Some(work) = state.work_mut() {
        work.accepted.retain(|(check, _)| !checks::row(*check).surveys.contains(&id));
    }
    let ticket = state.tickets.begin(inputs.clone(), state.now);
    effects.push(Effect::Survey { ticket, inputs, fresh });
}

/// Looks again at what the open screen keeps fresh; what is known stays shown meanwhile.
pub fn refresh(state: &mut State, effects: &mut Vec<Effect>) {
    // The engine's clock may have run out just before something else began.
    if !state.keeps_fresh() || !may_begin(state, SurveyId::Cluster) || review::is_refused(&state.facts.cluster) {
        return;
    }
    let Some(inputs) = tickets::survey_inputs(SurveyId::Cluster, &state.answers, None) else { return };
    if state.tickets.running(SurveyId::Cluster).is_none() {
        let ticket = state.tickets.refresh(inputs.clone(), state.now);
        effects.push(Effect::Survey { ticket, inputs, fresh: false });
    }
}

/// Looks at the folders on their screen of a join, as soon as the registry has named them.
pub fn begin_shared_folders(state: &mut State, effects: &mut Vec<Effect>) {
    if state.flow() == Some(Flow::Join) && state.place.here == ScreenId::Storage {
        begin(state, SurveyId::Storage, false, effects);
        settle_facts(state);
    }
}

/// Returns whether leaving a field may begin the survey. A server that refused a login is not asked again until the operator says so: an
/// account may be locked after a few wrong passwords.
pub fn may_begin_unasked(state: &State) -> bool {
    if !tickets::surveys_of(state.place.here, state.flow()).contains(&SurveyId::Server) {
        return true;
    }
    !state.tickets.any(|request| match (&request.inputs, &request.observed) {
        (Inputs::Server(_), Some(Observed::Server(facts))) => matches!(facts.login.trouble(), Some(Trouble::Sql(_))),
        _ => false,
    })
}

/// Makes the facts those of the present answers: what a survey said for exactly these inputs, or nothing.
pub fn settle_facts(state: &mut State) {
    for survey in SurveyId::ALL {
        let observed = tickets::survey_inputs(survey, &state.answers, state.subject())
            .and_then(|inputs| state.tickets.for_inputs(&inputs))
            .filter(|request| request.state != RequestState::Dropped)
            .and_then(|request| request.observed.clone());
        let facts = &mut state.facts;
        match (survey, observed) {
            (_, Some(Observed::Machine(machine))) => facts.machine = machine,
            (_, Some(Observed::Home(home))) => facts.home = home,
            (_, Some(Observed::Service(service))) => facts.service = service,
            (_, Some(Observed::Server(server))) => facts.server = *server,
            (_, Some(Observed::Ports(ports))) => facts.ports = ports,
            (_, Some(Observed::Cluster(cluster))) => facts.cluster = *cluster,
            (_, Some(Observed::Key(key))) => facts.key = key,
            (_, Some(Observed::KeyFile(file))) => facts.key_file = file,
            (_, Some(Observed::Node(node))) => facts.node = *node,
            (_, Some(Observed::Storage(storage))) => facts.storage = storage,
            (_, Some(Observed::Licence(licence))) => facts.licence = *licence,
            (_, Some(Observed::Octopus(octopus))) => facts.octopus = octopus,
            (_, Some(Observed::Health(health))) => facts.health = health,
            (SurveyId::Home, None) => facts.home = HomeFacts::default(),
            (SurveyId::Service, None) => facts.service = ServiceFacts::default(),
            (SurveyId::Server, None) => facts.server = ServerFacts::default(),
            (SurveyId::Ports, None) => facts.ports = PortsFacts::default(),
            (SurveyId::Cluster, None) => facts.cluster = ClusterFacts::default(),
            (SurveyId::Key, None) => facts.key = KeyFacts::default(),
            (SurveyId::KeyFile, None) => facts.key_file = KeyFileFacts::default(),
            (SurveyId::Node, None) => facts.node = NodeFacts::default(),
            (SurveyId::Storage, None) => facts.storage = StorageFacts::default(),
            (SurveyId::Licence, None) => facts.licence = LicenceFacts::default(),
            (SurveyId::Octopus, None) => facts.octopus = OctopusFacts::default(),
            (SurveyId::Health, None) => facts.health = HealthFacts::default(),
            // What was seen of the machine stays; it has no inputs that could change.
            (SurveyId::Machine, None) => {}
        }
        if survey == SurveyId::Cluster {
            adopt_shared_storage(state);
        }
    }
}

/// Makes the answers about the storage those of the registry, whatever they were. Of a join nothing is shared while it is
/// not known, so that no path of another cluster is looked at or planned with; a node under review has its own config to
/// go by then, and where the registry has lost what it knew.
fn adopt_shared_storage(state: &mut State) {
    let known = state.facts.cluster.storage.seen();
    match (state.flow(), known) {
        (Some(Flow::Join), _) => {}
        (Some(Flow::Review), Some(storage)) if !storage.is_none() => {}
        _ => return,
    }
    let origin = if known.is_some() { Origin::File } else { Origin::Default };
    for (field, text) in settings::storage::answers(known.unwrap_or(&SharedStorage::None)) {
        if state.answers.text(field) != text {
            state.answers.set(field, Raw::of(field, text), origin);
        }
    }
}
