"""A square picture of black and white modules as PNG: a QR code (version 10, level L, mask 0) of up to 271 bytes."""

from __future__ import annotations

import struct
import zlib

SIZE = 57  # modules a side in version 10
DATA_WORDS, CHECK_WORDS = 274, 18
BLOCKS = (68, 68, 69, 69)
_EXP = [1] * 512
_LOG = [0] * 256
for _power in range(1, 255):
    _next = _EXP[_power - 1] << 1
    _EXP[_power] = _next ^ 0x11D if _next & 0x100 else _next
    _LOG[_EXP[_power]] = _power
for _power in range(255, 512):
    _EXP[_power] = _EXP[_power - 255]


def _checks(data: bytes) -> bytes:
    """The Reed-Solomon check words of a block."""
    generator = [1]
    for power in range(CHECK_WORDS):
        longer = [0] * (len(generator) + 1)
        for index, factor in enumerate(generator):
            longer[index] ^= factor
            if factor:
                longer[index + 1] ^= _EXP[_LOG[factor] + power]
        generator = longer
    rest = [*data, *[0] * CHECK_WORDS]
    for index in range(len(data)):
        lead = rest[index]
        if lead:
            for offset in range(1, len(generator)):
                if generator[offset]:
                    rest[index + offset] ^= _EXP[_LOG[generator[offset]] + _LOG[lead]]
    return bytes(rest[len(data) :])


def _words(text: bytes) -> list[int]:
    """Data and check words, blocks interleaved."""
    bits = f"0100{len(text):016b}" + "".join(f"{byte:08b}" for byte in text)
    bits += "0" * min(4, DATA_WORDS * 8 - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[index : index + 8], 2) for index in range(0, len(bits), 8)]
    words += [(0xEC, 0x11)[index % 2] for index in range(DATA_WORDS - len(words))]
    blocks: list[bytes] = []
    start = 0
    for length in BLOCKS:
        blocks.append(bytes(words[start : start + length]))
        start += length
    found = [block[index] for index in range(max(BLOCKS)) for block in blocks if index < len(block)]
    checks = [_checks(block) for block in blocks]
    return found + [check[index] for index in range(CHECK_WORDS) for check in checks]


def modules(text: bytes) -> list[list[int]]:
    """The code's modules: 1 is black."""
    grid: list[list[int | None]] = [[None] * SIZE for _ in range(SIZE)]

    def put(row: int, column: int, value: int) -> None:
        if 0 <= row < SIZE and 0 <= column < SIZE:
            grid[row][column] = value

    for top, left in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        for row in range(-1, 8):
            for column in range(-1, 8):
                ring = max(abs(row - 3), abs(column - 3))
                put(top + row, left + column, int(ring in (0, 1, 3)))
    for middle_row in (6, 28, 50):
        for middle_column in (6, 28, 50):
            if (middle_row, middle_column) in ((6, 6), (6, 50), (50, 6)):
                continue
            for row in range(-2, 3):
                for column in range(-2, 3):
                    put(middle_row + row, middle_column + column, int(max(abs(row), abs(column)) != 1))
    for index in range(8, SIZE - 8):
        if grid[6][index] is None:
            grid[6][index] = 1 - index % 2
        if grid[index][6] is None:
            grid[index][6] = 1 - index % 2
    _marks(grid)
    bits = "".join(f"{word:08b}" for word in _words(text))
    at = 0
    upwards = True
    column = SIZE - 1
    while column > 0:
        if column == 6:
            column -= 1
        for step in range(SIZE):
            row = SIZE - 1 - step if upwards else step
            for here in (column, column - 1):
                if grid[row][here] is None:
                    bit = int(bits[at]) if at < len(bits) else 0
                    at += 1
                    grid[row][here] = bit ^ int((row + here) % 2 == 0)
        upwards = not upwards
        column -= 2
    return [[module or 0 for module in row] for row in grid]


def _marks(grid: list[list[int | None]]) -> None:
    """The format (level L, mask 0) and the version (10), where readers look for them."""
    form = 0b111011111000100
    version = 0b001010010011010011
    for index in range(15):
        bit = form >> (14 - index) & 1
        spots = [(8, index if index < 6 else index + 1) if index < 8 else (14 - index + (1 if index == 8 else 0), 8)]
        spots.append((SIZE - 1 - index, 8) if index < 7 else (8, SIZE - 15 + index))
        for row, column in spots:
            grid[row][column] = bit
    grid[SIZE - 8][8] = 1
    for index in range(18):
        bit = version >> index & 1
        grid[index // 3][SIZE - 11 + index % 3] = bit
        grid[SIZE - 11 + index % 3][index // 3] = bit


def png(text: bytes, scale: int = 4, margin: int = 4) -> bytes:
    """The picture of a text."""
    rows = modules(text[:271])
    side = (SIZE + 2 * margin) * scale
    blank = [0] * SIZE
    padded = [[0] * margin + row + [0] * margin for row in [blank] * margin + rows + [blank] * margin]
    lines: list[bytes] = []
    for row in padded:
        bits = "".join("01"[module == 0] * scale for module in row)
        bits += "0" * (-len(bits) % 8)
        line = b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
        lines.extend([line] * scale)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
