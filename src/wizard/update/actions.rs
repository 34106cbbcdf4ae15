//! The keys of the foot, and the questions that some of them ask.

use data_encoding::HEXLOWER;

use crate::catalog::form::read;
use crate::model::answers::{Origin, Raw};
use crate::model::export::FileTrouble;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::secret::SecretString;
use crate::model::target::TrustKind;
use crate::model::untrusted::Untrusted;
use crate::render;
use crate::wizard::answer_file;
use crate::wizard::effect::Effect;
use crate::wizard::event::{Action, StartChoice};
use crate::wizard::run::Phase;
use crate::wizard::state::{Ending, Focus, Notice, Overlay, Prompt, State};

use super::goto::Goto;
use super::{install, master_key, navigation, review, surveys};

/// Carries out an action of the foot. One that does not apply now does nothing.
pub fn press(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Goto {
    if !state.actions().contains(&action) || (state.overlay.is_some() && !matches!(action, Action::Quit | Action::Help)) {
        return Goto::Nowhere;
    }
    if let Some(text) = state.locks(action) {
        state.place.focus = Focus::Field(FieldId::KeyConfirm);
        state.notice = Some(Notice { bad: true, text });
        return Goto::Nowhere;
    }
    let changes = matches!(action, Action::Edit | Action::LeaveCluster | Action::RemoveNode);
    if let Some(run) = state.unfinished().filter(|_| changes) {
        let (instance, done, steps) = (&run.instance, run.done, run.steps);
        let text = format!(
            "A run for instance {instance} stopped in the middle, at {done} of {steps} steps. Go back to the start{{? ({{key:back}})}} and choose \
             Continue, to finish or undo it first."
        );
        state.notice = Some(Notice { bad: true, text });
        return Goto::Nowhere;
    }
    match action {
        Action::Help => state.overlay = if state.overlay == Some(Overlay::Help) { None } else { Some(Overlay::Help) },
        Action::Reveal if state.revealable().is_some() => {
            state.revealed = state.revealable().filter(|_| state.revealed.is_none());
        }
        Action::Reveal => {
            if let Some(custody) = state.custody_mut() {
                custody.revealed = !custody.revealed;
            }
        }
        Action::ConnectionString => state.overlay = Some(Overlay::ConnectionString),
        Action::Certificate => state.overlay = Some(Overlay::Certificate),
        Action::CheckAgain => {
            let before = std::mem::take(&mut state.prompt);
            state.prompt = Prompt { again: true, touched: before.touched, ..Prompt::default() };
            if state.flow() == Some(Flow::Review) {
                review::check_again(state, &before.warnings, effects);
            } else {
                surveys::begin_for_screen(state, state.place.here, true, effects);
            }
        }
        Action::Accept => navigation::accept(state, effects),
        Action::CopyRemedy => {
            if let Some(remedy) = state.remedy() {
                effects.push(Effect::Copy(SecretString::from(remedy.text().to_owned())));
            }
        }
        Action::CopyKey => {
            if let Some(generated) = &state.custody().generated {
                effects.push(Effect::Copy(generated.key.to_base64()));
            }
        }
        Action::SaveKey => master_key::save(state, effects),
        Action::SaveAnswers => save_answers(state, effects),
        Action::Script => state.overlay = Some(Overlay::Script),
        Action::Output => state.overlay = Some(Overlay::Output),
        Action::CopyNext => {
            if let Some(plan) = &state.run().plan {
                effects.push(Effect::Copy(SecretString::from(render::next_node(plan))));
            }
        }
        Action::Retry => return Goto::Install,
        Action::Undo => state.overlay = Some(Overlay::ConfirmUndo),
        Action::Leave => state.ending = Some(ending(state)),
        Action::Edit => return Goto::Begin(StartChoice::Flow(Flow::Edit)),
        Action::LeaveCluster => return Goto::Begin(StartChoice::Flow(Flow::Leave)),
        Action::RemoveNode => return Goto::Begin(StartChoice::Flow(Flow::Remove)),
        Action::Cancel => cancel(state, effects),
        Action::Quit => quit(state),
    }
    Goto::Nowhere
}

/// Saves the answers to the file that is named.
fn save_answers(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(flow) = state.flow() else { return };
    match read::absolute(FieldId::AnswersFile, &state.answers) {
        Some(path) => effects.push(Effect::SaveAnswers(path, answer_file::write(flow, &state.answers, &state.accepted()))),
        None => answers_saved(state, Err(FileTrouble::NotAbsolute)),
    }
}

/// Reports whether the answers were saved.
pub fn answers_saved(state: &mut State, result: Result<Untrusted, FileTrouble>) {
    let (bad, text) = match result {
        Ok(path) => (false, format!("The answers are saved in {path}, without secrets.")),
        Err(trouble) => {
            state.place.focus = Focus::Field(FieldId::AnswersFile);
            (true, trouble.says())
        }
    };
    state.notice = Some(Notice { bad, text });
}

/// Applies yes or no to the open question.
pub fn reply(state: &mut State, yes: bool, effects: &mut Vec<Effect>) {
    match (state.overlay.take(), yes) {
        (Some(Overlay::ConfirmQuit), true) => state.ending = Some(ending(state)),
        (Some(Overlay::ConfirmUndo), true) => install::undo(state, effects),
        (Some(Overlay::Certificate), true) => pin(state, effects),
        (Some(Overlay::ConfirmQuit | Overlay::ConfirmUndo | Overlay::Certificate) | None, _) => {}
        (other, _) => state.overlay = other,
    }
}

/// Trusts the certificate that was shown, by its fingerprint, and proves the connection again with it.
fn pin(state: &mut State, effects: &mut Vec<Effect>) {
    // The server may have answered otherwise since the question was put.
    let Some(certificate) = state.facts.server.certificate.as_ref().filter(|_| state.is_certificate_refused()) else { return };
    let fingerprint = HEXLOWER.encode(&certificate.sha256);
    state.answers.set(FieldId::Fingerprint, Raw::Text(fingerprint), Origin::Typed);
    state.answers.set(FieldId::Trust, Raw::Text(TrustKind::Fingerprint.spelling().into()), Origin::Typed);
    state.notice = Some(Notice {
        bad: false,
        text: "From now on only this certificate is trusted{?; {key:show-certificate} shows it again}.".into(),
    });
    surveys::settle_facts(state);
    surveys::begin_for_screen(state, state.place.here, false, effects);
}

/// Cancels what is running: a survey at once, the install before its next step.
fn cancel(state: &mut State, effects: &mut Vec<Effect>) {
    if state.place.here == ScreenId::Install {
        if let Some(run) = state.run_mut() {
            run.cancelling = true;
        }
        effects.push(Effect::CancelInstall);
        return;
    }
    for survey in state.surveys() {
        if state.tickets.awaited(*survey) && state.tickets.drop_running(*survey) {
            state.prompt.waiting = false;
            effects.push(Effect::CancelSurvey(*survey));
        }
    }
    surveys::settle_facts(state);
}

/// Asks once whether to end the program; a second Ctrl-C is a yes.
fn quit(state: &mut State) {
    if state.place.here == ScreenId::Done || state.overlay == Some(Overlay::ConfirmQuit) {
        state.ending = Some(ending(state));
    } else {
        state.overlay = Some(Overlay::ConfirmQuit);
    }
}

/// Returns how the program ends if it is left now.
fn ending(state: &State) -> Ending {
    match (state.place.here, state.run().phase) {
        (ScreenId::Done, _) => Ending::Finished,
        (_, Phase::Finished) if !state.has_key_to_keep() => Ending::Finished,
        (_, Phase::Idle | Phase::Undone) => Ending::Left,
        _ => Ending::Unfinished,
    }
}
