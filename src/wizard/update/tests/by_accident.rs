//! Nothing is written, accepted, left or removed by accident: not by Enter alone, and not by any keys but those of the button.

use super::*;
use crate::model::facts::Nodes;
use crate::model::node::Maker;
use crate::wizard::view::Button;

/// What changes something outside of the wizard.
fn writes(effect: &Effect) -> bool {
    match effect {
        Effect::Install(..) | Effect::Undo { .. } | Effect::CloseRun(_) | Effect::SaveKey(..) | Effect::SaveAnswers(..) => true,
        Effect::Survey { .. }
        | Effect::CancelSurvey(_)
        | Effect::GenerateKey(_)
        | Effect::LoadRun(_)
        | Effect::CancelInstall
        | Effect::Copy(_)
        | Effect::ReadKey(..) => false,
    }
}

fn subject() -> Subject {
    let config = std::path::Path::new(samples::HOME).join(crate::model::node_config::NodeConfig::FILE);
    Subject { instance: "OctopusServer".into(), config, maker: Maker::Wizard }
}

/// A wizard that reviews a node in whose cluster another one is dead.
fn reviewed() -> Bench {
    let mut facts = samples::facts_of_a_node();
    facts.cluster.nodes = Fact::Seen(Nodes::from([samples::dead_node("web-old")]));
    let mut bench = Bench::new();
    bench.review(subject(), samples::joining());
    for survey in crate::model::survey::SurveyId::ALL {
        if let Some(inputs) = tickets::survey_inputs(survey, &bench.state.answers, bench.state.subject()) {
            let observed = samples::observed(&inputs, &facts);
            let ticket = bench.state.tickets.begin(inputs, Duration::ZERO);
            bench.observed(ticket, observed, true);
        }
    }
    bench
}

/// Every flow at its beginning, and those of an existing node at their plan.
fn flows() -> Vec<(&'static str, Bench)> {
    let set_up = |flow| {
        let mut bench = Bench::new();
        bench.send(Event::Begin(StartChoice::Flow(flow)));
        bench
    };
    let mut leave = reviewed();
    leave.send(Event::Begin(StartChoice::Flow(Flow::Leave)));
    let mut remove = reviewed();
    remove.send(Event::Jump(ScreenId::Cluster));
    remove.send(Event::Press(Action::RemoveNode));
    let mut edit = reviewed();
    edit.send(Event::Begin(StartChoice::Flow(Flow::Edit)));
    edit.edit(FieldId::TaskCap, "7");
    let mut all = vec![
        ("start", Bench::new()),
        ("first node", set_up(Flow::FirstNode)),
        ("join", set_up(Flow::Join)),
        ("review", reviewed()),
        ("edit", edit),
        ("leave", leave),
        ("remove", remove),
    ];
    for (_, bench) in &mut all {
        // Nobody gets past the storage without a choice.
        bench.state.answers.set(FieldId::Storage, Raw::Text("none".into()), Origin::Typed);
    }
    for (name, bench) in &all[4..] {
        assert!(bench.state.flow().is_some_and(|flow| flow != Flow::Review), "{name}");
    }
    all
}

/// Enters by the dozen, with everything answered in between.
fn enters(bench: &mut Bench) {
    for _ in 0..60 {
        bench.send(Event::Enter);
        bench.generate_key();
        bench.answer_all();
    }
}

#[test]
fn sixty_enters_write_nothing_in_any_flow() {
    for (name, mut bench) in flows() {
        enters(&mut bench);
        assert!(!bench.effects.iter().any(writes), "{name}: {:?}", bench.effects);
        assert_eq!(bench.state.accepted_verdicts(), [], "{name}");
        assert_eq!(bench.state.ending, None, "{name}");
    }
}

#[test]
fn enters_come_to_the_plan_and_only_its_button_installs() {
    let mut bench = Bench::new();
    bench.send(Event::Begin(StartChoice::Flow(Flow::FirstNode)));
    bench.state.answers.set(FieldId::Storage, Raw::Text("none".into()), Origin::Typed);
    enters(&mut bench);
    assert_eq!(bench.state.place.here, ScreenId::Review, "{:?} {}", bench.state.gate(), bench.notice());
    assert_eq!(bench.state.button(), Some(Button::Install));
    assert_ne!(bench.state.place.focus, Focus::Button);
    assert!(bench.notice().contains("Install"), "{}", bench.notice());
    bench.send(Event::Focus(Focus::Button));
    bench.send(Event::Enter);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Install(..))), "{}", bench.notice());
}

#[test]
fn a_node_is_taken_out_only_after_its_name_was_typed() {
    for (flow, node) in [("leave", "web02"), ("remove", "web-old")] {
        let mut bench = flows().into_iter().find(|(name, _)| *name == flow).map(|(_, bench)| bench).expect("the flow");
        bench.answer_all();
        assert!(bench.state.button().is_some(), "{flow}: {}", bench.notice());
        assert_eq!(bench.state.leaving_node(), Some(node), "{flow}");
        for typed in ["", "web", "WEB02", "Web-Old", "web02 and more"] {
            bench.edit(FieldId::NodeConfirm, typed);
            bench.send(Event::Focus(Focus::Button));
            bench.send(Event::Enter);
            assert!(!bench.effects.iter().any(writes), "{flow}: {typed}");
            assert_eq!(bench.state.focused(), Some(FieldId::NodeConfirm));
            assert!(bench.notice().contains(node), "{}", bench.notice());
        }
        bench.edit(FieldId::NodeConfirm, node);
        bench.send(Event::Enter);
        assert!(!bench.effects.iter().any(writes), "{flow}: only the button does it");
        bench.send(Event::Focus(Focus::Button));
        bench.send(Event::Enter);
        assert!(bench.effects.iter().any(writes), "{flow}: {}", bench.notice());
    }
}

