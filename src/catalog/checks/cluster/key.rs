//! `cluster-key`.

use crate::catalog::checks::server::Names;
use crate::catalog::form::read;
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Identity, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::key_evidence::{KeyBasis, KeyVerdict, NoBasis};
use crate::model::master_key::Fingerprint;

use super::{Case, another, one};

/// What shows the key on a node of the cluster.
const SHOW: &str = "Octopus.Server show-master-key";

/// The master key is the cluster's. A wrong one never passes; one that nothing confirms only by the operator's own word.
pub fn judge(case: &Case<'_>) -> Verdict {
    if case.flow == Flow::Join && read::master_key(case.answers).is_err() {
        // What is wrong with its form stands under the field.
        return Verdict::NotYet;
    }
    match &case.facts.key.verdict {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) => one(missing(trouble, case)),
        Fact::Seen(KeyVerdict::Correct(basis)) => Verdict::Good(correct(*basis, case)),
        Fact::Seen(KeyVerdict::Wrong(basis)) => one(wrong(*basis, case)),
        Fact::Seen(KeyVerdict::Unverifiable(why)) => one(unverifiable(*why, case)),
    }
}

fn correct(basis: KeyBasis, case: &Case<'_>) -> String {
    let proof = match basis {
        KeyBasis::Verifier => "it matches the cluster's own verifier".to_owned(),
        KeyBasis::Certificate => "it opens Octopus' own certificate".to_owned(),
        KeyBasis::Values(values) => format!("it opens {}", format::count(values as u64, "encrypted value")),
    };
    match fingerprint(case) {
        Some(fingerprint) => format!("{proof}. Fingerprint {fingerprint}. Compare it with {}.", whose(case)),
        None => proof,
    }
}

fn wrong(basis: KeyBasis, case: &Case<'_>) -> Finding {
    let tried = match basis {
        KeyBasis::Verifier => "it does not match the verifier that the first node left in the registry".to_owned(),
        KeyBasis::Certificate => "it does not open the server certificate that Octopus encrypted".to_owned(),
        KeyBasis::Values(1) => "it does not open the value that Octopus encrypted".to_owned(),
        KeyBasis::Values(values) => format!("it opens none of {values} values that Octopus encrypted"),
    };
    let prints = match (fingerprint(case), registered(case)) {
        (Some(own), Some(cluster)) if own != cluster => {
            format!(" Its fingerprint is {own}, the cluster's is {cluster}.")
        }
        (Some(own), _) => format!(" Its fingerprint is {own}."),
        (None, _) => String::new(),
    };
    let from = another(case).map_or_else(|| "a node of the cluster".to_owned(), |node| node.to_string());
    let fix = if case.flow == Flow::Join {
        format!("Give the key of {from}: octopus-setup shows it there (Review this node), and so does this command.")
    } else {
        format!(
            "The cluster's key was changed, or this is another cluster's database. Compare with {from}, where this command shows \
             the key, and check server and database."
        )
    };
    Finding::stop(CheckId::ClusterKey, format!("This master key is not the cluster's: {tried}.{prints}"), fix).command(SHOW)
}

fn unverifiable(why: NoBasis, case: &Case<'_>) -> Finding {
    let why = match why {
        NoBasis::Nothing => "there is no registry, and Octopus has encrypted nothing in this database yet".to_owned(),
        NoBasis::Rotated => {
            "the registry's verifier and the certificate that Octopus encrypted contradict each other, as after a \
                             change of the key in Octopus that the registry has not been told of"
                .to_owned()
        }
        NoBasis::TooFew { values } => format!(
            "Octopus has encrypted no more than {} here, and a wrong key seems to open one of 256 by chance",
            format::count(values as u64, "value")
        ),
        NoBasis::Mixed { opened, values } => format!(
            "it opens {opened} of {values} values that Octopus encrypted and not the others, as after a change of the key that was \
             interrupted"
        ),
    };
    let says = format!("This master key cannot be verified: {why}.");
    let print = fingerprint(case).map_or_else(|| "key".to_owned(), |print| format!("fingerprint {print}"));
    let compare = format!("Compare the {print} with {}", whose(case));
    if case.flow != Flow::Join {
        let finding = Finding::warn(CheckId::ClusterKey, says, format!("{compare}; go on only where they are the same."));
        return finding.command(SHOW);
    }
    if case.answers.is_on(FieldId::UnverifiedKey) {
        Finding::warn(
            CheckId::ClusterKey,
            says,
            format!("You chose to take it all the same. {compare}; with a wrong key this node cannot read what others wrote."),
        )
        .command(SHOW)
    } else {
        Finding::stop(
            CheckId::ClusterKey,
            says,
            format!("{compare}. Where they are the same, choose Take it all the same; otherwise give the cluster's key."),
        )
        .about(FieldId::UnverifiedKey)
        .command(SHOW)
    }
}

/// A connection that is lost is no verdict, neither a good one nor a bad one.
fn missing(trouble: &Trouble, case: &Case<'_>) -> Finding {
    let names = Names::of(case);
    let words = failures::explain_server_trouble(trouble, &names.context(case));
    let mut finding = Finding::stop(
        CheckId::ClusterKey,
        format!("The master key could not be verified. {}", words.says),
        format!("{}{{? Then {{key:check-again}} checks it again.}}", words.fix),
    );
    finding.remedy = words.remedy;
    finding
}

/// The key's fingerprint.
fn fingerprint(case: &Case<'_>) -> Option<Fingerprint> {
    read::flow_key(case.flow, case.answers, case.facts).map(|key| key.fingerprint())
}

/// The fingerprint in the registry.
fn registered(case: &Case<'_>) -> Option<Fingerprint> {
    match case.facts.cluster.identity.seen()? {
        Identity::Registered(cluster) => Some(cluster.fingerprint),
        Identity::Octopus { .. } => None,
    }
}

/// Whose fingerprint it is to be compared with.
fn whose(case: &Case<'_>) -> String {
    another(case).map_or_else(|| "the first node's".to_owned(), |node| format!("{node}'s"))
}
