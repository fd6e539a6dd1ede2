from __future__ import annotations

import gc
import hashlib
import io
import tempfile
from pathlib import Path

import pytest

from sundog.core.blob import EMPTY, LARGE, SMALL, Blobs
from sundog.core.dump import dump, load
from sundog.core.store import Store


def folders() -> set[Path]:
    return {path for path in Path(tempfile.gettempdir()).glob("sundog-*") if path.is_dir()}


def files(found: set[Path]) -> int:
    return sum(len(list(path.iterdir())) for path in found if path.exists())


def body(size: int, seed: int = 1) -> bytes:
    return (hashlib.sha256(bytes([seed])).digest() * (size // 32 + 1))[:size]


@pytest.mark.parametrize("size", [1, SMALL, SMALL + 1, LARGE, LARGE + 1])
@pytest.mark.parametrize("kind", ["bytes", "file", "spooled"])
def test_what_is_put_is_read(size, kind):
    data = body(size)
    given = data
    if kind == "file":
        given = io.BytesIO(data)
    elif kind == "spooled":
        given = tempfile.SpooledTemporaryFile(1024)  # noqa: SIM115
        given.write(data)
    blob = Blobs().put(given)
    assert (blob.size, blob.md5) == (size, hashlib.md5(data).hexdigest())
    assert blob.read() == data
    assert blob.read(3, 7) == data[3:7]
    assert blob.on_disk is (size > LARGE)
    with blob.open(size // 2) as handle:
        assert handle.read() == data[size // 2 :]
        handle.seek(-1, io.SEEK_END)
        assert handle.read(10) == data[-1:]


def test_hashers_see_every_byte_once():
    data = body(3_000_000)
    for given in (data, io.BytesIO(data)):
        digest = hashlib.sha256()
        Blobs().put(given, digest)
        assert digest.hexdigest() == hashlib.sha256(data).hexdigest()


def test_equal_bodies_are_one():
    blobs = Blobs()
    for size in (10, LARGE + 10):
        first = blobs.put(body(size))
        assert blobs.put(body(size)) is first
        assert blobs.put(io.BytesIO(body(size))) is first
    assert blobs.put(b"") is EMPTY


def test_a_file_goes_with_its_last_holder():
    before = folders()
    blobs = Blobs()
    blob = blobs.put(body(LARGE + 1))
    held = [blob, Blobs.join([blob, blobs.put(b"more")])]
    mine = folders() - before
    assert files(mine) == 1
    del blob
    held.pop(0)
    assert files(mine) == 1
    held.clear()
    gc.collect()
    assert files(mine) == 0
    assert not any(path.exists() for path in mine)


def test_a_nameless_file_is_kept_open_instead_of_copied():
    before = folders()
    data = body(LARGE + 5)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        blob = Blobs().put(file)
    assert folders() == before
    assert blob.read(LARGE) == data[LARGE:]


def test_memory_is_bounded():
    blobs = Blobs(small=10, large=1000, in_memory=250)
    kept = [blobs.put(body(100, seed)) for seed in range(5)]
    assert [blob.on_disk for blob in kept] == [False, False, True, True, True]
    kept.pop(0)
    gc.collect()
    assert not blobs.put(body(100, 9)).on_disk


def test_parts_make_a_whole_without_copies():
    blobs = Blobs()
    parts = [body(5, 1), b"", body(LARGE + 3, 2), body(7, 3)]
    whole = Blobs.join([blobs.put(part) for part in parts])
    data = b"".join(parts)
    assert whole.read() == data
    assert whole.whole_md5 == hashlib.md5(data).hexdigest()
    for start, stop in ((0, 6), (4, 8), (LARGE + 6, LARGE + 12), (len(data) - 1, len(data) + 9), (9, 9)):
        assert whole.read(start, stop) == data[start:stop]
    again = Blobs.join([whole, Blobs.cut(whole, 3, 9)])
    assert again.read() == data + data[3:9]
    assert whole.same_as(blobs.put(data))
    assert not whole.same_as(blobs.put(data[:-1] + b"?"))


def test_a_slice_shares_the_bytes():
    blob = Blobs().put(body(LARGE + 10))
    cut = Blobs.cut(blob, 5, LARGE)
    assert (cut.size, cut.on_disk) == (LARGE - 5, True)
    assert cut.read(2, 4) == body(LARGE + 10)[7:9]
    assert Blobs.cut(blob, 0, blob.size) is blob


def test_a_dump_holds_the_bodies():
    import datetime

    from sundog.services.s3.state import Object

    when = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
    store = Store()
    store.begin()
    row = Object(bucket="b", key=b"k", order=0, blob=Blobs().put(b"hello"), modified=when)
    store.part(Object, "1" * 12, "us-east-1").add(row)
    store.commit()
    copy = Store()
    load(copy, dump(store))
    found = copy.part(Object, "1" * 12, "us-east-1").get(("b", b"k", 0))
    assert found is not None
    assert found.blob is not None
    assert found.blob.read() == b"hello"
