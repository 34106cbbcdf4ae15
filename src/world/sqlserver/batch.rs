//! Batches of SQL: fills them, sends them, and reads their reply: rows, found by the name of the part that they belong to.
//!
//! What only reads is a [`Question`] in parts, sent by [`ask`]: a part that is refused costs itself only. What writes is one text, sent
//! by [`run`]: it is done or refused as a whole.

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

/// What the line says that a part begins with; its name follows.
const PART: &str = "-- part: ";
/// The name of the part by which a statement inside TRY reports its error.
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

/// What the server sent for a batch.
#[derive(Debug, Clone)]
pub struct Reply {
    parts: HashMap<String, Vec<ReplyRow>>,
    troubles: HashMap<String, Trouble>,
    /// The first error of a batch that was sent as a whole.
    pub error: Option<Trouble>,
    /// This machine's clock when the batch was sent.
    pub sent_at: OffsetDateTime,
    /// From then to the end of the reply.
    pub took: Duration,
}

impl Reply {
    fn new() -> Self {
        let parts = HashMap::new();
        Self { parts, troubles: HashMap::new(), error: None, sent_at: OffsetDateTime::now_utc(), took: Duration::ZERO }
    }

    /// Sorts rows into their parts; the first column of each, `part`, names its part.
    #[cfg(test)]
    pub fn from_rows(rows: Vec<ReplyRow>, error: Option<Trouble>, sent_at: OffsetDateTime, took: Duration) -> Self {
        Self { error, sent_at, took, ..Self::from_many(rows, &mut |_| false) }
    }

    /// The same, with each row shown to `take` first.
    #[cfg(test)]
    pub fn from_many(rows: Vec<ReplyRow>, take: TakeRow<'_>) -> Self {
        let mut reply = Self::new();
        for row in rows {
            reply.add(row, take);
        }
        reply
    }

