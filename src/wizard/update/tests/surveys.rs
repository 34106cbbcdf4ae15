//! Surveys: begun, answered, stale, cancelled.

use super::*;
use crate::model::connection_string::ConnectionString;

#[test]
fn entering_a_screen_begins_its_survey() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(matches!(bench.asked.as_slice(), [(_, Inputs::Server(_))]));
    assert_eq!(bench.state.gate(), Gate::Waiting);
}

#[test]
fn next_while_checks_run_waits_and_goes_on_by_itself() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    bench.send(Event::Next);
    assert!(bench.state.prompt.waiting);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    bench.answer_all();
    assert_eq!(bench.state.place.here, ScreenId::Storage);
}

#[test]
fn waiting_ends_where_a_check_says_stop() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    bench.observed(
        ticket,
        Observed::Server(Box::new(ServerFacts { resolved: Fact::Missing(Trouble::NameUnknown), ..ServerFacts::default() })),
        true,
    );
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(!bench.state.prompt.waiting);
    assert!(matches!(bench.state.gate(), Gate::Shut(_)));
}

#[test]
fn stale_news_changes_nothing() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (old, _) = bench.asked.pop().unwrap();
    bench.edit(FieldId::Server, "sql02");
    bench.send(Event::Focus(Focus::Field(FieldId::Database)));
    assert_eq!(bench.asked.len(), 1, "leaving the field asks the other server");
    bench.observed(old, Observed::Server(Box::new(good_server())), true);
    assert_eq!(bench.state.facts.server, ServerFacts::default());
}

#[test]
fn stale_facts_are_not_shown_for_edited_answers_and_come_back_with_the_old_ones() {
    let mut bench = Bench::at(ScreenId::Database);
    assert!(bench.state.facts.server.version.seen().is_some());
    bench.edit(FieldId::Server, "sql0");
    assert_eq!(bench.state.facts.server, ServerFacts::default());
    bench.edit(FieldId::Server, "sql01");
    assert!(bench.state.facts.server.version.seen().is_some());
    assert!(bench.asked.is_empty(), "what is remembered costs no round trip");
}

#[test]
fn back_and_next_cost_no_second_survey() {
    let mut bench = Bench::at(ScreenId::Storage);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(bench.asked.is_empty());
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Storage);
}

#[test]
fn check_again_asks_again_with_the_same_ticket() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::CheckAgain));
    assert_eq!(bench.asked.len(), 1);
    assert_eq!(bench.state.gate(), Gate::Waiting);
    bench.answer_all();
    assert_eq!(bench.state.gate(), Gate::Open);
}

#[test]
fn cancelling_a_survey_drops_what_it_said() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let half = ServerFacts { resolved: good_server().resolved, ..ServerFacts::default() };
    bench.observed(ticket, Observed::Server(Box::new(half)), false);
    assert!(bench.state.facts.server.resolved.seen().is_some());
    bench.send(Event::Press(Action::Cancel));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::CancelSurvey(_))));
    assert_eq!(bench.state.facts.server, ServerFacts::default());
    assert_eq!(bench.state.gate(), Gate::Unproven);
}

#[test]
fn next_on_unproven_answers_proves_them() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    bench.asked.clear();
    bench.send(Event::Press(Action::Cancel));
    bench.send(Event::Next);
    assert_eq!(bench.asked.len(), 1);
}

#[test]
fn a_refused_login_is_not_tried_again_unasked() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let refused = ServerFacts { login: Fact::Missing(login_failed()), ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(refused)), true);
    bench.edit(FieldId::Password, "another guess");
    bench.send(Event::Focus(Focus::Field(FieldId::Server)));
    assert!(bench.asked.is_empty(), "leaving the field must not risk the account");
    bench.send(Event::Next);
    assert_eq!(bench.asked.len(), 1, "Enter asks for it");
}

#[test]
fn a_populated_database_keeps_the_gate_shut() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let facts = ServerFacts { content: Fact::Seen(Content::Cluster(samples::cluster())), ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(facts)), true);
    bench.send(Event::Next);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert_eq!(bench.state.gate(), Gate::Shut(vec![CheckId::DbContent]));
}

#[test]
fn a_refused_certificate_is_shown_and_can_then_be_pinned() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let facts =
        ServerFacts { encrypted: Fact::Missing(Trouble::Tls(TlsTrouble::UnknownIssuer)), login: Fact::Unknown, ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(facts)), true);
    assert!(bench.state.actions().contains(&Action::Certificate));
    let trust = bench.state.answers.text(FieldId::Trust).to_owned();
    for reply in [false, true] {
        bench.send(Event::Press(Action::Certificate));
        assert_eq!(bench.state.overlay, Some(Overlay::Certificate));
        assert_eq!(bench.state.answers.text(FieldId::Trust), trust, "seen first, trusted then");
        bench.send(Event::Reply(reply));
        assert_eq!(bench.state.overlay, None);
    }
    assert_eq!(bench.state.answers.text(FieldId::Trust), "fingerprint");
    assert_eq!(bench.state.answers.text(FieldId::Fingerprint).to_lowercase().replace(':', ""), "9c".repeat(32));
    assert_eq!(bench.asked.len(), 1, "and is proven at once");
}

