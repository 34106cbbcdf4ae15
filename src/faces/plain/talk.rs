//! The prompts of the plain face: what it prints, what it asks, and what a typed line means.

use std::borrow::Cow;
use std::io::{self, Write};

use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use crate::engine::Engine;
use crate::faces::sentences::clean;
use crate::faces::signals::{Signal, Signals};
use crate::model::choice::spelled;
use crate::model::field::Kind;
use crate::model::phrase::{self, Key};
use crate::wizard::event::{Action, Event};
use crate::wizard::run::Phase;
use crate::wizard::state::{Ending, Notice, State};

use super::PlainOptions;
use super::input::{Echo, InputLine, LineSource};

/// Why the session stops.
#[derive(Debug)]
pub enum SessionStop {
    /// The wizard has ended, and its state says how.
    Over,
    /// The output cannot be written.
    Io(io::Error),
}

impl From<io::Error> for SessionStop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The plain face: the engine that it drives, its input and its output.
pub struct Face<'a, L, W> {
    engine: &'a mut Engine,
    input: &'a mut L,
    out: &'a mut W,
    options: PlainOptions,
    /// The exit status of the signal that ended the session.
    signal: Option<u8>,
    /// The last notice that was printed, so that none is printed twice.
    last_notice: Option<Notice>,
    /// Whether the operator left a screen by going back; the screen before it is then asked from its last question.
    pub backwards: bool,
    /// Whether the report of the node under review has been printed.
    pub reported: bool,
}

/// What was typed at a question.
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

/// A menu item, chosen by its number or its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem<T> {
    /// The value that the item stands for.
    pub means: T,
    /// The word that may be typed instead of the number.
    pub name: String,
    /// What it does, in a few words.
    pub words: String,
}

impl<T> MenuItem<T> {
    pub fn new(means: T, name: impl Into<String>, words: impl Into<String>) -> Self {
        Self { means, name: name.into(), words: words.into() }
    }
}

/// What was chosen from a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuChoice<T> {
    /// One of the items.
    One(T),
    /// `<`.
    Back,
    /// `?`.
    Help,
}

impl<'a, L: LineSource, W: Write> Face<'a, L, W> {
    /// Creates a face that has printed nothing yet.
    pub fn new(engine: &'a mut Engine, input: &'a mut L, out: &'a mut W, options: PlainOptions) -> Self {
        Self { engine, input, out, options, signal: None, last_notice: None, backwards: false, reported: false }
    }

    /// Returns the wizard's state.
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// Returns the exit status of the signal that ended the session.
    pub fn signal(&self) -> Option<u8> {
        self.signal
    }

    /// Returns the state and the output, for code that prints by itself.
    pub fn out(&mut self) -> (&State, &mut W) {
        (self.engine.state(), self.out)
    }

    /// Prints the greeting.
    pub fn greet(&mut self) -> Result<(), SessionStop> {
        self.say("octopus-setup, in plain sentences.")?;
        if self.state().is_practice() {
            self.say("This is the practice server: nothing of it is for production.")?;
        }
        self.say(KEYS)
    }

    /// Prints a line, without control characters wherever it came from.
    pub fn say(&mut self, text: &str) -> Result<(), SessionStop> {
        writeln!(self.out, "{}", clean(text))?;
        Ok(self.out.flush()?)
    }

    /// Prints a line that is clean already and keeps its leading spaces.
    pub fn write_line(&mut self, line: &str) -> Result<(), SessionStop> {
        writeln!(self.out, "{line}")?;
        Ok(self.out.flush()?)
    }

    /// Prints one of the wizard's sentences with its keys replaced by typed words; prints nothing if it is only about
    /// keys.
    pub fn tell(&mut self, text: &str) -> Result<(), SessionStop> {
        let text = fill(text);
        if text.is_empty() { Ok(()) } else { self.say(&text) }
    }

