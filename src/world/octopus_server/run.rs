//! Calls Octopus Server's program: whether it may be run, its arguments with the secrets in them, its bounded output with
//! the secrets masked, how it ends.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL};
use secrecy::ExposeSecret;
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{self, Child};
use zeroize::Zeroizing;

use crate::model::octopus::CommandFailure;
use crate::model::quote::push_doubled;
use crate::model::secret::SecretString;
use crate::model::untrusted::Untrusted;
use crate::render::octopus::{Flag, OctopusCommand, SecretForm, WordPart};
use crate::render::{ClearSecrets, Secret};
use crate::world::own_variables;

/// How long the outputs may stay open once the program has ended, because what it started may have inherited them.
const LINGER: Duration = Duration::from_millis(500);

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `Ok` for status 0.
    pub outcome: Result<(), CommandFailure>,
    /// The last thousand lines of its output, then of its errors, with secrets masked.
    pub said: Vec<Untrusted>,
}

/// Runs a call for at most `limit`, and kills it with everything it started when the time is over or the future is dropped. If it ends
/// by itself, what it started (a service perhaps) is left alone.
pub async fn run(program: &Path, call: &Call, masks: &Masks, limit: Duration) -> Ended {
    let mut running = match start(program, call) {
        Ok(child) => Running { child, ended: false },
        Err(error) => {
            let said = vec![format!("{}: {error}", program.display()).into()];
            return Ended { outcome: Err(CommandFailure::NotStarted), said };
        }
    };
    let (mut output, mut errors) = (Capture::default(), Capture::default());
    let (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
    let status = {
        let reading = async {
            tokio::join!(
                async {
                    if let Some(stdout) = stdout {
                        output.take(stdout).await;
                    }
                },
                async {
                    if let Some(stderr) = stderr {
                        errors.take(stderr).await;
                    }
                },
            );
        };
        tokio::pin!(reading);
        let ending = async {
            let mut read = false;
            let status = loop {
                tokio::select! {
                    status = running.child.wait() => break status,
                    () = &mut reading, if !read => read = true,
                }
            };
            if !read {
                // What still holds them prints nothing about this call.
                let _ = tokio::time::timeout(LINGER, &mut reading).await;
            }
            status
        };
        tokio::time::timeout(limit, ending).await
    };
    let outcome = match status {
        Ok(Ok(status)) => {
            running.ended = true;
            outcome(status)
        }
        Ok(Err(_)) => Err(CommandFailure::NotStarted),
        Err(_) => {
            running.kill();
            // Do not wait for a process that the kernel cannot end.
            running.ended = tokio::time::timeout(LINGER, running.child.wait()).await.is_ok();
            Err(CommandFailure::TimedOut(limit))
        }
    };
    let mut said = output.lines(masks);
    said.extend(errors.lines(masks));
    Ended { outcome, said }
}

fn start(program: &Path, call: &Call) -> std::io::Result<Child> {
    let mut command = process::Command::new(program);
    command.args(&call.words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    own_variables::remove(command.as_std_mut());
    if let Some((name, secret)) = &call.environment {
        command.env(name, secret.expose_secret());
    }
    // A group of its own, so that the terminal's signals do not reach it and what it started can be ended with it.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

fn outcome(status: ExitStatus) -> Result<(), CommandFailure> {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Err(CommandFailure::Signal(signal));
    }
    match status.code() {
        Some(0) => Ok(()),
        code => Err(CommandFailure::Status(code.unwrap_or(-1))),
    }
}

/// A running call.
struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    fn kill(&mut self) {
        // The child leads its group, and its id is not reused before it has been waited for.
        #[cfg(unix)]
        if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
    }
}

/// Returns a sentence that says why a program must not be run: it no longer exists, or others may change it, and could make us, who may
/// be root and pass secrets, run anything.
pub fn refusal(program: &Path) -> Option<String> {
    let seen = match std::fs::metadata(program) {
        Ok(seen) if seen.is_file() => seen,
        Ok(_) => return Some(format!("{} is not a file.", program.display())),
        Err(error) => return Some(format!("{} cannot be run: {error}.", program.display())),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let ours = rustix::process::geteuid().as_raw();
        if seen.mode() & 0o022 != 0 || (seen.uid() != 0 && seen.uid() != ours) {
            return Some(format!("{} can be changed by others, and is not run.", program.display()));
        }
    }
    #[cfg(not(unix))]
    let _ = seen;
    None
}

/// How long to wait, as a value, so that a test need not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For `database`, which creates all of Octopus' tables.
    pub database: Duration,
    /// For any other command.
    pub command: Duration,
    /// Until the node answers its load balancer.
    pub ping: Duration,
    /// Until its heartbeat is in the database.
    pub beat: Duration,
    /// Between two checks of either.
    pub between: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            database: Duration::from_secs(10 * 60),
            command: Duration::from_secs(2 * 60),
            ping: Duration::from_secs(5 * 60),
            beat: Duration::from_secs(3 * 60),
            between: Duration::from_secs(1),
        }
    }
}

