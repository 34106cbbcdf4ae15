//! The pages of docs/ that say what the code defines: `UPDATE_DOCS=1 cargo test --test frames page` writes them, and a stale one
//! fails.

use std::fmt::Write;
use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use octopus_setup::faces::exit::{CHECK_STATUSES, STATUSES};
use octopus_setup::faces::tui::bindings::{ActionKey, Direction, KeyAction, KeyMeaning, key_of, meaning, move_focus, visible};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::state::{Focus, Overlay, State};
use octopus_setup::wizard::view::Button;

use crate::keys::every_state;
use crate::{review, states};

/// Where the text that is made begins and ends on a page.
const BEGIN: &str = "<!-- made by UPDATE_DOCS=1 cargo test --test frames page -->\n\n";
const END: &str = "\n<!-- end -->\n";

/// Holds the made part of a page to what the code says, or writes it.
pub fn hold(page: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let there = std::fs::read_to_string(&path).expect("the page");
    let (before, rest) = there.split_once(BEGIN).expect("the marker of the begin");
    let (old, after) = rest.split_once(END).expect("the marker of the end");
    if old == made {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/{page} is stale: UPDATE_DOCS=1 cargo test --test frames page\n{made}"
    );
    std::fs::write(&path, format!("{before}{BEGIN}{made}{END}{after}")).expect("written");
}

/// What the key of an action does, for the page; actions with the same key follow one another.
const fn does(action: Action) -> &'static str {
    match action {
        Action::Help => "help on the field, and the keys of this screen",
        Action::Reveal => "show or hide the master key",
        Action::ConnectionString => "paste a connection string",
        Action::Certificate => "show the server's certificate in full; where it was refused, trust just that one",
        Action::Script => "show the plan's script",
        Action::Output => "show what Octopus Server's commands printed",
        Action::CheckAgain => "check again",
        Action::Retry => "run the failed step again",
        Action::Cancel => "stop the checks that run; on a running install, stop after this step",
        Action::CopyRemedy => "copy the SQL or the command that fixes it",
        Action::CopyKey => "copy the master key",
        Action::CopyNext => "copy the command for the next node",
        Action::SaveKey => "save the master key, which is then read back",
        Action::SaveAnswers => "on the plan, save the answers",
        Action::Accept => "accept the most urgent warning; when all are accepted, take the last one back",
        Action::Undo => "undo what an unfinished run has created; asks first",
        Action::Leave => "leave a failed install as it is; the next start goes on with it",
        Action::Edit => "in a review: change settings",
        Action::LeaveCluster => "in a review: leave the cluster",
        Action::RemoveNode => "in a review: remove the dead node that is chosen",
        Action::Quit => "end the program; asks once where something would be lost",
    }
}

/// The keys of actions, by the table of keys: each with what it does on the screens where it is offered.
fn of_actions() -> Vec<(String, String)> {
    let mut rows: Vec<(ActionKey, Vec<&str>)> = Vec::new();
    for action in Action::ALL {
        let key = key_of(action);
        match rows.iter_mut().find(|(other, _)| *other == key) {
            Some((_, says)) => says.push(does(action)),
            None => rows.push((key, vec![does(action)])),
        }
    }
    // By number, and what has no F-key last.
    rows.sort_by_key(|(key, _)| match key.keys {
        [KeyCode::F(number)] => *number,
        _ => u8::MAX,
    });
    let caps = |key: ActionKey| match key.letter {
        Some(letter) if !key.keys.is_empty() => format!("{}, Alt-{}", key.cap, letter.to_ascii_uppercase()),
        _ => key.cap.to_owned(),
    };
    rows.into_iter().map(|(key, says)| (caps(key), says.join("; "))).collect()
}

fn means(state: &State, code: KeyCode) -> KeyMeaning {
    meaning(KeyEvent::new(code, KeyModifiers::NONE), state)
}

