"""S3 Select."""

from __future__ import annotations

import bz2
import gzip
import json
import sys

import pytest

CSV = b"name,age,city\nann,30,Rome\nbob,41,Oslo\ncarla,25,Rome\n"


def ask(s3, bucket, data, query, given=None, wanted=None, **more):
    pytest.importorskip("duckdb")
    s3.put_object(Bucket=bucket, Key="k", Body=data)
    found = s3.select_object_content(
        Bucket=bucket,
        Key="k",
        ExpressionType="SQL",
        Expression=query,
        InputSerialization=given or {"CSV": {"FileHeaderInfo": "USE"}},
        OutputSerialization=wanted or {"CSV": {}},
        **more,
    )
    events = list(found["Payload"])
    assert "End" in events[-1]
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event), events


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("SELECT * FROM S3Object", b"ann,30,Rome\nbob,41,Oslo\ncarla,25,Rome\n"),
        ("SELECT s.name FROM S3Object s WHERE s.city = 'Rome'", b"ann\ncarla\n"),
        ("select name from s3object where cast(age as int) > 26 limit 1", b"ann\n"),
        ("SELECT COUNT(*) FROM S3Object", b"3\n"),
        ("SELECT MAX(CAST(age AS INT)) FROM s3object AS s", b"41\n"),
        ("SELECT s._1, s._3 FROM S3Object s WHERE s._2 = '41'", b"bob,Oslo\n"),
        ("SELECT UPPER(name) FROM S3Object WHERE name LIKE 'c%'", b"CARLA\n"),
        ("SELECT name FROM S3Object WHERE city = 'FROM s3object x'", b""),
    ],
)
def test_queries_over_csv(s3, bucket, query, answer):
    assert ask(s3, bucket, CSV, query)[0] == answer


def test_columns_without_a_header_have_numbers(s3, bucket):
    found, _ = ask(s3, bucket, b"1;2\n3;4\n", "SELECT _2 FROM S3Object", {"CSV": {"FieldDelimiter": ";"}})
    assert found == b"2\n4\n"


def test_a_header_may_be_left_out(s3, bucket):
    found, _ = ask(s3, bucket, CSV, "SELECT _1 FROM S3Object", {"CSV": {"FileHeaderInfo": "IGNORE"}})
    assert found == b"ann\nbob\ncarla\n"


def test_an_answer_in_json(s3, bucket):
    found, _ = ask(s3, bucket, CSV, "SELECT name, age FROM S3Object LIMIT 1", wanted={"JSON": {}})
    assert json.loads(found) == {"name": "ann", "age": "30"}


def test_an_answers_csv_as_asked_for(s3, bucket):
    found, _ = ask(
        s3,
        bucket,
        CSV,
        "SELECT name, age FROM S3Object LIMIT 1",
        wanted={"CSV": {"FieldDelimiter": "|", "QuoteFields": "ALWAYS", "RecordDelimiter": ";"}},
    )
    assert found == b'"ann"|"30";'


def test_queries_over_lines_of_json(s3, bucket):
    data = b'{"a": 1, "b": {"c": "x"}}\n{"a": 2, "b": {"c": "y"}}\n'
    given = {"JSON": {"Type": "LINES"}}
    assert ask(s3, bucket, data, "SELECT s.b.c FROM S3Object s WHERE s.a = 2", given)[0] == b"y\n"


def test_queries_over_parquet(s3, bucket, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT range AS n FROM range(100)) TO '{path}' (FORMAT parquet)")
    found, _ = ask(s3, bucket, path.read_bytes(), "SELECT SUM(n) FROM S3Object", {"Parquet": {}})
    assert found == b"4950\n"


@pytest.mark.parametrize(("kind", "pack"), [("GZIP", gzip.compress), ("BZIP2", bz2.compress)])
def test_packed_objects_are_unpacked(s3, bucket, kind, pack):
    given = {"CSV": {"FileHeaderInfo": "USE"}, "CompressionType": kind}
    found, events = ask(s3, bucket, pack(CSV), "SELECT COUNT(*) FROM S3Object", given)
    assert found == b"3\n"
    stats = next(event["Stats"]["Details"] for event in events if "Stats" in event)
    assert stats == {"BytesScanned": len(pack(CSV)), "BytesProcessed": len(CSV), "BytesReturned": 2}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM S3Object, read_text('/etc/passwd')",
        "SELECT * FROM S3Object; COPY (SELECT 1) TO '/tmp/sundog-select-escaped'",
        "DROP TABLE S3Object",
        "SELECT nonsense( FROM S3Object",
    ],
)
def test_a_query_gets_nowhere_but_to_its_object(s3, bucket, query):
    from pathlib import Path

    with pytest.raises(s3.exceptions.ClientError):
        ask(s3, bucket, CSV, query)
    assert not Path("/tmp/sundog-select-escaped").exists()


def test_without_the_engine_the_error_says_what_to_install(bucket, help, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    s3 = help.client(retries={"max_attempts": 0})
    s3.put_object(Bucket=bucket, Key="k", Body=CSV)
    error = help.refused(
        s3.select_object_content,
        Bucket=bucket,
        Key="k",
        ExpressionType="SQL",
        Expression="SELECT * FROM S3Object",
        InputSerialization={"CSV": {}},
        OutputSerialization={"CSV": {}},
    )
    assert error["Code"] == "NotImplemented"
    assert "pip install 'sundog[select]'" in error["Message"]