/// A call's arguments. They hold secrets, so it has no `Debug`, and is dropped when the command has ended.
pub struct Call {
    /// The arguments after the program's name.
    pub(super) words: Vec<OsString>,
    /// What is added to the environment.
    pub(super) environment: Option<(&'static str, SecretString)>,
    /// The licence's file while the command runs. Only its owner can read it, and it is removed with the call.
    _licence: Option<NamedTempFile>,
}

/// Why a call cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NoCall {
    /// A secret that it needs is missing.
    #[error("{} is not at hand.", .0.noun())]
    Missing(Secret),
    /// The licence's file could not be created.
    #[error("The file for the licence could not be written: {0}.")]
    Licence(std::io::Error),
}

impl Call {
    /// Returns a call without secrets.
    pub fn plain(words: &[&str]) -> Self {
        Self { words: words.iter().map(OsString::from).collect(), environment: None, _licence: None }
    }

    /// Returns the call of a command. A licence is not put on the command line, where anyone who lists processes could read it, but into
    /// this file, which nobody else uses.
    pub fn with_secrets(command: &OctopusCommand, clear: &ClearSecrets, through: &Path) -> Result<Self, NoCall> {
        let mut words: Vec<OsString> = vec![command.verb.id().into()];
        let mut licence = None;
        for option in &command.options {
            if option.flag == Flag::LicenseBase64 {
                let file = file_of(secret(clear, Secret::Licence)?, through).map_err(NoCall::Licence)?;
                words.extend([Flag::LicenseFile.id().into(), file.path().as_os_str().to_owned()]);
                licence = Some(file);
                continue;
            }
            words.push(option.flag.id().into());
            if let Some(word) = &option.value {
                let mut whole = String::new();
                for piece in &word.0 {
                    match piece {
                        WordPart::Text(text) => whole.push_str(text),
                        WordPart::Secret(kind, SecretForm::Plain) => whole.push_str(secret(clear, *kind)?.expose_secret()),
                        WordPart::Secret(kind, SecretForm::Doubled) => {
                            push_doubled(&mut whole, secret(clear, *kind)?.expose_secret(), '"');
                        }
                    }
                }
                words.push(whole.into());
            }
        }
        let environment = match command.environment {
            Some((name, kind)) => Some((name, secret(clear, kind)?.clone())),
            None => None,
        };
        Ok(Self { words, environment, _licence: licence })
    }
}

fn secret(clear: &ClearSecrets, kind: Secret) -> Result<&SecretString, NoCall> {
    clear.get(kind).ok_or(NoCall::Missing(kind))
}

/// Writes the licence to a file, decoded from the base64 that the command line takes.
fn file_of(licence: &SecretString, path: &Path) -> std::io::Result<NamedTempFile> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(ErrorKind::InvalidInput.into()) };
    forget(path)?;
    let mut file = tempfile::Builder::new().prefix(name).rand_bytes(0).tempfile_in(folder)?;
    let base64 = licence.expose_secret().as_bytes();
    let xml = BASE64.decode(base64).map(Zeroizing::new);
    file.write_all(xml.as_ref().map_or(base64, |xml| xml.as_slice()))?;
    file.flush()?;
    Ok(file)
}

