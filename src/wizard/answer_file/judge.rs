//! Whether answers that were given beforehand are whole: everything that a flow asks, looked at by itself and at once.

use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::given::{Loaded, Problem};
use crate::wizard::{flow as flows, form};

/// What is wrong with the answers of a flow by themselves, all of it: what was wrong when they were gathered, then each
/// field that is missing or malformed, in the order in which the flow asks.
pub fn judge(flow: Flow, loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    for field in FieldId::ALL.into_iter().filter(|field| field.is_given() && flows::asks(flow, *field)) {
        // What could not be had has been told already, with its place.
        if problems.iter().any(|problem| problem.field == Some(field)) {
            continue;
        }
        if let Some(says) = form::problem(field, &loaded.answers) {
            let place = loaded.places.get(&field).cloned();
            problems.push(Problem::stop(place, Some(field), format!("{}: {says}", field.id()), ""));
        }
    }
    problems
}