/// The keys that move about, each proven on a screen where it works.
fn of_moving() -> Vec<(&'static str, String)> {
    use KeyMeaning::Action as Does;
    let form = {
        let mut state = states::database();
        state.place.focus = Focus::Field(FieldId::Server);
        state
    };
    let choice = {
        let mut state = states::database();
        state.place.focus = Focus::Field(FieldId::Encryption);
        state
    };
    let install = states::install();
    let plan = states::review();
    let asked = {
        let mut state = states::database();
        state.overlay = Some(Overlay::ConfirmQuit);
        state
    };
    let read = {
        let mut state = states::database();
        state.overlay = Some(Overlay::Help);
        state
    };
    let mut rows = Vec::new();
    let mut row = |keys, says: &str| rows.push((keys, says.to_owned()));

    assert_eq!(means(&form, KeyCode::Enter), Does(KeyAction::Next));
    row("Enter", "on to the next missing answer, or the next screen; it never accepts, writes, leaves or removes");
    assert!(matches!(move_focus(&plan, Direction::Forward), Some(Event::Focus(Focus::Button))));
    let buttons = [Button::Install, Button::Continue, Button::Apply, Button::Leave, Button::Remove].map(Button::label);
    row("Tab to a button, Enter", &buttons.join("; "));
    assert_eq!(means(&form, KeyCode::Esc), Does(KeyAction::Back));
    assert_eq!(means(&install, KeyCode::Esc), Does(KeyAction::Press(Action::Cancel)));
    row("Esc", "back, and answers stay; on a running install: stop after this step");
    for (keys, to) in
        [([KeyCode::Tab, KeyCode::Down], Direction::Forward), ([KeyCode::BackTab, KeyCode::Up], Direction::Backward)]
    {
        assert_eq!(keys.map(|key| means(&form, key)), [Does(KeyAction::Move(to)); 2]);
    }
    row("Tab, ↓ and Shift-Tab, ↑", "next and previous field");
    let chosen = [KeyCode::Left, KeyCode::Right, KeyCode::Char(' ')].map(|key| means(&choice, key));
    let [back, on] = [Direction::Backward, Direction::Forward].map(|to| Does(KeyAction::Choose(to)));
    assert_eq!(chosen, [back, on, on]);
    row("←, →, Space", "change a choice");
    for state in [&read, &review::section(ScreenId::Proof), &review::section(ScreenId::Cluster)] {
        let pages = [KeyCode::PageUp, KeyCode::PageDown].map(|key| means(state, key));
        assert_eq!(pages, [Direction::Backward, Direction::Forward].map(|to| Does(KeyAction::Page(to))));
        let edges = [KeyCode::Home, KeyCode::End].map(|key| means(state, key));
        assert_eq!(edges, [Direction::Backward, Direction::Forward].map(KeyMeaning::Edge));
    }
    row("PgUp, PgDn, Home, End", "more of a table or a text; Home and End in a field: the ends of what is typed");
    let jump = |digit| meaning(KeyEvent::new(KeyCode::Char(digit), KeyModifiers::ALT), &form);
    assert_eq!(['1', '9'].map(jump), [0, 8].map(KeyMeaning::Jump));
    row("Alt-1 … Alt-9", "jump to a screen that was reached");
    assert_eq!(['y', 'n'].map(|key| means(&asked, KeyCode::Char(key))), [true, false].map(|yes| Does(KeyAction::Reply(yes))));
    row("Y, N", "answer a question; whatever is not a clear yes is a no");
    rows
}

#[test]
fn the_page_of_keys_is_what_the_table_of_keys_binds() {
    let mut made = "| key | does |\n|---|---|\n".to_owned();
    let rows = of_moving().into_iter().map(|(keys, says)| (keys.to_owned(), says)).chain(of_actions());
    for (keys, says) in rows {
        writeln!(made, "| {keys} | {says} |").expect("a string takes it");
    }
    // Whatever a foot shows is told on the page.
    let words = made.to_uppercase().replace(['|', ','], " ");
    for state in every_state() {
        for binding in visible(&state, true) {
            let caps = if binding.cap.contains(['↑', '←']) {
                binding.cap.chars().map(String::from).collect()
            } else {
                vec![binding.cap.to_uppercase()]
            };
            for cap in caps {
                assert!(words.split_whitespace().any(|word| word == cap), "{cap} is not on the page");
            }
        }
    }
    hold("keys.md", &made);
}

#[test]
fn the_page_of_exit_statuses_is_what_the_program_ends_with() {
    let mut made = "| status | means |\n|---|---|\n".to_owned();
    for (numbers, means) in STATUSES {
        writeln!(made, "| {numbers} | {means} |").expect("a string takes it");
    }
    writeln!(made, "\n`review --check` and `check` have their own, as monitoring knows them: {CHECK_STATUSES}.")
        .expect("a string takes it");
    hold("exit-statuses.md", &made);
}
