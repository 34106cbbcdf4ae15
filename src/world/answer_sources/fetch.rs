//! Fetches one answer from its source: a file, after a look at who else can read it, the output of a command, which is
//! how vaults and password managers give out secrets, or a line of standard input.

use std::fs::Metadata;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use secrecy::ExposeSecret;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::model::answers::{AnswerSource, GivenAnswer, Problem};
use crate::model::field::FieldId;
use crate::model::licence;
use crate::model::secret::SecretString;
use crate::model::untrusted::Untrusted;
use crate::wizard::answer_file::flag;
use crate::world::answer_sources::{EnvironmentVariables, Mode, Sources, Stdin, variable};
use crate::world::{own_variables, ownership, small_file};

/// The outcome of fetching an answer.
pub(super) enum Fetched {
    /// The answer, with a warning where there is one.
    Answer(SecretString, Option<Problem>),
    /// A person has to be asked now.
    Ask,
    /// It is left open: see [`Mode`].
    Open,
    /// A signal came; the exit status to end with.
    Left(u8),
}

/// Fetches an answer. Relative paths start at `folder`.
pub(super) async fn fetch(given: &GivenAnswer, folder: &Path, sources: &mut Sources<'_>) -> Result<Fetched, Problem> {
    let field = given.field;
    let stop = |says: String, fix: String| {
        Problem::stop(Some(given.place.clone()), Some(field), format!("{}: {says}.", field.id()), fix)
    };
    let text =
        match &given.source {
            AnswerSource::Text(text) => return Ok(Fetched::Answer(SecretString::from(text.as_str()), None)),
            AnswerSource::Clear(secret) => return Ok(Fetched::Answer(secret.clone(), None)),
            AnswerSource::Env(name) => match variable(sources.environment, name) {
                None if sources.mode == Mode::Interactive && field.is_secret() => return Ok(Fetched::Open),
                None => {
                    // Somebody may have written the secret where its variable's name belongs.
                    let says = if field.is_secret() {
                        "the environment variable that is named here is not set".to_owned()
                    } else {
                        format!("environment variable {} is not set", Untrusted::new(name))
                    };
                    let ours = field.variable();
                    let or = if *name == ours { String::new() } else { format!(" by {ours} or") };
                    return Err(stop(says, format!("Set it, or give the answer{or} by {}.", flag(field))));
                }
                Some(value) => match value.to_str() {
                    Some(value) => decode(value.as_bytes())
                        .map_err(|bad| (format!("environment variable {} {bad}", Untrusted::new(name)), "")),
                    None => Err((format!("environment variable {} is not UTF-8 text", Untrusted::new(name)), "")),
                },
            },
            AnswerSource::File(path) => return file(given, &folder.join(path)).map_err(|(says, fix)| stop(says, fix.to_owned())),
            AnswerSource::Command(words) => {
                let name = Untrusted::new(words.first().map(String::as_str).unwrap_or_default());
                match run(field, words, folder, sources.environment, sources.command_limit).await {
                    Ok(bytes) => decode(&bytes)
                        .map_err(|bad| (format!("what the command {name} printed {bad}"), "It must print the answer.")),
                    Err(NoOutput::Left(status)) => return Ok(Fetched::Left(status)),
                    Err(NoOutput::Failed { says, fix }) => Err((format!("the command {name} {says}"), fix)),
                }
            }
            AnswerSource::Prompt if sources.mode == Mode::Headless => return Ok(Fetched::Ask),
            AnswerSource::Prompt => return Ok(Fetched::Open),
            AnswerSource::Stdin if sources.mode != Mode::Headless => return Ok(Fetched::Open),
            AnswerSource::Stdin => match &mut sources.stdin {
                Stdin::Terminal => return Ok(Fetched::Ask),
                Stdin::Taken => Err(("standard input was read already".to_owned(), "Take another place for this secret.")),
                Stdin::Piped(input) if field == FieldId::Licence => lines(*input),
                Stdin::Piped(input) => line(*input),
            },
        };
    text.map(|text| Fetched::Answer(text, None)).map_err(|(says, fix)| stop(says, fix.to_owned()))
}

