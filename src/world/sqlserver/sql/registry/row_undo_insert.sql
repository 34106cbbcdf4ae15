-- Part of row_undo.sql: the node has not joined, and has left no canary.
DELETE FROM octopus_setup.canary WHERE node_key = @key AND EXISTS (SELECT 1 FROM octopus_setup.node WHERE name_key = @key AND host = @P12);
DELETE FROM octopus_setup.node WHERE name_key = @key AND host = @P12;
