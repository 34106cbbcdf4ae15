-- Begins the transaction in which alone the registry is written, and takes the application lock for it.
-- Sent by: registry, in its batches in place of {lock}. {mode} is Exclusive, or Shared for those who change one row: these do
--          not wait for each other, and wait only for who creates or drops the registry.
-- Needs:   CONNECT; sp_getapplock is granted to public.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the batch that it stands in writes nothing, and the step fails with the server's error.
-- The transaction owns the lock and releases it however it ends. Any negative answer means "not granted". What follows in the
-- same batch may read @granted, and @format: NULL where there is no registry, or none that the login sees.
SET NOCOUNT ON;
BEGIN TRANSACTION;
DECLARE @granted int, @format int;
EXEC @granted = sp_getapplock @Resource = N'octopus_setup', @LockMode = N'{mode}', @LockOwner = N'Transaction', @LockTimeout = 15000;
IF OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL
  SET @format = (SELECT version FROM octopus_setup.version);
SELECT N'lock' AS part, @granted AS granted, @format AS format;
