//! What the checks' tests share, and what holds for all of them. Every verdict that a test sees goes through
//! [`judged_in`], so every finding of the whole corpus is held to the rules of words.

use std::time::Duration;

use super::*;
use crate::catalog::samples;
use crate::model::answers::Raw;
use crate::model::facts::{DatabaseRights, DatabaseSeen, Fact, HomeState, PortFact, SqlTrouble, TlsTrouble};
use crate::model::field::FieldId;
use crate::model::finding::Severity;
use crate::model::octopus::OctopusConfig;
use crate::model::phrase;
use crate::model::screen::ScreenId;
use crate::words;

pub fn case<'a>(answers: &'a Answers, facts: &'a Facts) -> Case<'a> {
    Case { flow: Flow::FirstNode, answers, facts, running: false, resuming: None, key: None, subject: None }
}

pub fn resuming<'a>(answers: &'a Answers, facts: &'a Facts) -> Case<'a> {
    Case { resuming: Some(samples::CLUSTER), ..case(answers, facts) }
}

pub fn judged(check: CheckId, answers: &Answers, facts: &Facts) -> Verdict {
    judged_in(&case(answers, facts), check)
}

pub fn judged_in(case: &Case<'_>, check: CheckId) -> Verdict {
    let verdict = judge(check, case);
    let shown = format!("{verdict:?}");
    assert!(!shown.contains(samples::PASSWORD) && !shown.contains(&samples::KEY[..6]), "a secret in {shown}");
    match &verdict {
        Verdict::Good(evidence) | Verdict::Unknown(evidence) => {
            assert!(!evidence.is_empty() && !evidence.contains("  "), "{check:?}: {evidence:?}");
        }
        Verdict::Found(findings) => {
            assert!(!findings.is_empty(), "{check:?} found nothing");
            assert!(findings.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "{shown}");
            for finding in findings {
                assert_worded(check, finding);
            }
        }
        Verdict::NotYet | Verdict::Running | Verdict::DoesNotApply => {}
    }
    verdict
}

fn assert_worded(check: CheckId, finding: &Finding) {
    assert_eq!(finding.check, check);
    // Without keys, as programs and files have them.
    for text in [&finding.says, &finding.fix] {
        let (always, _) = phrase::keys_of(text).unwrap_or_else(|place| panic!("a stray brace at {place}: {finding:?}"));
        assert!(always.into_iter().all(|key| phrase::name_in_files(key).is_some()), "no word for a key: {finding:?}");
    }
    let is_sentence = |text: &str| text.ends_with('.') && !text.ends_with("..") && !text.contains("  ") && text.trim() == text;
    assert!(is_sentence(&finding.says), "{finding:?}");
    let fix = phrase::fill(&finding.fix, phrase::name_in_files);
    assert!(fix.is_empty() || is_sentence(&fix), "{finding:?}");
    if finding.severity > Severity::Unknown {
        assert!(!finding.fix.is_empty(), "nothing to be done about {finding:?}");
    }
    // Of some checks no field is to blame.
    assert!(finding.about.is_some() || row(check).field.is_none(), "about nothing: {finding:?}");
    if let Some(remedy) = &finding.remedy {
        assert!(!remedy.text().contains("[]") && !remedy.text().is_empty(), "{finding:?}");
    }
}

#[track_caller]
fn only(verdict: &Verdict, severity: Severity) -> Finding {
    match verdict {
        Verdict::Found(findings) if findings[0].severity == severity => findings[0].clone(),
        other => panic!("not a {severity:?}: {other:?}"),
    }
}

#[track_caller]
pub fn stop(verdict: &Verdict) -> Finding {
    only(verdict, Severity::Stop)
}

#[track_caller]
pub fn warn(verdict: &Verdict) -> Finding {
    only(verdict, Severity::Warn)
}

#[track_caller]
pub fn unproven(verdict: &Verdict) -> Finding {
    only(verdict, Severity::Unproven)
}

/// Returns what is not known.
#[track_caller]
pub fn unknown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unknown(says) => says.clone(),
        other => only(other, Severity::Unknown).says,
    }
}

