-- Part of nodes.sql and beats.sql: Octopus Server's own table of nodes, of any version; a column that is missing reads as NULL.
DECLARE @nodes nvarchar(60), @name nvarchar(200), @id nvarchar(200), @age nvarchar(200), @cap nvarchar(200), @drain nvarchar(200);
SET @nodes = N'dbo.OctopusServerNode';
SET @id = CASE WHEN COL_LENGTH(@nodes, N'Id') IS NULL THEN N'CAST(NULL AS nvarchar(256))' ELSE N'CAST(Id AS nvarchar(256))' END;
SET @name = CASE WHEN COL_LENGTH(@nodes, N'Name') IS NULL THEN @id ELSE N'CAST(Name AS nvarchar(256))' END;
SET @age = CASE WHEN COL_LENGTH(@nodes, N'LastSeen') IS NULL THEN N'CAST(NULL AS bigint)' ELSE N'DATEDIFF_BIG(SECOND, TRY_CAST(LastSeen AS datetimeoffset), SYSDATETIMEOFFSET())' END;
SET @cap = CASE WHEN COL_LENGTH(@nodes, N'MaxConcurrentTasks') IS NULL THEN N'CAST(NULL AS int)' ELSE N'TRY_CAST(MaxConcurrentTasks AS int)' END;
SET @drain = CASE WHEN COL_LENGTH(@nodes, N'IsInMaintenanceMode') IS NULL THEN N'CAST(NULL AS bit)' ELSE N'TRY_CAST(IsInMaintenanceMode AS bit)' END;
