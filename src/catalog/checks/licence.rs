//! `licence` and `licence-nodes`.

use time::Date;

use crate::catalog::commands;
use crate::catalog::failures;
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::licence::{Licence, NodeLimit, NotALicence};
use crate::model::screen::ScreenId;
use crate::model::survey::{LicenceSource, SurveyId};
use crate::model::untrusted::Untrusted;

use super::{Case, Check, octopus, report, report_all};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::Licence,
        screen: ScreenId::Octopus,
        field: Some(FieldId::Licence),
        surveys: &[SurveyId::Licence, SurveyId::Octopus],
        flows: &[Flow::FirstNode],
        judge: licence,
    },
    Check {
        id: CheckId::LicenceNodes,
        screen: ScreenId::Octopus,
        field: Some(FieldId::Licence),
        surveys: &[SurveyId::Licence],
        flows: &[Flow::FirstNode],
        judge: nodes,
    },
];

/// So many days before something ends it is told.
const SOON: i64 = 30;

/// It can be read, and holds today.
fn licence(case: &Case<'_>) -> Verdict {
    match read::licence(case.answers) {
        // What is wrong with the path is told beneath its field.
        Err(_) => Verdict::NotYet,
        Ok(None) => octopus::unless_used(case).unwrap_or_else(|| report(none(case))),
        Ok(Some(source)) => given(case, &source),
    }
}

/// It allows more than one node.
fn nodes(case: &Case<'_>) -> Verdict {
    match read::licence(case.answers) {
        Err(_) => Verdict::NotYet,
        Ok(None) => Verdict::DoesNotApply,
        Ok(Some(source)) => nodes_of(case, &source),
    }
}

/// Without a licence there is a node all the same. Where the plan starts Octopus Server, `octopus-program` warns of it.
fn none(case: &Case<'_>) -> Finding {
    let instance = read::instance(case.answers).map(|name| name.as_str().to_owned()).unwrap_or_default();
    Finding::note(
        CheckId::Licence,
        "None is given; set it later, in the web portal or with Octopus' own command. Until then no second node is covered by one.",
    )
    .command(format!("{} --licenseFile octopus-licence.xml", commands::server(case.platform(), "license", &instance)))
}

/// The licence that is given.
fn given(case: &Case<'_>, source: &LicenceSource) -> Verdict {
    let facts = &case.facts.licence;
    match &facts.licence {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) => report(unread(case, trouble)),
        Fact::Seen(Err(not)) => report(unreadable(case, source, *not)),
        Fact::Seen(Ok(licence)) => {
            let found = facts.today.map(|today| judged(licence, today)).unwrap_or_default();
            report_all(found.into_iter().map(|finding| finding.about(field(source))).collect(), || summary(licence))
        }
    }
}

/// The field that it was given by.
const fn field(source: &LicenceSource) -> FieldId {
    match source {
        LicenceSource::Text(_) => FieldId::Licence,
        LicenceSource::File(_) => FieldId::LicenceFile,
    }
}