#[test]
fn the_focus_is_never_on_a_button_that_is_not_there() {
    let mut bench = Bench::at(ScreenId::Service);
    bench.send(Event::Focus(Focus::Button));
    assert_ne!(bench.state.place.focus, Focus::Button);
}

/// The database screen with two warnings.
fn warned() -> Bench {
    let mut bench = Bench::at(ScreenId::Database);
    let mut server = good_server();
    server.clock_ahead_ms = Fact::Seen(600_000);
    bench.send(Event::Press(Action::CheckAgain));
    while let Some((ticket, inputs)) = bench.asked.pop() {
        let observed =
            if let Observed::Server(_) = good(&inputs) { Observed::Server(Box::new(server.clone())) } else { good(&inputs) };
        bench.observed(ticket, observed, true);
    }
    assert!(matches!(bench.state.gate(), Gate::Warned(_)), "{:?}", bench.state.verdicts());
    bench
}

#[test]
fn enter_accepts_no_warning_and_its_own_key_accepts_and_takes_back() {
    let mut bench = warned();
    enters(&mut bench);
    assert_eq!((bench.state.place.here, bench.state.accepted_verdicts().len()), (ScreenId::Database, 0));
    assert!(bench.state.actions().contains(&Action::Accept));
    bench.send(Event::Press(Action::Accept));
    assert_eq!(bench.state.accepted(), [CheckId::SqlClock]);
    assert_eq!((bench.state.place.here, bench.state.gate()), (ScreenId::Database, Gate::Open));
    bench.send(Event::Press(Action::Accept));
    assert_eq!(bench.state.accepted(), []);
    bench.send(Event::Press(Action::Accept));
    bench.send(Event::Enter);
    assert_ne!(bench.state.place.here, ScreenId::Database);
}

/// How many random sequences each flow gets. All of them take three minutes without optimisation.
const SEQUENCES: usize = if cfg!(debug_assertions) { 300 } else { 10_000 };

/// Draws numbers without end, the same ones each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides.max(1)
    }
}

/// An event as keys make it here.
fn keyed(state: &State, dice: &mut Dice, typed: &mut Vec<(FieldId, String)>) -> Event {
    let fields = state.fields();
    match dice.roll(12) {
        0..=3 => Event::Enter,
        4 => Event::Back,
        5 if !fields.is_empty() => Event::Focus(Focus::Field(fields[dice.roll(fields.len())])),
        6 => Event::Focus([Focus::Screen, Focus::Item(dice.roll(4)), Focus::Button][dice.roll(3)]),
        7 => {
            let actions = state.actions();
            Event::Press(actions[dice.roll(actions.len())])
        }
        8 => Event::Jump(ScreenId::ALL[dice.roll(ScreenId::ALL.len())]),
        9 => Event::Reply(dice.roll(2) == 0),
        10 if state.overlay.is_none() && state.focused() == Some(FieldId::NodeConfirm) => {
            let name = state.leaving_node().filter(|_| dice.roll(2) == 0).unwrap_or("another");
            Event::Edit(FieldId::NodeConfirm, Raw::Text(name.to_owned()))
        }
        10 if state.overlay.is_none() => {
            match state.focused().filter(|field| *field == FieldId::NodeName || *field == FieldId::User) {
                Some(field) => {
                    let text = format!("name{}", dice.roll(1_000));
                    typed.retain(|(other, _)| *other != field);
                    typed.push((field, text.clone()));
                    Event::Edit(field, Raw::of(field, &text))
                }
                None => Event::Tick,
            }
        }
        _ => Event::Tick,
    }
}

#[test]
fn random_sequences_begin_to_write_only_by_a_key_that_says_so_and_lose_no_answer() {
    let mut dice = Dice(2026);
    let mut edits = 0;
    for (name, mut first) in flows() {
        let mut writing = 0;
        first.answer_all();
        for sequence in 0..SEQUENCES {
            let mut bench = Bench { state: first.state.clone(), asked: Vec::new(), effects: Vec::new() };
            let mut typed = Vec::new();
            for _ in 0..30 {
                let before = bench.state.clone();
                let event = keyed(&bench.state, &mut dice, &mut typed);
                let said = format!("{event:?}");
                bench.effects.clear();
                let explicit = match &event {
                    Event::Enter => {
                        before.place.focus == Focus::Button
                            || before.custody().proof.is_some()
                            || before.run().phase == Phase::Finished
                    }
                    Event::Press(Action::Retry | Action::SaveKey | Action::SaveAnswers) => true,
                    Event::Reply(true) => before.overlay == Some(Overlay::ConfirmUndo),
                    _ => false,
                };
                bench.send(event);
                let wrote = bench.effects.iter().any(writes);
                writing += usize::from(wrote);
                assert!(!wrote || explicit, "{name} {sequence}: {said} at {:?} wrote {:?}", before.place, bench.effects);
                bench.generate_key();
                bench.answer_all();
                if bench.state.ending.is_some() {
                    break;
                }
                if matches!(bench.state.flow(), Some(Flow::FirstNode | Flow::Join)) && bench.state.flow() == before.flow() {
                    for (field, text) in &typed {
                        edits += 1;
                        assert_eq!(bench.state.answers.text(*field), text, "{name} {sequence}: {said} lost {field:?}");
                    }
                } else {
                    typed.clear();
                }
            }
        }
        // A review has no button of its own, and its key is locked.
        assert!(writing > 0 || name == "review", "{name}: the dice never came to its button");
    }
    assert!(edits > 100, "the dice typed nothing: {edits}");
}
