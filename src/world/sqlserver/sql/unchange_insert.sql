    -- The node has not joined.
    DELETE FROM octopus_setup.node WHERE name = @P2 AND host = @P12;
