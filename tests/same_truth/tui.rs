//! The terminal face: real keys through [`Tui::handle`], every screen drawn and read.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use octopus_setup::engine::Engine;
use octopus_setup::faces::tui::bindings::fill;
use octopus_setup::faces::tui::{Tui, TuiEvent, TuiOptions};
use octopus_setup::model::answers::{Answers, Origin};
use octopus_setup::model::field::{FieldId, Kind};
use octopus_setup::model::finding::{Severity, Verdict};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::gate::Gate;
use octopus_setup::wizard::state::{Ending, Focus};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use secrecy::ExposeSecret;

use crate::case::Case;
use crate::outcome::{Outcome, Plan, Told};
use crate::scenes::Scene;

/// A person at a terminal of 120×60 who has the answer file on paper.
struct Person<'a> {
    engine: Engine,
    tui: Tui,
    terminal: Terminal<TestBackend>,
    wanted: &'a Answers,
    case: &'a Case,
}

/// Sets the node up.
pub async fn install(scene: &Scene, given: &Answers, case: &Case) {
    let engine = Engine::new(scene.world(case), scene.defaults(), Some(case.flow));
    let terminal = Terminal::new(TestBackend::new(120, 60)).unwrap();
    let mut person = Person { engine, tui: Tui::new(TuiOptions::default()), terminal, wanted: given, case };
    for _ in 0..120 {
        person.engine.run_until_idle().await;
        if let Some(field) = person.next_field() {
            person.answer(field);
            continue;
        }
        let state = person.engine.state();
        if state.ending == Some(Ending::Finished) {
            return;
        }
        let key = match state.place.here {
            // Saved, and read back as the proof that it is kept.
            ScreenId::MasterKey if state.custody().saved.is_none() => KeyCode::F(7),
            ScreenId::MasterKey if state.custody().proof.is_none() => KeyCode::F(8),
            _ if matches!(state.gate(), Gate::Warned(_)) => KeyCode::F(8),
            ScreenId::Review if state.place.focus != Focus::Button => KeyCode::BackTab,
            _ => KeyCode::Enter,
        };
        person.press(key);
    }
    panic!("{}: stands at {:?}: {:?}", case.name, person.engine.state().place, person.engine.state().notice);
}

/// Types what is given, screen by screen, until there is a plan or a gate stays shut.
pub async fn outcome(scene: &Scene, given: &Answers, case: &Case) -> Outcome {
    let flow = (!case.resumes).then_some(case.flow);
    let engine = Engine::new(scene.world(case), scene.defaults(), flow);
    let terminal = Terminal::new(TestBackend::new(120, 60)).unwrap();
    let mut person = Person { engine, tui: Tui::new(TuiOptions::default()), terminal, wanted: given, case };
    if case.resumes {
        // What can be gone on with is the first choice.
        person.engine.run_until_idle().await;
        person.press(KeyCode::Enter);
        person.engine.run_until_idle().await;
    }
    let mut told: Vec<Told> = Vec::new();
    let mut last = person.engine.state().place.here;
    // Ninety is more than all fields, each of which may be typed once, and all screens.
    for _ in 0..90 {
        person.engine.run_until_idle().await;
        let here = person.engine.state().place.here;
        if here != last && told.last().is_none_or(|told| told.screen != last) {
            // Enter was pressed while its checks ran, and it went on by itself.
            told.push(Told::of(person.engine.state(), last, case));
        }
        last = here;
        if let Some(field) = person.next_field() {
            person.answer(field);
            continue;
        }
        if here == ScreenId::Review {
            return Outcome::Plan(told, person.reads_plan());
        }
        match person.engine.state().gate() {
            Gate::Open => told.push(person.hears()),
            Gate::Unproven | Gate::Waiting => {}
            Gate::Malformed(fields) => {
                person.press(KeyCode::Enter);
                person.press(KeyCode::Enter);
                let refused = fields.into_iter().map(|field| (here, field, person.reads_problem(field)));
                return Outcome::answers(case.flow, refused.collect());
            }
            Gate::Shut(_) => {
                person.press(KeyCode::Enter);
                person.engine.run_until_idle().await;
                assert_eq!(person.engine.state().place.here, here, "{}: the gate let it pass", case.name);
                told.push(person.hears());
                return Outcome::Checks(told);
            }
            Gate::Warned(warned) => {
                let heard = person.hears();
                let shut = heard.shut;
                told.push(heard);
                if shut {
                    return Outcome::Checks(told);
                }
                // Where Enter was pressed while the checks ran, it has been asked already.
                if person.engine.state().prompt.warnings.is_empty() {
                    person.press(KeyCode::Enter);
                }
                let screen = person.draws();
                let sends_login = person.engine.state().held_sign_in().is_some();
                for check in warned {
                    assert!(squeezed(&screen).contains(check.id()), "{}: {} is not asked\n{screen}", case.name, check.id());
                    person.press(KeyCode::F(8));
                }
                if sends_login {
                    continue;
                }
            }
        }
        person.press(KeyCode::Enter);
    }
    panic!("{}: stands at {:?}: {:#?}", case.name, person.engine.state().place, person.engine.state().verdicts());
}

/// The field that the paper has for one that is asked: who types a password types it twice.
fn on_paper(field: FieldId) -> FieldId {
    if field == FieldId::AdminPasswordAgain { FieldId::AdminPassword } else { field }
}