#[track_caller]
pub fn evidence(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Good(evidence) => evidence.clone(),
        other => panic!("not good: {other:?}"),
    }
}

/// Checks that need no fact.
const PURE: [CheckId; 5] =
    [CheckId::HomeNode, CheckId::WebPrefixes, CheckId::AdminAccount, CheckId::Licence, CheckId::LicenceNodes];

fn all_checks() -> impl Iterator<Item = CheckId> {
    ScreenId::ALL.into_iter().flat_map(|screen| words::screen(screen).checks())
}

#[test]
fn every_check_is_worded_and_judged() {
    assert_eq!(all_checks().count(), CheckId::ALL.len());
}

/// No problems are found; optional answers that were left out are notes.
#[track_caller]
fn assert_calm(verdict: &Verdict) {
    assert!(verdict.is_proven() || *verdict == Verdict::DoesNotApply, "not good: {verdict:?}");
}

/// The checks of a flow that an installation waits for, but the key's keeping, which custody judges.
fn checks_of(flow: Flow) -> impl Iterator<Item = CheckId> {
    let screens = crate::catalog::flow::path(flow).iter();
    screens.flat_map(|screen| words::screen(*screen).checks()).filter(|check| *check != CheckId::KeyKept)
}

#[test]
fn good_answers_and_facts_are_good_throughout() {
    let (answers, facts) = (samples::answers(), samples::facts());
    for check in checks_of(Flow::FirstNode) {
        for case in [case(&answers, &facts), resuming(&answers, &facts)] {
            assert_calm(&judged_in(&case, check));
        }
    }
}

#[test]
fn a_good_join_and_a_good_edit_are_good_throughout() {
    let answers = samples::sharing();
    for (flow, facts) in [(Flow::Join, samples::facts_of_a_cluster()), (Flow::Edit, samples::facts_of_a_node())] {
        for check in checks_of(flow) {
            for resuming in [None, Some(samples::CLUSTER)] {
                let verdict = judged_in(&Case { flow, resuming, ..case(&answers, &facts) }, check);
                // That Octopus Server is not found is told with the command that shows its script.
                let is_good = matches!(verdict, Verdict::Good(_) | Verdict::DoesNotApply);
                if check == CheckId::OctopusProgram { assert_calm(&verdict) } else { assert!(is_good, "{check:?}: {verdict:?}") }
            }
        }
    }
}

#[test]
fn a_bare_server_is_good_throughout_too() {
    let answers = samples::answers();
    let mut facts = samples::facts();
    facts.server.database = Fact::Seen(DatabaseSeen::Absent);
    for check in checks_of(Flow::FirstNode) {
        assert_calm(&judged(check, &answers, &facts));
    }
}

#[test]
fn nothing_known_is_never_good() {
    let (answers, facts) = (samples::sharing(), Facts::default());
    for check in all_checks().filter(|check| !PURE.contains(check) && *check != CheckId::KeyKept) {
        let idle = case(&answers, &facts);
        assert_eq!(judged_in(&idle, check), Verdict::NotYet, "{}", check.id());
        assert_eq!(judged_in(&Case { running: true, ..idle }, check), Verdict::Running, "{}", check.id());
    }
}

#[test]
fn the_key_s_keeping_is_judged_elsewhere() {
    assert_eq!(judged(CheckId::KeyKept, &samples::answers(), &samples::facts()), Verdict::NotYet);
}

/// Makes one fact a missing one.
type Break = fn(&mut Facts, Trouble);

/// The stations of the way, in order.
fn stations() -> [(CheckId, Break); 4] {
    [
        (CheckId::SqlName, |facts, trouble| facts.server.resolved = Fact::Missing(trouble)),
        (CheckId::SqlConnect, |facts, trouble| facts.server.connected = Fact::Missing(trouble)),
        (CheckId::SqlTls, |facts, trouble| facts.server.encrypted = Fact::Missing(trouble)),
        (CheckId::SqlLogin, |facts, trouble| facts.server.login = Fact::Missing(trouble)),
    ]
}

