"""The parameter store."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud


@pytest.fixture
def ssm(aws: Cloud) -> Any:
    return boto3.client("ssm", region_name="us-east-1")


def put(ssm: Any, name: str, value: str = "v", **more: Any) -> int:
    return ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **more})["Version"]


def test_a_parameter_is_read_by_name_and_by_arn(ssm: Any) -> None:
    assert put(ssm, "/app/db", "one") == 1
    read = ssm.get_parameter(Name="/app/db")["Parameter"]
    assert (read["Name"], read["Type"], read["Value"], read["Version"], read["DataType"]) == (
        "/app/db", "String", "one", 1, "text",
    )  # fmt: skip
    assert read["ARN"] == "arn:aws:ssm:us-east-1:123456789012:parameter/app/db"
    assert ssm.get_parameter(Name=read["ARN"])["Parameter"]["Value"] == "one"


def test_overwriting_makes_a_version(ssm: Any) -> None:
    put(ssm, "a", "one", Description="d")
    with pytest.raises(ssm.exceptions.ParameterAlreadyExists, match="set the overwrite option in the request to true"):
        put(ssm, "a", "two")
    assert ssm.put_parameter(Name="a", Value="two", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name="a")["Parameter"]["Value"] == "two"
    old = ssm.get_parameter(Name="a:1")["Parameter"]
    assert (old["Value"], old["Selector"]) == ("one", ":1")
    history = ssm.get_parameter_history(Name="a")["Parameters"]
    assert [(one["Version"], one["Value"], one["Description"]) for one in history] == [(1, "one", "d"), (2, "two", "d")]


def test_labels_select_versions_and_move(ssm: Any) -> None:
    put(ssm, "a", "one")
    put(ssm, "a", "two", Overwrite=True)
    ssm.label_parameter_version(Name="a", ParameterVersion=1, Labels=["live"])
    assert ssm.get_parameter(Name="a:live")["Parameter"]["Value"] == "one"
    told = ssm.label_parameter_version(Name="a", Labels=["live", "1bad"])
    assert (told["ParameterVersion"], told["InvalidLabels"]) == (2, ["1bad"])
    assert ssm.get_parameter(Name="a:live")["Parameter"]["Value"] == "two"


def test_secure_strings_show_only_when_decrypted(ssm: Any) -> None:
    put(ssm, "s", "hidden", Type="SecureString")
    assert "hidden" not in ssm.get_parameter(Name="s")["Parameter"]["Value"]
    assert ssm.get_parameter(Name="s", WithDecryption=True)["Parameter"]["Value"] == "hidden"
    assert ssm.describe_parameters()["Parameters"][0]["KeyId"] == "alias/aws/ssm"


@pytest.mark.parametrize("operation", ["get_parameter", "delete_parameter", "get_parameter_history"])
def test_a_missing_parameter_is_the_modelled_error(ssm: Any, operation: str) -> None:
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        getattr(ssm, operation)(Name="no")


def test_many_are_read_at_once(ssm: Any) -> None:
    put(ssm, "b", "2")
    put(ssm, "a", "1")
    read = ssm.get_parameters(Names=["b", "no", "a"])
    assert [one["Value"] for one in read["Parameters"]] == ["1", "2"]
    assert read["InvalidParameters"] == ["no"]


def test_paths_hold_parameters(ssm: Any) -> None:
    for name in ("/app/a", "/app/sub/b", "/application/c", "plain"):
        put(ssm, name)

    def names(**params: Any) -> list[str]:
        return [one["Name"] for one in ssm.get_parameters_by_path(**params)["Parameters"]]

    assert names(Path="/app") == ["/app/a"]
    assert names(Path="/app/", Recursive=True) == ["/app/a", "/app/sub/b"]
    assert names(Path="/none") == []


def test_paths_come_in_pages_of_ten(ssm: Any) -> None:
    for number in range(12):
        put(ssm, f"/p/{number:02}")
    first = ssm.get_parameters_by_path(Path="/p")
    assert len(first["Parameters"]) == 10
    rest = ssm.get_parameters_by_path(Path="/p", NextToken=first["NextToken"])
    assert [one["Name"] for one in rest["Parameters"]] == ["/p/10", "/p/11"]


def test_descriptions_are_filtered(ssm: Any) -> None:
    put(ssm, "/app/a", Tags=[{"Key": "env", "Value": "prod"}])
    put(ssm, "/app/b", Type="StringList")
    put(ssm, "other", Type="SecureString")

    def names(key: str, *values: str, **more: str) -> list[str]:
        wanted = {"Key": key, "Values": list(values), **more}
        return [one["Name"] for one in ssm.describe_parameters(ParameterFilters=[wanted])["Parameters"]]

    assert names("Name", "/app", Option="BeginsWith") == ["/app/a", "/app/b"]
    assert names("Type", "StringList") == ["/app/b"]
    assert names("tag:env", "prod") == ["/app/a"]
    assert names("Path", "/app") == ["/app/a", "/app/b"]


@pytest.mark.parametrize("name", ["ssmthing", "aws-thing", "a b", "a/b"])
def test_some_names_are_refused(ssm: Any, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        put(ssm, name)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_tiers_follow_sizes(ssm: Any) -> None:
    with pytest.raises(ClientError, match="maximum parameter value of 4096"):
        put(ssm, "a", "x" * 4097)
    assert (
        ssm.put_parameter(Name="a", Type="String", Value="x" * 4097, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    )


def test_values_must_fit_their_pattern(ssm: Any) -> None:
    with pytest.raises(ssm.exceptions.ParameterPatternMismatchException):
        put(ssm, "a", "abc", AllowedPattern=r"^\d+$")
    put(ssm, "a", "12", AllowedPattern=r"^\d+$")


def test_deleting_tells_what_was_not_there(ssm: Any) -> None:
    put(ssm, "a")
    gone = ssm.delete_parameters(Names=["a", "b"])
    assert (gone["DeletedParameters"], gone["InvalidParameters"]) == (["a"], ["b"])
    assert ssm.describe_parameters()["Parameters"] == []


def test_parameters_and_documents_bear_tags(ssm: Any) -> None:
    put(ssm, "a")
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="a", Tags=[{"Key": "k", "Value": "v"}])
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="a")["TagList"] == [
        {"Key": "k", "Value": "v"}
    ]
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="a", TagKeys=["k"])
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="a")["TagList"] == []
    ssm.create_document(Name="doc", Content="{}", DocumentType="Command")
    ssm.add_tags_to_resource(ResourceType="Document", ResourceId="doc", Tags=[{"Key": "k", "Value": "v"}])
    assert ssm.list_tags_for_resource(ResourceType="Document", ResourceId="doc")["TagList"] == [
        {"Key": "k", "Value": "v"}
    ]
    with pytest.raises(ssm.exceptions.InvalidResourceId):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="no")


def test_secrets_are_read_as_parameters(ssm: Any) -> None:
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="s", SecretString="hidden")
    read = ssm.get_parameter(Name="/aws/reference/secretsmanager/s", WithDecryption=True)["Parameter"]
    assert (read["Value"], read["Type"]) == ("hidden", "SecureString")
