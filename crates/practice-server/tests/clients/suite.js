// Runs statements.json with tedious: node suite.js FOLDER_OF_TEDIOUS. See suite.py.
'use strict';

const fs = require('fs');
const path = require('path');
const { Connection, Request, TYPES } = require(path.join(process.argv[2], 'tedious'));

const env = process.env;
const isPractice = env.SUITE_KIND === 'practice';
const database = 'OctopusSuite' + Math.random().toString(16).slice(2, 10);
const statements = JSON.parse(fs.readFileSync(path.join(__dirname, 'statements.json'), 'utf8'));
const types = { int: TYPES.Int, nvarchar: TYPES.NVarChar, varbinary: TYPES.VarBinary, datetime2: TYPES.DateTime2, float: TYPES.Float, bit: TYPES.Bit };

const expanded = (value) => (value && value.repeat instanceof Array ? value.repeat[0].repeat(value.repeat[1]) : value);

function spelled(value) {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Buffer.isBuffer(value)) return '0x' + value.toString('hex').toUpperCase();
  if (value instanceof Date) return value.toISOString().replace(/Z$/, '').replace(/\.?0+$/, '');
  return String(value);
}

// A date is a Date at midnight; only the column tells it from a time.
function spelledColumn(column) {
  const text = spelled(column.value);
  return text && column.metadata.type.name === 'Date' ? text.slice(0, 10) : text;
}

function parameter(kind, value) {
  value = expanded(value);
  if (value === null) return null;
  if (kind === 'varbinary') return Buffer.from(value, 'hex');
  return kind === 'datetime2' ? new Date(value.slice(0, 23) + 'Z') : value;
}

function connect(name) {
  const options = {
    port: Number(env.SUITE_PORT), database: name, encrypt: true, trustServerCertificate: true, requestTimeout: 60000, cancelTimeout: 30000,
    rowCollectionOnRequestCompletion: true, useUTC: true,
  };
  const authentication = { type: 'default', options: { userName: env.SUITE_USER, password: env.SUITE_PASSWORD } };
  return new Promise((resolve, reject) => {
    const connection = new Connection({ server: env.SUITE_HOST, authentication, options });
    connection.on('error', () => {});
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

// Resolves to the last result set, or to the error.
function run(connection, sql, parameters = [], cancelAfter, timeout) {
  return new Promise((resolve) => {
    let found = { columns: [], rows: [] };
    const request = new Request(sql, (error) => resolve(error ? { error } : found));
    request.on('columnMetadata', (columns) => { found = { columns: columns.map((column) => column.colName), rows: [] }; });
    request.on('row', (columns) => found.rows.push(columns.map(spelledColumn)));
    parameters.forEach((declared, at) => {
      const [kind, value] = Object.entries(declared)[0];
      request.addParameter(`p${at + 1}`, types[kind], parameter(kind, value));
    });
    if (timeout) request.setTimeout(timeout);
    if (parameters.length > 0) connection.execSql(request); else connection.execSqlBatch(request);
    if (cancelAfter) setTimeout(() => connection.cancel(), cancelAfter);
  });
}

// Returns what is wrong, or undefined.
async function judge(connection, entry) {
  if (entry.not && entry.not.tedious) return undefined;
  const found = await run(connection, entry.sql, entry.parameters);
  const refused = found.error;
  if (refused) {
    const fits = entry.unsupported && isPractice
      ? refused.number === 40510 && refused.message.includes(entry.unsupported) && refused.message.includes('not supported by the practice server')
      : entry.error === refused.number && refused.message.includes(entry.message || '');
    return fits ? undefined : `was refused: ${refused.number} ${refused.message}`;
  }
  if (entry.unsupported && isPractice) return 'runs, although it is marked as not supported; take the mark away';
  if (entry.error) return `runs, although error ${entry.error} is due`;
  if (entry.columns && JSON.stringify(entry.columns) !== JSON.stringify(found.columns)) return `has the columns ${found.columns}`;
  if (entry.rows && JSON.stringify(entry.rows.map((row) => row.map(expanded))) !== JSON.stringify(found.rows)) {
    return `returns ${JSON.stringify(found.rows).slice(0, 300)}`;
  }
  return undefined;
}

// What is cancelled or takes too long ends soon, and the connection goes on.
async function interrupted() {
  const connection = await connect(database);
  for (const [sql, cancelAfter, timeout, code] of [
    ["WAITFOR DELAY '00:01:00'", 300, undefined, 'ECANCEL'],
    ["WAITFOR DELAY '00:01:00'", undefined, 300, 'ETIMEOUT'],
    ["WHILE 1 = 1 SELECT N'on and on' AS a", 300, undefined, 'ECANCEL'],
  ]) {
    const began = Date.now();
    const { error } = await run(connection, sql, [], cancelAfter, timeout);
    if (!error || error.code !== code || Date.now() - began > 30000) return `${sql}: ${error} after ${Date.now() - began} ms`;
    const again = await run(connection, 'SELECT 1 AS a');
    if (again.error || again.rows[0][0] !== '1') return `after ${sql}: ${again.error || again.rows}`;
  }
  connection.close();
  return undefined;
}

async function main() {
  const master = await connect('master');
  const made = await run(master, `CREATE DATABASE ${database}`);
  if (made.error) throw made.error;
  const wrong = [];
  try {
    const connection = await connect(database);
    for (const entry of statements) {
      const problem = await judge(connection, entry);
      if (problem) wrong.push(`${entry.sql.slice(0, 200)}\n    ${problem}`);
    }
    connection.close();
    const problem = await interrupted();
    if (problem) wrong.push(problem);
  } finally {
    await run(master, `ALTER DATABASE ${database} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`);
    await run(master, `DROP DATABASE ${database}`);
    master.close();
  }
  if (wrong.length > 0) throw new Error(`tedious: ${wrong.length} of ${statements.length} statements\n${wrong.join('\n')}`);
  console.log(`tedious: ${statements.length} statements`);
}

main().then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });
