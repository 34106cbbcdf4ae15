//! `sql-login`.

use crate::catalog::checks::Case;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::ServerLogin;
use crate::model::finding::Verdict;

use super::Names;

/// The login is accepted.
pub fn judge(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    match super::station(CheckId::SqlLogin, &server.login, server.way_blocked(), case) {
        Ok(login) => Verdict::Good(evidence(login, &Names::of(case))),
        Err(verdict) => verdict,
    }
}

fn evidence(login: &ServerLogin, names: &Names) -> String {
    let took = format::duration(login.took);
    let user = login.user.as_str();
    if user.is_empty() || user == names.login {
        format!("{} in {took}", names.login)
    } else {
        format!("{} in {took}, as user {user}", names.login)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::{Fact, SqlTrouble, Trouble};
    use crate::model::field::FieldId;

    #[test]
    fn the_evidence_names_login_and_user() {
        let mut facts = samples::facts();
        for (login, user, said) in [
            ("octopus", "octopus", "octopus in 3.0 ms"),
            ("sa", "dbo", "sa in 3.0 ms, as user dbo"),
            ("", "", "octopus in 3.0 ms"),
        ] {
            if let Fact::Seen(seen) = &mut facts.server.login {
                (seen.login, seen.user) = (login.into(), user.into());
            }
            assert_eq!(evidence(&judged(CheckId::SqlLogin, &samples::answers(), &facts)), said);
        }
    }

    #[test]
    fn a_refused_login_stops_with_the_server_s_words() {
        let mut facts = samples::facts();
        for (number, field) in [
            (18456, FieldId::Password),
            (18452, FieldId::User),
            (18470, FieldId::User),
            (18486, FieldId::User),
            (18487, FieldId::Password),
            (18488, FieldId::Password),
            (4060, FieldId::Database),
            (40615, FieldId::Server),
            (17142, FieldId::Server),
            (33_557_097, FieldId::Password),
        ] {
            let said = SqlTrouble { number, state: 8, class: 14, text: "no".into() };
            facts.server.login = Fact::Missing(Trouble::Sql(said));
            let finding = stop(&judged(CheckId::SqlLogin, &samples::answers(), &facts));
            assert!(finding.says.contains(&format!("(error {number}, state 8): no.")), "{finding:?}");
            assert_eq!(finding.about, Some(field), "{number}");
        }
    }

    #[test]
    fn a_route_without_end_is_told_though_nothing_before_is_known() {
        let mut facts = samples::facts();
        facts.server = crate::model::facts::ServerFacts { login: Fact::Missing(Trouble::RoutedTooOften), ..Default::default() };
        assert!(stop(&judged(CheckId::SqlLogin, &samples::answers(), &facts)).says.contains("more than twice"));
    }
}
