"""Bodies outside of the rows: a row holds a ``Blob``, and what it stands for goes when no row or snapshot holds it.

Equal bodies are kept once. Small ones stay in memory up to a limit, big ones lie in files; a whole made of parts is
their blobs in a row, with nothing copied. Nobody ever names a file: its name is a random one in a folder of our own.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import threading
import weakref
from bisect import bisect_right
from collections.abc import Iterator
from typing import IO, Any, cast

from sundog.wire.http import Body

SMALL = 64 * 1024
"""Bodies up to this size stay in memory, however many."""
LARGE = 8 * 1024 * 1024
"""Bodies above this size go to disk."""
IN_MEMORY = 64 * 1024 * 1024
"""Bodies between the two stay in memory while all of them together are smaller than this."""
BLOCK = 1024 * 1024
ADOPTED = 64
"""How many files of others (a server's spooled requests) are kept open instead of being copied."""


class _Folder:
    """A folder that goes when the last file in it has gone."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="sundog-")
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class _File:
    """Bytes on disk: a file of ours, opened when read, or somebody's nameless one that we keep open."""

    __slots__ = ("__weakref__", "_fd", "_folder", "_path")

    def __init__(self, fd: int | None = None, folder: _Folder | None = None, path: str | None = None) -> None:
        self._fd = fd
        self._path = path
        self._folder = folder
        weakref.finalize(self, _drop, fd, path, folder)

    def read(self, count: int, offset: int) -> bytes:
        if self._fd is not None:
            return os.pread(self._fd, count, offset)
        assert self._path is not None
        with open(self._path, "rb", buffering=0) as file:
            file.seek(offset)
            return file.read(count)


def _drop(fd: int | None, path: str | None, folder: _Folder | None) -> None:
    if fd is not None:
        os.close(fd)
    if path is not None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


class Blob:
    """Bytes that never change: ``size`` of them, with their MD5 in hexadecimal digits."""

    __slots__ = ("__weakref__", "_data", "_file", "_parts", "_starts", "crc64", "md5", "size")

    def __init__(
        self,
        md5: str,
        size: int,
        data: bytes | None = None,
        file: _File | None = None,
        parts: tuple[Blob, ...] = (),
    ) -> None:
        self.md5 = md5
        self.size = size
        self._data = data
        self._file = file
        self._parts = parts
        self._starts: list[int] = []
        self.crc64: str | None = None
        position = 0
        for part in parts:
            self._starts.append(position)
            position += part.size

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes from ``start`` up to ``stop``."""
        end = self.size if stop is None else min(stop, self.size)
        if start >= end:
            return b""
        if self._data is not None:
            return self._data if start == 0 and end == self.size else self._data[start:end]
        return b"".join(self.chunks(start, end))

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The same in pieces."""
        end = self.size if stop is None else min(stop, self.size)
        if start >= end:
            return
        if self._data is not None:
            yield self._data[start:end]
        elif self._file is not None:
            while start < end:
                piece = self._file.read(min(BLOCK, end - start), start)
                if not piece:
                    raise OSError("a body's file is shorter than it was")
                start += len(piece)
                yield piece
        else:
            index = bisect_right(self._starts, start) - 1
            while start < end:
                part, begin = self._parts[index], self._starts[index]
                yield from part.chunks(start - begin, end - begin)
                start = begin + part.size
                index += 1

    def open(self, start: int = 0, stop: int | None = None) -> IO[bytes]:
        """A fresh seekable handle on the bytes from ``start`` up to ``stop``."""
        end = self.size if stop is None else min(stop, self.size)
        return cast("IO[bytes]", Reader(self, start, max(start, end)))

    def content(self, start: int = 0, stop: int | None = None) -> Any:
        """What answers hold: bytes where they are small, a handle where they aren't."""
        end = self.size if stop is None else min(stop, self.size)
        if self._data is not None or end - start <= SMALL:
            return self.read(start, end)
        return self.open(start, end)

    @property
    def whole_md5(self) -> str:
        """The MD5 of all bytes, also of a whole that was joined from parts."""
        if not self.md5:
            digest = hashlib.md5(usedforsecurity=False)
            for piece in self.chunks():
                digest.update(piece)
            self.md5 = digest.hexdigest()
        return self.md5

    @property
    def on_disk(self) -> bool:
        return self._file is not None or any(part.on_disk for part in self._parts)

    def same_as(self, other: Blob) -> bool:
        """Whether both hold the same bytes."""
        if self.size != other.size:
            return False
        mine, theirs = self.chunks(), other.chunks()
        left = right = b""
        while True:
            left = left or next(mine, b"")
            right = right or next(theirs, b"")
            count = min(len(left), len(right))
            if count == 0:
                return not left and not right
            if left[:count] != right[:count]:
                return False
            left, right = left[count:], right[count:]

    def __dump__(self) -> bytes:
        """All of it, for a dump of the rows."""
        return self.read()

    @classmethod
    def __load__(cls, data: bytes) -> Blob:
        return Blob(hashlib.md5(data, usedforsecurity=False).hexdigest(), len(data), data)

    def __repr__(self) -> str:
        return f"<Blob {self.md5} {self.size} bytes>"


EMPTY = Blob("d41d8cd98f00b204e9800998ecf8427e", 0, b"")


class Reader(io.RawIOBase):
    """A file-like view of a blob, or of a run of its bytes."""

    def __init__(self, blob: Blob, start: int, stop: int) -> None:
        super().__init__()
        self._blob = blob
        self._start = start
        self._size = stop - start
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._position, self._size)[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size - self._position)
        count = left if size is None or size < 0 else min(size, left)
        begin = self._start + self._position
        self._position += count
        return self._blob.read(begin, begin + count)

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def __len__(self) -> int:
        return self._size


