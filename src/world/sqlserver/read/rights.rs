//! What the login may do.

use crate::model::facts::{DatabaseRights, Trouble};
use crate::world::sqlserver::answer::Answer;

/// Rights in the database, or on the server alone when the answer is of `master`.
pub fn read(answer: &Answer) -> Result<DatabaseRights, Trouble> {
    let row = answer.row("rights")?;
    Ok(DatabaseRights {
        create_database: row.flag("create_database"),
        create_table: row.flag("create_table"),
        create_schema: row.flag("create_schema"),
        alter: row.flag("alter_database"),
        control: row.flag("control_database"),
        db_owner: row.flag("db_owner"),
        default_schema: row.text("default_schema"),
    })
}

/// Whether the login sees every database in `sys.databases`, so that one that is not there does not exist. Asked of
/// `master`; taken for granted where the server cannot say.
pub fn sees_every_database(answer: &Answer) -> bool {
    answer.row("rights").map_or(true, |row| row.flag("view_databases") || row.flag("create_database"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::answer;

    #[test]
    fn what_was_not_asked_is_not_granted() {
        let rights = read(&answer(&[&[("part", "rights"), ("create_database", "#1")]])).expect("read");
        assert!(rights.create_database && !rights.create_table && !rights.control);
    }

    #[test]
    fn a_login_that_sees_nothing_proves_nothing() {
        let blind = answer(&[&[("part", "rights"), ("create_database", "#0"), ("view_databases", "#0")]]);
        assert!(!sees_every_database(&blind));
        let creator = answer(&[&[("part", "rights"), ("create_database", "#1"), ("view_databases", "#0")]]);
        assert!(sees_every_database(&creator));
        assert!(sees_every_database(&answer(&[])));
    }
}
