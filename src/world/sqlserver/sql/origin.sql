-- Before the registry is dropped: was it made in a database that Octopus had made before, and is a node in it?
IF OBJECT_ID(N'octopus_setup.history', N'U') IS NOT NULL AND OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  EXEC(N'SELECT N''origin'' AS part,
    (SELECT COUNT(*) FROM octopus_setup.history WHERE what = N''adopted'') AS adopted,
    (SELECT COUNT(*) FROM octopus_setup.node) AS nodes');

