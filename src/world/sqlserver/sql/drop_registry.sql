-- Only what registry.sql makes. A table that somebody else put into our schema makes DROP SCHEMA fail, and the
-- transaction is rolled back.
IF OBJECT_ID(N'octopus_setup.licence', N'U') IS NOT NULL DROP TABLE octopus_setup.licence;
IF OBJECT_ID(N'octopus_setup.history', N'U') IS NOT NULL DROP TABLE octopus_setup.history;
IF OBJECT_ID(N'octopus_setup.canary', N'U') IS NOT NULL DROP TABLE octopus_setup.canary;
IF OBJECT_ID(N'octopus_setup.shared_storage', N'U') IS NOT NULL DROP TABLE octopus_setup.shared_storage;
IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL DROP TABLE octopus_setup.node;
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL DROP TABLE octopus_setup.cluster;
IF OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL DROP TABLE octopus_setup.version;
IF SCHEMA_ID(N'octopus_setup') IS NOT NULL EXEC(N'DROP SCHEMA octopus_setup');