    /// Adds a row to its part, unless it is taken.
    fn add(&mut self, row: ReplyRow, take: TakeRow<'_>) {
        let Some(part) = row.raw("part") else { return };
        if part == TROUBLE {
            let failed = row.raw("of_part").unwrap_or_default().to_owned();
            self.troubles.entry(failed).or_insert_with(|| part_trouble(&row));
            return;
        }
        if !self.parts.contains_key(part) {
            self.parts.insert(part.to_owned(), Vec::new());
        }
        if !take(&row)
            && let Some(rows) = row.raw("part").and_then(|part| self.parts.get_mut(part))
        {
            rows.push(row);
        }
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

    /// Returns whether a row of this part came, taken or not.
    pub fn has_come(&self, part: &str) -> bool {
        self.parts.contains_key(part)
    }

    /// Returns the error of a part.
    pub fn trouble(&self, part: &str) -> Option<&Trouble> {
        self.troubles.get(part)
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

    /// Adds the parts of another reply.
    pub fn extend(&mut self, other: Self) {
        self.parts.extend(other.parts);
        self.troubles.extend(other.troubles);
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

/// Statements that only read, in parts. Each part begins behind a line `-- part: name`, and its rows name it in their first column;
/// what stands before the first part of a file is sent with each of its parts.
#[derive(Debug, Clone, Default)]
pub struct Question {
    before: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    name: String,
    sql: String,
}

impl Question {
    /// Reads the parts of files, in their order.
    pub fn new(files: &[&str]) -> Self {
        let mut question = Self::default();
        for file in files {
            let mut pieces = file.split(PART);
            question.before.push_str(&without_comments(pieces.next().unwrap_or_default()));
            question.parts.extend(pieces.map(|piece| {
                let (name, sql) = piece.split_once('\n').unwrap_or((piece, ""));
                Part { name: name.trim().to_owned(), sql: without_comments(sql) }
            }));
        }
        question
    }

    /// Returns what is sent for all parts.
    pub fn sql(&self) -> String {
        self.batch(&self.parts)
    }

    fn batch(&self, parts: &[Part]) -> String {
        let parts = parts.iter().map(|part| part.sql.as_str());
        ["SET NOCOUNT ON;\n", &self.before].into_iter().chain(parts).collect()
    }
}

/// Asks a question in one batch and reads the whole reply.
///
/// A server may end a batch at the first error. Then each part that did not come whole is asked again in a batch of its own: the error
/// of one is never another's.
///
/// # Errors
/// Whatever leaves the session unusable: it must be thrown away then. An error of the server is the trouble of its part.
pub async fn ask(session: &mut Session, question: &Question, values: &[&dyn ToSql], limit: Duration) -> Result<Reply, Trouble> {
    ask_for_many(session, question, values, limit, &mut |_| false).await
}

/// Takes a row when it comes, and returns whether it did; a row that is not taken is kept in the reply.
pub type TakeRow<'a> = &'a mut (dyn FnMut(&ReplyRow) -> bool + Send);

/// Like [`ask`], for parts with very many rows: each row is shown to `take` first. If a part is asked again, its rows come again.
///
/// # Errors
/// As [`ask`].
pub async fn ask_for_many(
    session: &mut Session,
    question: &Question,
    values: &[&dyn ToSql],
    limit: Duration,
    take: TakeRow<'_>,
) -> Result<Reply, Trouble> {
    let begun = Instant::now();
    let asking = async {
        let mut reply = Reply::new();
        let mut last = None;
        if receive(session, question.sql(), values, &mut reply, take, &mut last).await?.is_some() {
            for part in &question.parts {
                let came = reply.has_come(&part.name) && last.as_ref() != Some(&part.name);
                if !came {
                    reply.parts.remove(&part.name);
                    let sql = question.batch(std::slice::from_ref(part));
                    if let Some(trouble) = receive(session, sql, values, &mut reply, take, &mut None).await? {
                        reply.troubles.insert(part.name.clone(), trouble);
                    }
                }
            }
        }
        Ok(reply)
    };
    let mut reply = errors::within(limit, asking).await??;
    reply.took = begun.elapsed();
    Ok(reply)
}

/// Sends a batch, or with values a parametrised call, and reads the whole reply.
///
/// # Errors
/// As [`ask`]. An error of the server is [`Reply::error`].
pub async fn send(session: &mut Session, sql: &str, values: &[&dyn ToSql], limit: Duration) -> Result<Reply, Trouble> {
    let begun = Instant::now();
    let mut reply = Reply::new();
    let mut last = None;
    let mut take = |_: &ReplyRow| false;
    let received = errors::within(limit, receive(session, without_comments(sql), values, &mut reply, &mut take, &mut last)).await;
    reply.error = received??;
    reply.took = begun.elapsed();
    Ok(reply)
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

/// Sends a batch and adds its rows to the reply. Returns the server's error, if there is one; `last` is the part of the last row
/// then.
async fn receive(
    session: &mut Session,
    sql: String,
    values: &[&dyn ToSql],
    reply: &mut Reply,
    take: TakeRow<'_>,
    last: &mut Option<String>,
) -> Result<Option<Trouble>, Trouble> {
    let stream = if values.is_empty() { session.simple_query(sql).await } else { session.query(sql, values).await };
    let ended = match stream {
        Ok(stream) => read(stream, reply, take, last).await,
        Err(error) => Err(error),
    };
    match ended.map_err(|error| errors::from_tiberius(&error)) {
        Ok(()) => Ok(None),
        Err(error @ Trouble::Sql(_)) => Ok(Some(error)),
        Err(broken) => Err(broken),
    }
}

async fn read(
    mut stream: QueryStream<'_>,
    reply: &mut Reply,
    take: TakeRow<'_>,
    last: &mut Option<String>,
) -> tiberius::Result<()> {
    let mut names: Arc<[String]> = Arc::default();
    let mut count = 0;
    while let Some(item) = stream.try_next().await? {
        match item {
            QueryItem::Metadata(set) => names = set.columns().iter().map(|column| column.name().to_owned()).collect(),
            QueryItem::Row(row) => {
                count += 1;
                if count > MAX_ROWS {
                    return Err(tiberius::error::Error::Protocol("the answer has more rows than were asked for".into()));
                }
                let row = ReplyRow { names: Arc::clone(&names), cells: row.into_iter().map(cell).collect() };
                note_last(last, &row);
                reply.add(row, take);
            }
        }
    }
    Ok(())
}

/// Notes the part of the last row. A row of trouble belongs to no part: the one before it may have been cut short all the same.
fn note_last(last: &mut Option<String>, row: &ReplyRow) {
    let part = row.raw("part");
    if part != Some(TROUBLE) && last.as_deref() != part {
        *last = part.map(str::to_owned);
    }
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
    fn a_row_of_trouble_is_not_the_last_part_of_a_batch() {
        let mut last = None;
        for (part, expected) in [("key_sight", "key_sight"), ("key_values", "key_values"), ("trouble", "key_values")] {
            note_last(&mut last, &row(&[("part", part), ("of_part", "key_value")]));
            assert_eq!(last.as_deref(), Some(expected));
        }
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
    fn a_question_has_parts_and_what_is_sent_before_each() {
        let file =
            "-- Reads.\nDECLARE @a int;\n-- Why.\n-- part: one\nSELECT 'one' AS part;\n\n-- part: two\nSELECT 'two' AS part;\n";
        let question = Question::new(&[file, "-- part: three\nSELECT 'three' AS part;"]);
        let names: Vec<&str> = question.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["one", "two", "three"]);
        let two = "SET NOCOUNT ON;\nDECLARE @a int;\nSELECT 'two' AS part;\n";
        assert_eq!(question.batch(&question.parts[1..2]), two);
        assert!(question.sql().ends_with("SELECT 'three' AS part;\n"));
    }

    #[test]
    fn holes_are_filled_once_and_comments_have_none() {
        let filled = fill("-- {name}\nUSE {name};\n{text}\n", &[("name", "[{text}]"), ("text", "SELECT 1")]);
        assert_eq!(filled, "USE [{text}];\nSELECT 1\n");
    }
}
