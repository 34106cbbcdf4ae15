-- Part of storage.sql: enters the shared storage where {set} (storage_set.sql) stands, and this node's canaries.
-- Writes nothing, and no history, where the same canaries are there already. A call without canaries leaves those that are there.
{set}
IF @all = @P5 AND @equal = @P5
BEGIN
  IF @P6 > 0
  BEGIN
    SET @done = (SELECT COUNT(*) FROM octopus_setup.canary c
      JOIN (VALUES (@P19, @P20), (@P21, @P22), (@P23, @P24), (@P25, @P26), (@P27, @P28), (@P29, @P30)) r (folder, token)
        ON r.folder = c.folder AND r.token = c.token
      WHERE c.node_key = @key);
    IF @done < @P6 OR @P6 < (SELECT COUNT(*) FROM octopus_setup.canary WHERE node_key = @key)
    BEGIN
      DELETE FROM octopus_setup.canary WHERE node_key = @key;
      INSERT INTO octopus_setup.canary (node_key, folder, token)
        SELECT @key, r.folder, r.token
        FROM (VALUES (@P19, @P20), (@P21, @P22), (@P23, @P24), (@P25, @P26), (@P27, @P28), (@P29, @P30)) r (folder, token)
        WHERE r.folder <> N'';
      INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'canary left', @P2, @P3, CAST(@P6 AS nvarchar(10)));
    END;
  END;
  COMMIT TRANSACTION;
  SELECT N'made' AS part;
END
ELSE
BEGIN
  SELECT N'right' AS part;
  SELECT N'storage' AS part, folder, path FROM octopus_setup.shared_storage;
END;
