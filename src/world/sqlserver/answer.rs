//! What a batch answered: rows, found by the name of the part that they belong to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use tiberius::{ColumnData, QueryItem, QueryStream, ToSql};
use time::OffsetDateTime;

use super::login::Session;
use super::trouble;
use crate::model::facts::{SqlTrouble, Trouble};
use crate::model::untrusted::Untrusted;

/// The part's name under which a guarded part tells why it failed.
const TROUBLE: &str = "trouble";
/// More rows than this no batch of ours asks for; a server that sends more is not heard out. A cluster of a hundred
/// thousand nodes is four rows for each: ours, Octopus', its heart-beat and its version.
const MOST_ROWS: usize = 1_000_000;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Any character type.
    Text(String),
    /// `bit` and the integer types.
    Number(i64),
    /// Any binary type.
    Bytes(Vec<u8>),
    /// `NULL`, and types that we never ask for.
    Nothing,
}

/// A row: names, which all rows of a result set share, and values.
#[derive(Debug, Clone, Default)]
pub struct Row {
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl Row {
    /// A row of these cells, with names of its own.
    #[cfg(test)]
    pub fn new(cells: Vec<(String, Cell)>) -> Self {
        let (names, cells): (Vec<String>, Vec<Cell>) = cells.into_iter().unzip();
        Self { names: names.into(), cells }
    }

    fn cell(&self, name: &str) -> Option<&Cell> {
        let place = self.names.iter().position(|own| own.eq_ignore_ascii_case(name))?;
        self.cells.get(place)
    }

    /// A text, cleaned; empty where it is `NULL` or was not sent.
    pub fn text(&self, name: &str) -> Untrusted {
        self.raw(name).map(Untrusted::new).unwrap_or_default()
    }

    /// A text as it came, for parsing only.
    pub fn raw(&self, name: &str) -> Option<&str> {
        match self.cell(name) {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.cell(name) {
            Some(Cell::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.cell(name) {
            Some(Cell::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// A number that is `int` on the server; 0 where it is `NULL`.
    pub fn int(&self, name: &str) -> i32 {
        self.number(name).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
    }

    /// A count; 0 where it is `NULL`.
    pub fn count(&self, name: &str) -> u64 {
        self.number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
    }

    /// Whether a `bit` or a 0/1 is set; `NULL` is not.
    pub fn flag(&self, name: &str) -> bool {
        self.number(name).is_some_and(|number| number != 0)
    }
}

/// An answer, whole or up to the error that ended it.
#[derive(Debug, Clone)]
pub struct Answer {
    parts: HashMap<String, Vec<Row>>,
    troubles: HashMap<String, Trouble>,
    /// The first error outside the guarded parts.
    pub ended: Option<Trouble>,
    /// This machine's clock when the batch was sent.
    pub sent: OffsetDateTime,
    /// From then to the answer's end.
    pub took: Duration,
}

impl Answer {
    /// An answer made of rows; the first column of each, `part`, names its part.
    pub fn of(rows: Vec<Row>, ended: Option<Trouble>, sent: OffsetDateTime, took: Duration) -> Self {
        let mut answer = Self { parts: HashMap::new(), troubles: HashMap::new(), ended, sent, took };
        for row in rows {
            let Some(part) = row.raw("part") else { continue };
            if part == TROUBLE {
                let failed = row.raw("of_part").unwrap_or_default().to_owned();
                answer.troubles.entry(failed).or_insert_with(|| told(&row));
            } else if let Some(rows) = answer.parts.get_mut(part) {
                rows.push(row);
            } else {
                answer.parts.insert(part.to_owned(), vec![row]);
            }
        }
        answer
    }

    /// A part's rows, possibly none.
    ///
    /// # Errors
    /// What the server said of the part, or of the whole batch.
    pub fn rows(&self, part: &str) -> Result<&[Row], Trouble> {
        match (self.parts.get(part), self.troubles.get(part), &self.ended) {
            (_, Some(trouble), _) | (None, None, Some(trouble)) => Err(trouble.clone()),
            (Some(rows), None, _) => Ok(rows),
            (None, None, None) => Ok(&[]),
        }
    }

    /// A part's rows as far as they came, possibly none: for parts that only add to what is known otherwise.
    pub fn sent(&self, part: &str) -> &[Row] {
        self.parts.get(part).map_or(&[], Vec::as_slice)
    }

    /// The first row of a part that always has one.
    ///
    /// # Errors
    /// As [`Answer::rows`]; [`Trouble::Unasked`] when there is none.
    pub fn row(&self, part: &str) -> Result<&Row, Trouble> {
        self.rows(part)?.first().ok_or(Trouble::Unasked)
    }
}

fn told(row: &Row) -> Trouble {
    let small = |name: &str| row.number(name).and_then(|number| u8::try_from(number).ok()).unwrap_or_default();
    Trouble::Sql(SqlTrouble {
        number: row.number("number").and_then(|number| u32::try_from(number).ok()).unwrap_or_default(),
        state: small("state"),
        class: small("class"),
        text: row.text("message"),
    })
}

/// Sends a batch, or with values a parametrised call, and reads all of the answer.
///
/// # Errors
/// Whatever leaves the session unusable: it must be thrown away then. An error of the server is no such thing; it
/// stands in [`Answer::ended`].
pub async fn ask(session: &mut Session, sql: &str, values: &[&dyn ToSql], limit: Duration) -> Result<Answer, Trouble> {
    let sent = OffsetDateTime::now_utc();
    let begun = Instant::now();
    let sql = stripped(sql);
    let reading = async {
        let mut rows = Vec::new();
        let stream = if values.is_empty() { session.simple_query(sql).await } else { session.query(sql, values).await };
        let ended = match stream {
            Ok(stream) => read(stream, &mut rows).await.err(),
            Err(error) => Some(error),
        };
        (rows, ended)
    };
    let (rows, ended) = trouble::within(limit, reading).await?;
    let ended = match ended.map(|error| trouble::of_tiberius(&error)) {
        None => None,
        Some(Trouble::Sql(said)) => Some(Trouble::Sql(said)),
        Some(broken) => return Err(broken),
    };
    Ok(Answer::of(rows, ended, sent, begun.elapsed()))
}

/// Like [`ask`], for work that either succeeds or fails as a whole.
///
/// # Errors
/// Any error of the server, too.
pub async fn run(session: &mut Session, sql: &str, values: &[&dyn ToSql], limit: Duration) -> Result<Answer, Trouble> {
    let answer = ask(session, sql, values, limit).await?;
    match answer.ended {
        Some(trouble) => Err(trouble),
        None => Ok(answer),
    }
}

async fn read(mut stream: QueryStream<'_>, rows: &mut Vec<Row>) -> tiberius::Result<()> {
    let mut names: Arc<[String]> = Arc::default();
    while let Some(item) = stream.try_next().await? {
        match item {
            QueryItem::Metadata(set) => names = set.columns().iter().map(|column| column.name().to_owned()).collect(),
            QueryItem::Row(row) => {
                rows.push(Row { names: Arc::clone(&names), cells: row.into_iter().map(cell).collect() });
                if rows.len() > MOST_ROWS {
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
    number.map_or(Cell::Nothing, Cell::Number)
}

/// The SQL without its comments and indentation: the survey has to fit into the congestion window of a connection that
/// has said little so far, or it costs a round trip more.
fn stripped(sql: &str) -> String {
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
    pub fn row(cells: &[(&str, &str)]) -> Row {
        let cell = |text: &str| match text.strip_prefix('#') {
            Some(number) => Cell::Number(number.parse().expect("a number")),
            None if text == "-" => Cell::Nothing,
            None => Cell::Text(text.to_owned()),
        };
        Row::new(cells.iter().map(|(name, text)| ((*name).to_owned(), cell(text))).collect())
    }

    /// An answer of such rows.
    pub fn answer(rows: &[&[(&str, &str)]]) -> Answer {
        let rows = rows.iter().map(|cells| row(cells)).collect();
        Answer::of(rows, None, OffsetDateTime::UNIX_EPOCH, Duration::ZERO)
    }

    #[test]
    fn a_failed_part_costs_only_itself() {
        let answer = answer(&[
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
        assert_eq!(answer.row("identity").expect("a row").text("NUMBER").as_str(), "16.0.1.2");
        let said = SqlTrouble { number: 208, state: 1, class: 16, text: Untrusted::new("no") };
        assert_eq!(answer.rows("mirroring").err(), Some(Trouble::Sql(said)));
        assert_eq!(answer.rows("odd_column").expect("asked").len(), 0);
        assert_eq!(answer.row("odd_column").err(), Some(Trouble::Unasked));
    }

    #[test]
    fn a_batch_that_ended_early_leaves_the_rest_missing() {
        let rows = vec![row(&[("part", "clock"), ("utc", "x")])];
        let answer = Answer::of(rows, Some(Trouble::ConnectionLost), OffsetDateTime::UNIX_EPOCH, Duration::ZERO);
        assert!(answer.row("clock").is_ok());
        assert_eq!(answer.row("content").err(), Some(Trouble::ConnectionLost));
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
        assert_eq!(stripped("-- why\n  SELECT 1 -- kept\n\n"), "SELECT 1 -- kept\n");
    }
}
