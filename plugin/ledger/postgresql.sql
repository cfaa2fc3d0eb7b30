-- SPDX-License-Identifier: Apache-2.0
-- The tables of a ledger that several nodes share. The first node makes what is missing; where its role may not, or where `entry` is to be
-- distributed over several servers, an administrator runs this once before (README: Several nodes, one ledger). Version 1.
CREATE SCHEMA IF NOT EXISTS evensight;
CREATE TABLE IF NOT EXISTS evensight.meta (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS evensight.entry (
  identity bytea PRIMARY KEY, node text NOT NULL, seq bigint NOT NULL, received bigint NOT NULL,
  sent bigint, event_id bytea, salt bytea, body bytea, leaf bytea NOT NULL, link bytea NOT NULL
);
CREATE INDEX IF NOT EXISTS entry_node_seq ON evensight.entry (node, seq);
CREATE INDEX IF NOT EXISTS entry_event_id ON evensight.entry (event_id) WHERE event_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS evensight.head (node text PRIMARY KEY, seq bigint NOT NULL);
CREATE TABLE IF NOT EXISTS evensight.lease (
  node text PRIMARY KEY, pid bigint NOT NULL, host text NOT NULL, since bigint NOT NULL, backend integer NOT NULL, token text NOT NULL
);
CREATE TABLE IF NOT EXISTS evensight.note (node text NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (node, name));
CREATE TABLE IF NOT EXISTS evensight.mask (address bytea PRIMARY KEY, bytes bytea NOT NULL);
CREATE TABLE IF NOT EXISTS evensight.mask_of (
  identity bytea NOT NULL, address bytea NOT NULL, produced bigint NOT NULL, compared integer NOT NULL, PRIMARY KEY (identity, address)
);
CREATE INDEX IF NOT EXISTS mask_of_address ON evensight.mask_of (address);
CREATE TABLE IF NOT EXISTS evensight.mask_dropped (id integer PRIMARY KEY CHECK (id = 1), count bigint NOT NULL);
INSERT INTO evensight.mask_dropped VALUES (1, 0) ON CONFLICT DO NOTHING;
INSERT INTO evensight.meta VALUES ('schema', '1') ON CONFLICT DO NOTHING;
