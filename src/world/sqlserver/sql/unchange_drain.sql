    -- The mark as it was.
    UPDATE octopus_setup.node SET drained = @P9 WHERE name = @P2;
