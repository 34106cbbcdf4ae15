//! Saying and asking: what every screen of the plain face is made of.

use std::io::{self, Write};

use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use crate::engine::Engine;
use crate::faces::sentences::clean;
use crate::faces::signals::{Signal, Signals};
use crate::wizard::event::{Action, Event};
use crate::wizard::run::Phase;
use crate::wizard::state::{Ending, Notice, State};

use super::entry::{self, Entry};
use super::input::{Echo, Heard, Lines};
use super::{PlainOptions, keys};

/// Why the session goes on no more.
#[derive(Debug)]
pub enum Stop {
    /// The wizard has ended, and its state says how.
    Over,
    /// What is said reaches nobody.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The face: the engine that it drives, where it hears, and where it speaks.
pub struct Face<'a, L, W> {
    engine: &'a mut Engine,
    input: &'a mut L,
    out: &'a mut W,
    options: PlainOptions,
    /// The signal that ended it, as an exit status.
    signal: Option<u8>,
    /// The notice that was said last, so that none is said twice.
    said: Option<Notice>,
    /// Whether a screen was left by going back: the one before it is then asked from its last question on.
    pub backwards: bool,
    /// Whether the report of the node under review was printed.
    pub reported: bool,
}

/// What was answered.
pub enum TypedAnswer {
    /// Nothing was typed.
    Empty,
    /// `<`.
    Back,
    /// `?`.
    Help,
    /// `.`.
    Clear,
    /// `connection`.
    Connection,
    /// An answer.
    Text(Zeroizing<String>),
}

/// Something to choose by its number or its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem<T> {
    /// What is meant by it.
    pub means: T,
    /// What may be typed instead of the number.
    pub name: String,
    /// What it does, in a few words.
    pub words: String,
}

impl<T> MenuItem<T> {
    /// A choice.
    pub fn new(means: T, name: impl Into<String>, words: impl Into<String>) -> Self {
        Self { means, name: name.into(), words: words.into() }
    }
}

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen<T> {
    /// One of the choices.
    One(T),
    /// `<`.
    Back,
    /// `?`.
    Help,
}

impl<'a, L: Lines, W: Write> Face<'a, L, W> {
    /// A face that has said nothing yet.
    pub fn new(engine: &'a mut Engine, input: &'a mut L, out: &'a mut W, options: PlainOptions) -> Self {
        Self { engine, input, out, options, signal: None, said: None, backwards: false, reported: false }
    }

    /// What the wizard's state is.
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// The exit status of the signal that ended it.
    pub fn signal(&self) -> Option<u8> {
        self.signal
    }

    /// Where it speaks, for what prints by itself.
    pub fn out(&mut self) -> (&State, &mut W) {
        (self.engine.state(), self.out)
    }

    /// What is said first.
    pub fn greet(&mut self) -> Result<(), Stop> {
        self.say("octopus-setup, in plain sentences.")?;
        self.say(entry::KEYS)
    }

    /// Says a line. Nothing in it acts on a terminal, wherever it came from.
    pub fn say(&mut self, text: &str) -> Result<(), Stop> {
        writeln!(self.out, "{}", clean(text))?;
        Ok(self.out.flush()?)
    }

    /// Says a line that is clean already and keeps its first blanks.
    pub fn lay(&mut self, line: &str) -> Result<(), Stop> {
        writeln!(self.out, "{line}")?;
        Ok(self.out.flush()?)
    }

    /// Says one of the wizard's sentences, with what is typed here; nothing where it tells of keys only.
    pub fn tell(&mut self, text: &str) -> Result<(), Stop> {
        let text = keys::fill(text);
        if text.is_empty() { Ok(()) } else { self.say(&text) }
    }

    /// An empty line, before something else begins.
    pub fn gap(&mut self) -> Result<(), Stop> {
        writeln!(self.out)?;
        Ok(())
    }

    /// Applies an event of a person, and says what the wizard has to say of it, though it were what it said last: who asks
    /// twice is answered twice.
    pub fn handle(&mut self, event: Event) -> Result<(), Stop> {
        self.engine.handle(event);
        self.said = None;
        self.notice()
    }

    /// The same without a word: for events whose notice only names keys.
    pub fn quietly(&mut self, event: Event) {
        self.engine.handle(event);
        self.said.clone_from(&self.engine.state().notice);
    }

