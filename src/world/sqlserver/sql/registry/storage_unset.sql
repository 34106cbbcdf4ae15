-- Part of storage_withdraw.sql: deletes what the nodes share, only if it is as this node has set it and no other node has left
-- a canary.
IF @all = @P5 AND @equal = @P5 AND NOT EXISTS (SELECT 1 FROM octopus_setup.canary c JOIN octopus_setup.node n ON n.name_key = c.node_key WHERE c.node_key <> @key)
BEGIN
  DELETE FROM octopus_setup.shared_storage WHERE set_by COLLATE Latin1_General_CI_AS = @P2;
  IF @@ROWCOUNT > 0
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'storage unset', @P2, @P3, @P4);
END;
