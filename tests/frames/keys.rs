//! Every key that is shown works, and keys become the right events.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use octopus_setup::faces::tui::bindings::{KeyAction, key_of, visible};
use octopus_setup::faces::tui::{Scene, Tui, TuiEvent, TuiOptions};
use octopus_setup::model::answers::Raw;
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::model::secret::SecretString;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::state::{Focus, Overlay, State};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use secrecy::ExposeSecret;

use crate::{clusters, review, states};

fn key(code: KeyCode) -> TuiEvent {
    TuiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn with(code: char, modifiers: KeyModifiers) -> TuiEvent {
    TuiEvent::Key(KeyEvent::new(KeyCode::Char(code), modifiers))
}

fn pressed(state: &State, event: TuiEvent) -> Vec<Event> {
    Tui::new(TuiOptions::default()).handle(event, state)
}

pub fn every_state() -> Vec<State> {
    let mut all = vec![states::start(), states::database(), states::review(), states::install(), states::failed()];
    all.extend(vec![states::master_key(), states::done(), states::on(ScreenId::Home), states::on(ScreenId::Service)]);
    all.push(clusters::join(clusters::many(20)));
    for section in [ScreenId::Node, ScreenId::Proof, ScreenId::Cluster, ScreenId::Drift, ScreenId::Key, ScreenId::Backups] {
        let mut state = review::section(section);
        if matches!(state.place.focus, Focus::Item(_)) {
            // From the last one there is no way down.
            state.place.focus = Focus::Item(0);
        }
        all.push(state);
    }
    let mut on_button = states::review();
    on_button.place.focus = Focus::Button;
    all.push(on_button);
    for overlay in [Overlay::Help, Overlay::ConfirmQuit, Overlay::ConfirmUndo, Overlay::Certificate, Overlay::ConnectionString] {
        let mut state = states::database();
        state.overlay = Some(overlay);
        all.push(state);
    }
    all
}

#[test]
fn every_key_that_is_shown_does_what_it_says() {
    for state in every_state() {
        for binding in visible(&state, state.remedy().is_some()) {
            let keys: Vec<TuiEvent> = binding.keys.iter().map(|code| key(*code)).collect();
            let mut keys = if binding.cap == "Ctrl-C" { vec![with('c', KeyModifiers::CONTROL)] } else { keys };
            keys.extend(binding.letter.map(|letter| with(letter, KeyModifiers::ALT)));
            let typing = state.focused().is_some_and(|field| !matches!(field.kind(), Kind::Choice(_) | Kind::Toggle));
            let alone = binding.letter.filter(|_| !typing && state.overlay != Some(Overlay::ConnectionString));
            keys.extend(alone.map(|letter| key(KeyCode::Char(letter))));
            assert!(!keys.is_empty(), "{} has no key", binding.cap);
            for key in keys {
                let mut tui = Tui::new(TuiOptions::default());
                if binding.does == KeyAction::Submit {
                    tui.handle(TuiEvent::Paste(SecretString::from("Server=sql01")), &state);
                }
                tui.take_stale();
                let events = tui.handle(key, &state);
                let fits = match (binding.does, &events[..]) {
                    (KeyAction::Press(action), [Event::Press(pressed)]) => action == *pressed,
                    (KeyAction::Reply(yes), [Event::Reply(replied)]) => yes == *replied,
                    (KeyAction::Submit, [Event::ConnectionString(Ok(read))]) => {
                        read.fields == [(FieldId::Server, Raw::Text("sql01".into()))]
                    }
                    (KeyAction::Next, [Event::Enter])
                    | (KeyAction::Back, [Event::Back])
                    | (KeyAction::Move(_), [Event::Focus(_)])
                    | (KeyAction::Choose(_), [Event::Edit(..)]) => true,
                    (KeyAction::Scroll(_), []) => tui.take_stale(),
                    _ => false,
                };
                assert!(fits, "{} at {:?}: {events:?}", binding.cap, state.place);
            }
        }
    }
}

#[test]
fn every_action_of_the_state_has_a_key() {
    for state in every_state() {
        if state.overlay.is_some() {
            continue;
        }
        let shown = visible(&state, state.remedy().is_some());
        for action in state.actions() {
            assert!(shown.iter().any(|binding| binding.does == KeyAction::Press(action)), "{action:?} at {:?}", state.place);
        }
    }
}

#[test]
fn a_letter_is_text_where_text_is_typed_and_acts_with_alt() {
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::Server);
    assert!(matches!(&pressed(&state, key(KeyCode::Char('r')))[..], [Event::Edit(FieldId::Server, _)]));
    assert!(matches!(&pressed(&state, with('r', KeyModifiers::ALT))[..], [Event::Press(Action::CheckAgain)]));
    state.place.focus = Focus::Field(FieldId::Encryption);
    assert!(matches!(&pressed(&state, key(KeyCode::Char('r')))[..], [Event::Press(Action::CheckAgain)]));
}

