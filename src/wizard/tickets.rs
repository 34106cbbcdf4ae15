//! Tickets: they tie a late result to the inputs that it was asked for.

use std::time::Duration;

use crate::model::survey::{Inputs, Observed, SurveyId, Ticket};

/// A survey that was requested.
#[derive(Debug, Clone)]
pub struct Request {
    /// The ticket that its results must carry.
    pub ticket: Ticket,
    pub inputs: Inputs,
    /// Its newest result.
    pub observed: Option<Observed>,
    pub state: RequestState,
    /// When it was last begun, on the engine's clock.
    pub since: Duration,
    /// Whether it only keeps known results fresh, so that nobody waits for it.
    pub refreshes: bool,
}

/// The state of a requested survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    Running,
    /// It ended; its result holds for its inputs.
    Complete,
    /// It was dropped; its result so far is not shown.
    Dropped,
}

/// Every survey of this run, one for each of its inputs. Inputs are compared, not hashed: a hash of a password would be a hint.
#[derive(Debug, Clone, Default)]
pub struct Tickets {
    requests: Vec<Request>,
    last_number: u32,
}

impl Tickets {
    /// Returns the newest request for these inputs.
    pub fn for_inputs(&self, inputs: &Inputs) -> Option<&Request> {
        self.requests.iter().find(|request| request.inputs == *inputs)
    }

    /// Returns the request that this ticket was issued for.
    pub fn get(&self, ticket: Ticket) -> Option<&Request> {
        self.requests.iter().find(|request| request.ticket == ticket)
    }

    /// Records a request for these inputs and returns its ticket: a new one each time, because results of a dropped survey may
    /// still be under way. Drops a running survey of the same kind for other inputs.
    pub fn begin(&mut self, inputs: Inputs, now: Duration) -> Ticket {
        self.drop_running(inputs.survey());
        self.requests.retain(|request| request.inputs != inputs);
        self.last_number = self.last_number.wrapping_add(1);
        let ticket = Ticket(self.last_number);
        self.requests.push(Request {
            ticket,
            inputs,
            observed: None,
            state: RequestState::Running,
            since: now,
            refreshes: false,
        });
        ticket
    }

    /// Works as [`Self::begin`], and keeps showing the earlier result for the same inputs until a new one arrives, so that a
    /// table that is kept fresh does not flicker.
    pub fn refresh(&mut self, inputs: Inputs, now: Duration) -> Ticket {
        let before = self.for_inputs(&inputs).and_then(|request| request.observed.clone());
        let ticket = self.begin(inputs, now);
        if let Some(request) = self.requests.iter_mut().find(|request| request.ticket == ticket) {
            request.refreshes = before.is_some();
            request.observed = before;
        }
        ticket
    }

    /// Stores a survey's result. Returns `false` and changes nothing if the ticket was dropped or is unknown.
    pub fn remember(&mut self, ticket: Ticket, observed: Observed, last: bool) -> bool {
        let Some(request) = self.requests.iter_mut().find(|request| request.ticket == ticket) else { return false };
        if request.state != RequestState::Running {
            return false;
        }
        request.observed = Some(observed);
        if last {
            request.state = RequestState::Complete;
        }
        true
    }

    /// Forgets every request of this kind with its results, so that the next one begins anew. Returns `true` if one of them
    /// was running.
    pub fn forget(&mut self, survey: SurveyId) -> bool {
        let was_running = self.drop_running(survey);
        self.requests.retain(|request| request.inputs.survey() != survey);
        was_running
    }

    /// Marks the running survey of this kind as dropped. Returns `true` if there was one.
    pub fn drop_running(&mut self, survey: SurveyId) -> bool {
        let mut dropped = false;
        for request in &mut self.requests {
            if request.state == RequestState::Running && request.inputs.survey() == survey {
                request.state = RequestState::Dropped;
                dropped = true;
            }
        }
        dropped
    }

    /// Returns the running survey of this kind.
    pub fn running(&self, survey: SurveyId) -> Option<&Request> {
        self.requests.iter().find(|request| request.state == RequestState::Running && request.inputs.survey() == survey)
    }

    /// Returns `true` if a survey of this kind runs that somebody waits for.
    pub fn awaited(&self, survey: SurveyId) -> bool {
        self.running(survey).is_some_and(|request| !request.refreshes)
    }

    /// Returns `true` if any request fits.
    pub fn any(&self, fits: impl Fn(&Request) -> bool) -> bool {
        self.requests.iter().any(fits)
    }

    /// Returns `true` if any survey runs that somebody waits for.
    pub fn any_awaited(&self) -> bool {
        self.requests.iter().any(|request| request.state == RequestState::Running && !request.refreshes)
    }
}
