//! What each survey is asked, and the tickets that tie its late results to that.

use std::time::Duration;

use crate::catalog::form::{self, read};
use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::node::Subject;
use crate::model::octopus::HandOverMode;
use crate::model::screen::ScreenId;
use crate::model::survey::{AccountKind, Inputs, Observed, SurveyId, Ticket};
use crate::model::web::ListenPrefix;

/// Returns the surveys that prove a screen of a flow or that it shows; the first one is the screen's main subject.
pub fn surveys_of(screen: ScreenId, flow: Option<Flow>) -> &'static [SurveyId] {
    match screen {
        ScreenId::Start => &[SurveyId::Machine],
        ScreenId::Home => &[SurveyId::Home, SurveyId::Machine],
        ScreenId::Service => &[SurveyId::Service],
        ScreenId::Database => &[SurveyId::Server],
        ScreenId::Cluster => &[SurveyId::Cluster, SurveyId::Key],
        ScreenId::MasterKey => &[SurveyId::KeyFile],
        ScreenId::Node | ScreenId::Key | ScreenId::Backups => &[SurveyId::Node],
        ScreenId::Proof => &[
            SurveyId::Server,
            SurveyId::Home,
            SurveyId::Service,
            SurveyId::Ports,
            SurveyId::Cluster,
            SurveyId::Key,
            SurveyId::Node,
            SurveyId::Storage,
            SurveyId::Health,
        ],
        ScreenId::Drift => &[SurveyId::Node, SurveyId::Cluster],
        // The registry names the shared storage, and the proof that it is shared is against the registry.
        ScreenId::Storage => &[SurveyId::Storage, SurveyId::Cluster],
        ScreenId::Octopus => match flow {
            Some(Flow::FirstNode) => &[SurveyId::Ports, SurveyId::Licence, SurveyId::Octopus],
            Some(Flow::Join) => &[SurveyId::Ports, SurveyId::Octopus],
            _ => &[SurveyId::Ports],
        },
        ScreenId::Review | ScreenId::Install | ScreenId::Done => &[],
    }
}

/// Returns what a survey is asked: the answers that it reads, parsed; `None` while one of them is missing or malformed. Other answers
/// (the node's name, whether to create a database) are not part of it, so editing them costs no second survey.
pub fn survey_inputs(survey: SurveyId, answers: &Answers, subject: Option<&Subject>) -> Option<Inputs> {
    match survey {
        SurveyId::Machine => Some(Inputs::Machine),
        SurveyId::Home => {
            Some(Inputs::Home { path: read::home(answers).ok()?, instance: read::instance(answers).ok()?.as_str().to_owned() })
        }
        SurveyId::Service => service(answers),
        SurveyId::Server => read::target(answers).map(|target| Inputs::Server(Box::new(target))),
        SurveyId::Ports => {
            let prefixes = ListenPrefix::parse_all(answers.text(FieldId::ListenPrefixes)).ok()?;
            let comms = read::port(FieldId::CommsPort, answers).ok()?;
            let grpc = read::port(FieldId::GrpcPort, answers).ok()?;
            Some(Inputs::Ports { ports: distinct_ports(&prefixes, comms, grpc), prefixes })
        }
        SurveyId::Cluster => read::target(answers).map(|target| Inputs::Cluster(Box::new(target))),
        SurveyId::Key => {
            let target = Box::new(read::target(answers)?);
            Some(Inputs::Key { target, key: read::master_key(answers).ok()? })
        }
        SurveyId::KeyFile => read::absolute(FieldId::KeyFile, answers).map(Inputs::KeyFile),
        SurveyId::Node => subject.cloned().map(Inputs::Node),
        SurveyId::Storage => {
            let folders = read::storage(answers).ok()?.folders();
            (!folders.is_empty()).then_some(Inputs::Storage { folders, user: read::service_user(answers).ok()? })
        }
        SurveyId::Licence => read::licence(answers).ok()?.map(Inputs::Licence),
        SurveyId::Octopus => {
            // A program that will not be run is not surveyed.
            let runs = read::hand_over(answers) != HandOverMode::Script;
            let program = read::octopus_server(answers).ok().filter(|_| runs)?;
            Some(Inputs::Octopus { program, instance: read::instance(answers).ok()?.as_str().to_owned() })
        }
        SurveyId::Health => {
            let prefixes = ListenPrefix::parse_all(answers.text(FieldId::ListenPrefixes)).ok()?;
            Some(Inputs::Health { prefixes, home: read::home(answers).ok()? })
        }
    }
}

fn service(answers: &Answers) -> Option<Inputs> {
    if form::problem(FieldId::ServiceAccount, answers).is_some() {
        return None;
    }
    let kind: AccountKind = read::account_kind(answers);
    Some(Inputs::Service { kind, user: read::service_user(answers).ok()?, home: read::home(answers).ok()? })
}

