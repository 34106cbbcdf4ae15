-- Moves a session from master into the target's database.
-- Sent by: server.rs, after the database was created. {database} is the quoted name, {name} the name as a literal.
-- Needs:   a user in the database.
-- Runs on: SQL Server 2016 and later, Babelfish 4.3. Azure SQL refuses USE (40508).
-- Refused: the wizard logs in again, to the database.
-- The answer counts, not the lack of an error: otherwise the next statement could run in master.
USE {database};
SELECT N'place' AS part, CASE WHEN DB_ID() = DB_ID({name}) THEN 1 ELSE 0 END AS here
