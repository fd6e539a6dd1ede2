"""Dummy credentials and a region in the environment while a mock is active, where the user has none of his own.

Clients look for credentials before they call; without any they don't even try. What stood there is put back.
"""

from __future__ import annotations

import os
import re
import threading

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_REGION = "AWS_DEFAULT_REGION"

_lock = threading.Lock()
_depth = 0
_set: dict[str, tuple[str, str | None]] = {}
"""What we set, and what stood there before."""

_files: dict[str, tuple[tuple[int, int], frozenset[tuple[str, str]]]] = {}
"""By path: the file's time and size when it was read, and which options it has in which sections."""


def enter(region: str = "us-east-1") -> None:
    """Fill in what is missing. Counted: only the first call does something."""
    global _depth
    with _lock:
        _depth += 1
        if _depth > 1:
            return
        profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
        have = [name for name in _KEYS if os.environ.get(name)]
        # Half a pair is none; so is what would have to be fetched first (single sign-on, a process, a role).
        if len(have) == 1 or (not have and not _in_files("aws_access_key_id", profile)):
            _put(_KEYS[0], ACCESS_KEY)
            _put(_KEYS[1], SECRET_KEY)
            if len(have) == 0 and "AWS_SESSION_TOKEN" in os.environ:
                _drop("AWS_SESSION_TOKEN")
        if not os.environ.get(_REGION) and not _in_files("region", profile):
            _put(_REGION, os.environ.get("AWS_REGION") or region)


def leave() -> None:
    """The counterpart of ``enter``. What somebody else changed meanwhile stays changed."""
    global _depth
    with _lock:
        if _depth == 0:
            raise RuntimeError("leave() without enter()")
        _depth -= 1
        if _depth:
            return
        for name, (ours, before) in _set.items():
            if os.environ.get(name, "") != ours:
                continue
            if before is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = before
        _set.clear()


def _put(name: str, value: str) -> None:
    _set[name] = (value, os.environ.get(name))
    os.environ[name] = value


def _drop(name: str) -> None:
    _set[name] = ("", os.environ.pop(name))


def _in_files(option: str, profile: str) -> bool:
    """Whether the user's shared files give the profile this option."""
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.join("~", ".aws", "credentials")
    config = os.environ.get("AWS_CONFIG_FILE") or os.path.join("~", ".aws", "config")
    section = profile if profile == "default" else f"profile {profile}"
    return (profile, option) in _options(credentials) or bool({(section, option), (profile, option)} & _options(config))


def _options(path: str) -> frozenset[tuple[str, str]]:
    path = os.path.expanduser(path)
    try:
        stat = os.stat(path)
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = _files.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        with open(path, encoding="utf-8", errors="replace") as file:
            found = _parse(file.read())
    except OSError:
        return frozenset()
    _files[path] = (stamp, found)
    return found


def _parse(text: str) -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    section = ""
    for line in text.splitlines():
        if (header := re.match(r"\[\s*(.+?)\s*\]", line)) is not None:
            section = " ".join(header[1].replace('"', "").split())
        elif (option := re.match(r"([^\s#;=:][^=:]*?)\s*[=:]\s*(\S)", line)) is not None:
            found.add((section, option[1].lower()))
    return frozenset(found)