/// What is known of it, in few words.
fn summary(licence: &Licence) -> String {
    let mut words: Vec<String> = [&licence.licensed_to, &licence.kind]
        .into_iter()
        .filter(|said| !said.is_empty())
        .map(|said| said.as_str().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    words.extend(licence.valid_to.map(|day| format!("until {}", format::date(day))));
    words.extend(licence.maintenance_expires.map(|day| format!("updates to {}", format::date(day))));
    if words.is_empty() { "can be read".to_owned() } else { words.join("; ") }
}

/// What its days say today.
fn judged(licence: &Licence, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(from) = licence.valid_from.filter(|from| *from > today) {
        found.push(Finding::warn(
            CheckId::Licence,
            format!(
                "The licence holds from {} on, and today is {} by this machine's clock.",
                format::date(from),
                format::date(today)
            ),
            "See whether it is the right licence, and the clock the right time; before that day Octopus may refuse it.",
        ));
    }
    if let Some(to) = licence.valid_to {
        found.extend(is_soon(to, today).map(|soon| {
            if soon {
                let fix = "Have it renewed before that day, and set the new one in the web portal.";
                Finding::warn(CheckId::Licence, format!("The licence ends {}.", how_soon(to, today)), fix)
            } else {
                let says = format!("The licence ended on {}; today is {}.", format::date(to), format::date(today));
                Finding::stop(CheckId::Licence, says, "Give one that holds, or leave both fields empty to set it later.")
            }
        }));
    }
    if let Some(until) = licence.maintenance_expires {
        found.extend(is_soon(until, today).map(|soon| {
            let says = if soon {
                format!("The licence's maintenance ends {}.", how_soon(until, today))
            } else {
                format!(
                    "The licence's maintenance ended on {}: an Octopus Server that was released later refuses to start with it.",
                    format::date(until)
                )
            };
            let fix = "Run a version that was released by that day, or have the maintenance renewed.";
            Finding::warn(CheckId::Licence, says, fix)
        }));
    }
    found
}

/// Whether a day is soon, or over; `None` where neither.
pub(super) fn is_soon(day: Date, today: Date) -> Option<bool> {
    let left = (day - today).whole_days();
    (left <= SOON).then_some(left >= 0)
}

/// How soon a day is: `today`, `tomorrow, on 2026-11-22`, `in 9 days, on 2026-11-30`.
pub(super) fn how_soon(day: Date, today: Date) -> String {
    match (day - today).whole_days() {
        0 => "today".to_owned(),
        1 => format!("tomorrow, on {}", format::date(day)),
        days => format!("in {days} days, on {}", format::date(day)),
    }
}

/// Its file cannot be read.
fn unread(case: &Case<'_>, trouble: &Trouble) -> Finding {
    let path = Untrusted::new(case.answers.trimmed(FieldId::LicenceFile));
    let says = match trouble {
        Trouble::Io(said) => format!("The licence's file {path} cannot be read: {}", format::sentence(said.as_str())),
        Trouble::TimedOut { waited } => {
            format!("The licence's file {path} cannot be read: its disk did not answer within {}.", format::duration(*waited))
        }
        other => failures::explain_trouble(other).says,
    };
    let fix = "Name a file that this user may read, paste the licence instead, or leave both fields empty to set it later.";
    Finding::stop(CheckId::Licence, says, fix).about(FieldId::LicenceFile)
}

/// What was given is no licence.
fn unreadable(case: &Case<'_>, source: &LicenceSource, not: NotALicence) -> Finding {
    let path = Untrusted::new(case.answers.trimmed(FieldId::LicenceFile));
    let (says, about) = match source {
        LicenceSource::Text(_) => (format!("What was given is no licence: {not}."), FieldId::Licence),
        LicenceSource::File(_) => (format!("{path} holds no licence: {not}."), FieldId::LicenceFile),
    };
    let fix = match not {
        NotALicence::Unreadable { .. } => {
            "Take it as Octopus Deploy sent it; if it was not changed, leave both fields empty and set it later."
        }
        _ => {
            "Give all of it, from <License to </License>, or base64 of that; what is too long for a paste can be named as a file."
        }
    };
    Finding::stop(CheckId::Licence, says, fix).about(about)
}

/// It allows as many nodes as high availability takes.
fn nodes_of(case: &Case<'_>, source: &LicenceSource) -> Verdict {
    match &case.facts.licence.licence {
        Fact::Unknown => case.pending(),
        // That it cannot be read is the other check's to say.
        Fact::Missing(_) | Fact::Seen(Err(_)) => Verdict::NotYet,
        Fact::Seen(Ok(licence)) => match licence.nodes {
            NodeLimit::Unlimited => Verdict::Good("as many as one wants".to_owned()),
            NodeLimit::Nodes(1) => report(
                Finding::warn(
                    CheckId::LicenceNodes,
                    format!("The licence is for one node. With a second one Octopus will say: {}", exceeded(1, 2)),
                    "For a single node go on; for high availability have a licence with a higher NodeLimit.",
                )
                .about(field(source)),
            ),
            NodeLimit::Nodes(limit) => Verdict::Good(format!("{limit} nodes, this one among them")),
        },
    }
}

/// What Octopus itself says where more nodes run than a licence allows.
pub(super) fn exceeded(limit: u64, count: u64) -> String {
    format!(
        "Unfortunately your license limits have been exceeded, and you will no longer be able to create or deploy releases. Your \
         Octopus Deploy license only allows {limit} active nodes. You currently have {count} active nodes."
    )
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged as judged_by, judged_in, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::Facts;

    const TODAY: Date = date!(2026 - 11 - 21);

    fn with(licence: Fact<Result<Licence, NotALicence>>) -> Facts {
        let mut facts = samples::facts();
        facts.licence.licence = licence;
        facts.licence.today = Some(TODAY);
        facts
    }

    fn sound() -> Licence {
        Licence {
            licensed_to: "Acme  Ltd".into(),
            kind: "".into(),
            valid_from: Some(date!(2020 - 01 - 01)),
            valid_to: None,
            maintenance_expires: Some(date!(2027 - 06 - 30)),
            nodes: NodeLimit::Nodes(3),
        }
    }

    fn of(check: CheckId, licence: Licence) -> Verdict {
        judged_by(check, &samples::with(&[(FieldId::Licence, "x")]), &with(Fact::Seen(Ok(licence))))
    }

    fn days(from: Option<Date>, to: Option<Date>, maintenance: Option<Date>) -> Verdict {
        of(CheckId::Licence, Licence { valid_from: from, valid_to: to, maintenance_expires: maintenance, ..sound() })
    }

    #[test]
    fn without_one_nothing_is_asked_for() {
        let facts = Facts::default();
        let script = samples::with(&[(FieldId::HandOver, "script")]);
        let Verdict::Found(found) = judged_by(CheckId::Licence, &script, &facts) else { panic!("found") };
        assert_eq!(found[0].severity, crate::model::finding::Severity::Note);
        let command = found[0].remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(command.starts_with("Octopus.Server license --instance OctopusServer --licenseFile"), "{command}");
        assert_eq!(judged_by(CheckId::LicenceNodes, &script, &facts), Verdict::DoesNotApply);
        // Where nothing uses one, nothing is said of it; before somebody has looked, nobody knows.
        assert_eq!(judged_by(CheckId::Licence, &samples::answers(), &facts), Verdict::NotYet);
        let mut absent = facts;
        absent.octopus.program = Fact::Seen(None);
        assert_eq!(judged_by(CheckId::Licence, &samples::answers(), &absent), Verdict::DoesNotApply);
    }

    #[test]
    fn what_was_read_of_it_is_shown() {
        assert_eq!(evidence(&of(CheckId::Licence, sound())), "Acme Ltd; updates to 2027-06-30");
        let trial = Licence { kind: "Trial".into(), valid_to: Some(date!(2027 - 01 - 01)), maintenance_expires: None, ..sound() };
        assert_eq!(evidence(&of(CheckId::Licence, trial)), "Acme Ltd; Trial; until 2027-01-01");
        let bare = Licence { licensed_to: "".into(), maintenance_expires: None, ..sound() };
        assert_eq!(evidence(&of(CheckId::Licence, bare)), "can be read");
    }

    #[test]
    fn a_licence_holds_on_its_first_and_its_last_day() {
        assert!(matches!(days(Some(TODAY), None, None), Verdict::Good(_)));
        assert!(warn(&days(None, Some(TODAY), None)).says.contains("ends today"));
        assert!(warn(&days(Some(date!(2026 - 11 - 22)), None, None)).says.contains("from 2026-11-22 on"));
        let over = stop(&days(None, Some(date!(2026 - 11 - 20)), None));
        assert!(over.says.contains("ended on 2026-11-20; today is 2026-11-21"));
        assert_eq!(over.about, Some(FieldId::Licence));
    }

    #[test]
    fn what_ends_within_a_month_is_warned_of() {
        assert!(warn(&days(None, Some(date!(2026 - 12 - 21)), None)).says.contains("in 30 days, on 2026-12-21"));
        assert!(matches!(days(None, Some(date!(2026 - 12 - 22)), None), Verdict::Good(_)));
        assert!(warn(&days(None, Some(date!(2026 - 11 - 22)), None)).says.contains("tomorrow"));
        assert!(warn(&days(None, None, Some(date!(2026 - 11 - 30)))).says.contains("maintenance ends in 9 days"));
        assert!(warn(&days(None, None, Some(date!(2024 - 01 - 31)))).says.contains("refuses to start"));
    }

    #[test]
    fn without_a_clock_no_day_is_judged() {
        let mut facts = with(Fact::Seen(Ok(Licence { valid_to: Some(date!(2001 - 01 - 01)), ..sound() })));
        facts.licence.today = None;
        assert!(matches!(judged_by(CheckId::Licence, &samples::with(&[(FieldId::Licence, "x")]), &facts), Verdict::Good(_)));
    }

    #[test]
    fn what_is_none_stops_and_says_what_to_give() {
        let pasted = samples::with(&[(FieldId::Licence, "x")]);
        let named = samples::with(&[(FieldId::LicenceFile, "/root/l.xml")]);
        let not = with(Fact::Seen(Err(NotALicence::BrokenOff)));
        let said = stop(&judged_by(CheckId::Licence, &pasted, &not));
        assert_eq!(said.says, "What was given is no licence: it breaks off before its end.");
        assert!(said.fix.contains("</License>"));
        let said = stop(&judged_by(CheckId::Licence, &named, &not));
        assert!(said.says.starts_with("/root/l.xml holds no licence") && said.about == Some(FieldId::LicenceFile));
        let odd = with(Fact::Seen(Err(NotALicence::Unreadable { element: "NodeLimit" })));
        assert!(stop(&judged_by(CheckId::Licence, &pasted, &odd)).says.contains("its NodeLimit cannot be read"));
        for trouble in
            [Trouble::Io("No such file or directory".into()), Trouble::TimedOut { waited: std::time::Duration::from_secs(15) }]
        {
            let said = stop(&judged_by(CheckId::Licence, &named, &with(Fact::Missing(trouble))));
            assert!(said.says.starts_with("The licence's file /root/l.xml cannot be read: "), "{said:?}");
        }
        assert_eq!(judged_by(CheckId::LicenceNodes, &pasted, &not), Verdict::NotYet);
        let relative = samples::with(&[(FieldId::LicenceFile, "l.xml")]);
        assert_eq!(judged_by(CheckId::Licence, &relative, &not), Verdict::NotYet);
    }

    #[test]
    fn while_it_is_read_nothing_is_said() {
        let (answers, facts) = (samples::with(&[(FieldId::Licence, "x")]), Facts::default());
        for check in [CheckId::Licence, CheckId::LicenceNodes] {
            assert_eq!(judged_by(check, &answers, &facts), Verdict::NotYet);
            assert_eq!(judged_in(&Case { running: true, ..case(&answers, &facts) }, check), Verdict::Running);
        }
    }

    #[test]
    fn high_availability_takes_two_nodes() {
        let limit = |nodes| of(CheckId::LicenceNodes, Licence { nodes, ..sound() });
        assert!(
            warn(&limit(NodeLimit::Nodes(1))).says.contains("only allows 1 active nodes. You currently have 2 active nodes.")
        );
        assert_eq!(evidence(&limit(NodeLimit::Nodes(2))), "2 nodes, this one among them");
        assert_eq!(evidence(&limit(NodeLimit::Unlimited)), "as many as one wants");
    }
}
