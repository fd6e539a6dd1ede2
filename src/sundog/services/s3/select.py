"""S3 Select: an object's rows by SQL, with DuckDB as the engine."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import encryption
from sundog.services.s3.place import bucket_of, object_of

CHUNK = 128 * 1024
_TABLE = re.compile(
    r"\bfrom\s+s3object((?:\s*\[\s*\*\s*\])?(?:\.\w+(?:\[\s*\*\s*\])?|\[\s*\*\s*\])*)(?:\s+(?:as\s+)?"
    r"(?!where\b|limit\b|order\b)(\w+))?",
    re.IGNORECASE,
)
_POSITION = re.compile(r"(?:\b\w+\.)?\b_(\d+)\b")
_TEXT = re.compile(r"('(?:[^']|'')*')")


@op
def select_object_content(tx: Tx, req: api.SelectObjectContentRequest) -> api.SelectObjectContentOutput:
    """The rows of an object that a query gives, as a stream of events."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, None)
    encryption.check_access(row, req)
    if req.expression_type != "SQL":
        raise _bad("InvalidExpressionType", "The ExpressionType is invalid. Only SQL expressions are supported.")
    given, wanted = req.input_serialization, req.output_serialization
    forms = [form for form in ("csv", "json", "parquet") if getattr(given, form) is not None]
    if len(forms) != 1 or (wanted.csv is None) == (wanted.json is None):
        raise _bad("InvalidDataSource", "Invalid data source type. Only CSV, JSON, and Parquet are supported.")
    if forms[0] == "parquet" and given.compression_type not in (None, "NONE"):
        raise _bad("InvalidCompressionFormat", "The file is not in a supported compression format.")
    if forms[0] == "parquet" and req.scan_range is not None:
        raise _bad("UnsupportedScanRangeInput", "Scan range queries are not supported on this type of object.")
    assert row.blob is not None
    start, stop = 0, row.size
    if req.scan_range is not None:
        start, stop = _scan(req.scan_range, row.size)
    data = row.blob.read(start, stop)
    plain = _unpacked(data, given.compression_type)
    if start and forms[0] != "parquet":
        plain = plain.partition(b"\n")[2]
    names, rows = run(plain, forms[0], given, req.expression)
    body = b"".join(_written(names, rows, wanted))
    progress = req.request_progress is not None and req.request_progress.enabled
    return api.SelectObjectContentOutput(payload=_events(body, len(data), len(plain), bool(progress)))


def _bad(code: str, message: str, status: int = 400) -> AwsError:
    return AwsError(code, message, status)


def _scan(given: Any, size: int) -> tuple[int, int]:
    start, end = given.start, given.end
    if start is None and end is not None:
        return max(0, size - end), size
    if start is not None and end is not None and start > end:
        raise _bad("InvalidScanRange", "The value of a parameter in ScanRange is invalid.")
    return start or 0, size if end is None else min(end, size)


def _unpacked(data: bytes, how: str | None) -> bytes:
    import bz2
    import zlib

    try:
        if how == "GZIP":
            return zlib.decompress(data, 31)
        if how == "BZIP2":
            return bz2.decompress(data)
    except (OSError, zlib.error, ValueError):
        raise _bad("InvalidCompressionFormat", f"{how} is not applicable to the queried object.") from None
    if how not in (None, "NONE"):
        raise _bad("InvalidCompressionFormat", "The file is not in a supported compression format.")
    return data


def _engine() -> Any:
    try:
        import duckdb  # type: ignore[import-not-found]
    except ImportError:
        raise AwsError(
            "NotImplemented",
            "S3 Select is answered by DuckDB, which is not installed: pip install 'sundog[select]'",
            501,
        ) from None
    return duckdb


