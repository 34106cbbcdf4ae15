SELECT 40 + 2 AS answer
go
CREATE DATABASE FreeTds
go
USE FreeTds
go
CREATE TABLE dbo.Thing (Id int NOT NULL PRIMARY KEY, Name nvarchar(50) NULL)
INSERT INTO dbo.Thing (Id, Name) VALUES (1, N'one'), (2, NULL)
go
SELECT Id, Name FROM dbo.Thing ORDER BY Id
go
INSERT INTO dbo.Thing (Id) VALUES (1)
go
SELECT * FROM dbo.Nothing
go
BEGIN TRANSACTION
DELETE FROM dbo.Thing
ROLLBACK TRANSACTION
SELECT COUNT(*) + 700 AS kept FROM dbo.Thing
go
SELECT CAST(1 AS bit) AS b, CAST(2.5 AS float) AS f, CAST(-12.34 AS decimal(9, 2)) AS d, CAST(N'x' AS nvarchar(max)) AS n
go
