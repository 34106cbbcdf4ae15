//! A sign-in that is held back: nothing goes to the server before the operator has accepted it.

use crate::catalog::checks;
use crate::catalog::form::read;
use crate::model::answers::Origin;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::node::Maker;
use crate::model::target::{BadLogin, check_login};
use crate::wizard::state::State;

impl State {
    /// Returns why nothing is sent to the server yet; `None` where that is not held back, or was accepted. What a node config of
    /// this wizard says was accepted when it was written.
    pub fn held_sign_in(&self) -> Option<Finding> {
        let typed = |field| self.answers.get(field).origin == Origin::Typed;
        let asks = match self.flow() {
            Some(Flow::FirstNode | Flow::Join) => true,
            Some(Flow::Edit) => typed(FieldId::User) || typed(FieldId::Password),
            Some(Flow::Review) => self.subject().is_some_and(|subject| subject.maker == Maker::Octopus),
            Some(Flow::Leave | Flow::Remove) | None => false,
        };
        checks::sign_in_doubt(&self.answers).filter(|_| asks && !self.is_sign_in_accepted())
    }

    /// Returns whether the operator accepted that exactly this login and password are sent.
    pub(super) fn is_sign_in_accepted(&self) -> bool {
        self.accepted_sign_in
            .as_ref()
            .is_some_and(|accepted| read::sign_in(&self.answers).is_ok_and(|present| present == *accepted))
    }

    /// Returns the verdict on a login that is held back.
    pub(super) fn held_verdict(&self) -> Option<Verdict> {
        // A review asks for no answers, so that no field says it there.
        let is_windows = self.flow() == Some(Flow::Review)
            && check_login(self.answers.trimmed(FieldId::User)) == Err(BadLogin::WindowsAccount);
        let refused = is_windows.then(|| {
            let fix = "Have the config written with a SQL login.";
            Finding::stop(CheckId::SqlLogin, BadLogin::WindowsAccount.to_string(), fix).about(FieldId::User)
        });
        refused.or_else(|| self.held_sign_in()).map(|finding| Verdict::Found(vec![finding]))
    }

    /// Returns the warning that was accepted, so that it is accepted again where these answers are used again.
    pub(super) fn accepted_sign_in(&self) -> Option<CheckId> {
        let accepted = self.is_sign_in_accepted() && checks::sign_in_doubt(&self.answers).is_some();
        accepted.then_some(CheckId::SqlLogin)
    }
}
