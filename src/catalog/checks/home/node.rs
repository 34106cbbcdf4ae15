//! `home-node`.

use crate::catalog::checks::{Case, one};
use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;

/// The node's name has a form that every part of a cluster accepts. It needs no fact.
pub fn judge(case: &Case<'_>) -> Verdict {
    if case.flow == Flow::Join {
        return Verdict::Good("asked beside the cluster's other nodes".to_owned());
    }
    let Ok(name) = read::node_name(case.answers) else { return Verdict::NotYet };
    if name.is_container_id() {
        return one(Finding::warn(
            CheckId::HomeNode,
            format!("{} looks like a container's id, which is another one after the next start.", name.as_str()),
            if case.is_of_a_node() {
                "Have the node leave, and add this server again under a name that lasts."
            } else {
                "Type a name that lasts: each new name would become a node of its own, and the old ones would stay behind."
            },
        ));
    }
    Verdict::Good(name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, warn};
    use crate::catalog::samples;
    use crate::model::facts::Facts;
    use crate::model::field::FieldId;

    #[test]
    fn a_name_is_good_warned_of_or_the_form_s_business() {
        let of = |name: &str| judged(CheckId::HomeNode, &samples::with(&[(FieldId::NodeName, name)]), &Facts::default());
        assert_eq!(evidence(&of(" web01 ")), "web01");
        assert!(warn(&of("3f2a91c07b1e")).says.contains("container"));
        assert_eq!(of("web 01"), Verdict::NotYet);
        assert_eq!(of(""), Verdict::NotYet);
    }
}
