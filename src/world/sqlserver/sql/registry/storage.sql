-- Writes the shared storage and a node's canaries in one transaction.
-- Sent by: SqlServer::register_storage and unregister_storage. {lock} is lock.sql, {member} is
--          storage_member.sql or nothing, {change} is storage_enter.sql or storage_withdraw.sql,
--          {name_key} is the key of the node's name.
-- Needs:   SELECT, INSERT and DELETE in the schema octopus_setup.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the transaction is rolled back, and the step fails with the server's error.
--   @P1 cluster id, @P2 the node's name, @P3 the host that does it, @P4 the storage in words,
--   @P5 number of its folders, @P6 number of canaries,
--   @P7 to @P18 folder and path of each, @P19 to @P30 folder and token of each canary; empty where there are fewer.
-- Writes only in a registry of our format and in the expected cluster. Each look is a statement of its own: a statement fails as
-- a whole when one of its tables is missing. Compares paths byte by byte: two paths that are equal to the database's collation
-- may differ to a file system.
{lock}
DECLARE @right int, @all int, @equal int, @done int, @key varbinary(400);
SET @key = {name_key};
SET @right = 0;
SET @all = 0;
SET @equal = 0;
SET @done = 0;
BEGIN TRY
IF @granted >= 0 AND @format = 2 AND OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  SET @right = (SELECT COUNT(*) FROM octopus_setup.cluster WHERE id = @P1);
{member}
IF @right = 1
BEGIN
  SET @all = (SELECT COUNT(*) FROM octopus_setup.shared_storage);
  SET @equal = (SELECT COUNT(*) FROM octopus_setup.shared_storage s
    JOIN (VALUES (@P7, @P8), (@P9, @P10), (@P11, @P12), (@P13, @P14), (@P15, @P16), (@P17, @P18)) r (folder, path)
      ON r.folder = s.folder AND CAST(r.path AS varbinary(2000)) = CAST(s.path AS varbinary(2000)));
{change}
END;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  SELECT N'trouble' AS part, N'made' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