class Blobs:
    """Where the bodies of one cloud come from. Forks may share one: blobs belong to whoever holds them."""

    def __init__(self, small: int = SMALL, large: int = LARGE, in_memory: int = IN_MEMORY) -> None:
        self.small = small
        self.large = large
        self.in_memory = in_memory
        self._known: weakref.WeakValueDictionary[tuple[str, int], Blob] = weakref.WeakValueDictionary()
        self._held = 0
        self._adopted = 0
        self._folder: weakref.ref[_Folder] | None = None
        self._lock = threading.Lock()

    def put(self, body: Body, *hashers: Any) -> Blob:
        """Keep a body, in one pass that also feeds the hashers. A file is left as it is."""
        if isinstance(body, bytes):
            for hasher in hashers:
                hasher.update(body)
            if not body:
                return EMPTY
            key = (hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body))
            known = self._known.get(key)
            if known is not None and known.same_as(Blob("", len(body), body)):
                return known
            return self._keep_bytes(key, body)
        return self._put_file(body, hashers)

    def _keep_bytes(self, key: tuple[str, int], body: bytes) -> Blob:
        size = len(body)
        if size > self.small and (size > self.large or self._held + size > self.in_memory):
            made = Blob(*key, file=self._written([body]))
        else:
            made = Blob(*key, data=body)
            if size > self.small:
                with self._lock:
                    self._held += size
                weakref.finalize(made, self._release, size)
        self._known[key] = made
        return made

    def _release(self, size: int) -> None:
        with self._lock:
            self._held -= size

    def _put_file(self, body: IO[bytes], hashers: tuple[Any, ...]) -> Blob:
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        body.seek(0)
        small: list[bytes] | None = []
        while block := body.read(BLOCK):
            digest.update(block)
            for hasher in hashers:
                hasher.update(block)
            size += len(block)
            if small is not None:
                small.append(block)
                if size > self.large:
                    small = None
        key = (digest.hexdigest(), size)
        if size == 0:
            return EMPTY
        if small is not None:
            data = b"".join(small)
            known = self._known.get(key)
            if known is not None and known.same_as(Blob("", size, data)):
                return known
            return self._keep_bytes(key, data)
        file = self._adopt(body)
        if file is None:
            body.seek(0)
            file = self._written(iter(lambda: body.read(BLOCK), b""))
        made = Blob(*key, file=file)
        known = self._known.get(key)
        if known is not None and known.same_as(made):
            return known
        self._known[key] = made
        return made

    def _adopt(self, body: IO[bytes]) -> _File | None:
        """A handle of our own on a nameless temporary file: its bytes need not be copied."""
        inner: Any = getattr(body, "_file", body) if isinstance(body, tempfile.SpooledTemporaryFile) else body
        if not isinstance(getattr(inner, "name", None), int) or not hasattr(os, "pread"):
            return None
        with self._lock:
            if self._adopted >= ADOPTED:
                return None
            self._adopted += 1
        try:
            inner.flush()
            fd = os.dup(inner.fileno())
        except (OSError, AttributeError, ValueError):
            self._leave()
            return None
        file = _File(fd)
        weakref.finalize(file, self._leave)
        return file

    def _leave(self) -> None:
        with self._lock:
            self._adopted -= 1

    def _written(self, pieces: Any) -> _File:
        with self._lock:
            folder = self._folder() if self._folder is not None else None
            if folder is None:
                folder = _Folder()
                self._folder = weakref.ref(folder)
        fd, path = tempfile.mkstemp(dir=folder.path)
        file = _File(None, folder, path)
        with open(fd, "wb", buffering=0) as out:
            for piece in pieces:
                view = memoryview(piece)
                while view:
                    view = view[out.write(view) :]
        return file

    @staticmethod
    def join(blobs: list[Blob]) -> Blob:
        """One body made of several, in order; their bytes are shared."""
        if len(blobs) == 1:
            return blobs[0]
        flat: list[Blob] = []
        for blob in blobs:
            flat.extend(blob._parts or ((blob,) if blob.size else ()))
        if not flat:
            return EMPTY
        return Blob("", sum(blob.size for blob in flat), parts=tuple(flat))

    @staticmethod
    def cut(blob: Blob, start: int, stop: int) -> Blob:
        """A run of a body's bytes as a body of its own, sharing them."""
        if start == 0 and stop >= blob.size:
            return blob
        return Slice(blob, start, stop)


class Slice(Blob):
    """A run of another blob's bytes."""

    __slots__ = ("_begin", "_whole")

    def __init__(self, whole: Blob, start: int, stop: int) -> None:
        super().__init__("", stop - start)
        self._whole = whole
        self._begin = start

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        end = self.size if stop is None else min(stop, self.size)
        yield from self._whole.chunks(self._begin + start, self._begin + end)

    @property
    def on_disk(self) -> bool:
        return self._whole.on_disk
