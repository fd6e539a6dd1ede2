"""What ``sundog`` understands."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import click

from sundog import __version__, settings
from sundog.cli import child_environment, fail, run, run_child, start

PORT = 4566


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sundog")
def cli() -> None:
    """Sundog: a mock cloud."""


def _cloud_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--seed", help="Make the same ids and secrets at each run."),
        click.option(
            "--profile",
            metavar="NAME",
            help="The cloud that hosts mean which name none: outscale, eucalyptus, or MODULE:NAME of your own Profile.",
        ),
        click.option("--strict", is_flag=True, help="Refuse operations that are only modelled, not emulated."),
        click.option(
            "--allow-host",
            "allow_hosts",
            multiple=True,
            metavar="PATTERN",
            help="Let the proxy's calls of these hosts out to the network.",
        ),
    ):
        command = option(command)
    return command


def _options(
    seed: str | None = None, profile: str | None = None, strict: bool = False, allow_hosts: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Only what was said: the rest is the environment's to say."""
    given: dict[str, Any] = {}
    if seed is not None:
        given["seed"] = int(seed) if seed.isdigit() else seed
    if profile is not None:
        given["profile"] = profile
    if strict:
        given["strict"] = True
    if allow_hosts:
        given["allow_hosts"] = allow_hosts
    return given


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@_cloud_options
@click.option(
    "--log-level",
    default="warning",
    show_default=True,
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
)
def serve(host: str, port: int, log_level: str, **options: Any) -> None:
    """Answer as AWS on one port: HTTP, HTTPS and proxy."""
    import logging

    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run(start(host, port, _options(**options)))


@cli.command()
def ca() -> None:
    """Print the path of the certificate authority that clients of the proxy must trust; make it if need be."""
    from sundog.ways.ca import Authority

    click.echo(Authority(settings.home()).load())


_FORMS = {"sh": "export {}={}", "fish": "set -gx {} {}", "powershell": "$Env:{} = {}"}


@cli.command()
@click.option("--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Where the server is.")
@click.option("--proxy", is_flag=True, help="Use the server as the clients' proxy, not as their endpoint.")
@click.option("--world", help="Use the cloud of this name, apart from all others.")
@click.option("--shell", type=click.Choice(list(_FORMS)), default="sh", show_default=True)
def env(url: str, proxy: bool, world: str | None, shell: str) -> None:
    """Print the variables that lead clients to the server: eval "$(sundog env)"."""
    for name, value in _variables(url, proxy, world).items():
        quoted = "'" + value.replace("'", "''") + "'" if shell == "powershell" else shlex.quote(value)
        click.echo(_FORMS[shell].format(name, quoted))


def _variables(url: str, proxy: bool, world: str | None) -> dict[str, str]:
    ca = bundle = ""
    if proxy:
        from sundog.ways.ca import Authority

        authority = Authority(settings.home())
        ca, bundle = str(authority.load()), str(authority.bundle())
    return child_environment(url, ca, bundle, proxy, world, settings.environment())


@cli.command(name="exec", context_settings={"ignore_unknown_options": True})
@click.option("--url", help="Use the server that runs there, instead of a new one.")
@click.option("--proxy", is_flag=True, help="Use the server as the command's proxy, not as its endpoint.")
@click.option("--world", help="Use the cloud of this name, apart from all others.")
@_cloud_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(
    url: str | None,
    proxy: bool,
    world: str | None,
    command: tuple[str, ...],
    **options: Any,
) -> None:
    """Run a command with its calls of AWS led to a server: sundog exec -- aws s3 ls"""
    chosen = _options(**options)
    server = None
    if url is None:
        server = start("127.0.0.1", 0, chosen).start()
        url = server.url
    elif chosen:
        fail("--seed, --profile, --strict and --allow-host are for a new server, not for the one that --url names.", 2)
    try:
        code = run_child(command, {**settings.environment(), **_variables(url, proxy, world)})
    finally:
        if server is not None:
            server.stop()
    raise SystemExit(code)


@cli.command()
@click.argument("service", required=False)
def coverage(service: str | None) -> None:
    """Say how well each operation is answered: of one service, or counts of all."""
    from sundog.coverage import print_all, print_service
    from sundog.wire.model import has_service

    if service is None:
        print_all(click.echo)
    elif has_service(service):
        print_service(service, click.echo)
    else:
        fail(f"there is no service {service}", 2)