    fn notice(&mut self) -> Result<(), Stop> {
        let notice = self.engine.state().notice.clone();
        if notice != self.said {
            self.said.clone_from(&notice);
            if let Some(notice) = notice {
                return self.tell(&notice.text);
            }
        }
        Ok(())
    }

    /// The next news, or the sentence that something still works; `false` as soon as nothing does. `since`: when it began.
    pub async fn news(&mut self, since: &mut Waiting, doing: impl FnOnce(&State) -> String) -> Result<bool, Stop> {
        let more = tokio::select! {
            biased;
            signal = next_signal(&mut self.options.signals) => {
                self.signalled(signal)?;
                return Ok(true);
            }
            more = self.engine.step() => more,
            () = sleep_until(since.begun + self.options.still * (since.said + 1)) => {
                since.said += 1;
                let seconds = since.begun.elapsed().as_secs();
                let doing = doing(self.engine.state());
                self.say(&format!("Still {doing}, {seconds} s."))?;
                return Ok(true);
            }
        };
        self.notice()?;
        if self.engine.state().ending.is_some() { Err(Stop::Over) } else { Ok(more) }
    }

    /// Waits until nothing works any more.
    pub async fn until_idle(&mut self, doing: &str) -> Result<(), Stop> {
        let mut waiting = Waiting::default();
        while self.news(&mut waiting, |_| doing.to_owned()).await? {}
        Ok(())
    }

    /// Asks, and hears a line that means something.
    pub async fn ask(&mut self, prompt: &str, echo: Echo) -> Result<TypedAnswer, Stop> {
        loop {
            let Some(line) = self.hear(prompt, echo).await? else { continue };
            return Ok(match entry::read(&line, echo != Echo::Shown) {
                Entry::Empty => TypedAnswer::Empty,
                Entry::Back => TypedAnswer::Back,
                Entry::Help => TypedAnswer::Help,
                Entry::Clear => TypedAnswer::Clear,
                Entry::Connection => TypedAnswer::Connection,
                Entry::Text(text) => TypedAnswer::Text(Zeroizing::new(text.to_owned())),
                Entry::Quit => {
                    self.quit().await?;
                    continue;
                }
            });
        }
    }

    /// A line as it was typed, asked for where the prompt says something; `None` where it was refused, and the reason said. The end of the input ends the session.
    pub async fn hear(&mut self, prompt: &str, echo: Echo) -> Result<Option<Zeroizing<String>>, Stop> {
        let prompt = clean(prompt);
        self.prompt(&prompt)?;
        let mut works = true;
        let heard = loop {
            tokio::select! {
                biased;
                signal = next_signal(&mut self.options.signals) => match signal {
                    Signal::Suspend => {
                        self.input.suspend();
                        self.prompt(&prompt)?;
                    }
                    end @ Signal::End(_) => self.signalled(end)?,
                },
                heard = self.input.next(echo) => break heard,
                more = self.engine.step(), if works => works = more,
            }
        };
        if (!self.input.is_seen() && !prompt.is_empty()) || matches!(heard, Heard::End) {
            // What was typed is not on the screen, so its end is not there either; nor does Ctrl-D end a line.
            self.gap()?;
        }
        match heard {
            Heard::Line(line) => Ok(Some(line)),
            Heard::Refused(why) => self.say(why).map(|()| None),
            Heard::End => {
                let begun = self.state().run().phase != Phase::Idle;
                self.quietly(Event::Press(Action::Quit));
                self.quietly(Event::Reply(true));
                let rest = if begun || self.state().resuming().is_some() { "" } else { " Nothing was written." };
                self.say(&format!("The input has ended.{rest}"))?;
                Err(Stop::Over)
            }
        }
    }

    fn prompt(&mut self, prompt: &str) -> Result<(), Stop> {
        if !prompt.is_empty() {
            write!(self.out, "{prompt} ")?;
        }
        Ok(self.out.flush()?)
    }

    /// Yes or no, until it is one of them. `<` is a no.
    pub async fn yes_no(&mut self, question: &str) -> Result<bool, Stop> {
        loop {
            match self.ask(&format!("{question} (yes or no):"), Echo::Shown).await? {
                TypedAnswer::Text(text) if entry::yes_no(&text).is_some() => return Ok(entry::yes_no(&text) == Some(true)),
                TypedAnswer::Back => return Ok(false),
                _ => self.say("Type yes or no.")?,
            }
        }
    }

