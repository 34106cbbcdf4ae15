-- Brings a registry of format 1 to format 2, in one transaction: the columns of nodes' names get the database's collation, and the
-- key that compares names in the same way in every database. Nothing goes back to format 1.
-- Sent by: registry, where a batch that writes found format 1. {lock} is lock.sql, {name_key} is the key of the column name.
-- Needs:   ALTER on the schema octopus_setup (db_owner, or CONTROL).
-- Runs on: SQL Server 2016 and later, Azure SQL. Untried on Babelfish, which had no registry of format 1 that is known of.
-- Refused: the transaction is rolled back, the registry stays at format 1, and the step fails with the server's error.
-- Each statement that names a column which another has made or dropped is in an EXEC of its own: a batch is compiled as a whole.
{lock}
DECLARE @change nvarchar(400);
BEGIN TRY
IF @granted >= 0 AND @format = 1
BEGIN
  IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  BEGIN
    SET @change = (SELECT N'ALTER TABLE octopus_setup.node DROP CONSTRAINT ' + QUOTENAME(name) FROM sys.key_constraints WHERE type = 'PK' AND parent_object_id = OBJECT_ID(N'octopus_setup.node'));
    EXEC(@change);
    EXEC(N'ALTER TABLE octopus_setup.node ALTER COLUMN name nvarchar(200) COLLATE DATABASE_DEFAULT NOT NULL');
    EXEC(N'ALTER TABLE octopus_setup.node ADD name_key varbinary(400) NULL');
    EXEC(N'UPDATE octopus_setup.node SET name_key = {name_key}');
    EXEC(N'ALTER TABLE octopus_setup.node ALTER COLUMN name_key varbinary(400) NOT NULL');
    EXEC(N'ALTER TABLE octopus_setup.node ADD PRIMARY KEY (name_key)');
  END;
  IF OBJECT_ID(N'octopus_setup.canary', N'U') IS NOT NULL
  BEGIN
    SET @change = (SELECT N'ALTER TABLE octopus_setup.canary DROP CONSTRAINT ' + QUOTENAME(name) FROM sys.key_constraints WHERE type = 'PK' AND parent_object_id = OBJECT_ID(N'octopus_setup.canary'));
    EXEC(@change);
    EXEC(N'ALTER TABLE octopus_setup.canary ADD node_key varbinary(400) NULL');
    EXEC(N'UPDATE octopus_setup.canary SET node_key = {node_key}');
    EXEC(N'ALTER TABLE octopus_setup.canary ALTER COLUMN node_key varbinary(400) NOT NULL');
    EXEC(N'ALTER TABLE octopus_setup.canary DROP COLUMN node');
    EXEC(N'ALTER TABLE octopus_setup.canary ADD PRIMARY KEY (node_key, folder)');
  END;
  UPDATE octopus_setup.version SET version = 2;
  INSERT INTO octopus_setup.history (what, detail) VALUES (N'migrated', N'format 2');
  COMMIT TRANSACTION;
  SELECT N'made' AS part;
END;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  SELECT N'trouble' AS part, N'made' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
