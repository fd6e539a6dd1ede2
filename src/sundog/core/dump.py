"""A store as bytes (MessagePack), and back."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import msgspec

from sundog.core.record import Record, find_table
from sundog.core.store import Store

FORMAT = 1


def _plain(value: Any) -> Any:
    """What a field that isn't data itself (a body) is dumped as: what its ``__dump__`` gives."""
    dumped = getattr(value, "__dump__", None)
    if dumped is None:
        raise TypeError(f"{type(value).__name__} can't be dumped")
    return dumped()


def _made(kind: type, value: Any) -> Any:
    return kind.__load__(value)  # type: ignore[attr-defined]


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)


class _Part(msgspec.Struct, array_like=True):
    table: str
    module: str
    account: str
    region: str
    rows: msgspec.Raw


class _Dump(msgspec.Struct, array_like=True):
    format: int
    serial: int
    parts: list[_Part]


def dump(store: Store) -> bytes:
    """All rows of a store, as of its last commit."""
    snapshot = store.snapshot()
    parts: list[_Part] = []
    for key in sorted(snapshot.parts):
        frozen = snapshot.parts[key]
        rows = _encoder.encode(list(frozen.rows.values()))
        parts.append(_Part(key[0], frozen.meta.cls.__module__, key[1], key[2], msgspec.Raw(rows)))
    return _encoder.encode(_Dump(FORMAT, snapshot.serial, parts))


def load(store: Store, data: bytes) -> None:
    """Make the store what was dumped; ``ValueError`` if that can't be. Its listeners are told what changed."""
    try:
        content = msgspec.msgpack.decode(data, type=_Dump)
        if content.format != FORMAT:
            raise ValueError(f"a dump of format {content.format}; this is format {FORMAT}")
        made = Store()
        for entry in content.parts:
            cls = _record_class(entry.table, entry.module)
            part = made.scope(cls, (entry.account, entry.region))
            key_of = cls.meta_.key_of
            for row in _decoder(cls).decode(entry.rows):
                part.force(key_of(row), row)
    except (msgspec.DecodeError, KeyError, ImportError) as error:
        raise ValueError(f"not a dump that can be read here: {error}") from error
    snapshot = made.snapshot()
    snapshot.serial = content.serial
    store.restore(snapshot, "load")


def encode_row(row: Record) -> bytes:
    """One row as bytes, for who keeps rows one by one."""
    return _encoder.encode(row)


def decode_row(table: str, data: bytes) -> Record:
    """The row of a table that ``encode_row`` made the bytes of."""
    return msgspec.msgpack.decode(data, type=find_table(table), dec_hook=_made)


def _record_class(table: str, module: str) -> type[Record]:
    """The table's class; its module is imported if it is one of ours: a dump must not make us run anything else."""
    try:
        return find_table(table)
    except KeyError:
        if not module.startswith("sundog."):
            raise
        importlib.import_module(module)
        return find_table(table)


@lru_cache(maxsize=1024)
def _decoder(cls: type[Record]) -> msgspec.msgpack.Decoder[list[Any]]:
    return msgspec.msgpack.Decoder(list[cls], dec_hook=_made)
