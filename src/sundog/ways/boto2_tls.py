"""boto 2's TLS, as Python 3 has it: its own passes text to sockets, and calls ``ssl.wrap_socket``, which is gone."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPSConnection
from types import ModuleType
from typing import Any

from sundog.settings import ca_bundle


def mend(module: ModuleType) -> None:
    """Give ``boto.connection`` and ``boto.https_connection`` what works."""
    if module.__name__ == "boto.connection":
        module.AWSAuthConnection.proxy_ssl = proxy_ssl
    elif not hasattr(ssl, "wrap_socket"):
        module.CertValidatingHTTPSConnection.connect = connect


def context(validate: bool, ca_file: str | None) -> ssl.SSLContext:
    """What boto's settings ask for. ``AWS_CA_BUNDLE`` counts where they name no file of their own."""
    bundle = ca_bundle()
    if ca_file is None or (bundle and ca_file.replace("\\", "/").endswith("boto/cacerts/cacerts.txt")):
        ca_file = bundle
    made = ssl.create_default_context(cafile=ca_file)
    if not validate:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def target(connection: Any, host: str | None, port: int | None) -> tuple[str, int]:
    """Where an ``AWSAuthConnection`` wants to go. boto says 443 whatever the connection's port is; the host is right."""
    if not host or host == connection.host.partition(":")[0]:
        return connection.host.partition(":")[0], connection.port
    return host, port or 443


def proxy_ssl(self: Any, host: str | None = None, port: int | None = None) -> HTTPSConnection:
    """A connection through the proxy's ``CONNECT`` (an ``AWSAuthConnection``'s method)."""
    name, number = target(self, host, port)
    options = {"timeout": self.http_connection_kwargs["timeout"]} if "timeout" in self.http_connection_kwargs else {}
    made = HTTPSConnection(
        self.proxy,
        int(self.proxy_port),
        context=context(self.https_validate_certificates, self.ca_certificates_file),
        **options,
    )
    headers: dict[str, str] = self.get_proxy_auth_header() if self.proxy_user and self.proxy_pass else {}
    made.set_tunnel(name, number, headers)
    return made


def connect(self: Any) -> None:
    """Connect and check the certificate (a ``CertValidatingHTTPSConnection``'s method)."""
    plain = socket.create_connection((self.host, self.port), getattr(self, "timeout", None) or None)
    made = context(True, self.ca_certs)
    if self.cert_file:
        made.load_cert_chain(self.cert_file, self.key_file)
    self.sock = made.wrap_socket(plain, server_hostname=self.host.split(":", 1)[0])
