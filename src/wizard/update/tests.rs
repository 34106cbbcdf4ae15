//! Transitions, without any I/O: events in, state and effects out.

use std::time::Duration;

use secrecy::SecretString;

use super::*;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{
    Certificate, ClusterSeen, Collation, Connected, Content, Database, DatabaseRights, DatabaseState, Disk, Encrypted, Fact,
    HomeFacts, LoggedIn, Machine, Occupant, PortFact, PortsFacts, Protocol, Resolved, ServerFacts, ServiceFacts, SqlTrouble,
    Standing, TlsTrouble, Trouble, Trusted, Unfinished, Version,
};
use crate::model::fingerprint::Fingerprint;
use crate::model::journal::{Journal, StepRecord};
use crate::model::master_key::MasterKey;
use crate::model::plan::{Failure, Progress, StepKind, StepState};
use crate::model::survey::{Inputs, Ticket};
use crate::wizard::custody::{CopyWay, Drawn, FileTrouble, Proof, Resumption};
use crate::wizard::event::{Action, Errand};
use crate::wizard::gate::Gate;
use crate::wizard::run::Phase;

const ID: ClusterId = ClusterId([0x7f, 0x3a, 0x91, 0xc2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

/// A wizard on the bench: surveys are answered with good facts unless a test wants to answer itself.
struct Bench {
    state: State,
    asked: Vec<(Ticket, Inputs)>,
    effects: Vec<Effect>,
}

impl Bench {
    fn new() -> Self {
        let mut answers = Answers::default();
        for (field, text) in [
            (FieldId::Home, "/var/lib/octopus"),
            (FieldId::Server, "sql01"),
            (FieldId::User, "octopus"),
            (FieldId::Password, "correct horse"),
            (FieldId::KeyFile, "/root/key.txt"),
        ] {
            answers.set(field, Raw::of(field, text), Origin::Flag);
        }
        let (state, effects) = begin(answers, None);
        let mut bench = Self { state, asked: Vec::new(), effects: Vec::new() };
        bench.take(effects);
        bench.answer_all();
        bench
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Survey { ticket, inputs, .. } => self.asked.push((ticket, inputs)),
                other => self.effects.push(other),
            }
        }
    }

    fn send(&mut self, event: Event) {
        let effects = update(&mut self.state, event, Duration::from_secs(1));
        self.take(effects);
    }

    fn observed(&mut self, ticket: Ticket, observed: Observed, last: bool) {
        self.send(Event::Observed { ticket, observed, last });
    }

    /// Answers every open survey with good facts.
    fn answer_all(&mut self) {
        while let Some((ticket, inputs)) = self.asked.pop() {
            let observed = good(&inputs);
            self.observed(ticket, observed, true);
        }
    }

    /// Walks to a screen with good facts everywhere.
    fn at(screen: ScreenId) -> Self {
        let mut bench = Self::new();
        bench.send(Event::Begin(Errand::Flow(Flow::FirstNode)));
        for _ in 0..12 {
            bench.answer_all();
            bench.draw();
            if bench.state.place.here == screen {
                return bench;
            }
            bench.send(Event::Next);
            bench.install_all();
        }
        panic!("never came to {screen:?}; stands at {:?}, gate {:?}", bench.state.place, bench.state.gate());
    }

    fn draw(&mut self) {
        if let Some(place) = self.effects.iter().position(|effect| matches!(effect, Effect::Draw(_))) {
            self.effects.remove(place);
            self.send(Event::Drawn(drawn()));
        }
    }

    fn install_all(&mut self) {
        if self.state.place.here == ScreenId::Install && self.state.run.phase == Phase::Running {
            let kinds: Vec<StepKind> = self.state.run.rows.iter().map(|row| row.kind).collect();
            for kind in kinds {
                self.send(Event::Progress(Progress::Begun(kind)));
                self.send(Event::Progress(Progress::Done(kind, StepState::Done, Duration::from_millis(3))));
            }
            self.send(Event::Progress(Progress::Finished));
        }
    }

    fn edit(&mut self, field: FieldId, text: &str) {
        self.send(Event::Edit(field, Raw::of(field, text)));
    }

    fn notice(&self) -> &str {
        self.state.notice.as_ref().map_or("", |notice| &notice.text)
    }
}

