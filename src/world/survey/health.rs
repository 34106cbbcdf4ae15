//! The health of a running node: its ping and its log.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::{Either, select};

use crate::model::facts::{Fact, HealthFacts, KnownTrouble, LogSeen, LogTrouble, Ping, Trouble};
use crate::model::untrusted::Untrusted;
use crate::model::web::{ListenPrefix, PingEndpoint};
use crate::world::budget::fact_within;
use crate::world::octopus_server;
use crate::world::toml_file::shown;

/// Sends the ping and reads the newest part of the log at the same time, and reports each as soon as it is known.
pub async fn health(prefixes: &[ListenPrefix], home: &Path, mut report: impl FnMut(HealthFacts) + Send) {
    let home = home.to_owned();
    let ping = Box::pin(ping(prefixes));
    let log = Box::pin(fact_within(LOG_BUDGET, move || read_newest_log(&home)));
    let mut facts = HealthFacts::default();
    match select(ping, log).await {
        Either::Left((ping, log)) => {
            facts.ping = ping;
            report(facts.clone());
            facts.log = log.await;
        }
        Either::Right((log, ping)) => {
            facts.log = log;
            report(facts.clone());
            facts.ping = ping.await;
        }
    }
    report(facts);
}

/// Asks the prefixes one after the other, those without TLS first, until one answers. If HTTP redirects to HTTPS, the answer of that
/// counts.
pub(super) async fn ping(prefixes: &[ListenPrefix]) -> Fact<Ping> {
    let (mut seen, mut why) = (None, None);
    let bare = prefixes.iter().filter(|prefix| !prefix.secure);
    for prefix in bare.chain(prefixes.iter().filter(|prefix| prefix.secure)) {
        let at = PingEndpoint::of_prefix(prefix);
        let begun = Instant::now();
        match octopus_server::ping(&at).await {
            Ok(status) => {
                let leads_on = (300..400).contains(&status);
                if seen.is_none() || !leads_on {
                    seen = Some(Ping { url: at.url().as_str().into(), status, took: begun.elapsed() });
                }
                if !leads_on {
                    break;
                }
            }
            // Prefer a reason that says more than that nobody listens.
            Err(trouble) => {
                if why.as_ref().is_none_or(|before| *before == Trouble::Refused) {
                    why = Some(trouble);
                }
            }
        }
    }
    seen.map_or_else(|| Fact::Missing(why.unwrap_or(Trouble::Unasked)), Fact::Seen)
}

/// The budget for reading a megabyte of a local disk.
pub(super) const LOG_BUDGET: Duration = Duration::from_secs(5);
/// How much of the log's end is read.
const PART: u64 = 1 << 20;
/// Where Octopus Server keeps its logs, below the home directory.
const FOLDER: &str = "Logs";
/// The log of the running server.
const FILE: &str = "OctopusServer.txt";
/// The most characters that are kept of a line.
const LINE: usize = 240;

/// Reads the newest part of the log. A missing folder or file is no trouble: nothing ran here yet.
pub(super) fn read_newest_log(home: &Path) -> Fact<Option<LogSeen>> {
    let folder = home.join(FOLDER);
    let read = find_log(&folder).and_then(|path| match path {
        Some(path) => read_end(&path).map(|text| Some(find_troubles(&path, &text))),
        None => Ok(None),
    });
    match read {
        Ok(seen) => Fact::Seen(seen),
        Err(error) => Fact::Missing(crate::world::budget::io(&error)),
    }
}

/// Returns the server's log, or the newest text file in the folder for versions that name it otherwise.
fn find_log(folder: &Path) -> io::Result<Option<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    let mut own = None;
    for entry in entries {
        let path = entry?.path();
        let Ok(seen) = std::fs::metadata(&path) else { continue };
        if !seen.is_file() || !path.extension().is_some_and(|end| end.eq_ignore_ascii_case("txt")) {
            continue;
        }
        let when = seen.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        if path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(FILE)) {
            own = Some((when, path.clone()));
        }
        if newest.as_ref().is_none_or(|(other, _)| *other < when) {
            newest = Some((when, path));
        }
    }
    Ok(own.or(newest).map(|(_, path)| path))
}

/// Reads the end of a file, from the beginning of a line on.
fn read_end(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(PART);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    // What is appended meanwhile is not read.
    file.take(PART).read_to_end(&mut bytes)?;
    let whole = if from == 0 { 0 } else { bytes.iter().position(|byte| *byte == b'\n').map_or(0, |place| place + 1) };
    Ok(String::from_utf8_lossy(bytes.get(whole..).unwrap_or_default()).into_owned())
}