/// Reads an answer from a file. If others can read a secret's file, that is a warning only: what container platforms mount is
/// readable by everyone, in a container where there is nobody else.
fn file(given: &GivenAnswer, path: &Path) -> Result<Fetched, (String, &'static str)> {
    let shown = Untrusted::new(&path.to_string_lossy());
    let is_absent = |no: &UnreadableFile| no.is_absent && given.field.is_secret();
    let (bytes, access) = read(path, MOST).map_err(|no| {
        // Somebody may have written the secret where its file's path belongs.
        if is_absent(&no) {
            ("the file that is named here is not there".to_owned(), no.fix)
        } else {
            (format!("{shown} {}", no.says), no.fix)
        }
    })?;
    let text = decode(&bytes).map_err(|bad| (format!("{shown} {bad}"), "It must hold the answer and nothing else."))?;
    let warning = (access.is_readable_by_others && given.field.is_secret()).then(|| {
        let says = format!("{}: {shown} can be read by others than its owner.", given.field.id());
        Problem::warn(Some(given.place.clone()), Some(given.field), says, format!("chmod 600 {shown}"))
    });
    Ok(Fetched::Answer(text, warning))
}

/// Reads the next line of standard input.
fn line(input: &mut dyn BufRead) -> Result<SecretString, (String, &'static str)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    next(input, &mut bytes)?;
    decode(&bytes).map_err(|bad| (format!("the line of standard input {bad}"), ""))
}

/// Reads a licence from standard input: one line of base64, or its lines to the end of the XML.
fn lines(input: &mut dyn BufRead) -> Result<SecretString, (String, &'static str)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    next(input, &mut bytes)?;
    while std::str::from_utf8(&bytes).is_ok_and(licence::goes_on) {
        // The check of the licence reports what is missing at the end of the input.
        if next(input, &mut bytes)? == 0 {
            break;
        }
    }
    decode(&bytes).map_err(|bad| (format!("the licence in standard input {bad}"), ""))
}

/// Reads one more line with its end, and returns how many bytes that were. The input's end is an error if nothing came before.
fn next(input: &mut dyn BufRead, bytes: &mut Vec<u8>) -> Result<usize, (String, &'static str)> {
    let room = u64::try_from(ROOM - bytes.len()).unwrap_or_default();
    match input.take(room).read_until(b'\n', bytes) {
        Ok(0) if bytes.is_empty() => Err((
            "standard input has ended".to_owned(),
            "Give one line for each secret that comes from there, in the order of the screens.",
        )),
        Ok(_) if bytes.len() == ROOM => Err((format!("the line of standard input is longer than {MOST} bytes"), "")),
        Ok(count) => Ok(count),
        Err(error) => Err((format!("standard input cannot be read: {error}"), "")),
    }
}

/// Why a person gave no secret.
pub(super) enum Unanswered {
    /// They left: Ctrl-C, or the end of the input.
    Left,
    /// The terminal could not be asked.
    Nobody(io::Error),
}

/// Asks a person, up to three times while the typed secret is malformed.
pub(super) fn ask(
    field: FieldId,
    person: &mut dyn super::SecretPrompt,
    problem: impl Fn(&SecretString) -> Option<String>,
) -> Result<SecretString, Unanswered> {
    let mut again: Option<String> = None;
    for left in [2, 1, 0] {
        let secret = person.ask(field, again.as_deref()).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Unanswered::Left,
            _ => Unanswered::Nobody(error),
        })?;
        again = if secret.expose_secret().is_empty() { Some("Nothing was typed.".to_owned()) } else { problem(&secret) };
        if again.is_none() || left == 0 {
            return Ok(secret);
        }
    }
    Err(Unanswered::Left)
}