/// Removes a licence's file that a killed run left behind. A missing one is no error.
///
/// # Errors
/// The operating system's error.
pub fn forget(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The most bytes kept of the beginning.
const HEAD: usize = 64 * 1024;
/// The most bytes kept of the end.
const TAIL: usize = 256 * 1024;
/// The most lines that are shown.
const LINES: usize = 1_000;

/// One output stream of a program.
#[derive(Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// How many bytes between the two were dropped.
    lost: u64,
}

impl Capture {
    /// Reads the stream to its end, because a program that prints into a full pipe blocks.
    pub(super) async fn take(&mut self, mut from: impl AsyncRead + Unpin) {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            self.add(&piece[..length]);
        }
    }

    fn add(&mut self, piece: &[u8]) {
        let (first, rest) = piece.split_at(piece.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
        self.lost += over as u64;
    }

    /// Returns the last thousand lines, with secrets masked, cleaned, without blank ones. Secrets are searched in the whole, so it does not
    /// matter in which pieces they arrived. If bytes were dropped, a line says so, and parts of secrets at either side of the gap are
    /// dropped too.
    pub(super) fn lines(mut self, masks: &Masks) -> Vec<Untrusted> {
        let mut lines = Vec::new();
        if self.lost == 0 {
            self.head.extend(self.tail);
            push(&mut lines, &masks.hide(&self.head));
        } else {
            let tail = Vec::from(self.tail);
            let begun = masks.begun_at_the_end(&self.head);
            let ending = masks.ending_at_the_beginning(&tail);
            push(&mut lines, &masks.hide(&self.head[..self.head.len() - begun]));
            lines.push(format!("… {} bytes are left out here …", self.lost).into());
            push(&mut lines, &masks.hide(&tail[ending..]));
        }
        lines.drain(..lines.len().saturating_sub(LINES));
        lines
    }
}

fn push(lines: &mut Vec<Untrusted>, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    lines.extend(text.split(['\n', '\r']).map(Untrusted::new).filter(|line| !line.is_empty()));
}

/// Replaces a secret, without revealing its length.
const MASK: &[u8] = b"***";
/// From this length on, each line of a multi-line secret is masked by itself. A licence has lines such as `</License>` too, but none
/// that short is worth hiding.
const LINE: usize = 8;

/// The secrets of a run, in every form in which a program may print them.
#[derive(Default)]
pub struct Masks(Vec<Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for Masks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Masks")
    }
}

impl Masks {
    /// Returns masks for these secrets; empty ones are ignored.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for secret in secrets {
            let text = secret.expose_secret();
            add(&mut forms, text);
            if text.contains('\n') {
                text.lines().map(str::trim).filter(|line| line.len() >= LINE).for_each(|line| add(&mut forms, line));
            }
            add_base64(&mut forms, text);
        }
        // A secret may be part of another one, so the longer one has to be found first.
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        Self(forms)
    }

    /// Masks the secrets in a text.
    pub(super) fn hide(&self, text: &[u8]) -> Vec<u8> {
        let mut hidden = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.first() {
            if let Some(secret) = self.0.iter().find(|secret| rest.starts_with(secret)) {
                hidden.extend_from_slice(MASK);
                rest = &rest[secret.len()..];
            } else {
                hidden.push(*first);
                rest = &rest[1..];
            }
        }
        hidden
    }

    /// Returns how many bytes at the end of a text may be the beginning of a truncated secret.
    pub(super) fn begun_at_the_end(&self, text: &[u8]) -> usize {
        let most = |secret: &Zeroizing<Vec<u8>>| {
            (1..secret.len()).rev().find(|length| text.ends_with(&secret[..*length])).unwrap_or_default()
        };
        self.0.iter().map(most).max().unwrap_or_default()
    }

    /// Returns how many bytes at the beginning of a text may be the end of a truncated secret.
    pub(super) fn ending_at_the_beginning(&self, text: &[u8]) -> usize {
        let most = |secret: &Zeroizing<Vec<u8>>| {
            (1..secret.len()).rev().find(|length| text.starts_with(&secret[secret.len() - length..])).unwrap_or_default()
        };
        self.0.iter().map(most).max().unwrap_or_default()
    }
}

