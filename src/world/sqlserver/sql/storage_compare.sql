IF @right = 1
BEGIN
  SET @all = (SELECT COUNT(*) FROM octopus_setup.shared_storage);
  SET @equal = (SELECT COUNT(*) FROM octopus_setup.shared_storage s
    JOIN (VALUES (@P7, @P8), (@P9, @P10), (@P11, @P12), (@P13, @P14), (@P15, @P16), (@P17, @P18)) r (folder, path)
      ON r.folder = s.folder AND CAST(r.path AS varbinary(2000)) = CAST(s.path AS varbinary(2000)));
