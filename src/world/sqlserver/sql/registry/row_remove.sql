-- Part of row.sql: deletes a node's row, unless the node was seen since. A drain mark that was set since does not matter.
DELETE FROM octopus_setup.node
  WHERE name_key = @key AND host = @P6 AND CONVERT(nvarchar(23), joined, 121) = @P7 AND CONVERT(nvarchar(23), last_seen, 121) = @P8;
SET @done = @@ROWCOUNT;

-- Deletes its canaries too, or others would wait for them in vain. Their files stay, and the history keeps the tokens, from which
-- undo restores them; they are no secret. A token has 32 characters, and a run does not end with a blank.
IF @done = 1
BEGIN
  INSERT INTO octopus_setup.history (what, node, host, detail)
    SELECT N'canary gone', @P2, @P3, token + N' ' + folder + N' ' + @P4 FROM octopus_setup.canary WHERE node_key = @key;
  DELETE FROM octopus_setup.canary WHERE node_key = @key;
END;
