-- Part of storage.sql: deletes the canaries with exactly these tokens, since others were left by another node or later; and the
-- shared storage where {unset} (storage_unset.sql) stands.
DELETE FROM octopus_setup.canary WHERE node_key = @key AND (
  (folder = @P19 AND token = @P20) OR (folder = @P21 AND token = @P22) OR (folder = @P23 AND token = @P24)
  OR (folder = @P25 AND token = @P26) OR (folder = @P27 AND token = @P28) OR (folder = @P29 AND token = @P30));
SET @done = @@ROWCOUNT;
IF @done > 0
  INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'canary taken', @P2, @P3, CAST(@done AS nvarchar(10)));
{unset}
SELECT N'storage' AS part, folder, path FROM octopus_setup.shared_storage;
COMMIT TRANSACTION;
SELECT N'made' AS part;
