"""Runs statements.json with one client: suite.py CLIENT.

The server is in SUITE_HOST, SUITE_PORT, SUITE_USER, SUITE_PASSWORD and SUITE_CA (empty: its certificate is not checked). SUITE_KIND is
"practice" or "server". A statement that is marked "unsupported" must be refused by the practice server with error 40510 and run on any
other server; one that the practice server runs in spite of its mark fails the suite, so that the marks stay true.
"""

import datetime
import decimal
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import uuid

ENV = os.environ
HOST, PORT, USER, PASSWORD = ENV["SUITE_HOST"], int(ENV["SUITE_PORT"]), ENV["SUITE_USER"], ENV["SUITE_PASSWORD"]
CA = ENV.get("SUITE_CA", "")
IS_PRACTICE = ENV["SUITE_KIND"] == "practice"
DATABASE = "OctopusSuite" + uuid.uuid4().hex[:8]
STATEMENTS = json.loads((pathlib.Path(__file__).parent / "statements.json").read_text(encoding="utf-8"))


class Refused(Exception):
    """An error of the server: its number, if the client tells it, and its text."""

    def __init__(self, number, text):
        super().__init__(f"{number}: {text}")
        self.number, self.text = number, text


def spelled(value):
    """Spells a value as statements.json does."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return re.sub(r"(\.\d*?)0+$", r"\1", value.isoformat()).rstrip(".")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "0x" + bytes(value).hex().upper()
    if isinstance(value, decimal.Decimal):
        return format(value.normalize(), "f")
    return str(value).upper() if isinstance(value, uuid.UUID) else str(value)


def expanded(value):
    """Expands {"repeat": [text, times]}."""
    return value["repeat"][0] * value["repeat"][1] if isinstance(value, dict) else value


def parameter(declared):
    (kind, value), = declared.items()
    value = expanded(value)
    if value is None:
        return None
    return {"datetime2": datetime.datetime.fromisoformat, "varbinary": bytes.fromhex}.get(kind, lambda same: same)(value)


class DbApi:
    """A client with Python's database interface."""

    mark = "?"
    errors = ()

    def __init__(self):
        self.connection = None

    def connect(self, database, timeout=30):
        raise NotImplementedError

    def number(self, error):
        found = re.findall(r"\((\d+)\)", str(error))
        return int(found[-1]) if found else None

    def text(self, error):
        return str(error)

    def run(self, sql, parameters):
        sql = re.sub(r"@p\d+\b", self.mark, sql) if parameters else sql
        cursor = self.connection.cursor()
        try:
            self.execute(cursor, sql, parameters)
            found = None
            while True:
                if cursor.description:
                    found = [column[0] for column in cursor.description], cursor.fetchall()
                if not cursor.nextset():
                    break
            return found
        except self.errors as error:
            raise Refused(self.number(error), self.text(error)) from None
        finally:
            cursor.close()

    def execute(self, cursor, sql, parameters):
        cursor.execute(sql, tuple(parameters)) if parameters else cursor.execute(sql)

    def close(self):
        self.connection.close()


class PythonTds(DbApi):
    mark = "%s"

    def connect(self, database, timeout=30):
        import pytds

        self.errors = (pytds.Error,)
        tls = {"cafile": CA, "validate_host": False} if CA else {}
        self.connection = pytds.connect(
            HOST, port=PORT, user=USER, password=PASSWORD, database=database, autocommit=True, timeout=timeout, login_timeout=30, **tls)

    def execute(self, cursor, sql, parameters):
        import pytds

        super().execute(cursor, sql, [pytds.Binary(one) if isinstance(one, bytes) else one for one in parameters])

    def number(self, error):
        return getattr(error, "msg_no", None) or getattr(error, "number", None)