#[test]
fn a_certificate_that_is_trusted_can_be_seen_and_not_pinned() {
    let mut bench = Bench::at(ScreenId::Database);
    let trust = bench.state.answers.text(FieldId::Trust).to_owned();
    bench.send(Event::Press(Action::Certificate));
    assert_eq!(bench.state.overlay, Some(Overlay::Certificate));
    bench.send(Event::Reply(true));
    assert_eq!((bench.state.overlay, bench.state.answers.text(FieldId::Trust)), (None, trust.as_str()));
}

#[test]
fn without_a_certificate_there_is_none_to_see() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.edit(FieldId::Server, "sql02");
    assert!(!bench.state.actions().contains(&Action::Certificate));
}

#[test]
fn checks_that_were_asked_for_once_more_say_that_they_have_ended() {
    let mut bench = Bench::at(ScreenId::Database);
    assert_eq!(bench.notice(), "", "the first time the rows tell");
    bench.send(Event::Press(Action::CheckAgain));
    bench.answer_all();
    assert!(bench.notice().starts_with("Checked again"), "{}", bench.notice());
    bench.edit(FieldId::Database, "Octopus2");
    bench.send(Event::Focus(Focus::Field(FieldId::User)));
    bench.answer_all();
    assert_eq!(bench.notice(), "");
}

#[test]
fn a_connection_string_fills_the_fields_and_says_what_it_ignored() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::ConnectionString));
    assert_eq!(bench.state.overlay, Some(Overlay::ConnectionString));
    let text = "Server=tcp:sql07,1444;Initial Catalog=Octo;User ID=me;Password=pw;Packet Size=4096";
    bench.send(Event::ConnectionString(ConnectionString::parse(text)));
    assert_eq!(bench.state.overlay, None);
    assert_eq!(bench.state.answers.text(FieldId::Database), "Octo");
    assert!(bench.notice().contains("Packet Size"), "{}", bench.notice());
    assert!(!bench.notice().contains("pw;"));
}

#[test]
fn a_bad_connection_string_keeps_the_window_and_the_answers() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::ConnectionString));
    bench.send(Event::ConnectionString(ConnectionString::parse("Server='unclosed")));
    assert_eq!(bench.state.overlay, Some(Overlay::ConnectionString));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql01");
    assert!(bench.state.notice.as_ref().is_some_and(|notice| notice.bad));
}

#[test]
fn what_a_dropped_survey_still_says_is_not_taken_for_the_one_begun_after_it() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (first, _) = bench.asked.pop().unwrap();
    bench.send(Event::Press(Action::Cancel));
    bench.send(Event::Press(Action::CheckAgain));
    let (second, _) = bench.asked.pop().unwrap();
    assert_ne!(first, second);
    bench.observed(first, Observed::Server(Box::new(good_server())), true);
    assert_eq!(bench.state.gate(), Gate::Waiting);
    assert_eq!(bench.state.facts.server, ServerFacts::default());
    bench.observed(second, Observed::Server(Box::new(good_server())), true);
    assert_eq!(bench.state.gate(), Gate::Open);
}

fn asked(bench: &Bench) -> Vec<crate::model::survey::SurveyId> {
    bench.asked.iter().map(|(_, inputs)| inputs.survey()).collect()
}

#[test]
fn everything_on_the_way_to_the_plan_is_proven_at_once_and_once() {
    use crate::model::survey::SurveyId::{Home, KeyFile, Octopus, Ports, Server, Service};
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    assert_eq!(asked(&bench), [Home], "a person's flow proves the screen that is open");
    bench.send(Event::ProveAll);
    assert_eq!(asked(&bench), [Home, Service, Server, Ports, Octopus, KeyFile]);
    assert_eq!(bench.state.place.here, ScreenId::Home);
    bench.send(Event::ProveAll);
    assert_eq!(bench.asked.len(), 6, "what runs is not begun anew");
    bench.answer_all();
    bench.send(Event::ProveAll);
    assert_eq!(asked(&bench), [], "nor what has ended");
}

#[test]
fn what_is_behind_the_login_waits_for_one_that_has_worked() {
    use crate::model::survey::SurveyId::{Cluster, Home, Key, Octopus, Ports, Server, Service};
    let join = || {
        let mut bench = Bench::new();
        bench.edit(FieldId::MasterKey, samples::KEY);
        bench.send(Event::Begin(StartChoice::Flow(Flow::Join)));
        bench.send(Event::ProveAll);
        assert_eq!(asked(&bench), [Home, Service, Server, Ports, Octopus]);
        let place = bench.asked.iter().position(|(_, inputs)| inputs.survey() == Server).unwrap();
        (bench.asked.remove(place).0, bench)
    };
    let (ticket, mut bench) = join();
    let refused = ServerFacts { login: Fact::Missing(login_failed()), ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(refused)), true);
    assert_eq!(asked(&bench), [Home, Service, Ports, Octopus]);
    let (ticket, mut bench) = join();
    bench.observed(ticket, Observed::Server(Box::new(good_server())), true);
    assert_eq!(asked(&bench), [Home, Service, Ports, Octopus, Cluster, Key]);
}

#[test]
fn a_person_s_flow_does_not_prove_other_screens_by_itself() {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    bench.answer_all();
    assert_eq!(asked(&bench), []);
    assert!(bench.state.facts.server.login.is_unknown());
}
