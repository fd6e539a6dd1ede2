"""The tests of ``servers_boto3``, in each of the four ways."""

import pytest
from botocore.config import Config
from servers_boto3 import add_servers, list_servers

import sundog
from sundog import mock_aws


@mock_aws
def test_with_a_decorator():
    add_servers("ami-1234abcd", 2)
    assert len(list_servers()) == 2


def test_with_a_context_manager():
    with mock_aws() as aws:
        add_servers("ami-1234abcd", 2)
        assert len(list_servers()) == 2
    assert [call.operation for call in aws.calls] == ["RunInstances", "DescribeInstances"]


def test_by_hand():
    mock = mock_aws()
    mock.start()
    try:
        add_servers("ami-1234abcd", 2)
        assert len(list_servers()) == 2
    finally:
        mock.stop()


def test_with_the_server_as_an_endpoint():
    with sundog.serve(port=0) as url:
        add_servers("ami-1234abcd", 2, endpoint_url=url)
        assert len(list_servers(endpoint_url=url)) == 2


@pytest.fixture
def proxy(monkeypatch):
    """A server, and what boto3 needs to know of it. The endpoint stays ec2.us-east-1.amazonaws.com."""
    server = sundog.serve(port=0)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    yield {"config": Config(proxies={"http": server.url, "https": server.url})}
    server.stop()


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_with_the_server_as_a_proxy(proxy, secure):
    add_servers("ami-1234abcd", 2, use_ssl=secure, **proxy)
    assert len(list_servers(use_ssl=secure, **proxy)) == 2
