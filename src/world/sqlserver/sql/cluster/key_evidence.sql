-- Reads what a master key can be checked against: the registry's verifier (salt and derived bytes, 48 in all; never the key),
-- Octopus Server's certificate, and a few other values that it encrypted.
-- Sent by: SqlServer::key_verdict and verify_key, and SqlServer::cluster behind nodes.sql.
-- Needs:   SELECT in the schemas octopus_setup and dbo. A part that the login may not read costs only that part.
-- Runs on: SQL Server 2016 and later (DECOMPRESS, sent only where there is a column JSONBlob), Azure SQL, Babelfish 4.3.
SET NOCOUNT ON;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
    EXEC(N'SELECT N''key_verifier'' AS part, CAST(key_verifier AS varbinary(64)) AS verifier FROM octopus_setup.cluster');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_verifier' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- A login that may not read a table does not see its columns either: then a missing column proves nothing.

BEGIN TRY
  EXEC(N'SELECT N''key_sight'' AS part, COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''SELECT''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''SELECT''), 1) AS sees');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_sight' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Octopus Server's certificate. Its table has changed over the years, and so has its form: JSON, or the same compressed.

BEGIN TRY
  IF COL_LENGTH(N'dbo.Configuration', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Configuration', N'JSON') IS NOT NULL
    EXEC(N'SELECT N''key_configuration_json'' AS part, CASE WHEN LEN(json) <= 262144 THEN json END AS json, CASE WHEN LEN(json) > 262144 THEN 1 ELSE 0 END AS too_long
      FROM (SELECT TOP (1) CAST(JSON AS nvarchar(max)) AS json FROM dbo.Configuration WHERE Id = N''certificate-global'') AS x');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_configuration_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Configuration', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Configuration', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT N''key_configuration_jsonblob'' AS part, CASE WHEN LEN(json) <= 262144 THEN json END AS json, CASE WHEN LEN(json) > 262144 THEN 1 ELSE 0 END AS too_long
      FROM (SELECT TOP (1) CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) AS json FROM dbo.Configuration WHERE Id = N''certificate-global'') AS x');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_configuration_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Certificate', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Certificate', N'JSON') IS NOT NULL
    EXEC(N'SELECT N''key_certificate_json'' AS part, CASE WHEN LEN(json) <= 262144 THEN json END AS json, CASE WHEN LEN(json) > 262144 THEN 1 ELSE 0 END AS too_long
      FROM (SELECT TOP (1) CAST(JSON AS nvarchar(max)) AS json FROM dbo.Certificate WHERE Id = N''certificate-global'') AS x');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_certificate_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Certificate', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Certificate', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT N''key_certificate_jsonblob'' AS part, CASE WHEN LEN(json) <= 262144 THEN json END AS json, CASE WHEN LEN(json) > 262144 THEN 1 ELSE 0 END AS too_long
      FROM (SELECT TOP (1) CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) AS json FROM dbo.Certificate WHERE Id = N''certificate-global'') AS x');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_certificate_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Other encrypted values: behind a bar, an initialisation vector is 22 characters and two equals signs. Both rows and lengths are
-- limited: a table of snapshots may have a million rows, and one of them may have megabytes.

BEGIN TRY
  IF COL_LENGTH(N'dbo.Configuration', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Configuration', N'JSON') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_configuration_json'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CAST(JSON AS nvarchar(max)) AS json FROM dbo.Configuration WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_configuration_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Configuration', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Configuration', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_configuration_jsonblob'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CASE WHEN DATALENGTH(JSONBlob) <= 65536 THEN CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) END AS json FROM dbo.Configuration WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_configuration_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.ExtensionConfiguration', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.ExtensionConfiguration', N'JSON') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_extensionconfiguration_json'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CAST(JSON AS nvarchar(max)) AS json FROM dbo.ExtensionConfiguration WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_extensionconfiguration_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.ExtensionConfiguration', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.ExtensionConfiguration', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_extensionconfiguration_jsonblob'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CASE WHEN DATALENGTH(JSONBlob) <= 65536 THEN CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) END AS json FROM dbo.ExtensionConfiguration WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_extensionconfiguration_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Account', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Account', N'JSON') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_account_json'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CAST(JSON AS nvarchar(max)) AS json FROM dbo.Account WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_account_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Account', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Account', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_account_jsonblob'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CASE WHEN DATALENGTH(JSONBlob) <= 65536 THEN CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) END AS json FROM dbo.Account WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_account_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Certificate', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Certificate', N'JSON') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_certificate_json'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CAST(JSON AS nvarchar(max)) AS json FROM dbo.Certificate WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_certificate_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.Certificate', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.Certificate', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_certificate_jsonblob'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CASE WHEN DATALENGTH(JSONBlob) <= 65536 THEN CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) END AS json FROM dbo.Certificate WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_certificate_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.VariableSet', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.VariableSet', N'JSON') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_variableset_json'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CAST(JSON AS nvarchar(max)) AS json FROM dbo.VariableSet WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_variableset_json' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.VariableSet', N'Id') IS NOT NULL AND COL_LENGTH(N'dbo.VariableSet', N'JSONBlob') IS NOT NULL
    EXEC(N'SELECT TOP (5) N''values_variableset_jsonblob'' AS part, CAST(id AS nvarchar(250)) AS id, json AS json
      FROM (SELECT TOP (200) Id AS id, CASE WHEN DATALENGTH(JSONBlob) <= 65536 THEN CAST(DECOMPRESS(JSONBlob) AS nvarchar(max)) END AS json FROM dbo.VariableSet WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
      WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'values_variableset_jsonblob' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;
