//! The form of answers: what is wrong with a field's text by itself, before anything is looked up.
//!
//! It knows the other answers and no flow: which fields a flow asks is [`super::flow`]'s and [`super::asked`]'s to say,
//! and whoever judges a whole flow leaves the others out.

pub mod read;
mod read_cluster;

use crate::model::answers::Answers;
use crate::model::field::{FieldId, Kind};
use crate::model::hand_over::Handing;
use crate::model::prefixes;
use crate::model::survey::AccountKind;

/// Whether a field is asked at all with these answers: a CA file only where trust is by CA file, and so on.
pub fn is_visible(field: FieldId, answers: &Answers) -> bool {
    match field {
        FieldId::ServiceUser => read::account_kind(answers) != AccountKind::LocalSystem,
        FieldId::ServicePassword => read::account_kind(answers) == AccountKind::Custom,
        FieldId::CaFile => answers.trimmed(FieldId::Trust) == "ca-file",
        FieldId::Fingerprint => answers.trimmed(FieldId::Trust) == "fingerprint",
        FieldId::StorageRoot => answers.trimmed(FieldId::Storage) == "root",
        FieldId::ArtifactsFolder
        | FieldId::TaskLogsFolder
        | FieldId::PackagesFolder
        | FieldId::TelemetryFolder
        | FieldId::ImportsFolder
        | FieldId::EventExportsFolder => answers.trimmed(FieldId::Storage) == "folders",
        FieldId::AdminEmail | FieldId::AdminPassword => !answers.trimmed(FieldId::AdminUser).is_empty(),
        FieldId::OctopusServer => read::hand_over(answers) != Handing::Script,
        _ => true,
    }
}

/// What is wrong with a field's text, as a sentence that says what to type; `None` when its form is good, or when it
/// is not asked. A missing answer is a problem too.
pub fn problem(field: FieldId, answers: &Answers) -> Option<String> {
    if !is_visible(field, answers) {
        return None;
    }
    match (field.kind(), field) {
        (Kind::Choice(values), _) => {
            let good = values.contains(&answers.trimmed(field));
            (!good).then(|| format!("Choose one of {}.", values.join(", ")))
        }
        (Kind::Toggle, _) => {
            let good = matches!(answers.trimmed(field), "true" | "false");
            (!good).then(|| "Choose true or false.".into())
        }
        (_, FieldId::Instance) => read::instance(answers).err(),
        (_, FieldId::Home) => read::home(answers).err(),
        (_, FieldId::NodeName) => read::node_name(answers).err(),
        (_, FieldId::ServiceUser) => read::service_user(answers).err(),
        (_, FieldId::ServicePassword) => read::service_password(answers).err(),
        (_, FieldId::Server) => read::server(answers).err(),
        (_, FieldId::Database) => read::database(answers).err(),
        (_, FieldId::User) => read::user(answers).err(),
        (_, FieldId::Password) => read::password(answers).err(),
        (_, FieldId::CaFile) => read::ca_file(answers).err(),
        (_, FieldId::Fingerprint) => read::fingerprint(answers).err(),
        (_, FieldId::StorageRoot) => read::storage_root(answers).err(),
        (
            _,
            FieldId::ArtifactsFolder
            | FieldId::TaskLogsFolder
            | FieldId::PackagesFolder
            | FieldId::TelemetryFolder
            | FieldId::ImportsFolder
            | FieldId::EventExportsFolder,
        ) => read::shared_folder(field, answers).err(),
        (_, FieldId::AdminUser) => read::admin_user(answers).err(),
        (_, FieldId::AdminEmail) => read::admin_email(answers).err(),
        (_, FieldId::AdminPassword) => read::admin_password(answers).err(),
        (_, FieldId::LicenceFile) => written_to(field, "licence.xml", answers),
        (_, FieldId::OctopusServer) => read::octopus_server(answers).err(),
        (_, FieldId::MasterKey) => read::master_key(answers).err(),
        (_, FieldId::TaskCap) => read::task_cap(answers).err(),
        (_, FieldId::ListenPrefixes) => prefixes::parse(answers.text(field)).err().map(|bad| bad.to_string()),
        (_, FieldId::CommsPort | FieldId::GrpcPort) => read::port(field, answers).err(),
        // Whether there is a file at all is custody's business; only a path that could never be one is wrong here.
        (_, FieldId::KeyFile) => written_to(field, "octopus-master-key.txt", answers),
        (_, FieldId::AnswersFile) => written_to(field, "octopus-answers.toml", answers),
        // Custody compares the proof with the key; nothing else can be wrong with it.
        _ => None,
    }
}

/// What is wrong with the path of a file that may be written; none at all is no problem.
fn written_to(field: FieldId, example: &str, answers: &Answers) -> Option<String> {
    let good = answers.trimmed(field).is_empty() || read::absolute(field, answers).is_some();
    (!good).then(|| read::not_absolute(answers.platform(), example))
}

/// Whether a field has no answer but needs one.
pub fn is_missing(field: FieldId, answers: &Answers) -> bool {
    let needed = match field {
        FieldId::KeyFile | FieldId::KeyProof | FieldId::KeyConfirm | FieldId::AnswersFile => false,
        FieldId::ServicePassword => read::needs_service_password(answers.platform()),
        _ => !field.may_be_left_out(),
    };
    let empty = if field.is_secret() { answers.get(field).raw.is_empty() } else { answers.trimmed(field).is_empty() };
    needed && empty && is_visible(field, answers)
}

#[cfg(test)]
mod tests;