/// Why a file cannot be used: the end of a sentence, and what to do.
#[derive(Debug)]
pub(super) struct UnreadableFile {
    pub says: String,
    pub fix: &'static str,
    /// Whether there is nothing of that name.
    pub is_absent: bool,
}

impl UnreadableFile {
    pub(super) fn new(says: impl Into<String>, fix: &'static str) -> Self {
        Self { says: says.into(), fix, is_absent: false }
    }
}

/// What other accounts can do with a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OthersAccess {
    pub is_readable_by_others: bool,
    /// Who else could have written it, or put it there, as a part of a sentence.
    pub writer: Option<String>,
}

/// Reads a file of at most `limit` bytes, and returns what others can do with it. Refuses folders, devices and pipes unread.
pub(super) fn read(path: &Path, limit: u64) -> Result<(Zeroizing<Vec<u8>>, OthersAccess), UnreadableFile> {
    let meta = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if meta.is_dir() {
        return Err(UnreadableFile::new("is a folder, and must be a file", "Name the file in it."));
    }
    if !meta.is_file() {
        let fix = "Copy it to a file. Answers, though no secrets' files, can also be piped in: --answers -.";
        return Err(UnreadableFile::new("is a device or a pipe, and must be a file", fix));
    }
    if meta.len() > limit {
        let says = format!("has {} bytes, and may have {limit}", meta.len());
        return Err(UnreadableFile::new(says, "See whether it is the right file."));
    }
    let (bytes, seen) = small_file::read_seen(path, limit).map_err(|error| unreadable(path, &error))?;
    let writer = ownership::other_writer(&seen).or_else(|| ownership::other_replacer(path));
    Ok((Zeroizing::new(bytes), OthersAccess { is_readable_by_others: is_open_to_others(&seen), writer }))
}

fn unreadable(path: &Path, error: &io::Error) -> UnreadableFile {
    let dangling = || std::fs::read_link(path).ok();
    match error.kind() {
        io::ErrorKind::NotFound => match dangling() {
            Some(to) => {
                let says = format!("is a symbolic link to {}, which is not there", Untrusted::new(&to.to_string_lossy()));
                UnreadableFile::new(says, "Fix the link.")
            }
            None => UnreadableFile { is_absent: true, ..UnreadableFile::new("is not there", "See whether the path is right.") },
        },
        io::ErrorKind::PermissionDenied => {
            let says = format!("may not be read by this account: {}", ownership::explain(path, error));
            UnreadableFile::new(says, "Give this account the right to read it.")
        }
        // What is no path may be a secret, too.
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => UnreadableFile {
            is_absent: true,
            ..UnreadableFile::new(format!("cannot be read: {error}"), "See whether the path is right.")
        },
        _ => UnreadableFile::new(format!("cannot be read: {error}"), ""),
    }
}

/// Reads a file's UTF-8 text, and returns what others can do with it.
pub(super) fn read_text(path: &Path) -> Result<(Zeroizing<String>, OthersAccess), UnreadableFile> {
    let (mut bytes, access) = read(path, small_file::LIMIT)?;
    Ok((utf8(std::mem::take(&mut *bytes))?, access))
}

/// Reads bytes as UTF-8. The error names UTF-16 where it is that.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<Zeroizing<String>, UnreadableFile> {
    let (bytes, valid) = if small_file::is_utf16(&bytes) {
        (Zeroizing::new(bytes), 0)
    } else {
        match String::from_utf8(bytes) {
            Ok(text) => return Ok(Zeroizing::new(text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                (Zeroizing::new(error.into_bytes()), valid)
            }
        }
    };
    let says = small_file::not_text(&bytes, valid).to_string();
    let says = says.strip_prefix("it ").unwrap_or(&says).to_owned();
    Err(UnreadableFile::new(says, "Save it as UTF-8."))
}

/// Returns whether others than the owner may read it; `false` where the system does not tell.
fn is_open_to_others(seen: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        seen.permissions().mode() & 0o077 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = seen;
        false
    }
}

