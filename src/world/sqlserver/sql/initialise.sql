-- The cluster, its first node and the first line of its history. Runs inside the initialising transaction, as a
-- parametrised call: no value is ever part of the text.
SET NOCOUNT ON;

INSERT INTO octopus_setup.cluster (only_one, id, key_verifier, fingerprint) VALUES (1, @P1, @P2, @P3);

INSERT INTO octopus_setup.node (name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap)
  VALUES (@P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12);

INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'initialised', @P4, @P6, @P8);
