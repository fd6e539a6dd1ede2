"""The tests of ``servers_boto2``, in each of the four ways."""

import pytest

import sundog
from sundog import mock_aws  # above boto: it lets boto 2 be imported by today's Pythons

from servers_boto2 import add_servers, list_servers  # isort: skip


@mock_aws
def test_with_a_decorator():
    add_servers("ami-1234abcd", 2)
    assert len(list_servers()) == 2


def test_with_a_context_manager():
    with mock_aws() as aws:
        add_servers("ami-1234abcd", 2)
        assert len(list_servers()) == 2
    assert [call.operation for call in aws.calls] == ["RunInstances", "RunInstances", "DescribeInstances"]


def test_by_hand():
    mock = mock_aws()
    mock.start()
    try:
        add_servers("ami-1234abcd", 2)
        assert len(list_servers()) == 2
    finally:
        mock.stop()


@pytest.fixture
def proxy(monkeypatch):
    """A server, and what boto 2 needs to know of it. The endpoint stays ec2.us-east-1.amazonaws.com."""
    server = sundog.serve(port=0)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    yield {"proxy": server.host, "proxy_port": server.port}
    server.stop()


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_with_the_server_as_a_proxy(proxy, secure):
    add_servers("ami-1234abcd", 2, is_secure=secure, **proxy)
    assert len(list_servers(is_secure=secure, **proxy)) == 2
