"""CRC-32C and CRC-64/NVME. With ``awscrt`` installed its machine code is used, else big integers do the work.

Over GF(2), P(x) to the power of 2^k is P(x^(2^k)): a multiple of P whose terms stand 2^k bits apart. So a long message
is reduced lane by lane, each lane a big integer: some tens of XORs take the place of one table look-up a byte.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

_POLYNOMIALS = {  # as reflected CRCs have them: the coefficient of x^0 in the highest bit
    "CRC32": (32, 0xEDB88320),
    "CRC32C": (32, 0x82F63B78),
    "CRC64NVME": (64, 0x9A6C9329AC4BC9B5),
}
Crc = Callable[[bytes, int], int]


@lru_cache(maxsize=1)
def _machine() -> dict[str, Crc]:
    try:
        from awscrt import checksums  # type: ignore[import-not-found]
    except ImportError:
        return {}
    found = {"CRC32C": checksums.crc32c}
    if hasattr(checksums, "crc64nvme"):
        found["CRC64NVME"] = checksums.crc64nvme
    return found


def has_machine_code() -> bool:
    """Whether CRC-64 costs next to nothing."""
    return "CRC64NVME" in _machine()


def crc32c(data: bytes, value: int = 0) -> int:
    """CRC-32C of the data that follows what ``value`` is the CRC of."""
    return _crc("CRC32C", data, value)


def crc64nvme(data: bytes, value: int = 0) -> int:
    """CRC-64/NVME of the data that follows what ``value`` is the CRC of."""
    return _crc("CRC64NVME", data, value)


def _crc(algorithm: str, data: bytes, value: int) -> int:
    machine = _machine().get(algorithm)
    if machine is not None:
        return machine(data, value)
    width, _ = _POLYNOMIALS[algorithm]
    mask = (1 << width) - 1
    register = value ^ mask
    size = width // 8
    for lane in (65536, 8192, 1024, 128, 16):
        if len(data) >= lane * (width + 8):
            register, data = _folded(algorithm, data, register, lane)
    table = _table(algorithm)
    if len(data) >= size:
        head = int.from_bytes(data[:size], "little") ^ register
        data = head.to_bytes(size, "little") + data[size:]
        register = 0
    for byte in data:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ mask


def _folded(algorithm: str, data: bytes, register: int, lane: int) -> tuple[int, bytes]:
    """An equivalent message of ``width`` lanes at most, with the register worked into it."""
    width, _ = _POLYNOMIALS[algorithm]
    size = width // 8
    head = int.from_bytes(data[:size], "little") ^ register
    # Lanes are counted from the message's end: zeros in front change nothing.
    first = len(data) % lane
    start = head.to_bytes(size, "little") + data[size:first] if first > size else b""
    if start:
        lanes = [int.from_bytes(bytes(lane - first) + start, "little")]
    elif first:
        joined = head.to_bytes(size, "little")
        data = joined + data[size:]
        lanes = [int.from_bytes(bytes(lane - first) + data[:first], "little")]
    else:
        data = head.to_bytes(size, "little") + data[size:]
        lanes = []
    view = memoryview(data)
    lanes += [int.from_bytes(view[i : i + lane], "little") for i in range(first, len(data), lane)]
    taps = _taps(algorithm)
    for index in range(len(lanes) - width):
        lead = lanes[index]
        if lead:
            for tap in taps:
                lanes[index + tap] ^= lead
    rest = lanes[max(0, len(lanes) - width) :]
    return 0, b"".join([value.to_bytes(lane, "little") for value in rest])


@lru_cache(maxsize=4)
def _taps(algorithm: str) -> tuple[int, ...]:
    """How many lanes further each of the polynomial's terms reaches, seen from x^width."""
    width, polynomial = _POLYNOMIALS[algorithm]
    # Bit (width - 1 - power) of the reflected form is the coefficient of x^power.
    return tuple(width - power for power in range(width) if polynomial >> (width - 1 - power) & 1)


@lru_cache(maxsize=4)
def _table(algorithm: str) -> tuple[int, ...]:
    _, polynomial = _POLYNOMIALS[algorithm]
    found: list[int] = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        found.append(value)
    return tuple(found)


def combine(algorithm: str, first: int, second: int, size: int) -> int:
    """The CRC of two runs of bytes in a row from the CRC of each; ``size`` is the second's."""
    return _times(algorithm, first, _power(algorithm, 8 * size)) ^ second


def _times(algorithm: str, left: int, right: int) -> int:
    width, polynomial = _POLYNOMIALS[algorithm]
    product = 0
    bit = 1 << (width - 1)
    while left:
        if left & bit:
            product ^= right
            left ^= bit
        bit >>= 1
        right = right >> 1 ^ (polynomial if right & 1 else 0)
    return product


def _power(algorithm: str, exponent: int) -> int:
    """x to the power of ``exponent``, modulo the polynomial."""
    width, _ = _POLYNOMIALS[algorithm]
    result = 1 << (width - 1)
    square = 1 << (width - 2)
    while exponent:
        if exponent & 1:
            result = _times(algorithm, result, square)
        exponent >>= 1
        if exponent:
            square = _times(algorithm, square, square)
    return result
