//! What came out of a case, and the same as text.

use std::fmt::Write as _;

use octopus_setup::catalog::{flow, steps};
use octopus_setup::model::answers::Problem;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Finding, Remedy, Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::phrase;
use octopus_setup::model::plan::{self, Scope};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::state::State;

use crate::case::Case;

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The answer file was refused before any face began.
    File(Vec<Wrong>),
    /// Answers were refused by themselves: screen, field and what is wrong.
    Answers(Vec<(ScreenId, FieldId, String)>),
    /// Checks refused: every screen that has something to say, in the order of the flow.
    Checks(Vec<Told>),
    /// The plan, and what was said on the way to it.
    Plan(Vec<Told>, Plan),
}

/// What is wrong with an answer file, or with an answer in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub severity: Severity,
    /// Where, as a person finds it; empty where something is missing altogether.
    pub place: String,
    pub field: Option<FieldId>,
    pub says: String,
    pub fix: String,
}

impl From<&Problem> for Wrong {
    fn from(problem: &Problem) -> Self {
        let Problem { severity, place, field, says, fix } = problem.clone();
        Self { severity, place: place.map(|place| place.to_string()).unwrap_or_default(), field, says, fix }
    }
}

/// What one screen's checks say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub screen: ScreenId,
    pub findings: Vec<Finding>,
    /// Whether its gate stays shut.
    pub shut: bool,
}

/// A plan: of each step scope, mode and title; and what was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<(Scope, String, String)>,
    pub accepted: Vec<CheckId>,
    pub key_unverified: bool,
}

impl Told {
    /// What a screen's checks say to this case.
    pub fn of(state: &State, screen: ScreenId, case: &Case) -> Self {
        let found = state.verdicts_of(screen).into_iter().filter_map(|(_, verdict)| match verdict {
            Verdict::Found(findings) => Some(findings),
            _ => None,
        });
        Self::new(screen, found.flatten().collect(), case)
    }

    /// These findings of a screen, without those that hang on this machine.
    pub fn new(screen: ScreenId, mut findings: Vec<Finding>, case: &Case) -> Self {
        let ambient = case.ambient();
        // Where this checkout lies is nobody's answer.
        let is_place = |finding: &Finding| finding.check == CheckId::HomePath && finding.says.contains("in a temporary folder");
        findings.retain(|finding| !ambient.contains(&finding.check) && !is_place(finding));
        let shut = findings.iter().any(|finding| match finding.severity {
            Severity::Stop => true,
            Severity::Warn | Severity::Unproven => !case.accept.contains(&finding.check),
            Severity::Note | Severity::Unknown => false,
        });
        Self { screen, findings, shut }
    }
}

impl Plan {
    /// Those of a plan.
    pub fn of(plan: &plan::Plan, case: &Case) -> Self {
        let ambient = case.ambient();
        Self {
            steps: plan
                .steps
                .iter()
                .map(|step| ((steps::row(step.kind).scope)(plan.flow), step.mode.to_owned(), step.title.clone()))
                .collect(),
            accepted: plan.accepted.iter().copied().filter(|check| !ambient.contains(check)).collect(),
            key_unverified: plan.key_unverified,
        }
    }
}

impl Outcome {
    /// Refused answers, in the order of the flow.
    pub fn answers(of: Flow, mut all: Vec<(ScreenId, FieldId, String)>) -> Self {
        all.sort_by_key(|(screen, field, _)| (flow::position(of, *screen), *field));
        Self::Answers(all)
    }

    /// What faces with a person tell, which stop at the first screen whose gate is shut. What is asked or looked at only
    /// behind the plan, they tell only then: `None` where that is all that stands against it.
    pub fn as_far_as_it_goes(&self) -> Option<Self> {
        match self {
            Self::Answers(all) => {
                let first = all.first().map(|(screen, ..)| *screen).filter(|screen| !is_behind(*screen))?;
                Some(Self::Answers(all.iter().filter(|(screen, ..)| *screen == first).cloned().collect()))
            }
            Self::Checks(all) => {
                let shut = all.iter().position(|told| told.shut && !is_behind(told.screen))?;
                Some(Self::Checks(all[..=shut].to_vec()))
            }
            Self::Plan(all, steps) => Some(Self::Plan(Self::before_the_plan(all), steps.clone())),
            Self::File(_) => Some(self.clone()),
        }
    }

