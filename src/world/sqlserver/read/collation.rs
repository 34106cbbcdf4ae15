//! Collations.

use crate::model::facts::{Collation, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::answer::Answer;

/// The database's collation, by what it does rather than by its name, and the columns that differ from it.
pub fn read(answer: &Answer) -> Result<Collation, Trouble> {
    let row = answer.row("collation")?;
    // Columns that cannot be listed cost only themselves.
    let odd = answer.rows("odd_column").unwrap_or_default();
    let column = |row: &crate::world::sqlserver::answer::Row| {
        let name = |name| row.raw(name).unwrap_or_default();
        Untrusted::new(&format!(
            "{}.{}.{} ({})",
            name("schema_name"),
            name("table_name"),
            name("column_name"),
            name("collation_name")
        ))
    };
    Ok(Collation {
        name: row.text("name"),
        case_insensitive: row.flag("case_insensitive"),
        server: row.text("server"),
        odd_columns: odd.iter().map(column).collect(),
        odd_count: odd.first().map_or(0, |row| row.count("how_many")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::answer;

    #[test]
    fn odd_columns_are_named_in_full() {
        let odd = [
            ("part", "odd_column"),
            ("schema_name", "dbo"),
            ("table_name", "Event"),
            ("column_name", "Name"),
            ("collation_name", "Latin1_General_BIN2"),
            ("how_many", "#37"),
        ];
        let base = [("part", "collation"), ("name", "Latin1_General_CS_AS"), ("case_insensitive", "#0"), ("server", "X")];
        let collation = read(&answer(&[&base, &odd])).expect("read");
        assert!(!collation.case_insensitive);
        assert_eq!(collation.odd_columns, [Untrusted::new("dbo.Event.Name (Latin1_General_BIN2)")]);
        assert_eq!(collation.odd_count, 37);
    }
}
