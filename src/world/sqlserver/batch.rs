//! Batches of SQL: fills them, sends them, and reads their reply: rows, found by the name of the part that they belong to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use tiberius::{ColumnData, QueryItem, QueryStream, ToSql};
use time::OffsetDateTime;

use super::connect::Session;
use super::errors;
use crate::model::facts::{SqlTrouble, Trouble};
use crate::model::untrusted::Untrusted;

/// The name of the part by which a guarded part reports its error.
const TROUBLE: &str = "trouble";
/// No batch asks for more rows; a server that sends more is cut off. A cluster of a hundred thousand nodes has four rows for
/// each: the registry's, Octopus Server's, its heartbeat and its version.
const MAX_ROWS: usize = 1_000_000;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Any character type.
    Text(String),
    /// `bit` and the integer types.
    Number(i64),
    /// Any binary type.
    Bytes(Vec<u8>),
    /// `NULL`, and types that no batch asks for.
    Null,
}

/// A row; all rows of a result set share their names.
#[derive(Debug, Clone, Default)]
pub struct ReplyRow {
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl ReplyRow {
    /// Makes a row with names of its own.
    #[cfg(test)]
    pub fn new(cells: Vec<(String, Cell)>) -> Self {
        let (names, cells): (Vec<String>, Vec<Cell>) = cells.into_iter().unzip();
        Self { names: names.into(), cells }
    }

    fn cell(&self, name: &str) -> Option<&Cell> {
        let index = self.names.iter().position(|own| own.eq_ignore_ascii_case(name))?;
        self.cells.get(index)
    }

    /// Returns a cleaned text; empty if it is `NULL` or was not sent.
    pub fn text(&self, name: &str) -> Untrusted {
        self.raw(name).map(Untrusted::new).unwrap_or_default()
    }

    /// Returns a text as it came, for parsing only.
    pub fn raw(&self, name: &str) -> Option<&str> {
        match self.cell(name) {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.cell(name) {
            Some(Cell::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.cell(name) {
            Some(Cell::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Returns a number that is `int` on the server; 0 if it is `NULL`.
    pub fn int(&self, name: &str) -> i32 {
        self.number(name).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
    }

    /// Returns a count; 0 if it is `NULL`.
    pub fn count(&self, name: &str) -> u64 {
        self.number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
    }

    /// Returns a `bit` or a 0/1; `None` if it is `NULL` or was not sent.
    pub fn told(&self, name: &str) -> Option<bool> {
        self.number(name).map(|number| number != 0)
    }

    /// Returns whether a `bit` or a 0/1 is set; `NULL` is not.
    pub fn flag(&self, name: &str) -> bool {
        self.told(name).unwrap_or_default()
    }
}

/// What the server sent for a batch, whole or up to the error that ended it.
#[derive(Debug, Clone)]
pub struct Reply {
    parts: HashMap<String, Vec<ReplyRow>>,
    troubles: HashMap<String, Trouble>,
    /// The first error outside the guarded parts.
    pub error: Option<Trouble>,
    /// This machine's clock when the batch was sent.
    pub sent_at: OffsetDateTime,
    /// From then to the end of the reply.
    pub took: Duration,
}

impl Reply {
    /// Sorts rows into their parts; the first column of each, `part`, names its part.
    pub fn from_rows(rows: Vec<ReplyRow>, error: Option<Trouble>, sent_at: OffsetDateTime, took: Duration) -> Self {
        let mut reply = Self { parts: HashMap::new(), troubles: HashMap::new(), error, sent_at, took };
        for row in rows {
            let Some(part) = row.raw("part") else { continue };
            if part == TROUBLE {
                let failed = row.raw("of_part").unwrap_or_default().to_owned();
                reply.troubles.entry(failed).or_insert_with(|| part_trouble(&row));
            } else if let Some(rows) = reply.parts.get_mut(part) {
                rows.push(row);
            } else {
                reply.parts.insert(part.to_owned(), vec![row]);
            }
        }
        reply
    }

    /// Returns the rows of a part, possibly none.
    ///
    /// # Errors
    /// The error of the part, or of the whole batch.
    pub fn rows(&self, part: &str) -> Result<&[ReplyRow], Trouble> {
        match (self.parts.get(part), self.troubles.get(part), &self.error) {
            (_, Some(trouble), _) | (None, None, Some(trouble)) => Err(trouble.clone()),
            (Some(rows), None, _) => Ok(rows),
            (None, None, None) => Ok(&[]),
        }
    }

    /// Returns the rows of a part as far as they came: for parts that only add to what is known otherwise.
    pub fn rows_received(&self, part: &str) -> &[ReplyRow] {
        self.parts.get(part).map_or(&[], Vec::as_slice)
    }

    /// Returns the first row of a part that always has one.
    ///
    /// # Errors
    /// As [`Reply::rows`]; [`Trouble::Unasked`] when there is none.
    pub fn row(&self, part: &str) -> Result<&ReplyRow, Trouble> {
        self.rows(part)?.first().ok_or(Trouble::Unasked)
    }
}

fn part_trouble(row: &ReplyRow) -> Trouble {
    let small = |name: &str| row.number(name).and_then(|number| u8::try_from(number).ok()).unwrap_or_default();
    Trouble::Sql(SqlTrouble {
        number: row.number("number").and_then(|number| u32::try_from(number).ok()).unwrap_or_default(),
        state: small("state"),
        class: small("class"),
        text: row.text("message"),
    })
}

/// Fills the holes of a batch, each a name in braces. The parts themselves are not searched for holes: a name of a database may
/// look like one.
pub fn fill(sql: &str, parts: &[(&str, &str)]) -> String {
    let sql = without_comments(sql);
    let mut filled = String::with_capacity(sql.len());
    let mut rest = sql.as_str();
    while let Some((before, (hole, behind))) =
        rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        filled.push_str(before);
        match parts.iter().find(|(name, _)| *name == hole) {
            Some((_, part)) => filled.push_str(part),
            // A hole that nobody fills is a syntax error on the server.
            None => filled.push_str(hole),
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Sends a batch, or with values a parametrised call, and reads the whole reply.
///
/// # Errors
/// Whatever leaves the session unusable: it must be thrown away then. An error of the server does not; it is
/// [`Reply::error`].
pub async fn send(session: &mut Session, sql: &str, values: &[&dyn ToSql], limit: Duration) -> Result<Reply, Trouble> {
    let sent_at = OffsetDateTime::now_utc();
    let begun = Instant::now();
    let sql = without_comments(sql);
    let reading = async {
        let mut rows = Vec::new();
        let stream = if values.is_empty() { session.simple_query(sql).await } else { session.query(sql, values).await };
        let error = match stream {
            Ok(stream) => read(stream, &mut rows).await.err(),
            Err(error) => Some(error),
        };
        (rows, error)
    };
    let (rows, error) = errors::within(limit, reading).await?;
    let error = match error.map(|error| errors::from_tiberius(&error)) {
        None => None,
        Some(Trouble::Sql(error)) => Some(Trouble::Sql(error)),
        Some(broken) => return Err(broken),
    };
    Ok(Reply::from_rows(rows, error, sent_at, begun.elapsed()))
}

/// Like [`send`], for work that succeeds or fails as a whole.
///
/// # Errors
/// Also any error of the server.
pub async fn run(session: &mut Session, sql: &str, values: &[&dyn ToSql], limit: Duration) -> Result<Reply, Trouble> {
    let reply = send(session, sql, values, limit).await?;
    match reply.error {
        Some(trouble) => Err(trouble),
        None => Ok(reply),
    }
}

async fn read(mut stream: QueryStream<'_>, rows: &mut Vec<ReplyRow>) -> tiberius::Result<()> {
    let mut names: Arc<[String]> = Arc::default();
    while let Some(item) = stream.try_next().await? {
        match item {
            QueryItem::Metadata(set) => names = set.columns().iter().map(|column| column.name().to_owned()).collect(),
            QueryItem::Row(row) => {
                rows.push(ReplyRow { names: Arc::clone(&names), cells: row.into_iter().map(cell).collect() });
                if rows.len() > MAX_ROWS {
                    return Err(tiberius::error::Error::Protocol("the answer has more rows than were asked for".into()));
                }
            }
        }
    }
    Ok(())
}

fn cell(data: ColumnData<'_>) -> Cell {
    let number = match data {
        ColumnData::U8(value) => value.map(i64::from),
        ColumnData::I16(value) => value.map(i64::from),
        ColumnData::I32(value) => value.map(i64::from),
        ColumnData::I64(value) => value,
        ColumnData::Bit(value) => value.map(i64::from),
        ColumnData::String(Some(text)) => return Cell::Text(text.into_owned()),
        ColumnData::Binary(Some(bytes)) => return Cell::Bytes(bytes.into_owned()),
        _ => None,
    };
    number.map_or(Cell::Null, Cell::Number)
}

/// Removes comments and indentation: the survey must fit into the congestion window of a connection that has sent little so far,
/// or it costs one more round trip.
pub fn without_comments(sql: &str) -> String {
    let lines = sql.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
    let mut short = String::with_capacity(sql.len());
    for line in lines {
        short.push_str(line);
        short.push('\n');
    }
    short
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A row of texts, numbers (`#7`) and nulls (`-`).
    pub fn row(cells: &[(&str, &str)]) -> ReplyRow {
        let cell = |text: &str| match text.strip_prefix('#') {
            Some(number) => Cell::Number(number.parse().expect("a number")),
            None if text == "-" => Cell::Null,
            None => Cell::Text(text.to_owned()),
        };
        ReplyRow::new(cells.iter().map(|(name, text)| ((*name).to_owned(), cell(text))).collect())
    }

    /// A reply of such rows.
    pub fn reply(rows: &[&[(&str, &str)]]) -> Reply {
        let rows = rows.iter().map(|cells| row(cells)).collect();
        Reply::from_rows(rows, None, OffsetDateTime::UNIX_EPOCH, Duration::ZERO)
    }

    #[test]
    fn a_failed_part_costs_only_itself() {
        let reply = reply(&[
            &[("part", "identity"), ("number", "16.0.1.2")],
            &[
                ("part", "trouble"),
                ("of_part", "mirroring"),
                ("number", "#208"),
                ("state", "#1"),
                ("class", "#16"),
                ("message", "no"),
            ],
        ]);
        assert_eq!(reply.row("identity").expect("a row").text("NUMBER").as_str(), "16.0.1.2");
        let said = SqlTrouble { number: 208, state: 1, class: 16, text: Untrusted::new("no") };
        assert_eq!(reply.rows("mirroring").err(), Some(Trouble::Sql(said)));
        assert_eq!(reply.rows("odd_column").expect("asked").len(), 0);
        assert_eq!(reply.row("odd_column").err(), Some(Trouble::Unasked));
    }

    #[test]
    fn a_batch_that_ended_early_leaves_the_rest_missing() {
        let rows = vec![row(&[("part", "clock"), ("utc", "x")])];
        let reply = Reply::from_rows(rows, Some(Trouble::ConnectionLost), OffsetDateTime::UNIX_EPOCH, Duration::ZERO);
        assert!(reply.row("clock").is_ok());
        assert_eq!(reply.row("content").err(), Some(Trouble::ConnectionLost));
    }

    #[test]
    fn texts_from_the_server_are_cleaned() {
        assert_eq!(row(&[("name", "a\u{1b}[2J")]).text("name").as_str(), "a^[[2J");
    }

    #[test]
    fn nulls_are_nothing() {
        let row = row(&[("a", "-")]);
        assert_eq!((row.number("a"), row.int("a"), row.count("a"), row.flag("a")), (None, 0, 0, false));
        assert!(row.text("a").is_empty());
    }

    #[test]
    fn comments_and_indentation_are_not_sent() {
        assert_eq!(without_comments("-- why\n  SELECT 1 -- kept\n\n"), "SELECT 1 -- kept\n");
    }

    #[test]
    fn holes_are_filled_once_and_comments_have_none() {
        let filled = fill("-- {name}\nUSE {name};\n{text}\n", &[("name", "[{text}]"), ("text", "SELECT 1")]);
        assert_eq!(filled, "USE [{text}];\nSELECT 1\n");
    }
}