#[test]
fn a_connection_string_is_taken_wherever_it_is_pasted_on_the_screen_of_the_database() {
    let mut state = states::database();
    let pasted = "Server=sql02,1433;Database=Octo;User Id=o;Password=canary-7Fq";
    for field in [FieldId::Server, FieldId::Password, FieldId::User, FieldId::Encryption] {
        state.place.focus = Focus::Field(field);
        let events = pressed(&state, TuiEvent::Paste(SecretString::from(pasted)));
        let [Event::ConnectionString(Ok(read))] = &events[..] else { panic!("{field:?}: {events:?}") };
        assert_eq!(read.fields.len(), 4, "{field:?}");
    }
    // A password with a semicolon is a password.
    state.place.focus = Focus::Field(FieldId::Password);
    let events = pressed(&state, TuiEvent::Paste(SecretString::from("a=b;c=d")));
    assert!(matches!(&events[..], [Event::Edit(FieldId::Password, _)]), "{events:?}");
}

#[test]
fn hurried_keys_are_text_and_never_act() {
    let hurried = |code| TuiEvent::Hurried(KeyEvent::new(code, KeyModifiers::NONE));
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::Server);
    assert!(matches!(&pressed(&state, hurried(KeyCode::Char('u')))[..], [Event::Edit(FieldId::Server, _)]));
    assert!(pressed(&state, hurried(KeyCode::Enter)).is_empty());
    for state in [states::failed as fn() -> State, states::review] {
        for code in [KeyCode::Char('u'), KeyCode::Char('r'), KeyCode::Enter] {
            assert!(pressed(&state(), hurried(code)).is_empty(), "{code:?}");
        }
    }
    state.overlay = Some(Overlay::ConfirmUndo);
    assert!(pressed(&state, hurried(KeyCode::Char('y'))).is_empty());
}

#[test]
fn a_key_has_one_letter_and_a_letter_one_key() {
    let mut letters: Vec<(&str, Option<char>)> = Action::ALL.into_iter().map(key_of).map(|key| (key.cap, key.letter)).collect();
    letters.sort_unstable();
    letters.dedup();
    let count = letters.len();
    letters.sort_unstable_by_key(|(cap, _)| *cap);
    letters.dedup_by_key(|(cap, _)| *cap);
    assert_eq!(letters.len(), count, "a key has two letters");
    letters.sort_unstable_by_key(|(_, letter)| *letter);
    letters.dedup_by_key(|(_, letter)| *letter);
    assert_eq!(letters.len(), count, "a letter has two keys");
}

#[test]
fn no_two_keys_that_are_shown_are_the_same() {
    for state in every_state() {
        let mut caps: Vec<&str> = visible(&state, state.remedy().is_some()).iter().map(|binding| binding.cap).collect();
        let all = caps.len();
        caps.sort_unstable();
        caps.dedup();
        assert_eq!(caps.len(), all, "{:?}", state.place);
    }
}

