//! Warnings that are accepted beforehand, by the names that are printed beside them.

use crate::model::check::CheckId;
use crate::model::given_answers::{AnswerPlace, Problem};
use crate::model::untrusted::Untrusted;

/// How alike a name has to be to be meant.
const ALIKE: f64 = 0.8;

/// The check of this name, or what to say of a name that is none.
///
/// # Errors
///
/// A problem that refuses the answers: whoever slips has accepted something, and nobody knows what.
pub fn accepted(name: &str, place: AnswerPlace) -> Result<CheckId, Problem> {
    let name = name.trim();
    CheckId::from_id(name).ok_or_else(|| {
        let likest = CheckId::ALL
            .into_iter()
            .map(|check| (strsim::jaro_winkler(name, check.id()), check))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        let fix = match likest {
            Some((_, check)) => format!("Did you mean {}?", check.id()),
            None => "A check's name is printed beside what it says: sql-clock, for instance.".to_owned(),
        };
        let says = format!("There is no check {:?}.", Untrusted::new(name).as_str());
        Problem::stop(Some(place), None, says, fix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_accepted_by_its_name_and_a_slip_is_told() {
        let accepted = |name| accepted(name, AnswerPlace::Flag("--accept".into()));
        for check in CheckId::ALL {
            assert_eq!(accepted(check.id()), Ok(check));
        }
        assert_eq!(accepted(" sql-clock "), Ok(CheckId::SqlClock));
        let problem = accepted("sql-clok").unwrap_err();
        assert_eq!((problem.says.as_str(), problem.fix.as_str()), ("There is no check \"sql-clok\".", "Did you mean sql-clock?"));
        assert!(accepted("q").unwrap_err().fix.contains("for instance"));
    }
}
