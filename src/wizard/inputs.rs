//! From a screen's answers to its survey's inputs.

use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::prefixes::{self, ListenPrefix};
use crate::model::screen::ScreenId;
use crate::model::survey::{AccountKind, Inputs, SurveyId};

use super::form::{self, read};

/// The survey that proves a screen; `None` for screens that prove nothing.
pub fn survey_of(screen: ScreenId) -> Option<SurveyId> {
    match screen {
        ScreenId::Start => Some(SurveyId::Machine),
        ScreenId::Home => Some(SurveyId::Home),
        ScreenId::Service => Some(SurveyId::Service),
        ScreenId::Database => Some(SurveyId::Server),
        ScreenId::Web => Some(SurveyId::Ports),
        _ => None,
    }
}

/// What the screen's survey is to be asked; `None` while an answer that it reads is missing or malformed. An answer
/// that the survey does not read (the node's name, whether to create a database) changes nothing here, so editing it
/// costs no second survey.
pub fn of(screen: ScreenId, answers: &Answers) -> Option<Inputs> {
    match screen {
        ScreenId::Start => Some(Inputs::Machine),
        ScreenId::Home => {
            Some(Inputs::Home { path: read::home(answers).ok()?, instance: read::instance(answers).ok()?.as_str().to_owned() })
        }
        ScreenId::Service => service(answers),
        ScreenId::Database => read::target(answers).map(|target| Inputs::Server(Box::new(target))),
        ScreenId::Web => {
            let prefixes = prefixes::parse(answers.text(FieldId::ListenPrefixes)).ok()?;
            let comms = read::port(FieldId::CommsPort, answers).ok()?;
            let grpc = read::port(FieldId::GrpcPort, answers).ok()?;
            Some(Inputs::Ports { ports: distinct_ports(&prefixes, comms, grpc), prefixes })
        }
        _ => None,
    }
}

fn service(answers: &Answers) -> Option<Inputs> {
    if form::problem(FieldId::ServiceAccount, answers).is_some() {
        return None;
    }
    let kind: AccountKind = read::account_kind(answers);
    Some(Inputs::Service { kind, user: read::service_user(answers).ok()? })
}

/// The ports in the order of the fields, each once.
fn distinct_ports(prefixes: &[ListenPrefix], comms: u16, grpc: u16) -> Vec<u16> {
    let mut ports = Vec::new();
    for port in prefixes.iter().map(|prefix| prefix.port).chain([comms, grpc]) {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::samples;

    #[test]
    fn complete_answers_make_inputs_for_their_own_survey() {
        let answers = samples::answers();
        for screen in ScreenId::ALL {
            assert_eq!(of(screen, &answers).map(|inputs| inputs.survey()), survey_of(screen), "{}", screen.id());
        }
    }

    #[test]
    fn a_malformed_answer_asks_nothing() {
        for (screen, field, text) in [
            (ScreenId::Home, FieldId::Home, "relative"),
            (ScreenId::Home, FieldId::Instance, "a/b"),
            (ScreenId::Service, FieldId::ServiceAccount, "nobody"),
            (ScreenId::Service, FieldId::ServiceAccount, "custom"),
            (ScreenId::Database, FieldId::Server, "sql01:1433"),
            (ScreenId::Database, FieldId::Database, "master"),
            (ScreenId::Database, FieldId::User, ""),
            (ScreenId::Database, FieldId::Password, ""),
            (ScreenId::Database, FieldId::Encryption, "perhaps"),
            (ScreenId::Database, FieldId::Trust, "ca-file"),
            (ScreenId::Database, FieldId::Trust, "fingerprint"),
            (ScreenId::Web, FieldId::ListenPrefixes, "localhost"),
            (ScreenId::Web, FieldId::CommsPort, "0"),
            (ScreenId::Web, FieldId::GrpcPort, "65536"),
        ] {
            let answers = samples::with(&[(field, text)]);
            assert_eq!(of(screen, &answers), None, "{} = {text:?}", field.id());
        }
    }

    #[test]
    fn what_a_survey_does_not_read_does_not_change_its_inputs() {
        let plain = samples::answers();
        for (screen, field, text) in [
            (ScreenId::Home, FieldId::NodeName, "!"),
            (ScreenId::Database, FieldId::CreateDatabase, "false"),
            (ScreenId::Database, FieldId::CaFile, "not asked"),
            (ScreenId::Service, FieldId::ServiceUser, "not asked"),
            (ScreenId::Web, FieldId::ForceSsl, "true"),
        ] {
            assert_eq!(of(screen, &samples::with(&[(field, text)])), of(screen, &plain), "{}", field.id());
        }
    }

    #[test]
    fn ports_come_once_and_in_order() {
        let answers =
            samples::with(&[(FieldId::ListenPrefixes, "https://a/,http://a/,http://b:80/x"), (FieldId::GrpcPort, "443")]);
        let Some(Inputs::Ports { ports, prefixes }) = of(ScreenId::Web, &answers) else { panic!("ports") };
        assert_eq!(ports, [443, 80, 10943]);
        assert_eq!(prefixes.len(), 3);
    }
}