fn troubles() -> Vec<Trouble> {
    let waited = Duration::from_secs(5);
    let sql = |number| Trouble::Sql(SqlTrouble { number, state: 1, class: 14, text: "no".into() });
    let tls = [
        TlsTrouble::NotOffered,
        TlsTrouble::StrictNotOffered,
        TlsTrouble::UnknownIssuer,
        TlsTrouble::SelfSigned,
        TlsTrouble::Expired,
        TlsTrouble::NotYetValid,
        TlsTrouble::WrongName,
        TlsTrouble::OtherFingerprint,
        TlsTrouble::CaFile("No such file".into()),
        TlsTrouble::NoRoots,
        TlsTrouble::Handshake("peer is incompatible".into()),
    ];
    let mut troubles = vec![
        Trouble::NameUnknown,
        Trouble::NameServerSilent,
        Trouble::BrowserSilent { waited },
        Trouble::InstanceUnknown,
        Trouble::Refused,
        Trouble::TimedOut { waited },
        Trouble::Unreachable,
        Trouble::NotSqlServer,
        Trouble::ConnectionLost,
        Trouble::Silent { waited },
        Trouble::RoutedTooOften,
        Trouble::DefinitionsHidden,
        Trouble::Io("Permission denied".into()),
        Trouble::Unasked,
    ];
    troubles.extend(tls.map(Trouble::Tls));
    troubles.extend([18456, 18470, 18486, 18487, 18488, 18452, 4060, 911, 916, 40615, 233, 17142, 18401, 33_557_097].map(sql));
    troubles
}

#[test]
fn every_trouble_at_every_station_is_a_worded_stop_and_hides_what_is_behind_it() {
    for (place, (check, block)) in stations().into_iter().enumerate() {
        for trouble in troubles() {
            for answers in [samples::answers(), samples::with(&[(FieldId::Trust, "fingerprint"), (FieldId::Server, "a\\b")])] {
                let mut facts = Facts { server: crate::model::facts::ServerFacts::default(), ..samples::facts() };
                let seen = samples::facts().server;
                if place > 0 {
                    facts.server.resolved = seen.resolved;
                }
                if place > 1 {
                    facts.server.connected = seen.connected;
                }
                if place > 2 {
                    facts.server.encrypted = seen.encrypted;
                }
                block(&mut facts, trouble.clone());
                stop(&judged(check, &answers, &facts));
                for behind in words::screen(ScreenId::Database).checks().filter(|other| *other > check) {
                    let running = Case { running: true, ..case(&answers, &facts) };
                    assert_eq!(judged_in(&running, behind), Verdict::NotYet, "{} behind {}", behind.id(), check.id());
                }
            }
        }
    }
}

#[test]
fn whatever_optional_fact_is_missing_is_no_stop() {
    let drop: [(CheckId, Break); 6] = [
        (CheckId::SqlVersion, |facts, trouble| facts.server.version = Fact::Missing(trouble)),
        (CheckId::SqlClock, |facts, trouble| facts.server.clock_ahead_ms = Fact::Missing(trouble)),
        (CheckId::SqlLatency, |facts, trouble| facts.server.round_trip = Fact::Missing(trouble)),
        (CheckId::HomeDisk, |facts, trouble| facts.home.disk = Fact::Missing(trouble)),
        (CheckId::ServiceRights, |facts, trouble| facts.service.elevated = Fact::Missing(trouble)),
        (CheckId::WebNames, |facts, trouble| facts.ports.strange_hosts = Fact::Missing(trouble)),
    ];
    for (check, drop) in drop {
        for trouble in troubles() {
            let mut facts = samples::facts();
            drop(&mut facts, trouble);
            unknown(&judged(check, &samples::answers(), &facts));
        }
    }
}

#[test]
fn a_fact_that_somebody_s_data_depends_on_needs_acceptance_where_it_is_missing() {
    let drop: [(CheckId, Break); 2] = [
        (CheckId::DbCollation, |facts, trouble| facts.server.collation = Fact::Missing(trouble)),
        (CheckId::DbRights, |facts, trouble| facts.server.rights = Fact::Missing(trouble)),
    ];
    for (check, drop) in drop {
        for trouble in troubles() {
            let mut facts = samples::facts();
            drop(&mut facts, trouble);
            assert!(unproven(&judged(check, &samples::answers(), &facts)).says.contains("could not be read"));
        }
    }
}

