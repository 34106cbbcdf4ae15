-- Reads the server's clock, and which server, database and login the session has.
-- Sent by: survey, at the begin of its batches.
-- Needs:   CONNECT.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: costs the fact: the clock, or the version and the name of the login.

-- part: clock
SELECT 'clock' AS part, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS utc;

-- part: identity
SELECT 'identity' AS part,
  CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS number,
  CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS edition,
  CAST(SERVERPROPERTY('EngineEdition') AS int) AS engine_edition,
  @@SERVERNAME AS server_name,
  CAST(@@VERSION AS nvarchar(300)) AS version,
  CASE WHEN DB_ID(N'rdsadmin') IS NOT NULL THEN 1 WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DATABASE') = 1 THEN 0 END AS rds,
  DB_NAME() AS place,
  SUSER_SNAME() AS login_name,
  USER_NAME() AS user_name;
