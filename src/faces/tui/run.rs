//! The TUI's loop: keys, signals, news and time come in; what changed is drawn. It never waits for anything but these.

use std::io;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::engine::Engine;
use crate::model::flow::Flow;
use crate::model::untrusted::Untrusted;
use crate::wizard::custody::CopyWay;
use crate::wizard::event::Event;
use crate::wizard::run::Phase;
use crate::wizard::state::Ending;

use super::scene::WORTH_A_SIGN;
use super::{Terminal, TerminalOptions, Tui, TuiEvent, TuiOptions, is_taken, start_input};
use crate::faces::signals::{Signal, Signals};

/// The exit status of a program whose terminal is gone: 128 and SIGHUP's number.
const HANG_UP: u8 = 129;

/// How the face ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The process' exit status.
    pub status: u8,
    /// What is worth reading once the screen is gone: where the config is, how to go on.
    pub farewell: Vec<String>,
}

/// Runs the wizard in the terminal until it ends, and restores the terminal whatever happens. `once_shown` is called
/// after the first frame.
pub async fn run(
    engine: &mut Engine,
    options: TuiOptions,
    terminal: TerminalOptions,
    once_shown: impl FnOnce(),
) -> io::Result<Ended> {
    let mut signals = Signals::listen()?;
    let mut terminal = Terminal::enter(terminal)?;
    let mut input = start_input()?;
    let mut tui = Tui::new(options);
    let mut tick = interval(Engine::TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hung_up = None;
    let mut once_shown = Some(once_shown);
    let mut worked = false;
    while engine.state().ending.is_none() {
        let works = engine.is_working();
        if works && !worked {
            // Whatever begins to work shows that it does as soon as it is worth a sign, and then twice a second.
            tick.reset_after(WORTH_A_SIGN);
        }
        worked = works;
        tui.sync(engine.state());
        if let Err(error) = terminal.draw(|frame| tui.draw(frame, engine.state())) {
            if !is_taken() {
                return Err(error);
            }
            // It vanished, and the news of that has not come yet.
            hung_up = Some(HANG_UP);
            engine.handle(Event::Hangup);
            break;
        }
        if let Some(once_shown) = once_shown.take() {
            once_shown();
        }
        tokio::select! {
            // Ending goes before typing, and typing before everything that the world has to tell.
            biased;
            signal = signals.next() => match signal {
                Signal::End(status) => {
                    hung_up = Some(status);
                    engine.handle(Event::Hangup);
                }
                Signal::Suspend => suspend(engine, &mut terminal)?,
            },
            event = input.recv() => match event {
                Some(TuiEvent::Gone) | None => {
                    hung_up = Some(HANG_UP);
                    engine.handle(Event::Hangup);
                }
                Some(event) if Tui::is_suspend(&event) => suspend(engine, &mut terminal)?,
                Some(event) => {
                    let events = tui.handle(event, engine.state());
                    for event in events {
                        engine.handle(event);
                        tui.sync(engine.state());
                    }
                }
            },
            event = engine.news() => {
                engine.handle(event);
                // What came in the meantime is drawn with it: a survey's burst of news costs one frame.
                while let Some(event) = engine.news_at_hand() {
                    engine.handle(event);
                }
            }
            _ = tick.tick(), if engine.is_working() => engine.handle(Event::Tick),
        }
        while let Some(text) = engine.take_terminal_copy() {
            let sent = terminal.copy_osc52(&text).map(|()| CopyWay::Terminal).map_err(|error| error.to_string().into());
            engine.handle(Event::Copied(sent));
        }
    }
    // The screen goes first; the farewell belongs to the shell's own screen.
    drop(terminal);
    // After a hang-up nobody waits, and the system may kill us soon; half a second is enough for one small file.
    engine.wind_down(if hung_up.is_none() { Duration::from_secs(5) } else { Duration::from_millis(500) }).await;
    Ok(ended(engine, hung_up))
}

/// Gives the terminal back, stops, and takes it again. Whatever was revealed is hidden.
fn suspend(engine: &mut Engine, terminal: &mut Terminal) -> io::Result<()> {
    engine.handle(Event::Resized);
    terminal.suspend()
}

/// The exit status and what to say on the way out.
fn ended(engine: &Engine, hung_up: Option<u8>) -> Ended {
    let state = engine.state();
    let status = match (hung_up, state.ending) {
        (Some(status), _) => status,
        (None, Some(Ending::Finished)) => 0,
        (None, Some(Ending::Unfinished)) => 7,
        (None, Some(Ending::Left | Ending::HungUp) | None) => 130,
    };
    let farewell = match (state.ending, &state.run.plan) {
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Remove => {
            let gone = plan.before.as_ref().map_or_else(Untrusted::default, |kept| Untrusted::new(&kept.row.name));
            vec![format!("Node {gone} is out of the registry of cluster {}.", plan.cluster.short())]
        }
        (Some(Ending::Finished), Some(plan)) if plan.flow == Flow::Leave => vec![
            format!("Node {} is out of cluster {}.", plan.node.name, plan.cluster.short()),
            format!("A dated copy of its node config and the sealed master key stay in {}.", plan.node.home.display()),
        ],
        (Some(Ending::Finished), Some(plan)) => vec![
            format!("Node {} of cluster {} is configured.", plan.node.name, plan.cluster.short()),
            format!("Its node config is {}.", plan.node.home.join(crate::model::node_config::NodeConfig::FILE).display()),
            format!("The master key's fingerprint is {}.", plan.fingerprint),
        ],
        (Some(Ending::Unfinished), _) if state.run.phase == Phase::Finished => vec![
            "The node is configured, but it is not proven that its master key is kept.".to_owned(),
            "Start octopus-setup again and choose Continue to see the key and to keep it.".to_owned(),
        ],
        (Some(Ending::Unfinished), _) => {
            vec!["The run is unfinished. Start octopus-setup again and choose Continue to go on or to undo it.".to_owned()]
        }
        _ => Vec::new(),
    };
    Ended { status, farewell }
}
