-- In master: the lock that makes two wizards take turns, whether the database is there by now, and if not, the database
-- itself, in one turn. @P1 is its name. The session owns the lock: no timer can take it from a holder that is alive, and
-- where an error ends this early it goes with the connection.
SET NOCOUNT ON;
DECLARE @granted int, @there int, @create nvarchar(400);
EXEC @granted = sp_getapplock @Resource = N'octopus_setup database', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 60000;
SET @there = CASE WHEN DB_ID(@P1) IS NULL THEN 0 ELSE 1 END;
SELECT N'lock' AS part, @granted AS granted, @there AS there;
IF @granted >= 0
BEGIN
  SET @create = N'CREATE DATABASE ' + QUOTENAME(@P1) + N' COLLATE Latin1_General_CI_AS';
  IF @there = 0
    EXEC(@create);
  EXEC sp_releaseapplock @Resource = N'octopus_setup database', @LockOwner = N'Session';
  SELECT N'released' AS part;
END;
