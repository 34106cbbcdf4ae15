//! Transitions, without any I/O: events in, state and effects out. A bench drives a wizard with good facts for every survey.

mod by_accident;
mod install;
mod join;
mod navigation;
mod plans;
mod review;
mod surveys;

pub use std::time::Duration;

pub use super::*;
pub use crate::catalog::samples;
pub use crate::model::answers::{Answers, Origin, Raw};
pub use crate::model::check::CheckId;
pub use crate::model::cluster::ClusterId;
pub use crate::model::export::{CopyWay, FileTrouble};
pub use crate::model::facts::{Content, Fact, Facts, Machine, ServerFacts, SqlTrouble, TlsTrouble, Trouble, UnfinishedRun};
pub use crate::model::field::FieldId;
pub use crate::model::finding::Verdict;
pub use crate::model::flow::Flow;
pub use crate::model::journal::{Journal, Resumption, StepRecord};
pub use crate::model::master_key::{GeneratedKey, MasterKey};
pub use crate::model::node::Subject;
pub use crate::model::plan::{Failure, Progress, StepKind, StepState};
pub use crate::model::screen::ScreenId;
pub use crate::model::survey::{Inputs, Observed, Ticket};
pub use crate::wizard::custody::{Custody, Proof};
pub use crate::wizard::event::{Action, StartChoice};
pub use crate::wizard::gate::Gate;
pub use crate::wizard::run::Phase;
pub use crate::wizard::state::{Ending, ExistingNode, FlowState, Focus, Overlay, Review, State, Work};
pub use crate::wizard::tickets;

pub const ID: ClusterId = ClusterId([0x7f, 0x3a, 0x91, 0xc2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

/// A wizard on the bench: surveys are answered with good facts unless a test wants to answer itself.
pub struct Bench {
    pub state: State,
    pub asked: Vec<(Ticket, Inputs)>,
    pub effects: Vec<Effect>,
}

impl Bench {
    pub fn new() -> Self {
        let mut answers = Answers::new(crate::model::platform::Platform::Linux);
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

    pub fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Survey { ticket, inputs, .. } => self.asked.push((ticket, inputs)),
                other => self.effects.push(other),
            }
        }
    }

    pub fn send(&mut self, event: Event) {
        let effects = update(&mut self.state, event, Duration::from_secs(1));
        self.take(effects);
    }

    pub fn observed(&mut self, ticket: Ticket, observed: Observed, last: bool) {
        self.send(Event::Observed { ticket, observed, last });
    }

    /// Answers every open survey with good facts.
    pub fn answer_all(&mut self) {
        while let Some((ticket, inputs)) = self.asked.pop() {
            let observed = good(&inputs);
            self.observed(ticket, observed, true);
        }
    }

    /// Answers every open survey with these facts.
    pub fn answer_with(&mut self, facts: &Facts) {
        while let Some((ticket, inputs)) = self.asked.pop() {
            self.observed(ticket, samples::observed(&inputs, facts), true);
        }
    }

    /// Walks to a screen with good facts everywhere.
    pub fn at(screen: ScreenId) -> Self {
        let mut bench = Self::new();
        bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
        for _ in 0..12 {
            bench.answer_all();
            bench.generate_key();
            if bench.state.place.here == screen {
                return bench;
            }
            bench.send(Event::Next);
            bench.install_all();
        }
        panic!("never came to {screen:?}; stands at {:?}, gate {:?}", bench.state.place, bench.state.gate());
    }

    pub fn generate_key(&mut self) {
        if let Some(place) = self.effects.iter().position(|effect| matches!(effect, Effect::GenerateKey(_))) {
            self.effects.remove(place);
            self.send(Event::KeyGenerated(generated_key()));
        }
    }

    pub fn install_all(&mut self) {
        if self.state.place.here == ScreenId::Install && self.state.run().phase == Phase::Running {
            let kinds: Vec<StepKind> = self.state.run().rows.iter().map(|row| row.kind).collect();
            for kind in kinds {
                self.send(Event::Progress(Progress::Begun(kind)));
                self.send(Event::Progress(Progress::Done(kind, StepState::Done, Duration::from_millis(3))));
            }
            self.send(Event::Progress(Progress::Finished));
        }
    }

    /// What stands in the state where this check's words of now were accepted.
    pub fn accepts(&self, check: CheckId) -> (CheckId, Verdict) {
        (check, self.state.verdict(check))
    }

    pub fn edit(&mut self, field: FieldId, text: &str) {
        self.send(Event::Edit(field, Raw::of(field, text)));
    }

    /// Opens the review of a node with these answers.
    pub fn review(&mut self, subject: Subject, answers: Answers) {
        self.state.answers = answers;
        let node = ExistingNode::new(subject, Answers::new(crate::model::platform::Platform::Linux));
        self.state.flow = FlowState::Review(Review { node, custody: Custody::default() });
        self.state.place.furthest = ScreenId::Backups;
    }

    pub fn work(&mut self) -> &mut Work {
        self.state.work_mut().expect("a flow that writes")
    }

    /// Marks these checks' warnings as accepted.
    pub fn accept(&mut self, checks: &[CheckId]) {
        self.work().accepted = checks.iter().map(|check| self.accepts(*check)).collect();
    }

    pub fn notice(&self) -> &str {
        self.state.notice.as_ref().map_or("", |notice| &notice.text)
    }
}

pub fn generated_key() -> GeneratedKey {
    GeneratedKey { cluster: ID, key: MasterKey::from_bytes(&[7; 32]).unwrap() }
}

pub fn good(inputs: &Inputs) -> Observed {
    samples::observed(inputs, &samples::facts())
}

pub fn good_server() -> ServerFacts {
    samples::facts().server
}

pub fn login_failed() -> Trouble {
    Trouble::Sql(SqlTrouble { number: 18456, state: 1, class: 14, text: "Login failed for user 'octopus'.".into() })
}
