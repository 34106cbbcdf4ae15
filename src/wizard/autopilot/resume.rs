//! Going on with a run that stopped in the middle: the order has to be the one that the run was begun with.

use crate::catalog::flow as flows;
use crate::catalog::form::{self, read};
use crate::model::answers::{Origin, Raw};
use crate::model::facts::Unfinished;
use crate::model::field::FieldId;
use crate::model::given_answers::Problem;
use crate::model::names::instance_key;
use crate::model::untrusted::Untrusted;
use crate::wizard::event::Event;
use crate::wizard::state::State;

use super::Order;

const UNDO: &str = "Give the same answer, or undo the run: start octopus-setup in a terminal and choose Continue.";

/// Where what was given differs from what the run was begun with. What nobody gave is the run's own; where the key is
/// to be kept may be said anew, since nothing of the node depends on it.
pub fn differences(order: &Order, state: &State) -> Vec<Problem> {
    let given = &order.loaded.answers;
    let is_given = |field: &FieldId| {
        field.is_given()
            && *field != FieldId::KeyFile
            && given.get(*field).origin != Origin::Default
            && flows::asks(order.flow, *field)
            && form::is_visible(*field, given)
    };
    FieldId::ALL.into_iter().filter(is_given).filter_map(|field| difference(field, order, state)).collect()
}

fn difference(field: FieldId, order: &Order, state: &State) -> Option<Problem> {
    let (given, run) = (&order.loaded.answers, &state.answers);
    let says = if field == FieldId::MasterKey {
        let (given, run) = (read::master_key(given).ok()?, read::master_key(run).ok()?);
        (!given.same_as(&run)).then(|| {
            format!(
                "{}: this is not the key that the unfinished run has sealed; theirs is {}, this is {}.",
                field.id(),
                run.fingerprint(),
                given.fingerprint()
            )
        })
    } else if field.is_secret() {
        // The run has none: it is given anew each time.
        None
    } else {
        let (given, run) = (given.trimmed(field), run.trimmed(field));
        let same = if field == FieldId::Instance { instance_key(given) == instance_key(run) } else { given == run };
        (!same).then(|| {
            let (given, run) = (Untrusted::new(given), Untrusted::new(run));
            format!("{}: the unfinished run of this instance was begun with {run:?}, and this says {given:?}.", field.id())
        })
    }?;
    Some(Problem::stop(order.loaded.places.get(&field).cloned(), Some(field), says, UNDO))
}

/// What is said anew to a run that is gone on with: where the key is to be kept.
pub fn told_again(order: &Order) -> Vec<Event> {
    let file = order.loaded.answers.get(FieldId::KeyFile);
    if file.origin == Origin::Default {
        return Vec::new();
    }
    vec![Event::Edit(FieldId::KeyFile, Raw::of(FieldId::KeyFile, order.loaded.answers.text(FieldId::KeyFile)))]
}

/// The run that stopped in the middle is of another flow.
pub fn other_flow(order: &Order, run: &Unfinished) -> Problem {
    let says = format!(
        "instance: a run of {} for instance {} stopped in the middle, at {} of {} steps, on {} UTC; {} cannot go on with it.",
        run.flow.id(),
        run.instance,
        run.done,
        run.steps,
        run.when,
        order.flow.id(),
    );
    let fix = "Finish or undo it first: start octopus-setup in a terminal and choose Continue.";
    Problem::stop(order.loaded.places.get(&FieldId::Instance).cloned(), Some(FieldId::Instance), says, fix)
}