    /// Says what there is to choose.
    pub fn menu<T>(&mut self, choices: &[MenuItem<T>]) -> Result<(), Stop> {
        for (number, choice) in (1..).zip(choices) {
            self.lay(&clean(&format!("{number} {}: {}", choice.name, choice.words)))?;
        }
        Ok(())
    }

    /// Asks for one of what was said, by its number or its name. Nothing is taken for granted: an empty line is asked again.
    pub async fn choose<T: Clone>(&mut self, choices: &[MenuItem<T>]) -> Result<Chosen<T>, Stop> {
        loop {
            match self.ask(&format!("Choose 1 to {}:", choices.len()), Echo::Shown).await? {
                TypedAnswer::Text(text) => {
                    if let Some(choice) = pick(choices, &text) {
                        return Ok(Chosen::One(choice));
                    }
                }
                TypedAnswer::Back => return Ok(Chosen::Back),
                TypedAnswer::Help => return Ok(Chosen::Help),
                TypedAnswer::Empty | TypedAnswer::Clear | TypedAnswer::Connection => {}
            }
            self.say(&format!("Type a number from 1 to {}, or the word behind it.", choices.len()))?;
        }
    }

    /// Asks once whether to end. Comes back where the answer is no.
    pub async fn quit(&mut self) -> Result<(), Stop> {
        self.quietly(Event::Press(Action::Quit));
        if self.state().ending.is_some() {
            return Err(Stop::Over);
        }
        let why = match (self.state().run().phase, self.state().resuming().is_some()) {
            (Phase::Idle, false) => "Nothing has been written.",
            (Phase::Idle, true) | (Phase::Failed | Phase::UndoneInPart | Phase::Running | Phase::Undoing, _) => {
                "The unfinished run stays as it is, and the next start offers to go on."
            }
            (Phase::Undone, _) => "Everything that this run created is undone.",
            (Phase::Finished, _) => "The node is configured; that its master key is kept is not proven yet.",
        };
        loop {
            let Some(line) = self.hear(&format!("End the program? {why} (yes or no):"), Echo::Shown).await? else { continue };
            match entry::yes_no(&line) {
                Some(true) => {
                    self.quietly(Event::Reply(true));
                    return Err(Stop::Over);
                }
                Some(false) => {
                    self.quietly(Event::Reply(false));
                    return Ok(());
                }
                None => self.say("Type yes or no.")?,
            }
        }
    }

    /// A signal: an install is stopped behind its running step first; everything else ends.
    fn signalled(&mut self, signal: Signal) -> Result<(), Stop> {
        let Signal::End(status) = signal else {
            self.input.suspend();
            return Ok(());
        };
        let run = self.state().run();
        if status == INTERRUPT && run.phase == Phase::Running && !run.cancelling {
            self.quietly(Event::Press(Action::Cancel));
            self.gap()?;
            return self.say("Interrupted. The install stops; what is done stays.");
        }
        let begun = match run.phase {
            Phase::Idle => self.state().resuming().is_some(),
            Phase::Undone => false,
            _ => true,
        };
        self.signal = Some(status);
        self.quietly(Event::Hangup);
        self.gap()?;
        self.say(if begun {
            "Ended by a signal. What was begun stays in its journal, and the next start offers to go on."
        } else {
            "Ended by a signal. Nothing was written."
        })?;
        debug_assert_eq!(self.state().ending, Some(Ending::HungUp));
        Err(Stop::Over)
    }
}

/// The exit status of Ctrl-C: 128 and SIGINT's number.
const INTERRUPT: u8 = 130;

/// When something began, and how often it was said that it still works.
#[derive(Debug)]
pub struct Waiting {
    begun: Instant,
    said: u32,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { begun: Instant::now(), said: 0 }
    }
}

async fn next_signal(signals: &mut Option<Signals>) -> Signal {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}

/// What is meant by a number, or by a name of one of them.
pub fn pick<T: Clone>(choices: &[MenuItem<T>], text: &str) -> Option<T> {
    let place = entry::number(text, choices.len())
        .or_else(|| choices.iter().position(|choice| choice.name.eq_ignore_ascii_case(text)))?;
    choices.get(place).map(|choice| choice.means.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_made_by_its_number_or_its_name() {
        let choices = [MenuItem::new('i', "install", "Install."), MenuItem::new('e', "end", "End.")];
        for (text, chosen) in [("1", Some('i')), ("2", Some('e')), ("END", Some('e')), ("3", None), ("in", None), ("", None)] {
            assert_eq!(pick(&choices, text), chosen, "{text:?}");
        }
    }
}
