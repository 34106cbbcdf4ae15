//! No frame shows a secret that was not asked for, nor its length, nor anything of it afterwards.

use octopus_setup::faces::tui::{Scene, Tui, TuiEvent, TuiOptions};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::secret::SecretString;
use octopus_setup::wizard::state::Overlay;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use secrecy::ExposeSecret;

use crate::{lines, states, usual};

#[test]
fn a_password_is_not_shown_and_its_length_is_not_told() {
    let mut state = states::database();
    let long = usual(&state);
    assert!(!long.contains(states::PASSWORD));
    state.answers.set(FieldId::Password, Raw::of(FieldId::Password, "x"), Origin::Typed);
    assert_eq!(usual(&state), long);
}

#[test]
fn a_hidden_key_is_in_no_buffer() {
    let mut state = states::master_key();
    let key = states::key().to_base64();
    let first = &key.expose_secret()[..4];
    let mut tui = Tui::new(TuiOptions::default());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    states::custody(&mut state).revealed = true;
    terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).unwrap();
    assert!(lines(terminal.backend().buffer()).contains(first));
    states::custody(&mut state).revealed = false;
    let shown = terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).unwrap().buffer.clone();
    assert!(!lines(&shown).contains(first));
    assert!(!lines(terminal.current_buffer_mut()).contains(first));
    assert!(!format!("{tui:?}").contains(first));
}

#[test]
fn a_connection_string_s_password_is_not_shown() {
    let mut state = states::database();
    state.overlay = Some(Overlay::ConnectionString);
    let mut tui = Tui::new(TuiOptions::default());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let text = "Server=sql99;Database=Octopus;User ID=me;Password=hunter2";
    tui.handle(TuiEvent::Paste(SecretString::from(text)), &state);
    terminal.draw(|frame| tui.draw_scene(frame, &Scene::new(&state))).unwrap();
    let frame = lines(terminal.backend().buffer());
    assert!(frame.contains("Server=sql99") && !frame.contains("hunter2"), "{frame}");
    assert!(!format!("{tui:?}").contains("hunter2"));
}
