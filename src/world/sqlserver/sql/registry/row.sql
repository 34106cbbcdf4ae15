-- Changes one node's row, or undoes such a change, in one transaction.
-- Sent by: SqlServer::change_row and undo_row_change. {lock} is lock.sql, {change} is one of
--          row_*.sql, {name_key} is the key of the node's name, {what} and {detail} are what the history says of it.
-- Needs:   SELECT, INSERT, UPDATE and DELETE in the schema octopus_setup.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the transaction is rolled back, and the step fails with the server's error.
--   @P1 cluster id, @P2 the node's name, @P3 the host that does it, @P4 the run, @P5 what is done,
--   @P6 to @P9 the row as it was seen: host, joined, last seen, drained,
--   @P10 to @P18 the row as it is to be: name, address, host, system, program, prefixes, ports, task cap.
-- A node's name keeps its key: the row as it is to be differs from @P2 in upper and lower case at most. What this run wrote into the
-- history is the same text, and equal under any collation.
-- Writes only in a registry of our format and in the expected cluster. Each look is a statement of its own: a statement fails as
-- a whole when one of its tables is missing.
{lock}
DECLARE @right int, @done int, @stands bigint, @undone bigint, @key varbinary(400);
SET @key = {name_key};
SET @right = 0;
SET @done = 0;
BEGIN TRY
IF @granted >= 0 AND @format = 2 AND OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  SET @right = (SELECT COUNT(*) FROM octopus_setup.cluster WHERE id = @P1);
IF @right = 1
BEGIN
{change}

  -- Nobody waits in a circle: everything is read before the one row and its line in the history are written, so whoever waits
  -- for another's row has changed nothing yet. "made" is sent only after the commit.
  IF @done = 1
  BEGIN
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES ({what}, @P2, @P3, {detail});
    COMMIT TRANSACTION;
    SELECT N'made' AS part;
  END
  ELSE
  BEGIN
    SELECT N'past' AS part,
      (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = @P5 AND node = @P2 AND detail = @P4) AS done_at,
      (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = N'undone' AND node = @P2 AND detail = @P4 + N' ' + @P5) AS undone_at;
    SELECT N'kept' AS part, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap,
      CONVERT(nvarchar(23), joined, 121) AS joined, CONVERT(nvarchar(23), last_seen, 121) AS last_seen, drained
      FROM octopus_setup.node WHERE name_key = @key;
  END;
END;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  SELECT N'trouble' AS part, N'made' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
