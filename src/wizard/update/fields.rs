//! The fields of a screen: what is typed, what a connection string fills, and the focus.

use crate::catalog::form::read;
use crate::model::answers::{Origin, Raw};
use crate::model::connection_string::{BadConnectionString, ConnectionString};
use crate::model::field::{FieldId, Kind};
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::target::{BadAddress, ServerAddress};
use crate::wizard::effect::Effect;
use crate::wizard::state::{Focus, Notice, State};

use super::{master_key, surveys};

/// Stores what was typed. What was proven for the old text is not shown for the new one, and comes back by itself
/// when the old text does.
pub fn edit(state: &mut State, field: FieldId, raw: Raw, effects: &mut Vec<Effect>) {
    if state.answers.get(field).raw == raw && !state.is_undecided(field) {
        return;
    }
    if field == FieldId::Instance && state.resuming().is_some() {
        // Its journal is filed under this name: under another one it could be neither continued nor undone.
        let name = state.answers.trimmed(FieldId::Instance);
        let text = format!("The unfinished run is instance {name}'s. Undo it first to choose another name.");
        state.notice = Some(Notice { bad: true, text });
        return;
    }
    state.answers.set(field, raw, Origin::Typed);
    state.prompt.waiting = false;
    state.prompt.warnings.clear();
    if field == FieldId::KeyProof {
        master_key::proof_typed(state);
    }
    master_key::invalidate_dependents(state, field);
    if field == FieldId::KeyConfirm {
        state.hide_secrets();
    }
    if field == FieldId::KeySize {
        master_key::drop_generated(state);
    }
    surveys::settle_facts(state);
    // A key is pasted whole, so its verdict need not wait for Enter. Half a key has no form that could be proven, so this
    // does not happen once for each letter.
    let on_its_screen = field == FieldId::MasterKey && state.place.here == ScreenId::Cluster;
    if on_its_screen && read::master_key(&state.answers).is_ok() && surveys::may_begin_unasked(state) {
        surveys::begin(state, SurveyId::Key, false, effects);
        surveys::settle_facts(state);
    }
}

/// Moves the focus; the field that is left is judged, and what it feeds is proven.
pub fn move_focus(state: &mut State, focus: Focus, effects: &mut Vec<Effect>) {
    let left = state.focused();
    match focus {
        Focus::Field(field) if !state.fields().contains(&field) => return,
        Focus::Item(item) if item >= state.items() => return,
        Focus::Button if state.button().is_none() => return,
        _ => state.place.focus = focus,
    }
    state.hide_secrets();
    if let Some(left) = left
        && state.focused() != Some(left)
    {
        touch(state, left);
        if left == FieldId::Server {
            mend_server(state);
        }
        if surveys::may_begin_unasked(state) {
            surveys::begin_for_screen(state, state.place.here, false, effects);
        }
    }
}

/// Writes a port that follows a colon, as in a URL, after a comma as SQL Server wants it.
pub fn mend_server(state: &mut State) {
    let Err(BadAddress::ColonPort { host, port }) = ServerAddress::parse(state.answers.text(FieldId::Server)) else { return };
    let mended = format!("{host},{port}");
    state.notice = Some(Notice { bad: false, text: format!("A port follows a comma: this is {mended} now.") });
    state.answers.set(FieldId::Server, Raw::Text(mended), Origin::Typed);
    surveys::settle_facts(state);
}

/// Shows a field's problem from now on. A field that has never been answered stays quiet until Next is pressed.
fn touch(state: &mut State, field: FieldId) {
    let quiet = state.answers.get(field).raw.is_empty() && !matches!(field.kind(), Kind::Choice(_) | Kind::Toggle);
    if !quiet && !state.prompt.touched.contains(&field) {
        state.prompt.touched.push(field);
    }
}

/// Fills the fields from a connection string, and says what it did not use.
pub fn connection_string(state: &mut State, read: Result<ConnectionString, BadConnectionString>, effects: &mut Vec<Effect>) {
    match read {
        Ok(string) if string.fields.is_empty() => {
            state.notice = Some(Notice { bad: true, text: "Nothing in this connection string fills a field.".into() });
        }
        Ok(string) => {
            let filled = string.fields.len();
            for (field, raw) in string.fields {
                if state.answers.get(field).raw != raw {
                    state.answers.set(field, raw, Origin::Typed);
                    master_key::invalidate_dependents(state, field);
                }
                touch(state, field);
            }
            state.overlay = None;
            state.prompt.waiting = false;
            state.prompt.warnings.clear();
            let fields = if filled == 1 { "1 field".to_owned() } else { format!("{filled} fields") };
            let mut said = vec![format!("The connection string filled {fields}.")];
            said.extend(string.ignored);
            state.notice = Some(Notice { bad: false, text: said.join(" ") });
            surveys::settle_facts(state);
            surveys::begin_for_screen(state, state.place.here, false, effects);
        }
        Err(error) => state.notice = Some(Notice { bad: true, text: error.to_string() }),
    }
}