    /// Prints an empty line before something new.
    pub fn gap(&mut self) -> Result<(), SessionStop> {
        writeln!(self.out)?;
        Ok(())
    }

    /// Applies an event and prints the resulting notice, even if the same one was printed last: an operator who asks
    /// twice gets two answers.
    pub fn handle(&mut self, event: Event) -> Result<(), SessionStop> {
        self.engine.handle(event);
        self.last_notice = None;
        self.notice()
    }

    /// Applies an event without printing its notice, which only names keys.
    pub fn quietly(&mut self, event: Event) {
        self.engine.handle(event);
        self.last_notice.clone_from(&self.engine.state().notice);
    }

    fn notice(&mut self) -> Result<(), SessionStop> {
        let notice = self.engine.state().notice.clone();
        if notice != self.last_notice {
            self.last_notice.clone_from(&notice);
            if let Some(notice) = notice {
                return self.tell(&notice.text);
            }
        }
        Ok(())
    }

    /// Waits for the next engine event, or says that something is still running. Returns `false` once nothing is.
    /// `since`: when the wait began.
    pub async fn news(&mut self, since: &mut Waiting, doing: impl FnOnce(&State) -> String) -> Result<bool, SessionStop> {
        let more = tokio::select! {
            biased;
            signal = next_signal(&mut self.options.signals) => {
                self.signalled(signal)?;
                return Ok(true);
            }
            more = self.engine.step() => more,
            () = sleep_until(since.begun + self.options.still * (since.reported + 1)) => {
                since.reported += 1;
                let seconds = since.begun.elapsed().as_secs();
                let doing = doing(self.engine.state());
                self.say(&format!("Still {doing}, {seconds} s."))?;
                return Ok(true);
            }
        };
        self.notice()?;
        if self.engine.state().ending.is_some() { Err(SessionStop::Over) } else { Ok(more) }
    }

    /// Waits until nothing is running any more.
    pub async fn until_idle(&mut self, doing: &str) -> Result<(), SessionStop> {
        let mut waiting = Waiting::default();
        while self.news(&mut waiting, |_| doing.to_owned()).await? {}
        Ok(())
    }

