"""python-tds against the practice server: python_tds.py HOST PORT USER CA_FILE, the password in SQL_PASSWORD."""

import datetime
import os
import sys
import uuid

import pytds

host, port, user, ca_file = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
password = os.environ["SQL_PASSWORD"]


def connect(database="master", tls=True, secret=password, **more):
    options = {"cafile": ca_file, "validate_host": False} if tls else {}
    return pytds.connect(
        host, port=port, user=user, password=secret, database=database,
        login_timeout=20, timeout=20, **options, **more,
    )


def refused(number, action):
    try:
        action()
    except pytds.Error as error:
        numbers = {getattr(error, "msg_no", None), getattr(error, "number", None)}
        assert number in numbers, f"{number} was due, {error!r} came"
    else:
        raise AssertionError(f"error {number} was due")


for tls in (False, True):
    with connect(tls=tls) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)], tls

with connect(enc_login_only=True) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT 2")
    assert cursor.fetchall() == [(2,)]

refused(18456, lambda: connect(secret="wrong"))

with connect(autocommit=True) as connection, connection.cursor() as cursor:
    cursor.execute("CREATE DATABASE PyTds")

with connect("PyTds") as connection:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE dbo.Kinds (Id int NOT NULL PRIMARY KEY, B bit NULL, T tinyint NULL, L bigint NULL,"
            " F float NULL, N nvarchar(50) NULL, M nvarchar(max) NULL,"
            " V varbinary(max) NULL, G uniqueidentifier NULL, W datetime2(7) NULL)"
        )
        row = (
            1, True, 255, -(2**62), 2.5, "žluť", "x" * 9000, pytds.Binary(b"\x00\xff"),
            uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"), datetime.datetime(2026, 11, 21, 1, 2, 3, 456789),
        )
        cursor.execute("INSERT INTO dbo.Kinds VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", row)
        cursor.execute("INSERT INTO dbo.Kinds (Id) VALUES (2)")
    connection.commit()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM dbo.Kinds ORDER BY Id")
        first, second = cursor.fetchall()
        assert first == row, first
        assert second == (2,) + (None,) * 9, second
        refused(2627, lambda: cursor.execute("INSERT INTO dbo.Kinds (Id) VALUES (1)"))
    connection.rollback()
    with connection.cursor() as cursor:
        refused(208, lambda: cursor.execute("SELECT * FROM dbo.Nothing"))
        cursor.execute("DELETE FROM dbo.Kinds")
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM dbo.Kinds")
        assert cursor.fetchone() == (2,)

print("python-tds: done")