class Pymssql(DbApi):
    mark = "%s"

    def connect(self, database, timeout=30):
        import pymssql

        self.errors = (pymssql.Error,)
        self.connection = pymssql.connect(
            server=HOST, port=str(PORT), user=USER, password=PASSWORD, database=database, autocommit=True, timeout=timeout,
            tds_version="7.4")

    def number(self, error):
        return error.args[0] if error.args and isinstance(error.args[0], int) else None

    def text(self, error):
        return " ".join(part.decode() if isinstance(part, bytes) else str(part) for part in error.args)


class Pyodbc(DbApi):
    def string(self, database):
        return (f"DRIVER=FreeTDS;SERVER={HOST};PORT={PORT};UID={USER};PWD={{{PASSWORD}}};DATABASE={database};TDS_Version=7.4;"
                "ClientCharset=UTF-8;Encryption=" + ("require" if CA else "request"))

    def connect(self, database, timeout=30):
        import pyodbc

        self.errors = (pyodbc.Error,)
        self.connection = pyodbc.connect(self.string(database), autocommit=True, timeout=30)
        self.connection.timeout = timeout


class SqlAlchemy(Pyodbc):
    """SQLAlchemy over FreeTDS' ODBC driver, whose own connection runs the statements that it passes through."""

    def connect(self, database, timeout=30):
        import sqlalchemy

        self.errors = (sqlalchemy.exc.DBAPIError,)
        url = sqlalchemy.engine.URL.create("mssql+pyodbc", query={"odbc_connect": self.string(database)})
        self.engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.pool.NullPool)
        self.connection = self.engine.connect()
        self.connection.connection.dbapi_connection.timeout = timeout

    def number(self, error):
        return super().number(error.orig)

    def run(self, sql, parameters):
        import sqlalchemy

        try:
            if not parameters:
                result = self.connection.exec_driver_sql(sql)
            else:
                names = {f"p{at}": value for at, value in enumerate(parameters, 1)}
                result = self.connection.execute(sqlalchemy.text(re.sub(r"@(p\d+)\b", r":\1", sql)), names)
            found, cursor = None, result.cursor
            while cursor is not None:
                if cursor.description:
                    found = [column[0] for column in cursor.description], cursor.fetchall()
                try:
                    if not cursor.nextset():
                        break
                except Exception as error:
                    raise Refused(Pyodbc.number(self, error), str(error)) from None
            result.close()
            return found
        except self.errors as error:
            raise Refused(self.number(error), str(error.orig)) from None
        except Refused:
            raise
        except Exception as error:
            if type(error).__module__ == "pyodbc":
                raise Refused(Pyodbc.number(self, error), str(error)) from None
            raise


class MssqlPython(DbApi):
    """Microsoft's own driver; it does not tell an error's number."""

    def connect(self, database, timeout=30):
        import mssql_python

        self.errors = (mssql_python.Error,)
        self.connection = mssql_python.connect(
            f"SERVER={HOST},{PORT};UID={USER};PWD={{{PASSWORD}}};DATABASE={database};Encrypt=yes;TrustServerCertificate=yes",
            autocommit=True)
        self.connection.timeout = timeout

    def number(self, error):
        return None