    /// Asks, and reads lines until one is not refused.
    pub async fn ask(&mut self, prompt: &str, echo: Echo) -> Result<TypedAnswer, SessionStop> {
        loop {
            let Some(line) = self.hear(prompt, echo).await? else { continue };
            return Ok(match parse_entry(&line, echo != Echo::Shown) {
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

    /// Reads a line as typed; prints the prompt if it is not empty. Returns `None` after telling why if the line was
    /// refused. The end of the input ends the session.
    pub async fn hear(&mut self, prompt: &str, echo: Echo) -> Result<Option<Zeroizing<String>>, SessionStop> {
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
        if (!self.input.is_seen() && !prompt.is_empty()) || matches!(heard, InputLine::End) {
            // The typed line break is not on the screen if the input is not echoed, and Ctrl-D does not print one.
            self.gap()?;
        }
        match heard {
            InputLine::Line(line) => Ok(Some(line)),
            InputLine::Refused(why) => self.say(why).map(|()| None),
            InputLine::End => {
                let begun = self.state().run().phase != Phase::Idle;
                self.quietly(Event::Press(Action::Quit));
                self.quietly(Event::Reply(true));
                let rest = if begun || self.state().resuming().is_some() { "" } else { " Nothing was written." };
                self.say(&format!("The input has ended.{rest}"))?;
                Err(SessionStop::Over)
            }
        }
    }

    fn prompt(&mut self, prompt: &str) -> Result<(), SessionStop> {
        if !prompt.is_empty() {
            write!(self.out, "{prompt} ")?;
        }
        Ok(self.out.flush()?)
    }

    /// Asks a question until the answer is yes or no. `<` counts as no.
    pub async fn yes_no(&mut self, question: &str) -> Result<bool, SessionStop> {
        loop {
            match self.ask(&format!("{question} (yes or no):"), Echo::Shown).await? {
                TypedAnswer::Text(text) if parse_yes_no(&text).is_some() => return Ok(parse_yes_no(&text) == Some(true)),
                TypedAnswer::Back => return Ok(false),
                _ => self.say("Type yes or no.")?,
            }
        }
    }

    /// Prints a menu.
    pub fn menu<T>(&mut self, choices: &[MenuItem<T>]) -> Result<(), SessionStop> {
        for (number, choice) in (1..).zip(choices) {
            self.write_line(&clean(&format!("{number} {}: {}", choice.name, choice.words)))?;
        }
        Ok(())
    }

    /// Asks for one item of a menu, by its number or its name. There is no default: an empty line is asked again.
    pub async fn choose<T: Clone>(&mut self, choices: &[MenuItem<T>]) -> Result<MenuChoice<T>, SessionStop> {
        loop {
            match self.ask(&format!("Choose 1 to {}:", choices.len()), Echo::Shown).await? {
                TypedAnswer::Text(text) => {
                    if let Some(choice) = pick(choices, &text) {
                        return Ok(MenuChoice::One(choice));
                    }
                }
                TypedAnswer::Back => return Ok(MenuChoice::Back),
                TypedAnswer::Help => return Ok(MenuChoice::Help),
                TypedAnswer::Empty | TypedAnswer::Clear | TypedAnswer::Connection => {}
            }
            self.say(&format!("Type a number from 1 to {}, or the word behind it.", choices.len()))?;
        }
    }

    /// Asks whether to end. Returns `Ok` if the answer is no.
    pub async fn quit(&mut self) -> Result<(), SessionStop> {
        self.quietly(Event::Press(Action::Quit));
        if self.state().ending.is_some() {
            return Err(SessionStop::Over);
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
            match parse_yes_no(&line) {
                Some(true) => {
                    self.quietly(Event::Reply(true));
                    return Err(SessionStop::Over);
                }
                Some(false) => {
                    self.quietly(Event::Reply(false));
                    return Ok(());
                }
                None => self.say("Type yes or no.")?,
            }
        }
    }

    /// Handles a signal: an install first stops after its running step; everything else ends at once.
    fn signalled(&mut self, signal: Signal) -> Result<(), SessionStop> {
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
        Err(SessionStop::Over)
    }
}

/// The exit status of Ctrl-C: 128 plus the number of SIGINT.
const INTERRUPT: u8 = 130;

/// When something began, and how often the session has said that it is still running.
#[derive(Debug)]
pub struct Waiting {
    begun: Instant,
    reported: u32,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { begun: Instant::now(), reported: 0 }
    }
}

async fn next_signal(signals: &mut Option<Signals>) -> Signal {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}

/// Returns the value of the item with this number or name.
pub fn pick<T: Clone>(choices: &[MenuItem<T>], text: &str) -> Option<T> {
    let place =
        parse_number(text, choices.len()).or_else(|| choices.iter().position(|choice| choice.name.eq_ignore_ascii_case(text)))?;
    choices.get(place).map(|choice| choice.means.clone())
}

/// What a typed line means, whatever the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// Nothing was typed.
    Empty,
    /// `?`: help.
    Help,
    /// `<`: one question back.
    Back,
    /// `.`: empty the field.
    Clear,
    /// `!` or `quit`: end.
    Quit,
    /// `connection`: a connection string follows.
    Connection,
    /// An answer, without its escaping backslash.
    Text(&'a str),
}

/// Goes one question back.
pub const BACK: &str = "<";
/// Ends the program.
pub const QUIT: &str = "quit";
/// Announces a connection string.
pub const CONNECTION: &str = "connection";

/// The words that are commands instead of answers.
const WORDS: [(&str, Entry<'static>); 6] = [
    ("?", Entry::Help),
    (BACK, Entry::Back),
    (".", Entry::Clear),
    ("!", Entry::Quit),
    (QUIT, Entry::Quit),
    (CONNECTION, Entry::Connection),
];

/// Explains the control words, at the start and in each help text.
pub const KEYS: &str = "At every question: ? tells more, < goes back, ! or quit ends, and a single . empties a field. Where one of \
these is itself the answer, put a backslash before it: \\? is a question mark.";

/// Reads a line. Only a line that consists of a command word, possibly after backslashes, is treated specially. A path
/// that begins with two backslashes, or a password that contains one, is taken as typed.
///
/// Spaces around a word are ignored, except in secrets, where they may belong to the value.
pub fn parse_entry(line: &str, secret: bool) -> Entry<'_> {
    let plain = if secret { line } else { line.trim() };
    if plain.is_empty() {
        return Entry::Empty;
    }
    let word = |text: &str| WORDS.iter().find(|(word, _)| *word == text).map(|(_, entry)| *entry);
    if let Some(entry) = word(plain) {
        return entry;
    }
    match plain.strip_prefix('\\') {
        Some(rest) if word(rest.trim_start_matches('\\')).is_some() => Entry::Text(rest),
        _ => Entry::Text(plain),
    }
}

/// Reads yes or no; `None` for anything else.
pub fn parse_yes_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" => Some(true),
        "no" | "n" | "false" => Some(false),
        _ => None,
    }
}

/// Returns the index for a number typed from 1 to `count`.
pub fn parse_number(text: &str, count: usize) -> Option<usize> {
    // Neither "+1" nor "01": a number is typed as it is shown.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number: usize = if digits { text.parse().ok()? } else { return None };
    (number <= count).then(|| number - 1)
}

/// Returns a field's answer as answer files spell it. The error says what to type.
pub fn parse_answer(kind: Kind, text: &str) -> Result<String, String> {
    match kind {
        Kind::Toggle => match parse_yes_no(text) {
            Some(yes) => Ok(spelled(yes).to_owned()),
            None => Err("Type yes or no.".to_owned()),
        },
        Kind::Choice(values) => {
            let chosen = parse_number(text, values.len()).and_then(|place| values.get(place));
            match chosen.or_else(|| values.iter().find(|value| value.eq_ignore_ascii_case(text))) {
                Some(value) => Ok((*value).to_owned()),
                None => Err(format!("Type a number from 1 to {}, or one of {}.", values.len(), values.join(", "))),
            }
        }
        Kind::Text | Kind::Path | Kind::Number | Kind::Secret => Ok(text.to_owned()),
    }
}

/// Menu words that sentences refer to.
pub const SHOW: &str = "show";
/// See [`SHOW`].
pub const SAVE: &str = "save";
/// See [`SHOW`].
pub const AGAIN: &str = "again";
/// See [`SHOW`].
pub const EDIT: &str = "edit";
/// See [`SHOW`].
pub const LEAVE: &str = "leave";
/// See [`SHOW`].
pub const REMOVE: &str = "remove";

/// Prepares a sentence for printing: one paragraph, with typed words instead of keys.
pub fn fill(text: &str) -> String {
    phrase::fill(text, typed_word).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the word that is typed instead of a key; `None` for keys that questions replace.
fn typed_word(key: Key) -> Option<Cow<'static, str>> {
    let word = match key {
        Key::Next
        | Key::Button
        | Key::Accept
        | Key::Choose
        | Key::Select
        | Key::Page
        | Key::ShowCertificate
        | Key::StopChecking
        | Key::CopyKey => {
            return None;
        }
        Key::TakeCertificate | Key::PinCertificate => return Some("\"yes\" when you are asked".into()),
        Key::Back => BACK,
        Key::Quit => QUIT,
        Key::ConnectionString => CONNECTION,
        Key::Reveal => SHOW,
        Key::CheckAgain => AGAIN,
        Key::SaveKey => SAVE,
        Key::Edit => EDIT,
        Key::LeaveCluster => LEAVE,
        Key::RemoveNode => REMOVE,
    };
    Some(format!("\"{word}\"").into())
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

    #[test]
    fn a_word_that_stands_alone_is_no_answer() {
        for (line, entry) in [
            ("", Entry::Empty),
            ("   ", Entry::Empty),
            ("?", Entry::Help),
            (" ? ", Entry::Help),
            ("<", Entry::Back),
            (".", Entry::Clear),
            ("!", Entry::Quit),
            ("quit", Entry::Quit),
            ("connection", Entry::Connection),
            ("quitter", Entry::Text("quitter")),
            ("what?", Entry::Text("what?")),
            ("..", Entry::Text("..")),
            (" sql01 ", Entry::Text("sql01")),
        ] {
            assert_eq!(parse_entry(line, false), entry, "{line:?}");
        }
    }

    #[test]
    fn a_backslash_makes_a_word_an_answer_and_is_else_one_itself() {
        for (line, text) in [
            (r"\?", "?"),
            (r"\<", "<"),
            (r"\quit", "quit"),
            (r"\connection", "connection"),
            (r"\\?", r"\?"),
            (r"\\\.", r"\\."),
            (r"\\server\share", r"\\server\share"),
            (r"\x", r"\x"),
            (r"\", r"\"),
        ] {
            assert_eq!(parse_entry(line, false), Entry::Text(text), "{line:?}");
            assert_eq!(parse_entry(line, true), Entry::Text(text), "{line:?}");
        }
    }

    #[test]
    fn of_a_secret_blanks_count() {
        assert_eq!(parse_entry(" pass word ", true), Entry::Text(" pass word "));
        assert_eq!(parse_entry(" ? ", true), Entry::Text(" ? "));
        assert_eq!(parse_entry(" ", true), Entry::Text(" "));
        assert_eq!(parse_entry("?", true), Entry::Help);
    }

    #[test]
    fn yes_and_no_and_nothing_between() {
        for yes in ["yes", "Y", "true", " YES "] {
            assert_eq!(parse_yes_no(yes), Some(true), "{yes:?}");
        }
        for no in ["no", "N", "false"] {
            assert_eq!(parse_yes_no(no), Some(false), "{no:?}");
        }
        for neither in ["", "ye", "1", "0", "yes please", "ja"] {
            assert_eq!(parse_yes_no(neither), None, "{neither:?}");
        }
    }

    #[test]
    fn a_number_is_one_of_those_that_were_shown() {
        assert_eq!((parse_number("1", 3), parse_number("3", 3)), (Some(0), Some(2)));
        for wrong in ["0", "4", "-1", "+1", "01", "1.0", "one", "", "99999999999999999999999", "１"] {
            assert_eq!(parse_number(wrong, 3), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_is_what_answer_files_say_or_is_refused() {
        let trust = Kind::Choice(&["system", "ca-file"]);
        assert_eq!(parse_answer(trust, "2").as_deref(), Ok("ca-file"));
        assert_eq!(parse_answer(trust, "CA-file").as_deref(), Ok("ca-file"));
        assert_eq!(parse_answer(trust, "3"), Err("Type a number from 1 to 2, or one of system, ca-file.".to_owned()));
        assert_eq!(parse_answer(Kind::Toggle, "y").as_deref(), Ok("true"));
        assert!(parse_answer(Kind::Toggle, "maybe").is_err());
        assert_eq!(parse_answer(Kind::Text, "1").as_deref(), Ok("1"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_answer_is_it_can_be_typed(text in r"\\{0,3}(\?|<|\.|!|quit|connection|[a-z]{0,3})") {
            proptest::prop_assume!(!text.is_empty());
            let typed = format!("\\{text}");
            let reached = [text.as_str(), typed.as_str()].into_iter().any(|line| parse_entry(line, true) == Entry::Text(&text));
            proptest::prop_assert!(reached);
        }
    }
}