impl Person<'_> {
    /// The first field of the screen that is given and says something else.
    fn next_field(&self) -> Option<FieldId> {
        let state = self.engine.state();
        // What has no default for a person is chosen, too.
        if let Some(field) = state.fields().into_iter().find(|field| state.is_undecided(*field)) {
            return Some(field);
        }
        let given = |field: &FieldId| self.wanted.get(on_paper(*field)).origin > Origin::Default;
        let differs = |field: &FieldId| self.wanted.get(on_paper(*field)).raw != state.answers.get(*field).raw;
        state.fields().into_iter().filter(given).find(differs)
    }

    /// Tabs to the field and types or chooses.
    fn answer(&mut self, field: FieldId) {
        for _ in 0..32 {
            if self.engine.state().focused() == Some(field) {
                break;
            }
            self.press(KeyCode::Tab);
        }
        assert_eq!(self.engine.state().focused(), Some(field), "{}: never came to {}", self.case.name, field.id());
        match field.kind() {
            Kind::Choice(_) | Kind::Toggle => {
                for _ in 0..8 {
                    let undecided = self.engine.state().is_undecided(field);
                    if !undecided && self.engine.state().answers.trimmed(field) == self.wanted.trimmed(field) {
                        return;
                    }
                    self.press(KeyCode::Right);
                }
                panic!("{}: {} is no choice of {}", self.case.name, self.wanted.trimmed(field), field.id());
            }
            Kind::Text | Kind::Path | Kind::Secret | Kind::Number => {
                self.key(KeyCode::End, KeyModifiers::NONE);
                self.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
                let text = match self.wanted.secret(on_paper(field)) {
                    Some(secret) => secret.expose_secret().to_owned(),
                    None => self.wanted.text(field).to_owned(),
                };
                for letter in text.chars() {
                    self.press(KeyCode::Char(letter));
                }
                let typed = &self.engine.state().answers.get(field).raw;
                assert_eq!(*typed, self.wanted.get(on_paper(field)).raw, "{}: {} cannot be typed", self.case.name, field.id());
            }
        }
    }

    fn press(&mut self, code: KeyCode) {
        self.key(code, KeyModifiers::NONE);
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let key = TuiEvent::Key(KeyEvent::new(code, modifiers));
        for event in self.tui.handle(key, self.engine.state()) {
            self.engine.handle(event);
        }
    }

    /// What is on the screen.
    fn draws(&mut self) -> String {
        self.terminal.draw(|frame| self.tui.draw(frame, self.engine.state())).unwrap();
        let buffer = self.terminal.backend().buffer();
        let rows = buffer.content.chunks(usize::from(buffer.area.width));
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
    }

    /// What the screen's checks say, having seen that it is on the screen: each finding in full, and the fix of what is in the way.
    fn hears(&mut self) -> Told {
        let screen = self.draws();
        let state = self.engine.state();
        for (check, verdict) in state.verdicts() {
            let Verdict::Found(findings) = verdict else { continue };
            let label = octopus_setup::words::screen(state.place.here).check(check).map_or(check.id(), |words| &words.label);
            for finding in findings {
                let in_the_way = finding.severity > Severity::Unknown;
                let fix = if in_the_way { fill(&finding.fix) } else { std::borrow::Cow::Borrowed("") };
                let words = format!("{label}: {} {fix}", fill(&finding.says));
                assert!(has_paragraph(&screen, words.trim_end()), "{}: not said in full: {words}\n{screen}", self.case.name);
                if let Some(remedy) = finding.remedy.as_ref().filter(|_| in_the_way) {
                    let first = remedy.text().lines().next().unwrap_or_default();
                    assert!(has_paragraph(&screen, first), "{}: not shown: {first}\n{screen}", self.case.name);
                }
            }
        }
        Told::of(state, state.place.here, self.case)
    }

    /// What is wrong with a field, having seen it on the screen where the field has the focus.
    fn reads_problem(&mut self, field: FieldId) -> String {
        let screen = self.draws();
        let state = self.engine.state();
        let says = state.shown_problem(field).unwrap_or_else(|| panic!("{}: nothing is said of {}", self.case.name, field.id()));
        if state.focused() == Some(field) {
            assert!(has_paragraph(&screen, &fill(&says)), "{}: not said: {says}\n{screen}", self.case.name);
        }
        says
    }

    /// The plan, having seen each of its steps on the screen.
    fn reads_plan(&mut self) -> Plan {
        let screen = self.draws();
        let state = self.engine.state();
        let plan = state.run().plan.as_deref();
        let plan = plan.unwrap_or_else(|| panic!("{}: no plan: {:?}\n{screen}", self.case.name, state.notice));
        for step in &plan.steps {
            // A long path is cut at the edge of the window.
            let title: String = step.title.chars().take(48).collect();
            assert!(squeezed(&screen).contains(&squeezed(&title)), "{}: not shown: {title}\n{screen}", self.case.name);
        }
        Plan::of(plan, self.case)
    }
}

/// Without blanks and line ends.
fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// Whether these words stand on the screen as one paragraph, wherever its lines are broken: it begins somewhere, and goes on
/// in the lines beneath, from the same column on and as far as two blanks, behind which another column of the screen is.
fn has_paragraph(screen: &str, words: &str) -> bool {
    let wanted = squeezed(words);
    let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let piece = |row: &Vec<char>, column: usize| {
        let rest: String = row.get(column..).unwrap_or_default().iter().collect();
        rest.split("  ").next().map(squeezed).unwrap_or_default()
    };
    (0..rows.len()).any(|row| {
        (0..rows[row].len()).any(|column| {
            let first = piece(&rows[row], column);
            !first.is_empty()
                && (wanted.starts_with(&first) || first.starts_with(&wanted))
                && rows[row..].iter().map(|row| piece(row, column)).collect::<String>().starts_with(&wanted)
        })
    })
}