/// The most bytes of such a text. A master key takes 44, a licence some thousands.
const MOST: u64 = 64 << 10;
/// Room for the longest, and one more byte to notice a longer one.
pub(super) const ROOM: usize = (64 << 10) + 1;

/// Why a text cannot be an answer, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadText {
    /// There is nothing but line breaks.
    #[error("is empty")]
    Empty,
    /// It is no text.
    #[error("is neither UTF-8 nor UTF-16 text")]
    NotText,
}

/// Decodes UTF-8 with or without a byte order mark, or UTF-16 with one, as an older PowerShell's `>` writes it. Removes line
/// breaks at the end, which editors, `echo` and most tools add. Keeps blanks: they may belong to a password.
pub(super) fn decode(bytes: &[u8]) -> Result<SecretString, BadText> {
    // Three bytes are the most that a UTF-16 unit becomes: the text does not grow, and so leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes, &mut text)?,
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes, &mut text)?,
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => text.push_str(std::str::from_utf8(rest).map_err(|_| BadText::NotText)?),
    }
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(BadText::Empty),
        text => Ok(SecretString::from(text)),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16, text: &mut String) -> Result<(), BadText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(BadText::NotText);
    }
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| BadText::NotText)?);
    }
    Ok(())
}

/// How long a command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Set for every command. No command runs while it is set: one that starts this program with the same answer file would start
/// itself without end.
pub const DEPTH_VARIABLE: &str = "OCTOPUS_SETUP_DEPTH";

/// The most bytes kept of standard error. The rest is read and dropped, so that the command can go on.
const SAID: u64 = 1 << 10;

/// Why a command gave nothing.
#[derive(Debug)]
pub(super) enum NoOutput {
    /// What happened, and what to do.
    Failed { says: String, fix: &'static str },
    /// A signal came; the exit status to end with.
    Left(u8),
}

fn failed(says: impl Into<String>, fix: &'static str) -> NoOutput {
    NoOutput::Failed { says: says.into(), fix }
}

/// Runs a program in a folder, without a shell and without input, and returns what it prints. Our own secrets are not passed on to
/// it, nor any variable that an answer is read from. A secret's command is not quoted: what it says may hold the secret. It is killed with everything it started when the time is over or the future is dropped.
pub(super) async fn run(
    field: FieldId,
    words: &[String],
    folder: &Path,
    environment: &EnvironmentVariables,
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>, NoOutput> {
    if variable(environment, DEPTH_VARIABLE).is_some() {
        let fix = "Let the command print the answer without octopus-setup.";
        return Err(failed("is not run: this program was itself started by such a command", fix));
    }
    let mut running = start(words, folder, environment)?;
    let (Some(out), Some(said)) = (running.child.stdout.take(), running.child.stderr.take()) else {
        return Err(failed("has no output", ""));
    };
    let whole = async {
        let (bytes, said) = tokio::join!(take(out, MOST), take(said, SAID));
        (bytes, said, running.child.wait().await)
    };
    let (bytes, said, status) = tokio::select! {
        whole = whole => whole,
        () = tokio::time::sleep(limit) => {
            let says = format!("did not end within {} s, and was ended", limit.as_secs_f32());
            return Err(failed(says, "It gets no input and no terminal: see whether it waits for one."));
        }
        // The command is in a group of its own, which the terminal's signals do not reach.
        status = signalled() => return Err(NoOutput::Left(status)),
    };
    running.ended = true;
    let said = Untrusted::new(&String::from_utf8_lossy(&said));
    let told = match said.as_str().trim_end_matches('.') {
        "" => String::new(),
        _ if field.is_secret() => "; what it said is not shown, because the secret may be in it".to_owned(),
        said => format!("; it said: {said}"),
    };
    match status {
        Ok(status) if status.success() && u64::try_from(bytes.len()).is_ok_and(|length| length > MOST) => {
            Err(failed(format!("printed more than {MOST} bytes"), "It must print the answer and nothing else."))
        }
        Ok(status) if status.success() => Ok(bytes),
        Ok(status) => Err(failed(format!("failed ({status}){told}"), "Run it by hand, and fix what it says.")),
        Err(error) => Err(failed(format!("was lost: {error}"), "")),
    }
}

/// Waits for a signal that ends the program, and returns the exit status for it.
async fn signalled() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let streams = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()].map(signal);
        if let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up), Ok(mut quit)] = streams {
            return tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
                _ = hang_up.recv() => 129,
                _ = quit.recv() => 131,
            };
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return super::INTERRUPTED;
    }
    std::future::pending().await
}

