//! Tickets: what ties a late result to the inputs that it was asked for.

use std::time::Duration;

use crate::model::survey::{Inputs, Observed, SurveyId, Ticket};

/// One survey that was asked for.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What its news must carry.
    pub ticket: Ticket,
    /// What it was asked.
    pub inputs: Inputs,
    /// The newest that it said.
    pub observed: Option<Observed>,
    /// Where it stands.
    pub standing: Standing,
    /// When it was begun last, on the engine's clock.
    pub since: Duration,
    /// Whether it keeps fresh what is known already: nobody waits for it.
    pub refreshes: bool,
}

/// Where a survey stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On its way.
    Running,
    /// It came to its end; what it said holds for its inputs.
    Complete,
    /// It was dropped; what it said so far is not shown.
    Dropped,
}

/// Every survey of this run, one for each of its inputs. Inputs are compared, not hashed: a hash of a password would be a hint.
#[derive(Debug, Clone, Default)]
pub struct Tickets {
    askings: Vec<Asking>,
    given: u32,
}

impl Tickets {
    /// The newest survey of these inputs, if they were asked for before.
    pub fn of(&self, inputs: &Inputs) -> Option<&Asking> {
        self.askings.iter().find(|asking| asking.inputs == *inputs)
    }

    /// The survey that a ticket was given for.
    pub fn get(&self, ticket: Ticket) -> Option<&Asking> {
        self.askings.iter().find(|asking| asking.ticket == ticket)
    }

    /// Marks these inputs as being asked for, and tells their ticket: a new one each time, because a survey that was
    /// dropped may have news under way. A running survey of the same kind for other inputs is marked as dropped.
    pub fn begin(&mut self, inputs: Inputs, now: Duration) -> Ticket {
        self.drop_running(inputs.survey());
        self.askings.retain(|asking| asking.inputs != inputs);
        self.given = self.given.wrapping_add(1);
        let ticket = Ticket(self.given);
        self.askings.push(Asking { ticket, inputs, observed: None, standing: Standing::Running, since: now, refreshes: false });
        ticket
    }

    /// As [`Self::begin`], and what an earlier survey of the same inputs said goes on being shown until this one has said
    /// something: a table that is kept fresh does not flicker.
    pub fn refresh(&mut self, inputs: Inputs, now: Duration) -> Ticket {
        let before = self.of(&inputs).and_then(|asking| asking.observed.clone());
        let ticket = self.begin(inputs, now);
        if let Some(asking) = self.askings.iter_mut().find(|asking| asking.ticket == ticket) {
            asking.refreshes = before.is_some();
            asking.observed = before;
        }
        ticket
    }

    /// Remembers what a survey said. News for a ticket that was dropped or is unknown changes nothing; `false` then.
    pub fn remember(&mut self, ticket: Ticket, observed: Observed, last: bool) -> bool {
        let Some(asking) = self.askings.iter_mut().find(|asking| asking.ticket == ticket) else { return false };
        if asking.standing != Standing::Running {
            return false;
        }
        asking.observed = Some(observed);
        if last {
            asking.standing = Standing::Complete;
        }
        true
    }

    /// Forgets everything that surveys of this kind were asked and said, so that the next one is begun anew; tells
    /// whether one of them was running.
    pub fn forget(&mut self, survey: SurveyId) -> bool {
        let was_running = self.drop_running(survey);
        self.askings.retain(|asking| asking.inputs.survey() != survey);
        was_running
    }

    /// Marks the running survey of this kind as dropped; tells whether there was one.
    pub fn drop_running(&mut self, survey: SurveyId) -> bool {
        let mut dropped = false;
        for asking in &mut self.askings {
            if asking.standing == Standing::Running && asking.inputs.survey() == survey {
                asking.standing = Standing::Dropped;
                dropped = true;
            }
        }
        dropped
    }

    /// The running survey of this kind.
    pub fn running(&self, survey: SurveyId) -> Option<&Asking> {
        self.askings.iter().find(|asking| asking.standing == Standing::Running && asking.inputs.survey() == survey)
    }

    /// Whether a survey of this kind runs that has not said anything yet.
    pub fn awaited(&self, survey: SurveyId) -> bool {
        self.running(survey).is_some_and(|asking| !asking.refreshes)
    }

    /// Whether any survey fits.
    pub fn any(&self, fits: impl Fn(&Asking) -> bool) -> bool {
        self.askings.iter().any(fits)
    }

    /// Whether any survey is on its way that somebody waits for.
    pub fn any_awaited(&self) -> bool {
        self.askings.iter().any(|asking| asking.standing == Standing::Running && !asking.refreshes)
    }
}
