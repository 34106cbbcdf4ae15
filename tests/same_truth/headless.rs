//! The face without a screen: a dry run, read as a program reads it, and once more as a person does.

use octopus_setup::catalog::flow;
use octopus_setup::engine::Engine;
use octopus_setup::faces::exit::Exit;
use octopus_setup::faces::headless::{self, OutputFormat};
use octopus_setup::model::answers::LoadedAnswers;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Remedy, Severity};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::plan::Scope;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::autopilot::Order;
use octopus_setup::words;
use octopus_setup::world::World;
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use crate::case::Case;
use crate::masks::volatile;
use crate::outcome::{Outcome, Plan, Told, Wrong, weight};
use crate::scenes::Scene;

/// What a dry run tells.
pub async fn outcome(scene: &Scene, loaded: &LoadedAnswers, case: &Case) -> Outcome {
    let world = || scene.world(case);
    let (exit, said) = run(world(), loaded, case, OutputFormat::Json).await;
    scene.tells_no_secret(case, &said);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcome = match exit {
        Exit::Answers if refuses(loaded) => Outcome::File(of(&lines, "problem").map(wrong).collect()),
        Exit::Answers => answers(&lines, case.flow),
        Exit::Checks | Exit::Lost => Outcome::Checks(told(&lines, case)),
        Exit::Done => Outcome::Plan(told(&lines, case), steps(&lines, case)),
        other => panic!("{}: {other:?}\n{said}", case.name),
    };
    let (as_text, said) = run(world(), loaded, case, OutputFormat::Text).await;
    assert_eq!(as_text, exit, "{}: {said}", case.name);
    scene.tells_no_secret(case, &said);
    says(&outcome, &said, case);
    outcome
}

/// Sets the node up.
pub async fn install(scene: &Scene, loaded: &LoadedAnswers, case: &Case) {
    let order = Order { flow: case.flow, loaded: loaded.clone(), dry_run: false, dead: None };
    let (exit, said) = fly(scene.world(case), order, OutputFormat::Text).await;
    assert_eq!(exit, Exit::Done, "{}: {said}", case.name);
}

async fn run(world: World, loaded: &LoadedAnswers, case: &Case, output: OutputFormat) -> (Exit, String) {
    fly(world, Order { flow: case.flow, loaded: loaded.clone(), dry_run: true, dead: None }, output).await
}

async fn fly(world: World, order: Order, output: OutputFormat) -> (Exit, String) {
    let mut out = Vec::new();
    let (_sender, mut signals) = unbounded_channel();
    let exit = headless::run(order, output, &mut out, &mut signals, |answers| Engine::new(world, answers, None)).await;
    (exit, String::from_utf8(out).unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn of<'a>(lines: &'a [Value], event: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["event"] == event)
}

/// Whether the answers are refused before any face begins, since something of them could not be read or had.
pub fn refuses(loaded: &LoadedAnswers) -> bool {
    loaded.problems.iter().any(|problem| problem.severity == Severity::Stop)
}

fn severity(value: &Value) -> Severity {
    let all = [Severity::Stop, Severity::Warn, Severity::Unproven, Severity::Unknown, Severity::Note];
    all.into_iter().find(|severity| value == weight(*severity)).unwrap_or_else(|| panic!("{value}"))
}

fn wrong(line: &Value) -> Wrong {
    Wrong {
        severity: severity(&line["severity"]),
        place: text(&line["place"]),
        field: FieldId::from_id(&text(&line["field"])),
        says: text(&line["says"]),
        fix: text(&line["fix"]),
    }
}

fn answers(lines: &[Value], of_flow: Flow) -> Outcome {
    let stops = of(lines, "problem").filter(|line| line["severity"] == "stop");
    let refused = stops.map(|line| {
        let field = FieldId::from_id(&text(&line["field"])).unwrap();
        let says = text(&line["says"]);
        let says = says.strip_prefix(&format!("{}: ", field.id())).map_or(says.clone(), str::to_owned);
        (flow::screen_of(of_flow, field).unwrap(), field, says)
    });
    Outcome::answers(of_flow, refused.collect())
}

/// What the checks told last, screen by screen.
fn told(lines: &[Value], case: &Case) -> Vec<Told> {
    let screens: Vec<ScreenId> = flow::path(case.flow).to_vec();
    let of_screen = |screen: ScreenId| {
        let checks = words::screen(screen).checks();
        let last = |check: CheckId| of(lines, "check").filter(|line| line["id"] == check.id()).last();
        let told = checks.filter_map(|check| Some((check, last(check)?))).filter(|(_, line)| line["screen"] == screen.id());
        Told::new(screen, told.flat_map(|(check, line)| findings(check, line)).collect(), case)
    };
    screens.into_iter().map(of_screen).collect()
}

fn findings(check: CheckId, line: &Value) -> Vec<Finding> {
    let all = line["findings"].as_array().into_iter().flatten();
    let finding = |said: &Value| Finding {
        check,
        severity: severity(&said["severity"]),
        about: FieldId::from_id(&text(&said["field"])),
        says: text(&said["says"]),
        fix: text(&said["fix"]),
        remedy: match text(&said["remedy"]["kind"]).as_str() {
            "sql" => Some(Remedy::Sql(text(&said["remedy"]["text"]))),
            "command" => Some(Remedy::Command(text(&said["remedy"]["text"]))),
            _ => None,
        },
    };
    all.map(finding).collect()
}

fn steps(lines: &[Value], case: &Case) -> Plan {
    let plan = of(lines, "plan").last().unwrap_or_else(|| panic!("{}: no plan", case.name));
    let step = |step: &Value| {
        let scope = match text(&step["scope"]).as_str() {
            "node" => Scope::Node,
            "own-row" => Scope::Row,
            "cluster" => Scope::Cluster,
            other => panic!("{}: {other}", case.name),
        };
        (scope, text(&step["mode"]), text(&step["title"]))
    };
    let accepted = plan["accepted"].as_array().unwrap().iter().map(|check| CheckId::from_id(&text(check)).unwrap());
    let ambient = case.ambient();
    Plan {
        steps: plan["steps"].as_array().unwrap().iter().map(step).collect(),
        accepted: accepted.filter(|check| !ambient.contains(check)).collect(),
        key_unverified: plan["key_unverified"] == true,
    }
}

/// The text for people says all of it too.
fn says(outcome: &Outcome, said: &str, case: &Case) {
    // It is another run: its cluster has an id of its own, and the server took another time.
    let said = volatile(said);
    let has = |words: &str| {
        let there = volatile(words).lines().all(|line| said.contains(line.trim_end()));
        assert!(there, "{}: {words} is not said in\n{said}", case.name);
    };
    match outcome {
        Outcome::File(all) => all.iter().for_each(|wrong| {
            has(&wrong.says);
            has(&wrong.place);
            has(&wrong.fix);
        }),
        Outcome::Answers(all) => all.iter().for_each(|(_, field, says)| has(&format!("{}: {says}", field.id()))),
        Outcome::Checks(all) | Outcome::Plan(all, _) => {
            for finding in all.iter().flat_map(|told| &told.findings) {
                has(&format!("{:8} {:18} {}", weight(finding.severity), finding.check.id(), finding.says));
                has(&finding.fix);
                has(finding.remedy.as_ref().map(Remedy::text).unwrap_or_default());
            }
        }
    }
    if let Outcome::Plan(_, plan) = outcome {
        plan.steps.iter().for_each(|(.., title)| has(title));
        assert!(!plan.key_unverified || said.contains("Nothing confirms the master key"), "{}: {said}", case.name);
    }
}
