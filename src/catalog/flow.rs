//! The flows: which screens, in which order.

use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;

/// The screens of a flow, in order. Back is the previous element of this, never arithmetic on a number.
pub fn path(flow: Flow) -> &'static [ScreenId] {
    match flow {
        Flow::FirstNode => &[
            ScreenId::Home,
            ScreenId::Service,
            ScreenId::Database,
            ScreenId::Storage,
            ScreenId::Octopus,
            ScreenId::Review,
            ScreenId::Install,
            ScreenId::MasterKey,
            ScreenId::Done,
        ],
        Flow::Join => &[
            ScreenId::Home,
            ScreenId::Service,
            ScreenId::Database,
            ScreenId::Cluster,
            ScreenId::Storage,
            ScreenId::Octopus,
            ScreenId::Review,
            ScreenId::Install,
            ScreenId::Done,
        ],
        // Sections rather than steps: every one of them can be opened at once, and none has a gate.
        Flow::Review => &[ScreenId::Node, ScreenId::Proof, ScreenId::Cluster, ScreenId::Drift, ScreenId::Key, ScreenId::Backups],
        Flow::Edit => {
            &[ScreenId::Database, ScreenId::Cluster, ScreenId::Octopus, ScreenId::Review, ScreenId::Install, ScreenId::Done]
        }
        Flow::Leave | Flow::Remove => &[ScreenId::Review, ScreenId::Install, ScreenId::Done],
    }
}

/// Whether a flow asks this field at all, whatever the other answers are.
pub fn asks(flow: Flow, field: FieldId) -> bool {
    screen_of(flow, field).is_some()
}

/// The screen on which a flow asks this field; a field may stand on several screens and is asked on one of them.
pub fn screen_of(flow: Flow, field: FieldId) -> Option<ScreenId> {
    field.setting().screens.iter().find(|(_, flows)| flows.contains(&flow)).map(|(screen, _)| *screen)
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
pub fn position(flow: Flow, screen: ScreenId) -> Option<usize> {
    path(flow).iter().position(|other| *other == screen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_and_previous_are_each_other_s_inverse() {
        for flow in Flow::ALL {
            for pair in path(flow).windows(2) {
                assert_eq!((next(flow, pair[0]), previous(flow, pair[1])), (Some(pair[1]), Some(pair[0])));
            }
        }
        assert_eq!(previous(Flow::FirstNode, ScreenId::Home), None);
        assert_eq!(next(Flow::FirstNode, ScreenId::Done), None);
    }

    #[test]
    fn a_field_is_asked_on_a_screen_of_its_flow_that_has_words_for_it() {
        for flow in Flow::ALL {
            for field in FieldId::ALL {
                let Some(screen) = screen_of(flow, field) else { continue };
                assert!(path(flow).contains(&screen), "{flow:?} {field:?}");
                assert!(crate::words::screen(screen).field(field).is_some(), "{flow:?} {field:?} {screen:?}");
            }
        }
    }

    #[test]
    fn what_only_one_flow_may_decide_no_other_asks() {
        let asking = |field| Flow::ALL.into_iter().filter(|flow| asks(*flow, field)).collect::<Vec<_>>();
        for field in [FieldId::CreateDatabase, FieldId::KeySize, FieldId::KeyProof] {
            assert_eq!(asking(field), [Flow::FirstNode], "{field:?}");
        }
        for field in [FieldId::UnverifiedKey, FieldId::ReplaceNode, FieldId::MakeRegistry] {
            assert_eq!(asking(field), [Flow::Join], "{field:?}");
        }
        assert_eq!(asking(FieldId::NodeName), [Flow::FirstNode, Flow::Join]);
        assert_eq!(asking(FieldId::AnswersFile), [Flow::FirstNode, Flow::Join]);
        assert_eq!(asking(FieldId::Database), [Flow::FirstNode, Flow::Join]);
        assert_eq!(asking(FieldId::MasterKey), [Flow::Join, Flow::Edit]);
        assert_eq!(asking(FieldId::KeyConfirm), [Flow::Review]);
        assert_eq!(asking(FieldId::NodeConfirm), [Flow::Leave, Flow::Remove]);
    }
}
