//! No window breaks a screen.

use octopus_setup::faces::tui::{Charset, Colours, Scene, TuiOptions};
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Verdict};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::state::{Focus, Overlay, State};
use proptest::prelude::*;

use crate::states::{self, database_scene, half_way};
use crate::{cluster_wide, clusters, handing_over, review, text};

const SCREENS: usize = 28;

const OVERLAYS: [Overlay; 7] = [
    Overlay::Help,
    Overlay::ConnectionString,
    Overlay::Certificate,
    Overlay::ConfirmQuit,
    Overlay::ConfirmUndo,
    Overlay::Script,
    Overlay::Output,
];

fn numbered(number: usize) -> State {
    match number {
        0 => states::start(),
        1 => states::on(ScreenId::Home),
        2 => states::on(ScreenId::Service),
        3 | 18 | 20 | 24 => states::on(ScreenId::Octopus),
        4 => states::review(),
        5 => states::install(),
        6 => states::failed(),
        7 => states::master_key(),
        8 => states::done(),
        9 => clusters::join(clusters::two()),
        10 => clusters::join(clusters::many(3_000)),
        11 => clusters::join(Vec::new()),
        12 => review::section(ScreenId::Node),
        13 => review::section(ScreenId::Proof),
        14 => review::section(ScreenId::Cluster),
        15 => review::section(ScreenId::Drift),
        16 => review::section(ScreenId::Key),
        17 => review::section(ScreenId::Backups),
        19 => cluster_wide::on(ScreenId::Octopus, &[(FieldId::AdminUser, "admin")]),
        21 => states::on(ScreenId::Storage),
        22 => cluster_wide::on(ScreenId::Storage, &[(FieldId::Storage, "folders")]),
        23 => cluster_wide::joining(),
        25 => handing_over::running(),
        26 => handing_over::failed(),
        _ => states::database(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_the_size(
        width in 1u16..=200,
        height in 1u16..=60,
        screen in 0..SCREENS,
        overlay in proptest::option::of(0usize..OVERLAYS.len()),
        revealed in any::<bool>(),
        ascii in any::<bool>(),
    ) {
        let mut state = numbered(screen);
        state.overlay = overlay.map(|number| OVERLAYS[number]);
        if let Some(custody) = state.custody_mut() {
            custody.revealed = revealed;
        }
        let options =
            TuiOptions { charset: if ascii { Charset::Ascii } else { Charset::Unicode }, colours: Colours::OnDark };
        let frame = text(width, height, options, &Scene::new(&state));
        prop_assert!(!ascii || frame.is_ascii());
    }

    #[test]
    fn the_focused_field_is_always_seen(width in 40u16..=200, height in 12u16..=60, field in 0usize..FieldId::ALL.len()) {
        let mut state = states::database();
        let field = FieldId::ALL[field];
        if state.fields().contains(&field) && !matches!(field, FieldId::CaFile | FieldId::Fingerprint) {
            state.place.focus = Focus::Field(field);
            let frame = text(width, height, TuiOptions::default(), &database_scene(&state, half_way()));
            prop_assert!(frame.contains("cursor"), "{}", frame);
            prop_assert!(frame.contains("Rights:"), "{}", frame);
        }
    }

    #[test]
    fn whatever_the_texts(
        width in 1u16..=130,
        height in 1u16..=40,
        typed in ".{0,60}",
        evidence in "\\PC{0,60}",
        remedy in "(\\PC|\n){0,200}",
    ) {
        let mut state = states::database();
        for field in [FieldId::Server, FieldId::User, FieldId::Database, FieldId::NodeName] {
            state.answers.set(field, Raw::Text(typed.clone()), Origin::Typed);
        }
        state.place.focus = Focus::Field(FieldId::User);
        state.facts.machine.host_name = typed.as_str().into();
        let finding = Finding::stop(CheckId::DbRights, evidence.clone(), typed.clone()).sql(remedy);
        let verdicts = vec![
            (CheckId::SqlName, Verdict::Good(evidence)),
            (CheckId::DbRights, Verdict::Found(vec![finding])),
        ];
        for overlay in [None, Some(Overlay::Help)] {
            state.overlay = overlay;
            text(width, height, TuiOptions::default(), &database_scene(&state, verdicts.clone()));
        }
    }
}
