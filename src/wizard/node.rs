//! From answers to the node: the one place where a whole flow's answers are parsed, for every face.

use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::node::Node;

/// The node that these answers ask for; `Err` names the fields that are missing or malformed.
pub fn from_answers(_answers: &Answers) -> Result<Node, Vec<FieldId>> {
    Err(Vec::new())
}