/// Returns the ports in the order of the fields, each once.
fn distinct_ports(prefixes: &[ListenPrefix], comms: u16, grpc: u16) -> Vec<u16> {
    let mut ports = Vec::new();
    for port in prefixes.iter().map(|prefix| prefix.port).chain([comms, grpc]) {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}

/// A survey that was requested.
#[derive(Debug, Clone)]
pub struct SurveyRequest {
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
    requests: Vec<SurveyRequest>,
    last_number: u32,
}

impl Tickets {
    /// Returns the newest request for these inputs.
    pub fn for_inputs(&self, inputs: &Inputs) -> Option<&SurveyRequest> {
        self.requests.iter().find(|request| request.inputs == *inputs)
    }

    /// Returns the request that this ticket was issued for.
    pub fn get(&self, ticket: Ticket) -> Option<&SurveyRequest> {
        self.requests.iter().find(|request| request.ticket == ticket)
    }

    /// Records a request for these inputs and returns its ticket: a new one each time, because results of a dropped survey may
    /// still be under way. Drops a running survey of the same kind for other inputs.
    pub fn begin(&mut self, inputs: Inputs, now: Duration) -> Ticket {
        self.drop_running(inputs.survey());
        self.requests.retain(|request| request.inputs != inputs);
        self.last_number = self.last_number.wrapping_add(1);
        let ticket = Ticket(self.last_number);
        self.requests.push(SurveyRequest {
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

    /// Works as [`Self::refresh`], and somebody waits for the new result.
    pub fn confirm(&mut self, inputs: Inputs, now: Duration) -> Ticket {
        let ticket = self.refresh(inputs, now);
        for request in self.requests.iter_mut().filter(|request| request.ticket == ticket) {
            request.refreshes = false;
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
    pub fn running(&self, survey: SurveyId) -> Option<&SurveyRequest> {
        self.requests.iter().find(|request| request.state == RequestState::Running && request.inputs.survey() == survey)
    }

    /// Returns `true` if a survey of this kind runs that somebody waits for.
    pub fn awaited(&self, survey: SurveyId) -> bool {
        self.running(survey).is_some_and(|request| !request.refreshes)
    }

    /// Returns `true` if any request fits.
    pub fn any(&self, fits: impl Fn(&SurveyRequest) -> bool) -> bool {
        self.requests.iter().any(fits)
    }

    /// Returns `true` if any survey runs that somebody waits for.
    pub fn any_awaited(&self) -> bool {
        self.requests.iter().any(|request| request.state == RequestState::Running && !request.refreshes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::samples;
    use crate::model::node::Maker;

    #[test]
    fn complete_answers_make_inputs_for_their_own_survey() {
        let answers = samples::with(&[
            (FieldId::MasterKey, samples::KEY),
            (FieldId::KeyFile, samples::HOME),
            (FieldId::Storage, "root"),
            (FieldId::StorageRoot, samples::HOME),
            (FieldId::Licence, "PExpY2Vuc2UvPg=="),
        ]);
        let subject = Subject { instance: "OctopusServer".into(), config: "/x.toml".into(), maker: Maker::Wizard };
        for survey in SurveyId::ALL {
            assert_eq!(survey_inputs(survey, &answers, Some(&subject)).map(|inputs| inputs.survey()), Some(survey));
        }
    }

    #[test]
    fn a_malformed_answer_asks_nothing() {
        for (survey, field, text) in [
            (SurveyId::Home, FieldId::Home, "relative"),
            (SurveyId::Home, FieldId::Instance, "a/b"),
            (SurveyId::Service, FieldId::ServiceAccount, "nobody"),
            (SurveyId::Service, FieldId::ServiceAccount, "custom"),
            (SurveyId::Server, FieldId::Server, "sql01:1433"),
            (SurveyId::Server, FieldId::Database, "master"),
            (SurveyId::Server, FieldId::User, ""),
            (SurveyId::Server, FieldId::Password, ""),
            (SurveyId::Server, FieldId::Encryption, "perhaps"),
            (SurveyId::Server, FieldId::Trust, "ca-file"),
            (SurveyId::Server, FieldId::Trust, "fingerprint"),
            (SurveyId::Ports, FieldId::ListenPrefixes, "localhost"),
            (SurveyId::Ports, FieldId::CommsPort, "0"),
            (SurveyId::Ports, FieldId::GrpcPort, "65536"),
            (SurveyId::KeyFile, FieldId::KeyFile, ""),
            (SurveyId::KeyFile, FieldId::KeyFile, "key.txt"),
        ] {
            let answers = samples::with(&[(field, text)]);
            assert_eq!(survey_inputs(survey, &answers, None), None, "{} = {text:?}", field.id());
        }
    }

    #[test]
    fn what_a_survey_does_not_read_does_not_change_its_inputs() {
        let plain = samples::answers();
        for (survey, field, text) in [
            (SurveyId::Home, FieldId::NodeName, "!"),
            (SurveyId::Server, FieldId::CreateDatabase, "false"),
            (SurveyId::Server, FieldId::CaFile, "not asked"),
            (SurveyId::Service, FieldId::ServiceUser, "not asked"),
            (SurveyId::Ports, FieldId::ForceSsl, "true"),
        ] {
            assert_eq!(
                survey_inputs(survey, &samples::with(&[(field, text)]), None),
                survey_inputs(survey, &plain, None),
                "{}",
                field.id()
            );
        }
    }

    #[test]
    fn ports_come_once_and_in_order() {
        let answers =
            samples::with(&[(FieldId::ListenPrefixes, "https://a/,http://a/,http://b:80/x"), (FieldId::GrpcPort, "443")]);
        let Some(Inputs::Ports { ports, prefixes }) = survey_inputs(SurveyId::Ports, &answers, None) else { panic!("ports") };
        assert_eq!(ports, [443, 80, 10943]);
        assert_eq!(prefixes.len(), 3);
    }
}