/// Finds the newest line of each known trouble, and the newest errors of no known kind, since the last start if that is among the lines.
fn find_troubles(path: &Path, text: &str) -> LogSeen {
    let mut seen = LogSeen { file: shown(path), ..LogSeen::default() };
    // An error of no known kind as yet: the lines that follow it may tell.
    let mut open = None;
    for line in text.lines() {
        let level = level(line);
        if level.is_some() || is_start(line) {
            take(&mut seen, open.take());
        }
        if is_start(line) {
            seen = LogSeen { starts: seen.starts + 1, file: seen.file, ..LogSeen::default() };
        } else if let Some(kind) = KnownTrouble::in_line(line) {
            seen.troubles.retain(|other| other.kind != kind);
            seen.troubles.push(LogTrouble { kind, line: quoted(line) });
            open = None;
        } else if let Some(level @ (LogLevel::Fatal | LogLevel::Error)) = level {
            open = Some((level, line));
        }
    }
    take(&mut seen, open);
    seen.since_start = seen.starts > 0;
    seen
}

/// Keeps an error of no known kind.
fn take(seen: &mut LogSeen, error: Option<(LogLevel, &str)>) {
    match error {
        Some((LogLevel::Fatal, line)) => seen.unknown_fatal = Some(quoted(line)),
        Some((_, line)) => seen.unknown_error = Some(quoted(line)),
        None => {}
    }
}

/// The level of a line that begins an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogLevel {
    Fatal,
    Error,
    Other,
}

/// Returns the level of a line: a word of its own behind the time and the numbers of process and thread.
fn level(line: &str) -> Option<LogLevel> {
    line.split_whitespace().take(6).find_map(|word| match word {
        "FATAL" => Some(LogLevel::Fatal),
        "ERROR" => Some(LogLevel::Error),
        "TRACE" | "VERBOSE" | "DEBUG" | "INFO" | "WARN" => Some(LogLevel::Other),
        _ => None,
    })
}

/// Returns whether the line says that the server starts. These words are not documented; if they are not found, all lines count, and
/// the finding says so.
fn is_start(line: &str) -> bool {
    ["==== RunCommand", "Octopus Deploy: Server version", "Starting Octopus Server", "Octopus Server is starting"]
        .iter()
        .any(|mark| line.contains(mark))
}