/// Returns a text as it is, and as connection strings, XML and JSON write it.
fn add(forms: &mut Vec<Zeroizing<Vec<u8>>>, text: &str) {
    if text.is_empty() {
        return;
    }
    let mut doubled = Zeroizing::new(String::with_capacity(2 * text.len()));
    push_doubled(&mut doubled, text, '"');
    for text in [text, &doubled] {
        forms.push(Zeroizing::new(text.as_bytes().to_vec()));
        // XML may escape both kinds of quotes, only the double one (in attributes), or none (in text).
        for quotes in ["\"'", "\"", ""] {
            forms.push(escaped(text, |c| xml(c, quotes)));
        }
        forms.push(escaped(text, json));
        forms.push(escaped(text, json_of_dotnet));
    }
}

/// Adds a text's base64, by itself and within a longer text, such as an `Authorization` header's user and password; also of its UTF-16,
/// which PowerShell's encoded commands are.
fn add_base64(forms: &mut Vec<Zeroizing<Vec<u8>>>, text: &str) {
    if text.is_empty() {
        return;
    }
    let mut wide = Zeroizing::new(Vec::with_capacity(2 * text.len() * size_of::<u16>()));
    text.encode_utf16().for_each(|unit| wide.extend_from_slice(&unit.to_le_bytes()));
    for bytes in [text.as_bytes(), &wide] {
        for encoding in [&BASE64, &BASE64URL] {
            let whole = Zeroizing::new(encoding.encode(bytes));
            // The quoted forms too: .NET's JSON escapes the plus.
            add(forms, &whole);
            for before in 0..3 {
                let mut shifted = Zeroizing::new(Vec::with_capacity(before + bytes.len()));
                shifted.resize(before, 0);
                shifted.extend_from_slice(bytes);
                let encoded = Zeroizing::new(encoding.encode(&shifted));
                // Six bits a character: those that depend on the neighbours are left out.
                let (first, end) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
                if let Some(inner) = encoded.get(first..end).filter(|inner| inner.len() >= LINE) {
                    add(forms, inner);
                }
            }
        }
    }
}

fn escaped(text: &str, of: impl Fn(char) -> Option<&'static str>) -> Zeroizing<Vec<u8>> {
    // A character's longest form has six bytes, so the buffer never grows, and leaves no copy behind.
    let mut whole = Zeroizing::new(Vec::with_capacity(6 * text.len()));
    for character in text.chars() {
        match of(character) {
            Some(form) => whole.extend_from_slice(form.as_bytes()),
            None => whole.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    whole
}

fn xml(character: char, quotes: &str) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' if quotes.contains('"') => Some("&quot;"),
        '\'' if quotes.contains('\'') => Some("&apos;"),
        _ => None,
    }
}

const fn json(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        '\t' => Some("\\t"),
        _ => None,
    }
}