fn drawn() -> Drawn {
    Drawn { cluster: ID, key: MasterKey::from_bytes(&[7; 32]).unwrap() }
}

fn good(inputs: &Inputs) -> Observed {
    match inputs {
        Inputs::Machine => Observed::Machine(Machine { host_name: "web01".into(), system: "Linux".into(), ..Machine::default() }),
        Inputs::Home { .. } => Observed::Home(HomeFacts {
            folder: Fact::Seen(Occupant::Creatable { parent: "/var/lib".into() }),
            disk: Fact::Seen(Disk { file_system: "ext4".into(), network: false, volatile: false, free: 50 << 30 }),
            writable: Fact::Seen(()),
            taken: Fact::Seen(None),
        }),
        Inputs::Service { .. } => Observed::Service(ServiceFacts { account: Fact::Seen(true), elevated: Fact::Seen(true) }),
        Inputs::Server(_) => Observed::Server(Box::new(good_server())),
        Inputs::Ports { ports, .. } => Observed::Ports(PortsFacts {
            ports: ports.iter().map(|port| PortFact { port: *port, free: Fact::Seen(true) }).collect(),
            strange_hosts: Fact::Seen(Vec::new()),
        }),
    }
}

fn good_server() -> ServerFacts {
    let ms = Duration::from_millis;
    ServerFacts {
        resolved: Fact::Seen(Resolved { addresses: vec!["10.0.4.17".parse().unwrap()], port: 1433, took: ms(1) }),
        connected: Fact::Seen(Connected { address: "10.0.4.17".parse().unwrap(), port: 1433, took: ms(1), routed_to: None }),
        encrypted: Fact::Seen(Encrypted { protocol: Protocol::Tls12, trusted: Trusted::SystemRoots, took: ms(5) }),
        certificate: Some(certificate()),
        login: Fact::Seen(LoggedIn { login: "octopus".into(), user: "dbo".into(), took: ms(9) }),
        version: Fact::Seen(Version {
            major: 16,
            number: "16.0.4135.4".into(),
            edition: "Enterprise Edition (64-bit)".into(),
            engine_edition: 3,
            server_name: "SQL01".into(),
        }),
        clock_ahead_ms: Fact::Seen(12),
        round_trip: Fact::Seen(ms(1)),
        database: Fact::Seen(Database::Open(DatabaseState {
            name: "OctopusDeploy".into(),
            state: "ONLINE".into(),
            compatibility: 160,
            read_committed_snapshot: true,
            standing: Fact::Seen(Standing::default()),
            ..DatabaseState::default()
        })),
        rights: Fact::Seen(DatabaseRights {
            create_database: true,
            create_table: true,
            create_schema: true,
            alter: true,
            control: true,
            db_owner: true,
            default_schema: "dbo".into(),
        }),
        collation: Fact::Seen(Collation {
            name: "Latin1_General_CI_AS".into(),
            case_insensitive: true,
            server: "Latin1_General_CI_AS".into(),
            odd_columns: Vec::new(),
            odd_count: 0,
        }),
        content: Fact::Seen(Content::Empty),
    }
}

fn certificate() -> Certificate {
    let now = time::OffsetDateTime::UNIX_EPOCH;
    Certificate {
        subject: "sql01".into(),
        issuer: "Corp CA".into(),
        names: vec!["sql01".into()],
        not_before: now,
        not_after: now,
        days_left: 400,
        sha256: [0x9c; 32],
        self_signed: false,
    }
}

fn cluster_seen() -> ClusterSeen {
    ClusterSeen {
        id: ID,
        created: "2026-11-18 12:04:05Z".into(),
        created_by: "web01".into(),
        fingerprint: Fingerprint([1, 2, 3, 4]),
        nodes: vec!["web01".into()],
        node_count: 1,
    }
}

fn login_failed() -> Trouble {
    Trouble::Sql(SqlTrouble { number: 18456, state: 1, class: 14, text: "Login failed for user 'octopus'.".into() })
}

