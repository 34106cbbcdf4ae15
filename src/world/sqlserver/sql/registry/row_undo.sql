-- Part of row.sql: undoes what this run did and has not undone yet, only if nobody else has done anything to the row since. Lines
-- about the storage do not count as such. Sent under the exclusive lock: nothing that is read here changes before the end.
-- {undo} is one of row_undo_*.sql.
SET @stands = (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = @P5 AND node = @P2 AND detail = @P4);
SET @undone = (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = N'undone' AND node = @P2 AND detail = @P4 + N' ' + @P5);
IF @stands > @undone AND NOT EXISTS (SELECT 1 FROM octopus_setup.history WHERE id > @stands AND node COLLATE Latin1_General_CI_AS = @P2 AND what NOT IN (N'undone', N'canary left', N'canary taken', N'storage set', N'storage unset') AND detail <> @P4)
BEGIN
{undo}
  SET @done = @@ROWCOUNT;
END;
