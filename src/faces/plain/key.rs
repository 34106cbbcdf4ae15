//! The master key: shows it, saves it, and has the operator prove that it is kept.

use std::io::Write;

use secrecy::ExposeSecret;

use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::screen::ScreenId;
use crate::wizard::event::{Action, Event};
use crate::wizard::state::Focus;

use super::field::{self, QuestionEnd};
use super::input::{Echo, LineSource};
use super::talk::{Face, MenuChoice, MenuItem, SessionStop, TypedAnswer};
use super::{checks, screen, talk};

/// What can be done with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyChoice {
    Show,
    Save,
    Prove,
    Back,
    End,
}

/// Asks what to do with a new cluster's key, and continues once the operator has proven that it is kept.
pub async fn ask<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    screen::heading(face)?;
    fingerprint(face)?;
    face.say("To go on, prove that it is kept: save it, or type its last six characters.")?;
    let choices = [
        MenuItem::new(KeyChoice::Show, talk::SHOW, "Show the key here, once."),
        MenuItem::new(KeyChoice::Save, talk::SAVE, "Save the key to a new file that only you can read, and read it back."),
        MenuItem::new(KeyChoice::Prove, "prove", "Type the key's last six characters, from where you keep it."),
        MenuItem::new(KeyChoice::End, "end", "End the program; the next start asks again."),
    ];
    face.menu(&choices)?;
    while face.state().custody().proof.is_none() {
        match face.choose(&choices).await? {
            MenuChoice::One(KeyChoice::Show) => show(face).await?,
            MenuChoice::One(KeyChoice::Save) => save(face).await?,
            MenuChoice::One(KeyChoice::Prove) => prove(face).await?,
            MenuChoice::One(KeyChoice::End) => face.quit().await?,
            MenuChoice::One(KeyChoice::Back) | MenuChoice::Back => {
                face.say("The install is done; there is nothing to go back to.")?;
            }
            MenuChoice::Help => help(face)?,
        }
    }
    face.handle(Event::Next)
}

/// Asks what to do with the key of the node under review. It is shown and saved only after the instance's name has been
/// typed.
pub async fn ask_review<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.handle(Event::Jump(ScreenId::Key))?;
    screen::heading(face)?;
    fingerprint(face)?;
    let choices = [
        MenuItem::new(KeyChoice::Show, talk::SHOW, "Show the key here, once."),
        MenuItem::new(KeyChoice::Save, talk::SAVE, "Save the key to a new file that only you can read, and read it back."),
        MenuItem::new(KeyChoice::Back, "back", "Go back to the review."),
        MenuItem::new(KeyChoice::End, "end", "End the program."),
    ];
    face.menu(&choices)?;
    loop {
        let chosen = face.choose(&choices).await?;
        let needs_key = matches!(chosen, MenuChoice::One(KeyChoice::Show | KeyChoice::Save));
        if needs_key && !unlock(face).await? {
            continue;
        }
        match chosen {
            MenuChoice::One(KeyChoice::Show) => show(face).await?,
            MenuChoice::One(KeyChoice::Save) => save(face).await?,
            MenuChoice::One(KeyChoice::End) => face.quit().await?,
            MenuChoice::One(KeyChoice::Prove | KeyChoice::Back) | MenuChoice::Back => {
                return face.handle(Event::Jump(ScreenId::Node));
            }
            MenuChoice::Help => help(face)?,
        }
    }
}

fn help<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    for paragraph in crate::words::screen(face.state().place.here).help.split("\n\n") {
        face.tell(paragraph)?;
    }
    Ok(())
}

fn fingerprint<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    match &face.state().custody().generated {
        Some(generated) => {
            let said = format!("The key's fingerprint is {}.", generated.key.fingerprint());
            face.say(&said)
        }
        None => face.say("The key is not known."),
    }
}

/// Asks for the instance's name, to prevent accidents. Returns whether the key may be shown.
async fn unlock<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, SessionStop> {
    if face.state().is_unlocked() {
        return Ok(true);
    }
    if field::ask(face, FieldId::KeyConfirm).await? == QuestionEnd::Back {
        return Ok(false);
    }
    if let Some(locked) = face.state().locks(Action::Reveal) {
        face.tell(&locked)?;
        return Ok(false);
    }
    Ok(true)
}

/// Shows the key once, after confirmation.
async fn show<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    face.say("warning: The key stays on this screen, and in whatever records it.")?;
    if !face.yes_no("Show the master key?").await? {
        return Ok(());
    }
    face.quietly(Event::Press(Action::Reveal));
    let custody = face.state().custody();
    if let Some(generated) = custody.generated.as_ref().filter(|_| custody.revealed) {
        let key = generated.key.to_base64();
        face.say("The master key:")?;
        face.say(key.expose_secret())?;
        face.quietly(Event::Press(Action::Reveal));
    }
    Ok(())
}

async fn save<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    if field::ask(face, FieldId::KeyFile).await? == QuestionEnd::Back || !is_meant(face).await? {
        return Ok(());
    }
    face.handle(Event::Press(Action::SaveKey))?;
    face.until_idle("saving the key").await
}

/// Returns whether to save the key to the named file; asks if the check of that file warns.
async fn is_meant<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<bool, SessionStop> {
    if face.state().place.here != ScreenId::MasterKey {
        return Ok(true);
    }
    // A field's answer is checked when the focus leaves it.
    face.quietly(Event::Focus(Focus::Field(FieldId::KeyFile)));
    face.quietly(Event::Focus(Focus::Field(FieldId::KeyProof)));
    checks::wait_for(face, ScreenId::MasterKey).await?;
    if !face.state().verdict(CheckId::KeyFile).needs_consent() {
        return Ok(true);
    }
    checks::tell_check(face, CheckId::KeyFile, &mut checks::ToldVerdicts::default())?;
    face.yes_no("Save it there anyway?").await
}

/// Asks for the key's last six characters, hidden.
async fn prove<L: LineSource, W: Write>(face: &mut Face<'_, L, W>) -> Result<(), SessionStop> {
    loop {
        let label = crate::words::screen(ScreenId::MasterKey).field(FieldId::KeyProof).map_or("", |words| &words.label);
        match face.ask(&format!("{label} ({}), not shown:", FieldId::KeyProof.id()), Echo::Hidden).await? {
            TypedAnswer::Text(text) => {
                face.handle(Event::Edit(FieldId::KeyProof, Raw::of(FieldId::KeyProof, text.trim())))?;
                if face.state().custody().proof.is_some() {
                    return face.say("That is right.");
                }
                // Cleared at once, because it may be a piece of another secret.
                face.quietly(Event::Edit(FieldId::KeyProof, Raw::of(FieldId::KeyProof, "")));
                face.say(
                    "These are not its last six characters. Upper and lower case count; an equals sign at its end does too.",
                )?;
            }
            TypedAnswer::Help => help(face)?,
            TypedAnswer::Empty | TypedAnswer::Back | TypedAnswer::Clear | TypedAnswer::Connection => return Ok(()),
        }
    }
}