#[test]
fn the_whole_flow_is_enter_enter_enter() {
    let bench = Bench::at(ScreenId::MasterKey);
    assert_eq!(bench.state.run.phase, Phase::Finished);
    assert_eq!(bench.state.answers.text(FieldId::NodeName), "web01");
}

#[test]
fn the_node_name_comes_from_the_machine_unless_somebody_typed_one() {
    let mut bench = Bench::new();
    assert_eq!(bench.state.answers.get(FieldId::NodeName).origin, Origin::Default);
    bench.edit(FieldId::NodeName, "mine");
    bench.send(Event::Begin(Errand::Flow(Flow::FirstNode)));
    assert_eq!(bench.state.answers.text(FieldId::NodeName), "mine");
}

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
    assert!(bench.state.asked.waiting);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    bench.answer_all();
    assert_eq!(bench.state.place.here, ScreenId::Web);
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
    assert!(!bench.state.asked.waiting);
    assert!(matches!(bench.state.gate(), Gate::Shut(_)));
}

#[test]
fn esc_takes_back_waiting_before_it_goes_back() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    bench.send(Event::Next);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Service);
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
    let mut bench = Bench::at(ScreenId::Web);
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(bench.asked.is_empty());
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Web);
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
fn enter_goes_to_the_missing_answer_first() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.edit(FieldId::Password, "");
    bench.send(Event::Focus(Focus::Field(FieldId::Server)));
    bench.send(Event::Next);
    assert_eq!(bench.state.focused(), Some(FieldId::Password));
    assert_eq!(bench.state.shown_problem(FieldId::Password), None, "nobody was asked yet");
    bench.send(Event::Next);
    assert!(bench.state.shown_problem(FieldId::Password).is_some());
    assert_eq!(bench.state.place.here, ScreenId::Database);
}

#[test]
fn warnings_take_a_second_enter_and_are_remembered() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let facts = ServerFacts { clock_ahead_ms: Fact::Seen(41_000), ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(facts)), true);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert!(bench.notice().contains("sql-clock"), "{}", bench.notice());
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Web);
    assert_eq!(bench.state.accepted, vec![CheckId::SqlClock]);
}

#[test]
fn what_was_accepted_is_asked_again_for_another_server() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.state.accepted = vec![CheckId::SqlClock];
    bench.edit(FieldId::Server, "sql02");
    bench.send(Event::Focus(Focus::Field(FieldId::Database)));
    assert!(bench.state.accepted.is_empty());
}

#[test]
fn a_populated_database_keeps_the_gate_shut() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let facts = ServerFacts { content: Fact::Seen(Content::Cluster(cluster_seen())), ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(facts)), true);
    bench.send(Event::Next);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Database);
    assert_eq!(bench.state.gate(), Gate::Shut(vec![CheckId::DbContent]));
}

#[test]
fn a_shown_certificate_can_be_pinned() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Next);
    let (ticket, _) = bench.asked.pop().unwrap();
    let facts =
        ServerFacts { encrypted: Fact::Missing(Trouble::Tls(TlsTrouble::UnknownIssuer)), login: Fact::Unknown, ..good_server() };
    bench.observed(ticket, Observed::Server(Box::new(facts)), true);
    assert!(bench.state.actions().contains(&Action::Pin));
    bench.send(Event::Press(Action::Pin));
    assert_eq!(bench.state.answers.text(FieldId::Trust), "fingerprint");
    assert_eq!(bench.state.answers.text(FieldId::Fingerprint).to_lowercase().replace(':', ""), "9c".repeat(32));
    assert_eq!(bench.asked.len(), 1, "and is proven at once");
}

#[test]
fn without_a_certificate_there_is_nothing_to_pin() {
    let bench = Bench::at(ScreenId::Database);
    assert!(!bench.state.actions().contains(&Action::Pin));
}

#[test]
fn a_connection_string_fills_the_fields_and_says_what_it_ignored() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::ConnectionString));
    assert_eq!(bench.state.overlay, Some(Overlay::ConnectionString));
    let text = "Server=tcp:sql07,1444;Initial Catalog=Octo;User ID=me;Password=pw;Packet Size=4096";
    bench.send(Event::ConnectionString(SecretString::from(text.to_owned())));
    assert_eq!(bench.state.overlay, None);
    assert_eq!(bench.state.answers.text(FieldId::Database), "Octo");
    assert!(bench.notice().contains("Packet Size"), "{}", bench.notice());
    assert!(!bench.notice().contains("pw;"));
}

