  SELECT N'storage' AS part, folder, path FROM octopus_setup.shared_storage;
  COMMIT TRANSACTION;
  SELECT N'made' AS part;
END;
