"""Ids, keys and secrets of one Cloud: random, or the same in every run when a seed is given."""

from __future__ import annotations

import base64
import random
import string
from typing import Any

_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits
_MIXED = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"
_SECRET = _MIXED + "/+"

State = tuple[int, Any]


class Ids:
    """Makes ids as AWS forms them. ``random`` is the generator behind all of them, for whatever else must be random."""

    __slots__ = ("_bits", "_forks", "random", "seed")

    def __init__(self, seed: int | str | None = None) -> None:
        self.seed = seed
        self.random = random.Random(seed)  # seeded by os.urandom when there is no seed
        self._bits = self.random.getrandbits
        self._forks = 0

    # -- ids

    def hex(self, n: int) -> str:
        """``n`` hexadecimal digits."""
        return f"{self._bits(4 * n):0{n}x}"

    def new(self, prefix: str) -> str:
        """A resource id: ``i-0`` and 16 digits. AWS's long ids all begin with 0."""
        return f"{prefix}-0{self._bits(64):016x}"

    def uuid(self) -> str:
        """A random (version 4) UUID."""
        bits = self._bits(122)
        text = f"{bits >> 62:015x}{bits & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000:016x}"
        return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-{text[15:19]}-{text[19:]}"

    request_id = uuid

    # -- texts

    def choose(self, alphabet: str, n: int) -> str:
        """``n`` characters of an alphabet."""
        return "".join(self.random.choices(alphabet, k=n))

    def alnum(self, n: int, upper: bool | None = None) -> str:
        """``n`` letters and digits: capitals only, small ones only, or (``None``) both."""
        return self.choose(_MIXED if upper is None else _UPPER if upper else _LOWER, n)

    def token(self, n: int = 32) -> str:
        """``n`` characters that are safe in a URL and in a file's name."""
        return self.alnum(n)

    # -- credentials

    def access_key(self, account: str | None = None, prefix: str = "AKIA") -> str:
        """An access key id. As AWS's do, it holds the account: ``account_of`` reads it back."""
        if account is None:
            return prefix + self.choose(_BASE32, 16)
        head = 1 << 47 | int(account) << 7 | self._bits(7)
        return prefix + base64.b32encode((head << 32 | self._bits(32)).to_bytes(10, "big")).decode()

    def unique_id(self, prefix: str) -> str:
        """A unique id of IAM: ``AIDA`` (user), ``AROA`` (role), ``AGPA`` (group) ... and 17 characters."""
        return prefix + self.choose(_BASE32, 17)

    def secret(self, n: int = 40) -> str:
        """A secret access key."""
        return self.choose(_SECRET, n)

    # -- snapshots

    def state(self) -> State:
        return self._forks, self.random.getstate()

    def restore(self, state: State) -> None:
        self._forks, inner = state
        self.random.setstate(inner)

    def fork(self) -> Ids:
        """For a Cloud made from this one: seeded anew, and the same in every run if this one is."""
        self._forks += 1
        return Ids(None if self.seed is None else f"{self.seed}/{self._forks}")


def account_of(access_key: str) -> str | None:
    """The account that an access key id holds, if it is one that holds any."""
    if len(access_key) != 20:
        return None
    try:
        head = int.from_bytes(base64.b32decode(access_key[4:])[:6], "big")
    except ValueError:
        return None
    account = head >> 7 & 0xFFFFFFFFFF
    return f"{account:012d}" if head >> 47 and account < 10**12 else None
