//! The master key: generated for a new cluster, shown, copied, saved, and its keeping proven.

use std::path::PathBuf;

use crate::catalog::checks;
use crate::catalog::form::read;
use crate::model::answers::{Origin, Raw};
use crate::model::export::{CopyWay, FileTrouble};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::master_key::GeneratedKey;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;
use crate::wizard::custody::Proof;
use crate::wizard::effect::Effect;
use crate::wizard::state::{Focus, Notice, State};

use super::goto::Goto;

/// Returns the consents that depend on this field's answer.
const fn dependents(field: FieldId) -> &'static [FieldId] {
    match field {
        FieldId::MasterKey => &[FieldId::UnverifiedKey],
        FieldId::NodeName => &[FieldId::ReplaceNode],
        FieldId::Server | FieldId::Database => &[FieldId::UnverifiedKey, FieldId::ReplaceNode, FieldId::MakeRegistry],
        _ => &[],
    }
}

/// Takes back the consents that depend on a changed answer: consent to replacing one dead node, to vouching for one key, or to changing
/// one database is no consent for another.
pub fn invalidate_dependents(state: &mut State, field: FieldId) {
    for consent in dependents(field) {
        state.answers.set(*consent, Raw::Text(consent.default().to_owned()), Origin::Default);
    }
    let elsewhere = matches!(field, FieldId::Server | FieldId::Database);
    let of_server = [SurveyId::Server, SurveyId::Cluster, SurveyId::Key];
    let Some(work) = state.work_mut() else { return };
    work.accepted.retain(|(check, _)| {
        let surveys = checks::row(*check).surveys;
        checks::row(*check).field != Some(field) && !(elsewhere && surveys.iter().any(|survey| of_server.contains(survey)))
    });
}

/// Takes a generated cluster id and key. A resumed run keeps its cluster id: only its key was never sealed.
///
/// Ignores a key that comes late: one of another size, in another flow, or beside an existing key. The key that is shown must be the
/// one that the plan installs.
pub fn take_generated(state: &mut State, mut generated: GeneratedKey) -> Goto {
    let size = read::key_size(&state.answers).bytes();
    let wanted = state.flow() == Some(Flow::FirstNode) && state.custody().generated.is_none();
    if !wanted || generated.key.expose_bytes().len() != size {
        return Goto::Nowhere;
    }
    if let Some(cluster) = state.resuming() {
        generated.cluster = cluster;
    }
    if let Some(custody) = state.custody_mut() {
        custody.generated = Some(generated);
    }
    if state.place.here == ScreenId::Review { Goto::Plan } else { Goto::Nowhere }
}

/// Drops the generated key: another size was chosen. A sealed key of an unfinished run stays.
pub fn drop_generated(state: &mut State) {
    if state.resuming().is_some() {
        return;
    }
    if let Some(custody) = state.custody_mut() {
        custody.generated = None;
    }
    if let Some(run) = state.run_mut() {
        run.plan = None;
        run.rows.clear();
    }
}

/// Compares the last six characters, as they are being typed.
pub fn proof_typed(state: &mut State) {
    let fits = state
        .custody()
        .generated
        .as_ref()
        .is_some_and(|generated| generated.key.ends_with(state.answers.text(FieldId::KeyProof)));
    let Some(custody) = state.custody_mut() else { return };
    if fits {
        custody.proof = Some(Proof::TypedBack);
    } else if custody.proof == Some(Proof::TypedBack) {
        custody.proof = None;
    }
}

/// Saves the key to the file that is named; once it is there, it is read back.
pub fn save(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(generated) = &state.custody().generated else { return };
    if let Some(path) = read::absolute(FieldId::KeyFile, &state.answers) {
        effects.push(Effect::SaveKey(path, generated.key.clone()));
    } else {
        state.place.focus = Focus::Field(FieldId::KeyFile);
        key_saved(state, Err(FileTrouble::NotAbsolute), effects);
    }
}

/// Takes in whether the key was saved, and reads the file back: that is the proof that the key is kept.
pub fn key_saved(state: &mut State, result: Result<Untrusted, FileTrouble>, effects: &mut Vec<Effect>) {
    let (bad, text) = match &result {
        Ok(_) => (false, "Saved; the file is read back.".to_owned()),
        Err(trouble) => (true, trouble.says()),
    };
    state.notice = Some(Notice { bad, text });
    let Some(custody) = state.custody_mut() else { return };
    match result {
        Ok(path) => {
            if let Some(generated) = &custody.generated {
                effects.push(Effect::ReadKey(PathBuf::from(path.as_str()), generated.key.clone()));
            }
            custody.file_trouble = None;
            custody.saved = Some(path);
        }
        Err(trouble) => custody.file_trouble = Some(trouble),
    }
}

/// Reports whether the saved file holds the key; if so, that is the proof.
pub fn key_read(state: &mut State, result: Result<bool, FileTrouble>) {
    let holds = result.as_ref().ok().copied();
    let (bad, text) = match result {
        Ok(true) => {
            let file = state.custody().saved.as_ref().map_or("the file", |saved| saved.as_str());
            (
                false,
                format!(
                    "The key is saved in {file}, readable by you only, and was read back. Move it to a safe place, off this machine."
                ),
            )
        }
        Ok(false) => (true, "The file was read back and does not hold this key. Save it to another file.".to_owned()),
        Err(FileTrouble::Refused(said)) => (true, format!("The file could not be read back: {said}.")),
        Err(FileTrouble::Exists | FileTrouble::NotAbsolute) => (true, "The file could not be read back.".to_owned()),
    };
    state.notice = Some(Notice { bad, text });
    if let (Some(custody), Some(holds)) = (state.custody_mut(), holds) {
        custody.mismatch = !holds;
        if holds {
            custody.proof = Some(Proof::ReadBack);
        }
    }
}

/// Reports whether a text was copied. Says "copied" only if that is known.
pub fn text_copied(state: &mut State, result: Result<CopyWay, Untrusted>) {
    let (bad, text) = match &result {
        Ok(CopyWay::Desktop) => (false, "Copied to this desktop's clipboard.".to_owned()),
        Ok(CopyWay::Terminal) => (false, "Sent to your terminal; whether it arrived cannot be known.".to_owned()),
        Err(said) => (true, format!("It could not be copied: {said}.")),
    };
    state.notice = Some(Notice { bad, text });
    let about_key = matches!(state.place.here, ScreenId::MasterKey | ScreenId::Key);
    if let (Ok(way), true, Some(custody)) = (result, about_key, state.custody_mut()) {
        custody.copied = Some(way);
    }
}