    /// What is told before the plan also where a person is.
    pub fn before_the_plan(all: &[Told]) -> Vec<Told> {
        all.iter().filter(|told| !is_behind(told.screen)).cloned().collect()
    }

    /// As it stands in `cases/<name>.txt`, before the masks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match self {
            Self::File(problems) => {
                text.push_str("The answer file is refused.\n");
                for problem in problems {
                    text.push('\n');
                    problem.tell(&mut text);
                }
            }
            Self::Answers(all) => {
                text.push_str("Answers are refused.\n");
                for (screen, field, says) in all {
                    let _ = writeln!(text, "\n{}: {}", screen.id(), field.id());
                    lines(&mut text, [says.as_str()]);
                }
            }
            Self::Checks(all) => {
                text.push_str("Checks refuse.\n");
                tell(&mut text, all);
            }
            Self::Plan(all, plan) => {
                let _ = writeln!(text, "The plan: {} steps.\n", plan.steps.len());
                for (scope, mode, title) in &plan.steps {
                    let scope = match scope {
                        Scope::Node => "node",
                        Scope::Row => "own row",
                        Scope::Cluster => "cluster",
                    };
                    let _ = writeln!(text, "  {scope:<8} {mode:<5}{title}");
                }
                let accepted: Vec<&str> = plan.accepted.iter().map(|check| check.id()).collect();
                if !accepted.is_empty() {
                    let _ = writeln!(text, "  accepted: {}", accepted.join(", "));
                }
                if plan.key_unverified {
                    text.push_str("  the key is taken unverified\n");
                }
                tell(&mut text, all);
            }
        }
        text
    }
}

/// Whether a person comes to this screen only when everything is installed.
fn is_behind(screen: ScreenId) -> bool {
    screen == ScreenId::MasterKey
}

impl Wrong {
    /// As it stands in `cases/<name>.txt`.
    pub fn tell(&self, text: &mut String) {
        let place = if self.place.is_empty() { String::new() } else { format!(" at {}", self.place) };
        let _ = writeln!(text, "{}{place}", weight(self.severity));
        lines(text, [self.says.as_str(), self.fix.as_str()]);
    }
}

fn tell(text: &mut String, all: &[Told]) {
    for told in all.iter().filter(|told| !told.findings.is_empty()) {
        let shut = if told.shut { ", shut" } else { "" };
        let _ = writeln!(text, "\n{}{shut}", told.screen.id());
        for finding in &told.findings {
            let about = finding.about.map(|field| format!(" about {}", field.id())).unwrap_or_default();
            let _ = writeln!(text, "  {} {}{about}", weight(finding.severity), finding.check.id());
            lines(text, [finding.says.as_str(), finding.fix.as_str()]);
            match &finding.remedy {
                Some(Remedy::Sql(sql)) => lines(text, sql.lines().map(|line| format!("sql> {line}"))),
                Some(Remedy::Command(command)) => lines(text, command.lines().map(|line| format!("$ {line}"))),
                None => {}
            }
        }
    }
}

fn lines(text: &mut String, all: impl IntoIterator<Item = impl AsRef<str>>) {
    for line in all.into_iter().filter(|line| !line.as_ref().is_empty()) {
        let _ = writeln!(text, "    {}", phrase::fill(line.as_ref(), phrase::name_in_files));
    }
}

/// How much it weighs, as it is printed.
pub const fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "stop",
        Severity::Warn => "warning",
        Severity::Note => "note",
        Severity::Unknown => "unknown",
        Severity::Unproven => "unproven",
    }
}