#[test]
fn a_bad_connection_string_keeps_the_window_and_the_answers() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::ConnectionString));
    bench.send(Event::ConnectionString(SecretString::from("Server='unclosed".to_owned())));
    assert_eq!(bench.state.overlay, Some(Overlay::ConnectionString));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql01");
    assert!(bench.state.notice.as_ref().is_some_and(|notice| notice.bad));
}

#[test]
fn ctrl_c_asks_once_and_a_second_one_is_a_yes() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::Quit));
    assert_eq!(bench.state.overlay, Some(Overlay::ConfirmQuit));
    assert_eq!(bench.state.ending, None);
    bench.send(Event::Press(Action::Quit));
    assert_eq!(bench.state.ending, Some(Ending::Left));
}

#[test]
fn ctrl_c_can_be_taken_back() {
    let mut bench = Bench::at(ScreenId::Database);
    bench.send(Event::Press(Action::Quit));
    bench.send(Event::Reply(false));
    assert_eq!((bench.state.overlay, bench.state.ending), (None, None));
}

#[test]
fn esc_on_the_first_screen_leads_to_the_start_and_keeps_answers() {
    let mut bench = Bench::at(ScreenId::Home);
    bench.edit(FieldId::Home, "/srv/octopus");
    bench.send(Event::Back);
    assert_eq!((bench.state.place.here, bench.state.place.flow), (ScreenId::Start, None));
    bench.send(Event::Begin(Errand::Flow(Flow::FirstNode)));
    assert_eq!(bench.state.answers.text(FieldId::Home), "/srv/octopus");
}

#[test]
fn a_jump_goes_only_where_one_has_been() {
    let mut bench = Bench::at(ScreenId::Web);
    bench.send(Event::Jump(ScreenId::Review));
    assert_eq!(bench.state.place.here, ScreenId::Web);
    bench.send(Event::Jump(ScreenId::Home));
    assert_eq!(bench.state.place.here, ScreenId::Home);
    bench.send(Event::Jump(ScreenId::Web));
    assert_eq!(bench.state.place.here, ScreenId::Web);
}

#[test]
fn flows_that_are_not_built_say_so() {
    let mut bench = Bench::new();
    bench.send(Event::Begin(Errand::Flow(Flow::Join)));
    assert_eq!(bench.state.place.here, ScreenId::Start);
    assert!(bench.notice().contains("later version"));
}

#[test]
fn the_plan_is_there_once_the_key_is_drawn() {
    let mut bench = Bench::at(ScreenId::Web);
    bench.send(Event::Next);
    assert!(matches!(bench.effects.as_slice(), [Effect::Draw(crate::model::master_key::KeySize::Aes256)]));
    bench.draw();
    let plan = bench.state.run.plan.as_ref().expect("a plan");
    assert_eq!(plan.cluster, ID);
    assert_eq!(bench.state.run.rows.len(), plan.steps.len());
}

#[test]
fn another_key_size_draws_another_key() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.edit(FieldId::KeySize, "aes-128");
    assert!(bench.state.run.plan.is_none());
    bench.send(Event::Next);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Draw(crate::model::master_key::KeySize::Aes128))));
    assert_eq!(bench.state.place.here, ScreenId::Review, "a plan that nobody has seen is not installed");
}

#[test]
fn installing_begins_with_the_plan_that_was_shown() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run.phase), (ScreenId::Install, Phase::Running));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Install(..))));
    bench.send(Event::Back);
    assert_eq!(bench.state.place.here, ScreenId::Install, "there is no way back out of running steps");
}

