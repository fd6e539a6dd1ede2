"""Settings of a cloud, and the only reader of ``os.environ``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from sundog.wire.profile import Profile

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one cloud behaves. Each may be given to ``mock_aws(...)``, to ``Cloud(...)``, or as ``SUNDOG_...`` in the environment.

    - ``account``, ``region``: where calls land that name none.
    - ``seed``: two runs with the same seed make the same ids, secrets and chances.
    - ``path``: ``direct`` answers boto3 without bytes where nobody would notice; ``wire`` always makes and parses bytes;
      ``server`` sends these over a loopback socket to a server in a thread.
    - ``strict``: operations that are only modelled are refused, and the models' patterns are enforced.
    - ``allow_modelled``: operations that may be modelled though ``strict`` is set: ``glue``, ``glue:GetJob``, ``*``.
    - ``enforce_iam``: signatures are verified and policies decide. ``verify_signatures`` alone only does the first.
    - ``iam_file``: a JSON file of users, keys and policies that the cloud has from the start (see ``sundog.iam_file``).
    - ``refuse_unknown_images``: RunInstances refuses an AMI that nobody made, as AWS does.
    - ``delays``: state transitions take the clock's time, as at AWS, instead of none.
    - ``allow_hosts``: hosts outside AWS that calls may reach (``*`` is a wildcard). Loopback always may.
    - ``profile``: the AWS-compatible cloud that is meant by hosts that name none, such as ``localhost``: ``outscale``,
      ``eucalyptus``, or ``module:NAME`` of your own ``Profile``.
    - ``call_log``: how many calls ``aws.calls`` keeps.
    """

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    seed: int | str | None = None
    path: Literal["direct", "wire", "server"] = "direct"
    strict: bool = False
    allow_modelled: tuple[str, ...] = ()
    enforce_iam: bool = False
    verify_signatures: bool = False
    iam_file: str | None = None
    refuse_unknown_images: bool = False
    delays: bool = False
    allow_hosts: tuple[str, ...] = ()
    profile: str | None = None
    call_log: int = 10_000


def from_environment(environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings by ``SUNDOG_...`` variables; what is given by name wins. ``ValueError`` names a setting that can't be read."""
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        text = source.get("SUNDOG_" + name.upper())
        if text is not None:
            values[name] = (
                [part for part in text.split(",") if part] if name in ("allow_hosts", "allow_modelled") else text
            )
    values.update({name: list(value) if isinstance(value, tuple) else value for name, value in given.items()})
    unknown = values.keys() - set(Settings.__struct_fields__)
    if unknown:
        raise TypeError(f"no setting is called {', '.join(sorted(unknown))}")
    if not values:
        return _DEFAULT
    try:
        found = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"a setting is wrong: {error}") from None
    if len(found.account) != 12 or not found.account.isdigit():
        raise ValueError(f"account must be 12 digits, not {found.account!r}")
    return found


_DEFAULT = Settings()


def with_profiles(profiles: Iterable[Profile], given: dict[str, Any]) -> tuple[tuple[Profile, ...], Settings]:
    """The profiles and settings of a cloud, where ``profile`` may be a ``Profile`` itself instead of its name."""
    chosen = given.get("profile")
    if chosen is not None and not isinstance(chosen, str):
        profiles = (chosen, *profiles)
        given = {**given, "profile": chosen.name}
    return tuple(profiles), from_environment(**given)


def home() -> Path:
    """Where Sundog keeps its own files (its certificate authority): ``SUNDOG_HOME``, else the user's data folder."""
    chosen = os.environ.get("SUNDOG_HOME")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "sundog"


def ca_bundle() -> str | None:
    """The file of trusted certificates that the user names for AWS."""
    return os.environ.get("AWS_CA_BUNDLE") or None


def environment() -> dict[str, str]:
    """A copy of the environment, for a child process."""
    return dict(os.environ)
