//! `web-names`.

use crate::catalog::checks::{Case, one, unknown};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::Fact;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::web::ListenPrefix;

/// The prefixes' host names lead here. Only warned of: a name may belong to the load balancer, or be entered in DNS
/// later.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(prefixes) = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)) else { return Verdict::NotYet };
    match &case.facts.ports.strange_hosts {
        Fact::Unknown => case.pending(),
        Fact::Seen(strange) if strange.is_empty() => {
            let all = prefixes.iter().all(ListenPrefix::is_for_all);
            Verdict::Good(if all { "every name that leads here" } else { "all lead to this machine" }.to_owned())
        }
        Fact::Seen(strange) => one(Finding::warn(
            CheckId::WebNames,
            format!("Not known to lead to this machine: {}.", format::list(strange, strange.len() as u64)),
            "Check the names, or type + for all names; behind a load balancer http://+:80/ is usual.",
        )),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, warn};
    use crate::catalog::samples;
    use crate::model::facts::Trouble;
    use crate::model::untrusted::Untrusted;

    fn of(prefixes: &str, strange: Fact<Vec<Untrusted>>) -> Verdict {
        let mut facts = samples::facts();
        facts.ports.strange_hosts = strange;
        judged(CheckId::WebNames, &samples::with(&[(FieldId::ListenPrefixes, prefixes)]), &facts)
    }

    #[test]
    fn names_lead_here_or_elsewhere() {
        assert_eq!(evidence(&of("http://+/", Fact::Seen(vec![]))), "every name that leads here");
        assert_eq!(evidence(&of("http://web01/", Fact::Seen(vec![]))), "all lead to this machine");
        assert!(warn(&of("http://a/,http://b/", Fact::Seen(vec!["a".into(), "b".into()]))).says.contains("a and b"));
        assert_eq!(evidence(&of("http://a/", Fact::Missing(Trouble::Unasked))), "cannot be told here");
        assert_eq!(of("x", Fact::Seen(vec![])), Verdict::NotYet);
    }
}