#[test]
fn a_failed_step_offers_retry_undo_and_leave() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Begun(StepKind::CreateHome)));
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    let actions = bench.state.actions();
    for action in [Action::Retry, Action::Undo, Action::Leave] {
        assert!(actions.contains(&action), "{action:?}");
    }
    bench.send(Event::Press(Action::Retry));
    assert_eq!(bench.state.run.phase, Phase::Running);
    assert!(bench.state.run.failed().is_none());
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    bench.send(Event::Press(Action::Undo));
    assert_eq!(bench.state.overlay, Some(Overlay::ConfirmUndo));
    bench.send(Event::Reply(true));
    assert_eq!(bench.state.run.phase, Phase::Undoing);
    bench.send(Event::Progress(Progress::UndoEnded(true)));
    bench.send(Event::Next);
    assert_eq!((bench.state.place.here, bench.state.run.phase), (ScreenId::Review, Phase::Idle));
}

#[test]
fn leaving_a_failed_run_says_that_it_is_unfinished() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Progress(Progress::Failed(StepKind::CreateHome, Failure::Cancelled)));
    bench.send(Event::Press(Action::Leave));
    assert_eq!(bench.state.ending, Some(Ending::Unfinished));
}

#[test]
fn done_needs_proof_that_the_key_is_kept() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::MasterKey);
    assert!(bench.notice().contains("last six"));
    bench.edit(FieldId::KeyProof, "wrong!");
    assert_eq!(bench.state.custody.proof, None);
    // 32 bytes of 7 are BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= in base64.
    bench.edit(FieldId::KeyProof, "wcHBwc=");
    assert_eq!(bench.state.custody.proof, None, "seven characters are not six");
    bench.edit(FieldId::KeyProof, "cHBwc=");
    assert_eq!(bench.state.custody.proof, Some(Proof::TypedBack));
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::CloseRun(name) if name == "OctopusServer")));
    bench.send(Event::Next);
    assert_eq!(bench.state.ending, Some(Ending::Finished));
}

#[test]
fn a_file_that_was_read_back_is_proof_too() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Press(Action::ReadKey));
    assert!(bench.notice().contains("first"), "{}", bench.notice());
    bench.send(Event::Press(Action::SaveKey));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::SaveKey(..))));
    bench.send(Event::KeySaved(Ok("/root/key.txt".into())));
    bench.send(Event::Press(Action::ReadKey));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::ReadKey(..))));
    bench.send(Event::KeyRead(Ok(false)));
    assert_eq!(bench.state.custody.proof, None);
    bench.send(Event::KeyRead(Ok(true)));
    assert_eq!(bench.state.custody.proof, Some(Proof::ReadBack));
}

#[test]
fn a_key_file_that_exists_is_told_and_kept() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::KeySaved(Err(FileTrouble::Exists)));
    assert!(bench.notice().contains("already"));
    assert_eq!(bench.state.custody.saved, None);
}

#[test]
fn a_revealed_key_hides_on_resize_and_on_moving_on() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Press(Action::Reveal));
    assert!(bench.state.custody.revealed);
    bench.send(Event::Resized);
    assert!(!bench.state.custody.revealed);
    bench.send(Event::Press(Action::Reveal));
    bench.send(Event::Focus(Focus::Field(FieldId::KeyProof)));
    assert!(!bench.state.custody.revealed);
}

#[test]
fn copied_is_said_only_where_it_is_known() {
    let mut bench = Bench::at(ScreenId::MasterKey);
    bench.send(Event::Press(Action::CopyKey));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))));
    bench.send(Event::Copied(Ok(CopyWay::Terminal)));
    assert!(!bench.notice().contains("Copied"), "{}", bench.notice());
    bench.send(Event::Copied(Ok(CopyWay::Desktop)));
    assert!(bench.notice().contains("Copied"));
}

fn journal(done: usize) -> Journal {
    let steps = StepKind::ALL
        .into_iter()
        .enumerate()
        .map(|(place, kind)| StepRecord { kind, state: if place < done { StepState::Done } else { StepState::Planned } })
        .collect();
    Journal {
        format: 1,
        program: "0.1.0".into(),
        flow: Flow::FirstNode,
        instance: "OctopusServer".into(),
        begun: String::new(),
        written: String::new(),
        cluster: ClusterId([9; 16]),
        fingerprint: drawn().key.fingerprint(),
        accepted: Vec::new(),
        folders: Vec::new(),
        answers: [("server", "sql09"), ("home", "/srv/octo"), ("no-such-field", "x")]
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .into(),
        steps,
    }
}