/// Escapes like .NET's own JSON serializer, which escapes everything with a meaning in HTML, and the plus of base64 too.
const fn json_of_dotnet(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("\\u0022"),
        '&' => Some("\\u0026"),
        '\'' => Some("\\u0027"),
        '+' => Some("\\u002B"),
        '<' => Some("\\u003C"),
        '>' => Some("\\u003E"),
        '`' => Some("\\u0060"),
        other => json(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_comes_in_pieces_is_hidden() {
        let mut capture = Capture::default();
        for byte in "one hunter2\r\n\n two\u{1b}[31m\n".as_bytes() {
            capture.add(&[*byte]);
        }
        let lines: Vec<_> = capture.lines(&masks(&["hunter2"])).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["one ***", "two^[[31m"]);
    }

    #[test]
    fn too_much_is_let_go_and_no_piece_of_a_secret_stays_at_the_edges() {
        let mut capture = Capture::default();
        // Both edges fall into a secret.
        capture.add("x".repeat(HEAD - 3).as_bytes());
        capture.add(b"hunter2");
        let filler = "y".repeat(1 << 20);
        (0..8).for_each(|_| capture.add(filler.as_bytes()));
        capture.add(b"hunter2");
        capture.add("z".repeat(TAIL - 4).as_bytes());
        assert_eq!((capture.head.len(), capture.tail.len()), (HEAD, TAIL));
        assert_eq!(capture.lost, 4 + (8 << 20) + 3);
        let lines: Vec<_> = capture.lines(&masks(&["hunter2"])).iter().map(ToString::to_string).collect();
        assert!(lines.len() == 3 && lines[1].contains("8388615 bytes are left out"), "{:?}", lines[1]);
        assert!(lines.iter().all(|line| !line.contains("hun") && !line.contains("ter2")), "{lines:?}");
    }

    #[test]
    fn only_the_last_thousand_lines_are_kept() {
        let mut capture = Capture::default();
        (0..5_000).for_each(|number| capture.add(format!("{number}\n").as_bytes()));
        let lines = capture.lines(&masks(&["hunter2"]));
        assert_eq!((lines.len(), lines[0].as_str(), lines[999].as_str()), (1_000, "4000", "4999"));
    }

    fn masks(secrets: &[&str]) -> Masks {
        let secrets: Vec<SecretString> = secrets.iter().map(|text| SecretString::from(*text)).collect();
        Masks::new(&secrets)
    }

    fn hidden(secrets: &[&str], text: &str) -> String {
        String::from_utf8(masks(secrets).hide(text.as_bytes())).expect("text")
    }

    #[test]
    fn a_secret_is_found_in_each_form_that_a_program_writes_it_in() {
        let secret = "a\"<&'>\\b";
        for text in [
            "a\"<&'>\\b",
            "a\"\"<&'>\\b",
            "a\"&lt;&amp;'&gt;\\b",
            "a&quot;&lt;&amp;&apos;&gt;\\b",
            "a\\\"<&'>\\\\b",
            "a&quot;&quot;&lt;&amp;&apos;&gt;\\b",
            "a\\u0022\\u003C\\u0026\\u0027\\u003E\\\\b",
        ] {
            assert_eq!(hidden(&[secret], &format!("Password={text};")), "Password=***;", "{text}");
        }
    }

    #[test]
    fn a_key_with_a_plus_is_found_in_json_of_dotnet() {
        assert_eq!(hidden(&["Nc91+1kfZszMpe7DMne8wg=="], "{\"key\":\"Nc91\\u002B1kfZszMpe7DMne8wg==\"}"), "{\"key\":\"***\"}");
    }

    #[test]
    fn the_longer_of_two_secrets_is_hidden_whole() {
        assert_eq!(hidden(&["hunter", "hunter2 and more", ""], "hunter2 and more, hunter"), "***, ***");
    }

    #[test]
    fn each_line_of_a_licence_is_hidden_and_so_is_its_base64() {
        let licence = "<License>\n  <LicenseKey>1-2-3</LicenseKey>\n</License>\n";
        let base64 = BASE64.encode(licence.as_bytes());
        assert_eq!(hidden(&[licence], &format!("read <LicenseKey>1-2-3</LicenseKey> from {base64}")), "read *** from ***");
    }

    #[test]
    fn the_base64_of_a_password_is_hidden_alone_and_within_a_longer_text() {
        for secret in ["pw", "hunter2", "correct horse battery staple", "größe>?~"] {
            let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
            for bytes in [secret.as_bytes(), &wide] {
                let text = format!("is {}", BASE64.encode(bytes));
                assert_eq!(hidden(&[secret], &text), "is ***", "{text}");
                let text = format!("is {}", BASE64URL.encode(bytes));
                assert_eq!(hidden(&[secret], &text), "is ***", "{text}");
            }
        }
        for user in ["a:", "sa:", "sql:", "user:"] {
            let text = BASE64.encode(format!("{user}correct horse battery staple, and more").as_bytes());
            let left = hidden(&["correct horse battery staple"], &text);
            assert!(left.contains("***"), "{left}");
            let known = BASE64.encode(b"horse battery");
            assert!(!left.contains(&known) && left.len() < text.len() - 30, "{left}");
        }
        assert_eq!(hidden(&["pw"], "cHdk"), "cHdk", "too short to be told from any other text");
    }

    #[test]
    fn what_a_cut_leaves_of_a_secret_is_known() {
        let masks = masks(&["hunter2"]);
        assert_eq!((masks.begun_at_the_end(b"say hunt"), masks.begun_at_the_end(b"say hunter2")), (4, 0));
        assert_eq!((masks.ending_at_the_beginning(b"ter2 ok"), masks.ending_at_the_beginning(b"hunter2")), (4, 0));
    }
}
