"""Refusals as encoded text (``Encoded authorization failure message: ...``), and back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sundog.core.tx import Tx

_LABEL = b"sundog authorization message"
_MAX = 1 << 16


def _tag(account: str, packed: bytes) -> bytes:
    # Not a secret: it only tells messages that this account was given from anything else.
    return hmac.new(_LABEL + account.encode(), packed, hashlib.sha256).digest()[:12]


def encode(tx: Tx, message: str) -> str:
    """The text that stands for a message until its account decodes it."""
    packed = zlib.compress(message.encode(), 9)
    return base64.urlsafe_b64encode(_tag(tx.account, packed) + packed).rstrip(b"=").decode()


def decode(tx: Tx, text: str) -> str | None:
    """The message behind a text; None if it is none, or another account's."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if not hmac.compare_digest(data[:12], _tag(tx.account, data[12:])):
            return None
        return zlib.decompressobj().decompress(data[12:], _MAX).decode()
    except (ValueError, binascii.Error, zlib.error):
        return None