fn resume(done: usize, key: Option<MasterKey>) -> Bench {
    let mut bench = Bench::new();
    bench.state.facts.machine.unfinished = vec![Unfinished {
        instance: "OctopusServer".into(),
        flow: Flow::FirstNode,
        done,
        steps: 6,
        when: "2026-11-21 12:04".into(),
    }];
    assert_eq!(bench.state.errands()[0], Errand::Resume("OctopusServer".into()));
    bench.send(Event::Begin(Errand::Resume("OctopusServer".into())));
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::LoadRun(name) if name == "OctopusServer")));
    bench.send(Event::Resumed(Ok(Box::new(Resumption { journal: journal(done), key }))));
    bench
}

#[test]
fn an_unfinished_run_comes_back_with_its_answers_and_its_cluster() {
    let bench = resume(3, Some(drawn().key));
    assert_eq!(bench.state.answers.text(FieldId::Server), "sql09");
    assert_eq!(bench.state.resuming, Some(ClusterId([9; 16])));
    assert_eq!(bench.state.place.here, ScreenId::Home);
    assert_eq!(bench.state.custody.drawn.as_ref().map(|drawn| drawn.cluster), Some(ClusterId([9; 16])));
}

#[test]
fn a_run_that_never_sealed_its_key_draws_another_under_the_same_id() {
    let mut bench = resume(1, None);
    for _ in 0..5 {
        bench.answer_all();
        bench.draw();
        if bench.state.place.here == ScreenId::Review {
            break;
        }
        bench.send(Event::Next);
    }
    bench.draw();
    assert_eq!(bench.state.run.plan.as_ref().map(|plan| plan.cluster), Some(ClusterId([9; 16])));
    assert!(bench.state.actions().contains(&Action::Undo), "what it made can be undone without going on");
}

#[test]
fn a_run_whose_steps_are_all_done_goes_straight_to_its_key() {
    let mut bench = resume(6, Some(drawn().key));
    assert_eq!(bench.state.place.here, ScreenId::MasterKey);
    bench.edit(FieldId::KeyProof, "cHBwc=");
    bench.send(Event::Next);
    assert_eq!(bench.state.place.here, ScreenId::Done);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::CloseRun(_))));
}

#[test]
fn a_run_that_cannot_be_loaded_says_why_and_stays() {
    let mut bench = Bench::new();
    bench.send(Event::Resumed(Err(Box::new(Failure::SealBroken { path: "/srv/octo/key".into() }))));
    assert_eq!(bench.state.place.here, ScreenId::Start);
    assert!(bench.notice().contains("/srv/octo/key"));
}

#[test]
fn a_hangup_ends_whatever_is_open() {
    let mut bench = Bench::at(ScreenId::Review);
    bench.send(Event::Next);
    bench.send(Event::Hangup);
    assert_eq!(bench.state.ending, Some(Ending::HungUp));
}

#[test]
fn keys_that_do_not_apply_do_nothing() {
    let mut bench = Bench::at(ScreenId::Home);
    for action in [Action::Reveal, Action::Retry, Action::Undo, Action::Leave, Action::CopyKey, Action::Pin] {
        bench.send(Event::Press(action));
    }
    assert_eq!((bench.state.place.here, bench.state.overlay, bench.state.ending), (ScreenId::Home, None, None));
}

#[test]
fn every_action_is_offered_somewhere_and_help_and_quit_everywhere() {
    for screen in [ScreenId::Home, ScreenId::Service, ScreenId::Database, ScreenId::Web, ScreenId::Review, ScreenId::MasterKey] {
        let actions = Bench::at(screen).state.actions();
        assert!(actions.ends_with(&[Action::Help, Action::Quit]), "{screen:?}: {actions:?}");
    }
}

#[test]
fn no_debug_output_holds_a_secret() {
    let bench = Bench::at(ScreenId::MasterKey);
    let shown = format!("{:?} {:?}", bench.state, bench.effects);
    assert!(!shown.contains("correct horse"));
    assert!(!shown.contains("BwcHBwcH"));
}
