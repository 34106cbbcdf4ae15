//! The TUI's loop: keys, signals, news and time come in; what changed is drawn. It never waits for anything but these.

use std::io;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::engine::Engine;
use crate::engine::recording::Replay;
use crate::model::export::CopyWay;
use crate::wizard::event::Event;

use super::scene::WORTH_A_SIGN;
use super::{Terminal, TerminalOptions, Tui, TuiEvent, TuiOptions, is_taken, start_input};
use crate::faces::exit::{self, SessionEnd};
use crate::faces::signals::{Signal, Signals};

/// The exit status of a program whose terminal is gone: 128 and SIGHUP's number.
const HANG_UP: u8 = 129;

/// Why the face could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The terminal could not be taken. It is as it was, nothing was shown, and another face may take over.
    #[error("{0}")]
    NotTaken(io::Error),
    /// The terminal was lost on the way.
    #[error("{0}")]
    Lost(#[from] io::Error),
}

/// Runs the wizard in the terminal until it ends, and restores the terminal whatever happens. `once_shown` is called
/// after the first frame.
pub async fn run(
    engine: &mut Engine,
    options: TuiOptions,
    terminal: TerminalOptions,
    once_shown: impl FnOnce(),
) -> Result<SessionEnd, Broken> {
    let mut signals = Signals::listen()?;
    let mut terminal = Terminal::enter(terminal).map_err(Broken::NotTaken)?;
    let mut input = start_input().map_err(Broken::NotTaken)?;
    let mut tui = Tui::new(options);
    let mut tick = interval(Engine::TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hung_up = None;
    let mut once_shown = Some(once_shown);
    let mut worked = false;
    // The screen of the last frame, and how many inputs came before that screen was there.
    let mut shown = None;
    let mut waiting = 0_usize;
    while engine.state().ending.is_none() {
        let works = engine.is_working();
        if works && !worked {
            // Whatever begins to work shows that it does as soon as it is worth a sign, and then twice a second.
            tick.reset_after(WORTH_A_SIGN);
        }
        worked = works;
        let place = engine.state().place.here;
        if shown.replace(place).is_some_and(|before| before != place) {
            waiting = input.len();
        }
        tui.sync(engine.state());
        if let Err(error) = terminal.draw(|frame| tui.draw(frame, engine.state())) {
            if !is_taken() {
                return Err(error.into());
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
            event = input.recv() => {
                let is_early = waiting > 0;
                waiting = waiting.saturating_sub(1);
                match event.unwrap_or(TuiEvent::Gone) {
                    TuiEvent::Gone => {
                        hung_up = Some(HANG_UP);
                        engine.handle(Event::Hangup);
                    }
                    event if Tui::is_suspend(&event) => suspend(engine, &mut terminal)?,
                    // It was typed before this screen was there, and so was meant for another one.
                    event if is_early && is_typed(&event) => {}
                    event => {
                        for event in tui.handle(event, engine.state()) {
                            engine.handle(event);
                            tui.sync(engine.state());
                        }
                    }
                }
            },
            event = engine.next_event() => {
                engine.handle(event);
                // What came in the meantime is drawn with it: a survey's burst of news costs one frame.
                while let Some(event) = engine.try_next_event() {
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
    Ok(exit::on_the_terminal(engine.state(), SessionEnd::from_state(engine.state(), hung_up)))
}

/// Returns whether somebody typed, pasted or clicked this for the screen that they saw. Ctrl-C is meant for all of them.
fn is_typed(event: &TuiEvent) -> bool {
    matches!(event, TuiEvent::Key(_) | TuiEvent::Hurried(_) | TuiEvent::Paste(_) | TuiEvent::Mouse(_))
        && !Tui::is_interrupt(event)
}

/// The longest pause of a replay: who waits for more than a second looks at nothing new.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Shows a recording at its own pace, but never waits longer than a second. Any key goes on to the next event, or ends where
/// there is none; Ctrl-C ends. The signal that ended it, as an exit status.
pub async fn replay(replay: &mut Replay, options: TuiOptions, terminal: TerminalOptions) -> Result<Option<u8>, Broken> {
    let mut signals = Signals::listen()?;
    let mut terminal = Terminal::enter(terminal).map_err(Broken::NotTaken)?;
    let mut input = start_input().map_err(Broken::NotTaken)?;
    let mut tui = Tui::new(options);
    loop {
        tui.sync(replay.state());
        terminal.draw(|frame| tui.draw(frame, replay.state()))?;
        let pause = replay.pause();
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::End(status) => return Ok(Some(status)),
                Signal::Suspend => terminal.suspend()?,
            },
            event = input.recv() => match event {
                Some(TuiEvent::Gone) | None => return Ok(Some(HANG_UP)),
                Some(event) if Tui::is_suspend(&event) => terminal.suspend()?,
                Some(event) if Tui::is_interrupt(&event) => return Ok(None),
                Some(TuiEvent::Key(_) | TuiEvent::Hurried(_) | TuiEvent::Paste(_)) => if replay.step().is_none() {
                    return Ok(None);
                },
                Some(TuiEvent::Mouse(_) | TuiEvent::Resize(..) | TuiEvent::FocusLost) => {}
            },
            () = sleep(pause.unwrap_or_default().min(LONGEST_PAUSE)), if pause.is_some() => {
                replay.step();
            }
        }
    }
}

/// Gives the terminal back, stops, and takes it again. Whatever was revealed is hidden.
fn suspend(engine: &mut Engine, terminal: &mut Terminal) -> io::Result<()> {
    engine.handle(Event::Resized);
    terminal.suspend()
}
