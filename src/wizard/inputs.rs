//! What each survey is asked: the answers that it reads, parsed.

use crate::catalog::form::{self, read};
use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::node::Subject;
use crate::model::octopus::HandOverMode;
use crate::model::screen::ScreenId;
use crate::model::survey::{AccountKind, Inputs, SurveyId};
use crate::model::web::ListenPrefix;

/// The surveys that prove a screen, or that it shows; the first one is the one that its screen is about.
pub fn surveys_of(screen: ScreenId) -> &'static [SurveyId] {
    match screen {
        ScreenId::Start => &[SurveyId::Machine],
        ScreenId::Home => &[SurveyId::Home, SurveyId::Machine],
        ScreenId::Service => &[SurveyId::Service],
        ScreenId::Database => &[SurveyId::Server],
        ScreenId::Cluster => &[SurveyId::Cluster, SurveyId::Key],
        ScreenId::Web => &[SurveyId::Ports],
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
        ScreenId::License => &[SurveyId::Licence],
        // What the nodes share is in the registry, and that it is shared is proven against it.
        ScreenId::Storage => &[SurveyId::Storage, SurveyId::Cluster],
        ScreenId::Octopus => &[SurveyId::Octopus],
        ScreenId::Administrator | ScreenId::Review | ScreenId::Install | ScreenId::Done => &[],
    }
}

/// What a survey is to be asked; `None` while an answer that it reads is missing or malformed. An answer that it does not
/// read (the node's name, whether to create a database) changes nothing here, so editing it costs no second survey.
pub fn of(survey: SurveyId, answers: &Answers, subject: Option<&Subject>) -> Option<Inputs> {
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
            // Where nothing of it is run, it is not asked anything either.
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
            assert_eq!(of(survey, &answers, Some(&subject)).map(|inputs| inputs.survey()), Some(survey));
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
            assert_eq!(of(survey, &answers, None), None, "{} = {text:?}", field.id());
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
            assert_eq!(of(survey, &samples::with(&[(field, text)]), None), of(survey, &plain, None), "{}", field.id());
        }
    }

    #[test]
    fn ports_come_once_and_in_order() {
        let answers =
            samples::with(&[(FieldId::ListenPrefixes, "https://a/,http://a/,http://b:80/x"), (FieldId::GrpcPort, "443")]);
        let Some(Inputs::Ports { ports, prefixes }) = of(SurveyId::Ports, &answers, None) else { panic!("ports") };
        assert_eq!(ports, [443, 80, 10943]);
        assert_eq!(prefixes.len(), 3);
    }
}
