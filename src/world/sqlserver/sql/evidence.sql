-- By what a master key can be judged. The registry's verifier: salt and derived bytes, 48 in all; never the key.
SET NOCOUNT ON;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
    EXEC(N'SELECT N''key_verifier'' AS part, CAST(key_verifier AS varbinary(64)) AS verifier FROM octopus_setup.cluster');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'key_verifier' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

