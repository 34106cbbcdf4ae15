//! The answers that a journal keeps.

use std::collections::BTreeMap;

use crate::model::field::FieldId;
use crate::model::plan::Plan;

/// The plan's answers. Those by which a later start finds what this one made are taken from the node, in the one form
/// that they have there: `tcp:SQL01` and `sql01` may be the same server, but not the same text.
pub(super) fn of(plan: &Plan) -> BTreeMap<String, String> {
    let node = &plan.node;
    let exact = [
        (FieldId::Instance, node.instance.clone()),
        (FieldId::Home, node.home.to_string_lossy().into_owned()),
        (FieldId::Server, node.target.address.to_string()),
        (FieldId::Database, node.target.database.to_string()),
    ];
    // The plan holds no secret; that none gets into a file must not hang on that alone.
    let mut answers = plan.answers.clone();
    answers.retain(|id, _| FieldId::from_id(id).is_some_and(|field| !field.is_secret() && field != FieldId::KeyProof));
    answers.extend(exact.map(|(field, text)| (field.id().to_owned(), text)));
    // Undo has the journal and no plan, and takes the instance back by the very program that has registered it.
    let program = plan.hand_over.as_ref().map(|hand_over| hand_over.program.to_string_lossy().into_owned());
    answers.extend(program.map(|program| (FieldId::OctopusServer.id().to_owned(), program)));
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::apply::sample;

    #[test]
    fn the_node_has_the_last_word_and_no_secret_gets_in() {
        let mut plan = sample::plan(std::path::Path::new("/opt/o"));
        for (id, text) in [("home", " /opt/o "), ("password", sample::PASSWORD), ("comms-port", "10943"), ("news", "x")] {
            plan.answers.insert(id.into(), text.into());
        }
        let answers = of(&plan);
        let expected = [
            ("comms-port", "10943"),
            ("database", "OctopusDeploy"),
            ("home", "/opt/o"),
            ("instance", "My Node"),
            ("server", "sql01"),
        ];
        assert_eq!(answers.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect::<Vec<_>>(), expected);
    }
}