#[test]
fn a_closed_database_hides_what_is_behind_it() {
    let said = SqlTrouble { number: 4060, state: 1, class: 11, text: "no".into() };
    for database in [DatabaseSeen::Closed { state: None, said: said.clone() }, DatabaseSeen::Unclear { said }] {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(database);
        for check in words::screen(ScreenId::Database).checks().filter(|check| *check > CheckId::DbExists) {
            assert_eq!(judged(check, &samples::answers(), &facts), Verdict::NotYet, "{}", check.id());
        }
    }
}

#[test]
fn a_database_that_cannot_be_created_hides_what_is_behind_it_and_one_in_doubt_waits() {
    let behind = || words::screen(ScreenId::Database).checks().filter(|check| *check > CheckId::DbExists);
    let mut facts = samples::facts();
    facts.server.database = Fact::Seen(DatabaseSeen::Absent);
    let off = samples::with(&[(FieldId::CreateDatabase, "false")]);
    let answers = samples::answers();
    for check in behind() {
        assert_eq!(judged(check, &off, &facts), Verdict::NotYet, "{}", check.id());
    }
    facts.server.rights = Fact::Seen(DatabaseRights { create_database: Some(false), ..DatabaseRights::default() });
    for check in behind() {
        assert_eq!(judged(check, &answers, &facts), Verdict::NotYet, "{}", check.id());
    }
    facts.server.rights = Fact::Unknown;
    let running = Case { running: true, ..case(&answers, &facts) };
    for check in behind() {
        assert_eq!(judged_in(&running, check), Verdict::Running, "{}", check.id());
    }
}

/// What of a T-SQL text stands outside brackets and quotes.
fn outside(sql: &str) -> String {
    let mut rest = sql.chars().peekable();
    let mut outside = String::new();
    while let Some(c) = rest.next() {
        let close = match c {
            '[' => ']',
            '\'' => '\'',
            _ => {
                outside.push(c);
                continue;
            }
        };
        while let Some(inner) = rest.next() {
            if inner == close && rest.next_if_eq(&close).is_none() {
                break;
            }
        }
    }
    outside
}