def run(data: bytes, form: str, given: Any, expression: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of a query over the bytes."""
    duckdb = _engine()
    found = _TABLE.search(expression)
    if found is None:
        raise _bad("ParseUnsupportedSyntax", "The SQL expression contains unsupported syntax.")
    folder = tempfile.mkdtemp(prefix="sundog-select-")
    path = os.path.join(folder, "object")
    connection = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
    try:
        with open(path, "wb") as file:
            file.write(data)
        _load(connection, path, form, given, found[1])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        alias = found[2] or "s3object"
        query = f"{expression[: found.start()]}FROM s3object AS {alias}{expression[found.end() :]}"
        columns: list[str] = []
        if form == "csv":
            columns = [column[0] for column in connection.execute("SELECT * FROM s3object LIMIT 0").description]
        answer = connection.execute(_adapted(query, columns))
        names = [column[0] for column in answer.description]
        return names, answer.fetchall()
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        if "Binder" in text or "column" in text:
            raise _bad("MissingHeaders" if "_" in text else "InvalidColumnIndex", text) from None
        raise _bad("ParseUnexpectedToken", f"The SQL expression contains an unexpected token. {text}") from None
    finally:
        connection.close()
        os.unlink(path)
        os.rmdir(folder)


def _load(connection: Any, path: str, form: str, given: Any, inside: str) -> None:
    """Make the object's rows a table."""
    if form == "parquet":
        connection.execute("CREATE TABLE s3object AS SELECT * FROM read_parquet(?)", [path])
        return
    if form == "json":
        lines = given.json.type == "LINES"
        kind = "newline_delimited" if lines else "auto"
        connection.execute(
            f"CREATE TABLE s3object AS SELECT * FROM read_json(?, format='{kind}', records=true, sample_size=-1)",
            [path],
        )
        for step in re.findall(r"\.(\w+)", inside):
            connection.execute(
                f'CREATE TABLE deeper AS SELECT unnest("{step}", recursive := false) AS item FROM s3object'
            )
            connection.execute("DROP TABLE s3object")
            connection.execute("CREATE TABLE s3object AS SELECT unnest(item) FROM deeper")
            connection.execute("DROP TABLE deeper")
        return
    about = given.csv
    has_header = about.file_header_info in ("USE", "IGNORE")
    options = {
        "delim": about.field_delimiter or ",",
        "quote": about.quote_character or '"',
        "escape": about.quote_escape_character or about.quote_character or '"',
        "comment": about.comments or "",
    }
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if about.record_delimiter and about.record_delimiter not in ("\n", "\r\n"):
        text = text.replace(about.record_delimiter, "\n")
    rows = _csv_rows(text, options)
    header = next(rows, []) if has_header else []
    names = header if about.file_header_info == "USE" else []
    body = list(rows)
    width = max([len(names), *(len(row) for row in body)], default=1) or 1
    columns = [names[i] if i < len(names) and names[i] else f"_{i + 1}" for i in range(width)]
    quoted = ", ".join('"' + name.replace('"', '""') + '" VARCHAR' for name in _unique(columns))
    connection.execute(f"CREATE TABLE s3object ({quoted})")
    if body:
        marks = ", ".join("?" for _ in range(width))
        padded = [[*row, *([None] * (width - len(row)))] for row in body]
        connection.executemany(f"INSERT INTO s3object VALUES ({marks})", padded)


def _csv_rows(text: str, options: dict[str, str]) -> Iterator[list[str]]:
    doubled = options["escape"] == options["quote"]
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=options["delim"],
        quotechar=options["quote"],
        doublequote=doubled,
        escapechar=None if doubled else options["escape"],
    )
    for row in reader:
        if row and not (options["comment"] and row[0].startswith(options["comment"])):
            yield row


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        count = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        found.append(name if count == 1 else f"{name}_{count}")
    return found


def _named(found: re.Match[str], columns: list[str]) -> str:
    index = int(found[1]) - 1
    return '"' + columns[index].replace('"', '""') + '"' if 0 <= index < len(columns) else found[0]


def _adapted(query: str, columns: list[str]) -> str:
    """The query in DuckDB's words: positions of columns, and how casts are called."""
    parts = _TEXT.split(query)
    for index in range(0, len(parts), 2):
        text = parts[index]
        if columns:
            text = _POSITION.sub(lambda found: _named(found, columns), text)
        text = re.sub(r"\bCHAR_LENGTH\b|\bCHARACTER_LENGTH\b", "length", text, flags=re.IGNORECASE)
        text = re.sub(r"\bUTCNOW\s*\(\s*\)", "now()", text, flags=re.IGNORECASE)
        text = re.sub(r"\bIS\s+(NOT\s+)?MISSING\b", lambda m: f"IS {m[1] or ''}NULL", text, flags=re.IGNORECASE)
        parts[index] = re.sub(r"\s+AS\s+STRING\s*\)", " AS VARCHAR)", text, flags=re.IGNORECASE)
    return "".join(parts)


def _written(names: list[str], rows: list[tuple[Any, ...]], wanted: Any) -> Iterator[bytes]:
    if wanted.json is not None:
        ending = wanted.json.record_delimiter or "\n"
        for row in rows:
            made = {name: value for name, value in zip(names, row, strict=True) if value is not None}
            yield (json.dumps(made, default=str, ensure_ascii=False, separators=(",", ":")) + ending).encode()
        return
    about = wanted.csv
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=about.field_delimiter or ",",
        quotechar=about.quote_character or '"',
        lineterminator=about.record_delimiter or "\n",
        quoting=csv.QUOTE_ALL if about.quote_fields == "ALWAYS" else csv.QUOTE_MINIMAL,
    )
    for row in rows:
        writer.writerow(["" if value is None else _plain(value) for value in row])
        if out.tell() > CHUNK:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str)
    return value


def _events(body: bytes, scanned: int, processed: int, progress: bool) -> Iterator[dict[str, Any]]:
    for start in range(0, len(body), CHUNK):
        yield {"Records": {"Payload": body[start : start + CHUNK]}}
    details = {"BytesScanned": scanned, "BytesProcessed": processed, "BytesReturned": len(body)}
    if progress:
        yield {"Progress": {"Details": details}}
    yield {"Stats": {"Details": details}}
    yield {"End": {}}
