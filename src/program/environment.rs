//! The environment, folders and terminal abilities, detected once at the start and passed on as values.

use std::env;
use std::path::PathBuf;

use octopus_setup::faces::tui::{Charset, CharsetHints, ColourHints, Colours, TerminalOptions, TuiOptions};
use octopus_setup::model::answers::{Answers, Origin};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::names::NodeName;
use octopus_setup::model::platform::Platform;
use octopus_setup::world::clipboard::Surroundings;
use octopus_setup::world::host;
use octopus_setup::world::places::{Places, STATE_DIR_VARIABLE};

use super::cli::Cli;

#[derive(Debug, Clone)]
pub struct Environment {
    /// Where octopus-setup's own files are.
    pub places: Places,
    /// Whether there is a desktop with a clipboard.
    pub surroundings: Surroundings,
    /// How to draw.
    pub tui: TuiOptions,
    /// How to take the terminal.
    pub terminal: TerminalOptions,
    /// The terminal cannot move its cursor (`TERM=dumb`), or does not say what it is, so nothing can be drawn on it.
    pub dumb: bool,
    /// Plain sentences were asked for, whatever the terminal can do.
    pub plain: bool,
    /// The file to record the run in.
    pub record: Option<PathBuf>,
    /// The operator's home directory.
    home: Option<PathBuf>,
}

impl Environment {
    /// Detects the environment. Returns `None` if the account has no home directory and no state directory is named.
    pub fn detect(cli: &Cli) -> Option<Self> {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
        let term = variable("TERM");
        // Windows does not set TERM, and its console can do all that is needed.
        let dumb = term.as_deref().map_or(cfg!(unix), |term| term == "dumb");
        let hints = CharsetHints { ascii: cli.ascii, term: term.as_deref(), locale: locale.as_deref() };
        let (no_color, foreground_background) = (variable("NO_COLOR"), variable("COLORFGBG"));
        let colours = Colours::detect(ColourHints {
            no_color: no_color.as_deref(),
            term: term.as_deref(),
            foreground_background: foreground_background.as_deref(),
        });
        Some(Self {
            places: Places::of_this_user(variable(STATE_DIR_VARIABLE).map(PathBuf::from))?,
            surroundings: Surroundings::of(|name| variable(name).is_some()),
            tui: TuiOptions { charset: Charset::detect(hints), colours },
            terminal: TerminalOptions { mouse: cli.mouse },
            dumb,
            plain: cli.plain,
            record: cli.record.clone(),
            home: directories::BaseDirs::new().map(|user| user.home_dir().to_path_buf()),
        })
    }

    /// Returns the default answers that can be detected without asking.
    pub fn answers(&self) -> Answers {
        self.answers_on(host::platform())
    }

    /// Returns the default answers for a machine of this platform. Paths on this machine are offered only for its own
    /// platform.
    pub fn answers_on(&self, platform: Platform) -> Answers {
        let mut answers = Answers::new(platform);
        answers.offer(FieldId::Home, platform.default_home(), Origin::Default);
        // Set at once, so that an operator who presses Enter before the first survey ends does not find the name
        // missing.
        if let Some(name) = NodeName::of_machine(&host::name()) {
            answers.offer(FieldId::NodeName, name.as_str(), Origin::Default);
        }
        if let Some(user) = self.home.as_ref().filter(|_| platform == host::platform()) {
            answers.offer(FieldId::KeyFile, &user.join("octopus-master-key.txt").display().to_string(), Origin::Default);
            answers.offer(FieldId::AnswersFile, &user.join("octopus-answers.toml").display().to_string(), Origin::Default);
        }
        answers
    }

    /// Returns a copy that keeps octopus-setup's own files in another state directory.
    #[cfg(feature = "practice")]
    pub fn with_state(&self, state: PathBuf) -> Self {
        Self { places: Places::under(state), ..self.clone() }
    }
}