/// Returns a line that is safe to quote: cleaned, shortened, and without a connection string's password.
fn quoted(line: &str) -> Untrusted {
    let line = line.trim();
    let lower = line.to_ascii_lowercase();
    // Each occurrence counts: the first may be in a sentence, and a later one in a connection string.
    let places = ["password", "pwd"].into_iter().flat_map(|word| lower.match_indices(word));
    let secret = places.filter_map(|(place, word)| {
        let rest = lower.get(place + word.len()..)?.trim_start();
        rest.starts_with(['=', ':']).then_some(place)
    });
    let end = secret.min().unwrap_or(line.len());
    let mut text: String = line.get(..end).unwrap_or_default().chars().take(LINE).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::web::ListenPrefix;

    /// The port of a server that answers one request with this.
    async fn answering(text: &'static str) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepted");
            let _ = stream.read(&mut [0; 4_096]).await.expect("read");
            stream.write_all(text.as_bytes()).await.expect("written");
        });
        port
    }

    async fn of(text: &str) -> Fact<Ping> {
        ping(&ListenPrefix::parse_all(text).expect("prefixes")).await
    }

    #[tokio::test]
    async fn the_first_prefix_that_answers_counts_but_for_one_that_leads_on() {
        let (moved, draining, strange) = (
            answering("HTTP/1.1 307 Temporary Redirect\r\n\r\n").await,
            answering("HTTP/1.1 418 I'm a teapot\r\n\r\n").await,
            answering("SSH-2.0-OpenSSH\r\n").await,
        );
        let all = format!("http://+:{strange}/, http://localhost:{moved}/, http://octopus.example:{draining}/octopus/");
        let Fact::Seen(seen) = of(&all).await else { panic!("no answer") };
        let url = format!("http://octopus.example:{draining}/octopus/api/octopusservernodes/ping");
        assert_eq!((seen.status, seen.url.as_str()), (418, url.as_str()));
    }

    #[tokio::test]
    async fn where_nothing_answers_that_is_said() {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port();
        assert_eq!(of(&format!("http://localhost:{free}/")).await, Fact::Missing(Trouble::Refused));
        let strange = answering("SSH-2.0-OpenSSH\r\n").await;
        let told = of(&format!("http://localhost:{strange}/, http://localhost:{free}/")).await;
        assert!(matches!(&told, Fact::Missing(Trouble::Io(said)) if said.as_str().contains("no web server")), "{told:?}");
        assert_eq!(ping(&[]).await, Fact::Missing(Trouble::Unasked));
    }

    fn seen(home: &Path) -> Option<LogSeen> {
        match read_newest_log(home) {
            Fact::Seen(seen) => seen,
            other => panic!("{other:?}"),
        }
    }

    fn kinds(seen: &LogSeen) -> Vec<KnownTrouble> {
        seen.troubles.iter().map(|trouble| trouble.kind).collect()
    }

    #[test]
    fn of_each_kind_the_newest_line_since_the_last_start() {
        let home = tempfile::tempdir().expect("a folder");
        assert_eq!(seen(home.path()), None);
        let logs = home.path().join("Logs");
        std::fs::create_dir(&logs).expect("a folder");
        assert_eq!(seen(home.path()), None);
        let text = "2026-11-20 10:00:00.0000 1 INFO  ==== RunCommand ====\n\
                2026-11-20 10:00:01.0000 1 FATAL Padding is invalid and cannot be removed.\n\
                2026-11-21 10:00:00.0000 1 INFO  ==== RunCommand ====\n\
                2026-11-21 10:00:01.0000 1 ERROR Login failed for user 'octopus'.\n\
                2026-11-21 10:00:02.0000 1 ERROR Could not find a part of the path 'Z:\\a'.\n\
                2026-11-21 10:00:03.0000 1 ERROR Login failed for user 'sa'.\n";
        std::fs::write(logs.join(FILE), text).expect("written");
        let log = seen(home.path()).expect("a log");
        assert_eq!((log.since_start, log.starts), (true, 2));
        assert_eq!(kinds(&log), [KnownTrouble::PathNotFound, KnownTrouble::LoginFailed]);
        assert!(log.troubles[1].line.as_str().contains("'sa'"), "{log:?}");
    }

    #[test]
    fn only_the_end_of_a_large_log_is_read_and_another_file_where_it_is_named_otherwise() {
        let home = tempfile::tempdir().expect("a folder");
        let logs = home.path().join("Logs");
        std::fs::create_dir(&logs).expect("a folder");
        let mut text = "Padding is invalid and cannot be removed.\n".to_owned();
        text.push_str(&"nothing at all\n".repeat(80_000));
        text.push_str("No space left on device\n");
        std::fs::write(logs.join("Server.TXT"), text).expect("written");
        std::fs::write(logs.join("other.log"), "Login failed for user 'x'").expect("written");
        let log = seen(home.path()).expect("a log");
        assert_eq!((kinds(&log), log.since_start), (vec![KnownTrouble::DiskFull], false));
        assert!(log.file.as_str().ends_with("Server.TXT"), "{}", log.file);
    }

    #[test]
    fn a_quoted_line_has_no_password_does_not_act_and_is_short() {
        let line = quoted("Login failed: Data Source=a;User ID=b;Password = hunter2;x");
        assert_eq!(line.as_str(), "Login failed: Data Source=a;User ID=b;…");
        assert_eq!(quoted("Login failed; the password is wrong").as_str(), "Login failed; the password is wrong");
        let later = quoted("Login failed: the password is wrong in Data Source=a;Password=hunter2");
        assert!(later.as_str().contains("Data Source=a") && !later.as_str().contains("hunter2"), "{later}");
        assert!(!quoted("{\"Server\":\"a\", password: hunter2}").as_str().contains("hunter2"));
        assert_eq!(quoted("a\u{1b}[31m").as_str(), "a^[[31m");
        assert_eq!(quoted(&"ü".repeat(1_000)).as_str().chars().count(), LINE + 1);
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_and_a_pipe_cost_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let logs = home.path().join("Logs");
        std::fs::create_dir(&logs).expect("a folder");
        std::fs::write(logs.join(FILE), [0xff, 0xfe, b'\n', 0]).expect("written");
        assert_eq!(kinds(&seen(home.path()).expect("a log")), []);
        std::fs::write(home.path().join("file"), "").expect("written");
        assert!(matches!(read_newest_log(&home.path().join("file")), Fact::Missing(_)));
    }
}