#[test]
fn typing_edits_the_focused_field() {
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::User);
    let events = pressed(&state, key(KeyCode::Char('2')));
    assert!(matches!(&events[..], [Event::Edit(FieldId::User, Raw::Text(text))] if text == "octopus2"));
    let events = pressed(&state, with('u', KeyModifiers::CONTROL));
    assert!(matches!(&events[..], [Event::Edit(FieldId::User, Raw::Text(text))] if text.is_empty()));
}

#[test]
fn moving_the_cursor_is_no_event_and_still_a_new_frame() {
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::User);
    let mut tui = Tui::new(TuiOptions::default());
    tui.take_stale();
    assert!(tui.handle(key(KeyCode::Left), &state).is_empty());
    assert!(tui.take_stale());
    assert!(!tui.take_stale());
}

#[test]
fn letters_are_keys_only_where_no_text_is_edited() {
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::User);
    assert!(matches!(&pressed(&state, key(KeyCode::Char('r')))[..], [Event::Edit(..)]));
    assert!(matches!(&pressed(&states::failed(), key(KeyCode::Char('r')))[..], [Event::Press(Action::Retry)]));
}

#[test]
fn a_pasted_password_is_taken_whole_and_submits_nothing() {
    let events = pressed(&states::database(), TuiEvent::Paste(SecretString::from("\u{feff}hunter2\r\n")));
    let [Event::Edit(FieldId::Password, Raw::Secret(secret))] = &events[..] else { panic!("{events:?}") };
    assert_eq!(secret.expose_secret(), "hunter2");
}

#[test]
fn tab_goes_round_and_alt_digits_jump() {
    let mut state = states::on(ScreenId::Home);
    state.place.focus = Focus::Field(FieldId::NodeName);
    assert!(matches!(&pressed(&state, key(KeyCode::Tab))[..], [Event::Focus(Focus::Field(FieldId::Instance))]));
    assert!(matches!(&pressed(&state, key(KeyCode::Up))[..], [Event::Focus(Focus::Field(FieldId::Home))]));
    assert!(matches!(&pressed(&state, with('2', KeyModifiers::ALT))[..], [Event::Jump(ScreenId::Service)]));
}

#[test]
fn an_unclear_answer_is_a_no() {
    let mut state = states::database();
    state.overlay = Some(Overlay::ConfirmQuit);
    assert!(matches!(&pressed(&state, key(KeyCode::Enter))[..], [Event::Reply(false)]));
    assert!(pressed(&state, key(KeyCode::Char('x'))).is_empty());
    assert!(matches!(&pressed(&state, key(KeyCode::Char('y')))[..], [Event::Reply(true)]));
}

#[test]
fn what_is_clicked_is_what_is_there() {
    let state = states::on(ScreenId::Home);
    let mut tui = Tui::new(TuiOptions::default());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).unwrap();
    let place = |words: &str| {
        let frame = crate::lines(terminal.backend().buffer());
        let (row, line) = frame.lines().enumerate().find(|(_, line)| line.contains(words)).expect("it is shown");
        let byte = line.find(words).expect("it is in the line");
        (u16::try_from(line[..byte].chars().count()).unwrap(), u16::try_from(row).unwrap())
    };
    let click = |(column, row)| {
        TuiEvent::Mouse(MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column, row, modifiers: KeyModifiers::NONE })
    };
    let events = tui.handle(click(place("Node name")), &state);
    assert!(matches!(&events[..], [Event::Focus(Focus::Field(FieldId::NodeName))]), "{events:?}");
    let events = tui.handle(click(place("Octopus Server")), &state);
    assert!(matches!(&events[..], [Event::Jump(ScreenId::Octopus)]), "{events:?}");
    let events = tui.handle(click(place("F1 help")), &state);
    assert!(matches!(&events[..], [Event::Press(Action::Help)]), "{events:?}");
}

#[test]
fn a_lost_terminal_hangs_up_and_a_new_size_hides_secrets() {
    let state = states::master_key();
    assert!(matches!(&pressed(&state, TuiEvent::Gone)[..], [Event::Hangup]));
    assert!(matches!(&pressed(&state, TuiEvent::Resize(80, 24))[..], [Event::Resized]));
}
