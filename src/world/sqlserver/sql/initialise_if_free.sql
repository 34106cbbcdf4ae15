-- Behind begin.sql and content.sql, before registry.sql and initialise_rows.sql: all of it in one turn. Only under the lock,
-- and only where nobody else has tables. One handler for everything: without it a statement that fails would be followed
-- by the next one, and the rest committed.
BEGIN TRY
IF @granted >= 0 AND NOT EXISTS (SELECT 1 FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE t.is_ms_shipped = 0 AND s.name <> N'octopus_setup')
BEGIN
