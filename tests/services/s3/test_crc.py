"""CRCs by big integers against the definition, bit by bit, and against values that AWS gave."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sundog.services.s3 import crc

BOTH = ("CRC32C", "CRC64NVME")


def slowly(algorithm, data, value=0):
    width, polynomial = crc._POLYNOMIALS[algorithm]
    mask = (1 << width) - 1
    register = value ^ mask
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (polynomial if register & 1 else 0)
    return register ^ mask


def text(value, size):
    return base64.b64encode(value.to_bytes(size, "big")).decode()


@pytest.fixture(autouse=True)
def by_hand(monkeypatch):
    monkeypatch.setattr(crc, "_machine", dict)


def test_values_that_aws_gave():
    data = b"a" * 5242881
    assert text(crc.crc32c(data), 4) == "2/Ckiw=="
    assert text(crc.crc64nvme(data), 8) == "Kg7TOs6algM="
    assert text(crc.crc32c(b"test-checksum"), 4) == "Fz3epA=="
    assert text(crc.crc64nvme(b"a" * 10), 8) == "DBqAA21lxVU="


@pytest.mark.parametrize("algorithm", BOTH)
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 1023, 1151, 1152, 1153, 9300, 20000])
def test_every_way_of_folding_has_the_same_result(algorithm, size):
    data = bytes(i * 7 + i // 251 & 255 for i in range(size))
    assert crc._crc(algorithm, data, 0) == slowly(algorithm, data)
    assert crc._crc(algorithm, data, 12345) == slowly(algorithm, data, 12345)


@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=3000), cut=st.integers(0, 3000))
def test_runs_combine(data, cut):
    left, right = data[:cut], data[cut:]
    for algorithm in BOTH:
        joined = crc.combine(algorithm, crc._crc(algorithm, left, 0), crc._crc(algorithm, right, 0), len(right))
        assert joined == crc._crc(algorithm, data, 0)
        assert crc._crc(algorithm, right, crc._crc(algorithm, left, 0)) == joined
    assert crc.combine("CRC32", zlib.crc32(left), zlib.crc32(right), len(right)) == zlib.crc32(data)
