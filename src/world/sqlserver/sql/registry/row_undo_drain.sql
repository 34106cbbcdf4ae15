-- Part of row_undo.sql: restores the drain mark.
UPDATE octopus_setup.node SET drained = @P9 WHERE name_key = @key;