fn start(words: &[String], folder: &Path, environment: &EnvironmentVariables) -> Result<Running, NoOutput> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("names no program", ""));
    };
    // A path is relative to the answer file, like every other in it; a name is looked up as usual.
    let is_path = program.contains(std::path::is_separator);
    let program =
        if is_path { std::path::absolute(folder.join(program)).unwrap_or_else(|_| program.into()) } else { program.into() };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().filter(|(name, _)| !own_variables::is_hidden(name)))
        .env(DEPTH_VARIABLE, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    // A group of its own, so that what the command starts can be ended with it.
    #[cfg(unix)]
    command.process_group(0);
    match command.spawn() {
        Ok(child) => Ok(Running { child, ended: false }),
        Err(error) => {
            let fix = "The first word is the program, each further one an argument; no shell reads them.";
            Err(failed(format!("cannot be started: {error}"), fix))
        }
    }
}

/// A running command. Dropped before its end, it is killed with its group.
struct Running {
    child: Child,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The child leads its group, and its number is not given to another process before it has been waited for.
        #[cfg(unix)]
        if let (false, Some(id)) = (self.ended, self.child.id())
            && let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        if !self.ended {
            let _ = self.child.start_kill();
        }
    }
}

/// Reads to the end, and keeps at most one byte more than `most`.
async fn take(mut from: impl AsyncRead + Unpin, most: u64) -> Zeroizing<Vec<u8>> {
    let room = usize::try_from(most + 1).unwrap_or_default();
    // All the room at once: a buffer that grows leaves copies behind.
    let mut kept = Zeroizing::new(Vec::with_capacity(room));
    let mut piece = Zeroizing::new([0_u8; 4096]);
    while let Ok(length @ 1..) = from.read(piece.as_mut_slice()).await {
        let free = room - kept.len();
        kept.extend_from_slice(&piece[..length.min(free)]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, BadText> {
        decode(bytes).map(|text| text.expose_secret().to_owned())
    }

    #[test]
    fn line_breaks_at_the_end_are_forgiven_and_nothing_else_is_touched() {
        for (bytes, text) in [
            (&b"secret"[..], "secret"),
            (b"secret\n", "secret"),
            (b"secret\r\n\r\n", "secret"),
            (b" se\ncret \n", " se\ncret "),
            (b"\xef\xbb\xbfsecret\n", "secret"),
            (b"\xff\xfes\0\xe4\0\r\0\n\0", "s\u{e4}"),
            (b"\xfe\xff\0s\0\n", "s"),
            (b"\xff\xfe\x3d\xd8\x00\xde", "\u{1f600}"),
        ] {
            assert_eq!(read(bytes).as_deref(), Ok(text), "{bytes:?}");
        }
    }

    #[test]
    fn nothing_and_no_text_are_refused() {
        for bytes in [&b""[..], b"\n", b"\r\n\n", b"\xef\xbb\xbf", b"\xff\xfe\n\0"] {
            assert_eq!(read(bytes), Err(BadText::Empty), "{bytes:?}");
        }
        for bytes in [&b"a\xff"[..], b"\xff\xfea", b"\xff\xfe\x3d\xd8", b"\x80"] {
            assert_eq!(read(bytes), Err(BadText::NotText), "{bytes:?}");
        }
    }
}
