//! Surveys: when one is begun, and which of its news counts.

use crate::model::facts::{HomeFacts, PortsFacts, ServerFacts, ServiceFacts, Trouble};
use crate::model::screen::ScreenId;
use crate::model::survey::{Inputs, Observed, SurveyId};
use crate::wizard::effect::Effect;
use crate::wizard::inputs;
use crate::wizard::state::State;
use crate::wizard::tickets::Standing;
use crate::words;

/// The screens that a survey proves.
const PROVEN: [ScreenId; 5] = [ScreenId::Start, ScreenId::Home, ScreenId::Service, ScreenId::Database, ScreenId::Web];

/// Begins the survey of a screen unless it runs already or its result for these inputs is remembered. With `fresh`, a
/// remembered result does not count. Where the inputs are not complete, what runs is dropped.
pub fn screen(state: &mut State, screen: ScreenId, fresh: bool, effects: &mut Vec<Effect>) {
    let Some(survey) = inputs::survey_of(screen) else { return };
    let Some(inputs) = inputs::of(screen, &state.answers) else {
        if state.tickets.drop_running(survey) {
            effects.push(Effect::CancelSurvey(survey));
        }
        settle(state);
        return;
    };
    let standing = state.tickets.of(&inputs).map(|asking| asking.standing);
    match standing {
        Some(Standing::Running) => return,
        Some(Standing::Complete) if !fresh => return,
        _ => {}
    }
    // What was accepted was accepted of another state of affairs.
    state.accepted.retain(|check| words::screen(screen).check(*check).is_none());
    let ticket = state.tickets.begin(inputs.clone(), state.now);
    effects.push(Effect::Survey { ticket, inputs, fresh });
    settle(state);
}

/// Whether leaving a field may begin the survey by itself. A server that has refused a login is not asked again until
/// the operator says so: an account may be locked after a few wrong passwords.
pub fn may_prove_unasked(state: &State) -> bool {
    let Some(Inputs::Server(_)) = inputs::of(state.place.here, &state.answers) else { return true };
    !state.tickets.any(|asking| match (&asking.inputs, &asking.observed) {
        (Inputs::Server(_), Some(Observed::Server(facts))) => matches!(facts.login.trouble(), Some(Trouble::Sql(_))),
        _ => false,
    })
}

/// Makes the facts those of the present answers: what a survey said for exactly these inputs, or nothing.
pub fn settle(state: &mut State) {
    for screen in PROVEN {
        let observed = inputs::of(screen, &state.answers)
            .and_then(|inputs| state.tickets.of(&inputs))
            .filter(|asking| asking.standing != Standing::Dropped)
            .and_then(|asking| asking.observed.clone());
        match (inputs::survey_of(screen), observed) {
            (_, Some(Observed::Machine(machine))) => state.facts.machine = machine,
            (_, Some(Observed::Home(home))) => state.facts.home = home,
            (_, Some(Observed::Service(service))) => state.facts.service = service,
            (_, Some(Observed::Server(server))) => state.facts.server = *server,
            (_, Some(Observed::Ports(ports))) => state.facts.ports = ports,
            (Some(SurveyId::Home), None) => state.facts.home = HomeFacts::default(),
            (Some(SurveyId::Service), None) => state.facts.service = ServiceFacts::default(),
            (Some(SurveyId::Server), None) => state.facts.server = ServerFacts::default(),
            (Some(SurveyId::Ports), None) => state.facts.ports = PortsFacts::default(),
            // What was seen of the machine stays; it has no inputs that could change.
            (Some(SurveyId::Machine) | None, None) => {}
        }
    }
}