class Tsql:
    """FreeTDS' tsql, which prints text and knows no parameters."""

    END = "end of statement"

    def connect(self, database, timeout=30):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "freetds.conf"
        path.write_text(f"[suite]\nhost = {HOST}\nport = {PORT}\ntds version = 7.4\nclient charset = UTF-8\ntext size = 2147483647\n"
                        f"encryption = {'require' if CA else 'request'}\n")
        self.process = subprocess.Popen(
            ["stdbuf", "-o", "L", "tsql", "-S", "suite", "-U", USER, "-P", PASSWORD, "-D", database, "-o", "q"], env={**ENV, "FREETDSCONF": str(path)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")

    def run(self, sql, parameters):
        self.process.stdin.write(f"{sql}\ngo\nSELECT '{self.END}' AS [{self.END}]\ngo\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-2:] == [self.END, self.END]:
                del lines[-2:]
                break
        else:
            raise Refused(None, "\n".join(lines))
        text = "\n".join(lines)
        failed = re.search(r"Msg (\d+) \(severity (\d+)", text)
        if failed and int(failed[2]) > 10:
            raise Refused(int(failed[1]), text)
        tables = [line.split("\t") for line in lines if line and not re.match(r"\(\d+ rows? affected\)|Msg \d+|\(return status", line)]
        return (tables[0], [[None if cell == "NULL" else cell for cell in row] for row in tables[1:]]) if tables else None

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.folder.cleanup()


CLIENTS = {
    "python-tds": PythonTds, "pymssql": Pymssql, "pyodbc": Pyodbc, "sqlalchemy": SqlAlchemy, "mssql-python": MssqlPython, "tsql": Tsql,
}


def judge(client, name, entry):
    """Returns what is wrong, or None."""
    declared = entry.get("parameters", [])
    if name in entry.get("not", {}) or (declared and name == "tsql"):
        return None
    unsupported = entry.get("unsupported")
    try:
        found = client.run(entry["sql"], [parameter(one) for one in declared])
    except Refused as refused:
        if unsupported and IS_PRACTICE:
            fits = refused.number in (None, 40510) and f"{unsupported}" in refused.text and "not supported by the practice server" in refused.text
        else:
            fits = "error" in entry and refused.number in (None, entry["error"]) and entry.get("message", "") in refused.text
        return None if fits else f"was refused: {refused}"
    if unsupported and IS_PRACTICE:
        return "runs, although it is marked as not supported; take the mark away"
    if "error" in entry:
        return f"runs, although error {entry['error']} is due"
    columns, rows = found or ([], [])
    if "columns" in entry and columns != entry["columns"]:
        return f"has the columns {columns}"
    if "rows" in entry and not (entry.get("typed") and name == "tsql"):
        rows = [[spelled(value) for value in row] for row in rows]
        wanted = [[expanded(value) for value in row] for row in entry["rows"]]
        if name == "tsql":  # It prints 3.500000 where others return 3.5.
            rows = [[cell and re.sub(r"^(-?\d+\.\d*[1-9])0+$", r"\1", cell) for cell in row] for row in rows]
        if rows != wanted:
            return f"returns {str(rows)[:300]}"
    return None


def time_out(client, name):
    """A statement that takes too long is cancelled, and the connection goes on."""
    if name in ("tsql",):
        return None
    client.connect(DATABASE, timeout=3)
    began = time.monotonic()
    try:
        client.run("WAITFOR DELAY '00:01:00'", [])
        return "a statement was not timed out"
    except Refused:
        pass
    except Exception as error:
        if "timed out" not in str(error).lower() and "timeout" not in type(error).__name__.lower():
            return f"a statement that takes too long: {error!r}"
    took = time.monotonic() - began
    if took > 30:
        return f"a time-out of 3 s took {took:.0f} s"
    if name not in ("pymssql", "sqlalchemy"):  # They give the connection up.
        again = client.run("SELECT 1 AS a", [])
        if spelled(again[1][0][0]) != "1":
            return f"after the time-out: {again}"
    client.close()
    return None


def main():
    name = sys.argv[1]
    client = CLIENTS[name]()
    client.connect("master")
    client.run(f"CREATE DATABASE {DATABASE}", [])
    client.close()
    wrong = []
    try:
        client.connect(DATABASE)
        for entry in STATEMENTS:
            problem = judge(client, name, entry)
            if problem:
                wrong.append(f"{entry['sql'][:200]}\n    {problem}")
        client.close()
        problem = time_out(client, name)
        if problem:
            wrong.append(problem)
    finally:
        client = CLIENTS[name]()
        client.connect("master")
        client.run(f"ALTER DATABASE {DATABASE} SET SINGLE_USER WITH ROLLBACK IMMEDIATE", [])
        client.run(f"DROP DATABASE {DATABASE}", [])
        client.close()
    if wrong:
        sys.exit(f"{name}: {len(wrong)} of {len(STATEMENTS)} statements\n" + "\n".join(wrong))
    print(f"{name}: {len(STATEMENTS)} statements")


main()
