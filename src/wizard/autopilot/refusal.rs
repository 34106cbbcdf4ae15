//! What stands against an unattended run: everything of every screen at once.

use crate::catalog::flow as flows;
use crate::model::check::CheckId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::wizard::state::State;
use crate::words;

use super::Order;

/// Why the checks refuse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// These say stop.
    pub stops: Vec<CheckId>,
    /// These warn, and nobody has accepted it.
    pub warnings: Vec<CheckId>,
    /// These could not be judged; what stands before them has mostly said stop.
    pub unknown: Vec<CheckId>,
    /// Among the stops, those that were to be accepted: a stop cannot be.
    pub named: Vec<CheckId>,
    /// A reason that is no check's: sentences.
    pub says: Option<String>,
}

/// The checks that an unattended run of a flow waits for, each with its screen, in the order of the path: all before the
/// plan, and that the new key can be saved.
pub fn checks_of(flow: Flow) -> impl Iterator<Item = (ScreenId, CheckId)> {
    let before = flows::path(flow).iter().copied().take_while(|screen| *screen != ScreenId::Review);
    let checks = before.flat_map(|screen| words::screen(screen).checks().map(move |check| (screen, check)));
    checks.chain((flow == Flow::FirstNode).then_some((ScreenId::MasterKey, CheckId::KeyFile)))
}

impl Refusal {
    /// What stands against it now.
    pub fn of(order: &Order, state: &State) -> Self {
        let mut refusal = Self::default();
        for (_, check) in checks_of(order.flow) {
            let accepted = order.loaded.accept.contains(&check);
            let verdict = state.verdict(check);
            match (verdict.severity(), &verdict) {
                (Some(Severity::Stop), _) => {
                    refusal.stops.push(check);
                    refusal.named.extend(accepted.then_some(check));
                }
                (Some(Severity::Warn), _) if !accepted => refusal.warnings.push(check),
                (None, Verdict::NotYet | Verdict::Running) => refusal.unknown.push(check),
                _ => {}
            }
        }
        refusal
    }

    /// Whether there is anything.
    pub fn refuses(&self) -> bool {
        *self != Self::default()
    }
}
