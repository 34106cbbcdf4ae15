-- Part of storage_enter.sql: the first node says what all nodes share, once and for all.
IF @all = 0
BEGIN
  INSERT INTO octopus_setup.shared_storage (folder, path, set_by)
    SELECT r.folder, r.path, @P2
    FROM (VALUES (@P7, @P8), (@P9, @P10), (@P11, @P12), (@P13, @P14), (@P15, @P16), (@P17, @P18)) r (folder, path)
    WHERE r.folder <> N'';
  INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'storage set', @P2, @P3, @P4);
  SET @all = @P5;
  SET @equal = @P5;
END;
