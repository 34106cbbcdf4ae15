//! The flows: which screens, in which order.

use crate::model::flow::Flow;
use crate::model::screen::ScreenId;

/// The screens of a flow, in order. Back is the previous element of this, never arithmetic on a number.
pub fn path(flow: Flow) -> &'static [ScreenId] {
    match flow {
        Flow::FirstNode => &[
            ScreenId::Home,
            ScreenId::Service,
            ScreenId::Database,
            ScreenId::Web,
            // Administrator, License and Storage have their place here; they come with their own issue.
            ScreenId::Review,
            ScreenId::Install,
            ScreenId::MasterKey,
            ScreenId::Done,
        ],
        // Join and Review come with their own issue; until then the start screen says so and begins neither.
        Flow::Join | Flow::Review => &[],
    }
}

/// The screen after this one.
pub fn next(flow: Flow, here: ScreenId) -> Option<ScreenId> {
    let path = path(flow);
    let place = path.iter().position(|screen| *screen == here)?;
    path.get(place + 1).copied()
}

/// The screen before this one.
pub fn previous(flow: Flow, here: ScreenId) -> Option<ScreenId> {
    let path = path(flow);
    let place = path.iter().position(|screen| *screen == here)?;
    path.get(place.checked_sub(1)?).copied()
}

/// A screen's place in the path, from 0.
pub fn place(flow: Flow, screen: ScreenId) -> Option<usize> {
    path(flow).iter().position(|other| *other == screen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_and_previous_are_each_other_s_inverse() {
        for pair in path(Flow::FirstNode).windows(2) {
            assert_eq!(next(Flow::FirstNode, pair[0]), Some(pair[1]));
            assert_eq!(previous(Flow::FirstNode, pair[1]), Some(pair[0]));
        }
        assert_eq!(previous(Flow::FirstNode, ScreenId::Home), None);
        assert_eq!(next(Flow::FirstNode, ScreenId::Done), None);
    }
}
