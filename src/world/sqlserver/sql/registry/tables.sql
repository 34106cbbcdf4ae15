-- Creates the registry, format 2.
-- Sent by: initialise.sql and adopt.sql in place of {tables}. A plain batch inside their transaction.
-- Needs:   CREATE SCHEMA and CREATE TABLE in the database (db_owner, or CONTROL).
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the transaction is rolled back, and the step fails with the server's error.
-- CREATE SCHEMA must be alone in its batch, hence EXEC. Each statement may run again.
IF SCHEMA_ID(N'octopus_setup') IS NULL
  EXEC(N'CREATE SCHEMA octopus_setup');

IF OBJECT_ID(N'octopus_setup.version', N'U') IS NULL
  CREATE TABLE octopus_setup.version (
    only_one tinyint NOT NULL PRIMARY KEY CHECK (only_one = 1),
    version int NOT NULL
  );

-- Exactly one row, since the key allows one value only. This constraint, not the lock, decides a race in the end.
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NULL
  CREATE TABLE octopus_setup.cluster (
    only_one tinyint NOT NULL PRIMARY KEY CHECK (only_one = 1),
    id char(32) NOT NULL,
    created datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    key_verifier varbinary(64) NOT NULL,
    fingerprint char(9) NOT NULL,
    licence_node_limit int NULL
  );

-- No column names a collation: Octopus refuses to upgrade a database in which a column, in any schema, has another collation
-- than the database. name_key (NAME_KEY in registry/mod.rs) decides whether two nodes have one name, in the same way in every
-- database: two spellings of one name broke Octopus Server's own heartbeat.
IF OBJECT_ID(N'octopus_setup.node', N'U') IS NULL
  CREATE TABLE octopus_setup.node (
    name_key varbinary(400) NOT NULL PRIMARY KEY,
    name nvarchar(200) NOT NULL,
    address nvarchar(400) NOT NULL,
    host nvarchar(255) NOT NULL,
    operating_system nvarchar(200) NOT NULL,
    program nvarchar(50) NOT NULL,
    prefixes nvarchar(2000) NOT NULL,
    comms_port int NOT NULL,
    grpc_port int NOT NULL,
    task_cap int NOT NULL,
    joined datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    last_seen datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    drained bit NOT NULL DEFAULT 0
  );

IF OBJECT_ID(N'octopus_setup.shared_storage', N'U') IS NULL
  CREATE TABLE octopus_setup.shared_storage (
    folder nvarchar(30) NOT NULL PRIMARY KEY,
    path nvarchar(1000) NOT NULL,
    set_by nvarchar(200) NOT NULL,
    set_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
  );

IF OBJECT_ID(N'octopus_setup.canary', N'U') IS NULL
  CREATE TABLE octopus_setup.canary (
    node_key varbinary(400) NOT NULL,
    folder nvarchar(30) NOT NULL,
    token char(32) NOT NULL,
    written datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    PRIMARY KEY (node_key, folder)
  );

IF OBJECT_ID(N'octopus_setup.history', N'U') IS NULL
  CREATE TABLE octopus_setup.history (
    id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    happened datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
    who nvarchar(256) NOT NULL DEFAULT SUSER_SNAME(),
    what nvarchar(50) NOT NULL,
    node nvarchar(200) NULL,
    host nvarchar(255) NULL,
    detail nvarchar(400) NULL
  );

-- Holds the day on which the licence ends; the number of nodes that it allows is in the cluster's row. A table of its own:
-- format 1 had none at first.
IF OBJECT_ID(N'octopus_setup.licence', N'U') IS NULL
  CREATE TABLE octopus_setup.licence (
    only_one tinyint NOT NULL PRIMARY KEY CHECK (only_one = 1),
    ends char(10) NULL,
    set_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
  );

INSERT INTO octopus_setup.version (only_one, version)
  SELECT 1, 2 WHERE NOT EXISTS (SELECT 1 FROM octopus_setup.version);