#[test]
fn no_finding_takes_a_hostile_name_out_of_its_brackets() {
    const NAME: &str = "x]; DROP DATABASE y; --'";
    let hostile = [(FieldId::Database, NAME), (FieldId::User, NAME)];
    let answers = samples::with(&hostile);
    let not_created = samples::with(&[hostile[0], hostile[1], (FieldId::CreateDatabase, "false")]);
    let mut facts = samples::facts();
    if let Fact::Seen(login) = &mut facts.server.login {
        (login.login, login.user) = (NAME.into(), NAME.into());
    }
    facts.server.rights = Fact::Seen(DatabaseRights { create_database: Some(false), ..DatabaseRights::default() });
    let said = |number| SqlTrouble { number, state: 1, class: 14, text: "no".into() };
    let mut worlds = vec![facts.clone()];
    for database in
        [DatabaseSeen::Absent, DatabaseSeen::Unclear { said: said(4060) }, DatabaseSeen::Closed { state: None, said: said(916) }]
    {
        facts.server.database = Fact::Seen(database);
        worlds.push(facts.clone());
    }
    for number in [18470, 18486, 18488, 916, 924, 3906, 229] {
        facts.server.login = Fact::Missing(Trouble::Sql(said(number)));
        worlds.push(facts.clone());
    }
    let mut seen = 0;
    for (answers, facts) in
        [&answers, &not_created].into_iter().flat_map(|answers| worlds.iter().map(move |facts| (answers, facts)))
    {
        for check in words::screen(ScreenId::Database).checks() {
            let Verdict::Found(findings) = judged(check, answers, facts) else { continue };
            for remedy in findings.into_iter().filter_map(|finding| finding.remedy) {
                seen += 1;
                assert!(!outside(remedy.text()).contains("DROP"), "{}", remedy.text());
                assert!(remedy.text().contains("[x]]; DROP DATABASE y; --']"), "{}", remedy.text());
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

proptest::proptest! {
    #[test]
    fn whatever_is_typed_nothing_panics(text in ".{0,40}") {
        let (good, nothing) = (samples::facts(), Facts::default());
        for field in FieldId::ALL {
            let answers = samples::with(&[(FieldId::ServiceAccount, "custom"), (FieldId::Trust, "fingerprint"), (field, &text)]);
            for (check, flow) in CheckId::ALL.into_iter().flat_map(|check| Flow::ALL.map(|flow| (check, flow))) {
                for facts in [&good, &nothing] {
                    let _ = judge(check, &Case { flow, ..case(&answers, facts) });
                }
            }
        }
    }
}

// The same facts in other flows: what stops a first node may be right for an existing node.

const EXISTING_NODE_FLOWS: [Flow; 4] = [Flow::Review, Flow::Edit, Flow::Leave, Flow::Remove];

/// The facts of a node in good order: its home has its config, its name is taken and its ports are in use by itself.
fn existing_facts() -> Facts {
    let mut facts = samples::facts();
    facts.home.folder = Fact::Seen(HomeState::NodeConfig { instance: "octopusserver".into() });
    facts.home.taken = Fact::Seen(Some(samples::listed()));
    for port in &mut facts.ports.ports {
        port.free = Fact::Seen(false);
    }
    facts
}

fn existing_answers() -> Answers {
    samples::with(&[(FieldId::ListenPrefixes, "http://web01/"), (FieldId::MasterKey, samples::KEY)])
}

fn judged_of_flow(flow: Flow, check: CheckId, change: impl FnOnce(&mut Facts)) -> Verdict {
    let (answers, mut facts) = (existing_answers(), existing_facts());
    change(&mut facts);
    judged_in(&Case { flow, ..case(&answers, &facts) }, check)
}

fn remedy(finding: &Finding) -> &str {
    finding.remedy.as_ref().map(crate::model::finding::Remedy::text).unwrap_or_default()
}

#[test]
fn a_node_in_good_order_is_good_throughout() {
    let screens = [ScreenId::Node, ScreenId::Home, ScreenId::Service, ScreenId::Octopus, ScreenId::Drift];
    for flow in EXISTING_NODE_FLOWS {
        for check in screens.into_iter().flat_map(|screen| words::screen(screen).checks()) {
            let verdict = judged_of_flow(flow, check, |_| {});
            assert!(matches!(verdict, Verdict::Good(_) | Verdict::DoesNotApply), "{check:?}: {verdict:?}");
        }
    }
}

#[test]
fn the_same_facts_stop_a_first_node_and_a_join() {
    for flow in [Flow::FirstNode, Flow::Join] {
        for check in [CheckId::HomePath, CheckId::HomeInstance, CheckId::WebPorts] {
            stop(&judged_of_flow(flow, check, |_| {}));
        }
    }
}

#[test]
fn the_home_of_a_node_is_there_and_its_own() {
    for flow in EXISTING_NODE_FLOWS {
        let at = |occupant| judged_of_flow(flow, CheckId::HomePath, |facts| facts.home.folder = Fact::Seen(occupant));
        assert!(stop(&at(HomeState::NodeConfig { instance: "Other".into() })).says.contains("Other"));
        assert!(stop(&at(HomeState::Creatable { parent: "/var".into() })).says.contains("not there"));
        assert!(stop(&at(HomeState::NotAFolder)).says.contains("not a folder"));
        assert!(warn(&at(HomeState::Empty)).says.contains("no node config"));
        assert!(warn(&at(HomeState::Occupied { entries: 3 })).says.contains("no node config"));
    }
}

#[test]
fn an_instance_that_no_list_knows_is_noted() {
    let unlisted = judged_of_flow(Flow::Review, CheckId::HomeInstance, |facts| facts.home.taken = Fact::Seen(None));
    assert_eq!(unlisted.severity(), Some(Severity::Note));
}

#[test]
fn a_port_that_was_changed_must_be_free() {
    let answers = samples::with(&[(FieldId::CommsPort, "10944"), (FieldId::ListenPrefixes, "http://web01/")]);
    let mut facts = existing_facts();
    facts.ports.ports = [80, 10944, 8443].map(|port| PortFact { port, free: Fact::Seen(false) }).to_vec();
    let verdict = judged_in(&Case { flow: Flow::Edit, ..case(&answers, &facts) }, CheckId::WebPorts);
    assert!(stop(&verdict).says.contains("10944"));
}

#[test]
fn only_a_first_node_may_have_its_database_created() {
    for flow in [Flow::Join, Flow::Review, Flow::Edit] {
        let absent = |check| judged_of_flow(flow, check, |facts| facts.server.database = Fact::Seen(DatabaseSeen::Absent));
        let finding = stop(&absent(CheckId::DbExists));
        assert!(finding.says.contains("There is no database") && finding.remedy.is_none(), "{finding:?}");
        for check in [CheckId::DbState, CheckId::DbCollation, CheckId::DbRights, CheckId::DbSnapshot, CheckId::DbCopies] {
            assert_eq!(absent(check), Verdict::NotYet, "{flow:?} {}", check.id());
        }
        let said = SqlTrouble { number: 4060, state: 1, class: 11, text: "no".into() };
        let unclear =
            judged_of_flow(flow, CheckId::DbExists, |facts| facts.server.database = Fact::Seen(DatabaseSeen::Unclear { said }));
        let finding = stop(&unclear);
        assert!(remedy(&finding).contains("CREATE USER") && !remedy(&finding).contains("CREATE DATABASE"), "{finding:?}");
    }
}

#[test]
fn rights_to_create_weigh_less_where_nothing_is_created() {
    let bare = |facts: &mut Facts| facts.server.rights = Fact::Seen(DatabaseRights::default());
    for flow in [Flow::Join, Flow::Review, Flow::Edit] {
        assert!(warn(&judged_of_flow(flow, CheckId::DbRights, bare)).says.contains("cannot create tables"), "{flow:?}");
        let no_database = judged_of_flow(flow, CheckId::DbRights, |facts| {
            if let Fact::Seen(rights) = &mut facts.server.rights {
                rights.create_database = Some(false);
            }
        });
        evidence(&no_database);
    }
    stop(&judged_of_flow(Flow::FirstNode, CheckId::DbRights, bare));
    let mut answers = existing_answers();
    answers.set(FieldId::MakeRegistry, Raw::Text("true".into()), crate::model::answers::Origin::Typed);
    let mut facts = existing_facts();
    bare(&mut facts);
    stop(&judged_in(&Case { flow: Flow::Join, ..case(&answers, &facts) }, CheckId::DbRights));
}

#[test]
fn rights_to_install_a_service_are_not_needed_for_one_that_is_there() {
    let bare = |facts: &mut Facts| facts.service.elevated = Fact::Seen(false);
    assert_eq!(judged_of_flow(Flow::Review, CheckId::ServiceRights, bare), Verdict::DoesNotApply);
    warn(&judged_of_flow(Flow::Join, CheckId::ServiceRights, bare));
}

#[test]
fn what_octopus_server_s_config_does_not_say_is_not_judged_by_a_default() {
    let subject = Subject { instance: "OctopusServer".into(), config: "/x.config".into(), maker: Maker::Octopus };
    let (answers, mut facts) = (existing_answers(), existing_facts());
    facts.node.config = Fact::Missing(Trouble::Unasked);
    facts.node.octopus = Fact::Seen(Some(Box::new(OctopusConfig { has_master_key: true, ..OctopusConfig::default() })));
    facts.home.folder = Fact::Seen(HomeState::Occupied { entries: 9 });
    let judged = |check| judged_in(&Case { flow: Flow::Review, subject: Some(&subject), ..case(&answers, &facts) }, check);
    assert!(unknown(&judged(CheckId::ServiceAccount)).contains("does not name it"));
    assert!(evidence(&judged(CheckId::HomePath)).contains("there"));
    assert!(evidence(&judged(CheckId::WebPorts)).contains("in use"));
}
