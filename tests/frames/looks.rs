//! What the screens look like.

use octopus_setup::faces::tui::{Charset, Colours, Scene, Tui, TuiOptions};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::export::CopyWay;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Verdict;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::custody::Proof;
use octopus_setup::wizard::state::{Focus, Notice, Overlay};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use crate::states::{self, all, database_scene, half_way, with};
use crate::{text, usual};

const USUAL: TuiOptions = TuiOptions { charset: Charset::Unicode, colours: Colours::OnDark };

#[test]
fn start() {
    insta::assert_snapshot!(usual(&states::start()));
}

#[test]
fn start_on_a_bare_machine() {
    let mut state = states::start();
    state.facts.machine.instances.clear();
    state.facts.machine.octopus_instances.clear();
    state.facts.machine.unfinished.clear();
    insta::assert_snapshot!(usual(&state));
}

#[test]
fn home() {
    let mut state = states::on(ScreenId::Home);
    state.place.focus = Focus::Field(FieldId::Home);
    let scene = Scene::new(&state);
    let verdicts = vec![
        (CheckId::HomeInstance, Verdict::Good("OctopusServer is free".into())),
        (CheckId::HomePath, Verdict::Good("will be created under /var/lib".into())),
        (CheckId::HomeDisk, Verdict::Good("ext4, 38 GB free".into())),
        (CheckId::HomeWritable, Verdict::Good("a file was written and removed".into())),
        (CheckId::HomeNode, Verdict::Good("web01".into())),
    ];
    insta::assert_snapshot!(text(80, 24, USUAL, &with(scene, verdicts)));
}

#[test]
fn service() {
    let state = states::on(ScreenId::Service);
    let mut scene = Scene::new(&state);
    scene.fields.truncate(1);
    let verdicts = all(&scene, &Verdict::NotYet);
    insta::assert_snapshot!(text(80, 24, USUAL, &with(scene, verdicts)));
}

#[test]
fn web() {
    let mut state = states::on(ScreenId::Octopus);
    state.answers.set(FieldId::CommsPort, Raw::Text("10944".into()), Origin::Flag);
    let scene = Scene::new(&state);
    let verdicts = all(&scene, &Verdict::Running);
    insta::assert_snapshot!(text(80, 24, USUAL, &with(scene, verdicts)));
}

#[test]
fn database_half_way() {
    let state = states::database();
    insta::assert_snapshot!(text(80, 24, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn database_half_way_wide() {
    let state = states::database();
    insta::assert_snapshot!(text(120, 40, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn database_half_way_small() {
    let state = states::database();
    insta::assert_snapshot!(text(60, 16, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn database_half_way_least() {
    let state = states::database();
    insta::assert_snapshot!(text(40, 12, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn database_half_way_in_ascii() {
    let state = states::database();
    let options = TuiOptions { charset: Charset::Ascii, colours: Colours::None };
    let frame = text(80, 24, options, &database_scene(&state, half_way()));
    assert!(frame.is_ascii());
    insta::assert_snapshot!(frame);
}

#[test]
fn database_with_a_choice_in_focus() {
    let mut state = states::database();
    state.place.focus = Focus::Field(FieldId::Trust);
    let scene = database_scene(&state, half_way());
    insta::assert_snapshot!(text(80, 24, USUAL, &scene));
}

#[test]
fn database_not_begun() {
    let mut state = states::on(ScreenId::Database);
    state.answers.set(FieldId::Server, Raw::Text(String::new()), Origin::Typed);
    let scene = Scene::new(&state);
    let verdicts = all(&scene, &Verdict::NotYet);
    let scene = database_scene(&state, verdicts);
    insta::assert_snapshot!(text(80, 24, USUAL, &scene));
}

#[test]
fn a_notice_stands_above_the_finding() {
    let mut state = states::database();
    state.notice = Some(Notice { bad: true, text: "Fix this first{?; {key:check-again} checks again}.".into() });
    insta::assert_snapshot!(text(80, 24, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn review() {
    insta::assert_snapshot!(usual(&states::review()));
}

#[test]
fn review_least() {
    insta::assert_snapshot!(text(40, 12, USUAL, &Scene::new(&states::review())));
}

#[test]
fn install_running() {
    insta::assert_snapshot!(usual(&states::install()));
}

#[test]
fn install_failed() {
    insta::assert_snapshot!(usual(&states::failed()));
}

#[test]
fn master_key_masked() {
    let state = states::master_key();
    let scene = Scene::new(&state);
    let verdicts = all(&scene, &Verdict::NotYet);
    insta::assert_snapshot!(text(80, 24, USUAL, &with(scene, verdicts)));
}

#[test]
fn master_key_revealed() {
    let mut state = states::master_key();
    states::custody(&mut state).revealed = true;
    states::custody(&mut state).copied = Some(CopyWay::Terminal);
    states::custody(&mut state).saved = Some("/root/octopus-master-key.txt".into());
    states::custody(&mut state).proof = Some(Proof::ReadBack);
    let scene = Scene::new(&state);
    let verdicts = all(&scene, &Verdict::Good("the saved file holds it".into()));
    insta::assert_snapshot!(text(80, 24, USUAL, &with(scene, verdicts)));
}

#[test]
fn master_key_least() {
    let mut state = states::master_key();
    states::custody(&mut state).revealed = true;
    insta::assert_snapshot!(text(40, 12, USUAL, &Scene::new(&state)));
}

#[test]
fn done() {
    insta::assert_snapshot!(usual(&states::done()));
}

#[test]
fn help() {
    let mut state = states::database();
    state.overlay = Some(Overlay::Help);
    insta::assert_snapshot!(text(80, 24, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn connection_string_window() {
    let mut state = states::database();
    state.overlay = Some(Overlay::ConnectionString);
    insta::assert_snapshot!(text(80, 24, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn confirm_quit() {
    let mut state = states::database();
    state.overlay = Some(Overlay::ConfirmQuit);
    insta::assert_snapshot!(text(80, 24, USUAL, &database_scene(&state, half_way())));
}

#[test]
fn confirm_undo() {
    let mut state = states::failed();
    state.overlay = Some(Overlay::ConfirmUndo);
    insta::assert_snapshot!(usual(&state));
}

#[test]
fn too_small() {
    insta::assert_snapshot!(text(39, 11, USUAL, &Scene::new(&states::database())));
}

#[test]
fn without_colours_there_is_none() {
    let state = states::database();
    let scene = database_scene(&state, half_way());
    let mut colours = Vec::new();
    for wanted in [Colours::OnDark, Colours::None] {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut tui = Tui::new(TuiOptions { colours: wanted, ..USUAL });
        terminal.draw(|frame| tui.draw_scene(frame, &scene)).unwrap();
        let cells = &terminal.backend().buffer().content;
        colours.push(cells.iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count());
    }
    assert!(colours[0] > 0);
    assert_eq!(colours[1], 0);
}

/// A database screen whose server showed a certificate that was refused.
fn refused() -> octopus_setup::wizard::state::State {
    use octopus_setup::model::facts::{Fact, ServerCertificate, TlsTrouble, Trouble};
    let mut state = states::database();
    let server = &mut state.facts.server;
    server.certificate = Some(ServerCertificate {
        subject: "sql01.corp.example".into(),
        issuer: "SSL_Self_Signed_Fallback".into(),
        names: vec!["sql01.corp.example".into(), "sql01".into(), "10.0.4.17".into()],
        not_before: time::macros::datetime!(2026-03-01 0:00 UTC),
        not_after: time::macros::datetime!(2056-03-01 0:00 UTC),
        days_left: 10_692,
        sha256: std::array::from_fn(|place| u8::try_from(place * 7 % 256).unwrap_or(0)),
        self_signed: false,
    });
    server.encrypted = Fact::Missing(Trouble::Tls(TlsTrouble::UnknownIssuer));
    server.login = Fact::Unknown;
    state
}

#[test]
fn a_refused_certificate_is_read_in_full_before_it_is_trusted() {
    let mut state = refused();
    state.overlay = Some(Overlay::Certificate);
    insta::assert_snapshot!(usual(&state));
    insta::assert_snapshot!("a_refused_certificate_small", text(60, 16, USUAL, &Scene::new(&state)));
}

#[test]
fn a_wide_window_shows_the_certificate_under_the_checks() {
    insta::assert_snapshot!(text(120, 40, USUAL, &Scene::new(&refused())));
}

#[test]
fn a_finding_that_is_cut_says_where_it_is_told_in_full() {
    insta::assert_snapshot!(usual(&refused()));
}
