"""Access control lists, and who owns what."""

from __future__ import annotations

import pytest

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
FAKE = "http://acs.amazonaws.com/groups/s3/FakeGroup"
MALFORMED = {
    "Code": "MalformedACLError",
    "Message": "The XML you provided was not well-formed or did not validate against our published schema",
    "Status": 400,
}
UNSUPPORTED = {
    "Code": "AccessControlListNotSupported",
    "Message": "The bucket does not allow ACLs",
    "Status": 400,
}


@pytest.fixture
def open_bucket(s3, bucket):
    """A bucket in which ACLs count, public ones too."""
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    return bucket


@pytest.fixture
def owner(s3):
    return s3.list_buckets()["Owner"]["ID"]


def to(who, permission):
    kind = {"Type": "Group", "URI": who} if who.startswith("http") else {"Type": "CanonicalUser", "ID": who}
    return {"Grantee": kind, "Permission": permission}


def test_a_new_bucket_is_its_owners(s3, bucket, owner):
    found = s3.get_bucket_acl(Bucket=bucket)
    assert (found["Owner"], found["Grants"]) == ({"ID": owner}, [to(owner, "FULL_CONTROL")])
    assert len(owner) == 64


def test_a_new_bucket_takes_no_acls(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k")
    assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == UNSUPPORTED
    assert refused(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read") == UNSUPPORTED
    assert refused(s3.put_object, Bucket=bucket, Key="other", ACL="public-read") == UNSUPPORTED
    s3.put_object(Bucket=bucket, Key="other", ACL="bucket-owner-full-control")


def test_a_new_bucket_blocks_what_is_public(s3, bucket, refused):
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    denied = {"Code": "AccessDenied", "Message": "Access Denied", "Status": 403}
    assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == denied
    assert refused(s3.put_object, Bucket=bucket, Key="k", ACL="public-read") == denied


def test_canned_acls_are_kept_as_grants(s3, open_bucket, owner):
    for name, more in (
        ("public-read", [to(ALL, "READ")]),
        ("public-read-write", [to(ALL, "READ"), to(ALL, "WRITE")]),
        ("authenticated-read", [to(ALL.replace("AllUsers", "AuthenticatedUsers"), "READ")]),
        ("log-delivery-write", [to(LOGS, "WRITE"), to(LOGS, "READ_ACP")]),
        ("private", []),
    ):
        s3.put_bucket_acl(Bucket=open_bucket, ACL=name)
        assert s3.get_bucket_acl(Bucket=open_bucket)["Grants"] == [to(owner, "FULL_CONTROL"), *more]


def test_grants_in_headers_take_the_place_of_all(s3, open_bucket, owner):
    s3.put_bucket_acl(Bucket=open_bucket, GrantRead=f'uri="{LOGS}"')
    assert s3.get_bucket_acl(Bucket=open_bucket)["Grants"] == [to(LOGS, "READ")]
    s3.put_bucket_acl(Bucket=open_bucket, GrantFullControl=f'id="{owner}"', GrantWrite=f"uri={LOGS}")
    assert s3.get_bucket_acl(Bucket=open_bucket)["Grants"] == [to(owner, "FULL_CONTROL"), to(LOGS, "WRITE")]


def test_grants_in_a_document_take_the_place_of_all(s3, open_bucket, owner):
    grants = [to(owner, "FULL_CONTROL"), to(LOGS, "WRITE")]
    s3.put_bucket_acl(Bucket=open_bucket, AccessControlPolicy={"Owner": {"ID": owner}, "Grants": grants})
    assert s3.get_bucket_acl(Bucket=open_bucket)["Grants"] == grants


def test_objects_have_acls_of_their_own(s3, open_bucket, owner):
    where = {"Bucket": open_bucket, "Key": "k"}
    s3.put_object(**where)
    assert s3.get_object_acl(**where)["Grants"] == [to(owner, "FULL_CONTROL")]
    s3.put_object(**where, ACL="public-read")
    found = s3.get_object_acl(**where)
    assert (found["Owner"], found["Grants"]) == ({"ID": owner}, [to(owner, "FULL_CONTROL"), to(ALL, "READ")])
    s3.put_object_acl(**where, GrantRead=f'uri="{LOGS}"')
    assert s3.get_object_acl(**where)["Grants"] == [to(LOGS, "READ")]
    grants = [to(owner, "FULL_CONTROL"), to(LOGS, "WRITE")]
    s3.put_object_acl(**where, AccessControlPolicy={"Owner": {"ID": owner}, "Grants": grants})
    assert s3.get_object_acl(**where)["Grants"] == grants
    s3.copy_object(Bucket=open_bucket, Key="copy", CopySource=where)
    assert s3.get_object_acl(Bucket=open_bucket, Key="copy")["Grants"] == [to(owner, "FULL_CONTROL")]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            {"ACL": "fake-acl"},
            {"Code": "InvalidArgument", "ArgumentName": "x-amz-acl", "ArgumentValue": "fake-acl"},
        ),
        (
            {"GrantWrite": 'fakekey="1234"'},
            {
                "Code": "InvalidArgument",
                "Message": "Argument format not recognized",
                "ArgumentName": "x-amz-grant-write",
                "ArgumentValue": 'fakekey="1234"',
            },
        ),
        (
            {"GrantWrite": f'uri="{FAKE}"'},
            {
                "Code": "InvalidArgument",
                "Message": "Invalid group uri",
                "ArgumentName": "uri",
                "ArgumentValue": FAKE,
            },
        ),
        (
            {"GrantWrite": 'id="wrong-id"'},
            {
                "Code": "InvalidArgument",
                "Message": "Invalid id",
                "ArgumentName": "id",
                "ArgumentValue": "wrong-id",
            },
        ),
        (
            {"ACL": "public-read", "GrantRead": f'uri="{LOGS}"'},
            {
                "Code": "InvalidRequest",
                "Message": "Specifying both Canned ACLs and Header Grants is not allowed",
            },
        ),
        (
            {},
            {
                "Code": "MissingSecurityHeader",
                "Message": "Your request was missing a required header",
                "MissingHeaderName": "x-amz-acl",
            },
        ),
    ],
)
@pytest.mark.parametrize("what", ["bucket", "object"])
def test_headers_that_grant_nothing_are_refused(s3, open_bucket, refused, given, wanted, what):
    s3.put_object(Bucket=open_bucket, Key="k")
    if what == "bucket":
        answer = refused(s3.put_bucket_acl, Bucket=open_bucket, **given)
    else:
        given = {name.replace("GrantWrite", "GrantRead"): value for name, value in given.items()}
        wanted = {name: value.replace("x-amz-grant-write", "x-amz-grant-read") for name, value in wanted.items()}
        answer = refused(s3.put_object_acl, Bucket=open_bucket, Key="k", **given)
    if wanted["Code"] == "InvalidArgument" and "Message" not in wanted:
        assert not answer.pop("Message")
    assert answer == {**wanted, "Status": 400}


def test_a_document_and_a_canned_acl_exclude_each_other(s3, open_bucket, refused, owner):
    policy = {"Owner": {"ID": owner}, "Grants": [to(owner, "FULL_CONTROL")]}
    assert refused(s3.put_bucket_acl, Bucket=open_bucket, ACL="private", AccessControlPolicy=policy) == {
        "Code": "UnexpectedContent",
        "Message": "This request does not support content",
        "Status": 400,
    }


@pytest.mark.parametrize(
    "policy",
    [
        {"Grants": [{"Grantee": {"Type": "Group", "URI": LOGS}, "Permission": "WRITE"}]},
        {"Owner": {"ID": "me"}, "Grants": [{"Permission": "READ"}]},
        {"Owner": {"ID": "me"}, "Grants": [{"Grantee": {"Type": "Group", "URI": LOGS}, "Permission": "FAKE"}]},
        {"Owner": {"ID": "me"}, "Grants": [{"Grantee": {"Type": "Group"}, "Permission": "READ"}]},
        {"Owner": {"ID": "me"}},
        {},
    ],
)
def test_a_document_must_be_well_formed(s3, open_bucket, refused, owner, policy):
    if "Owner" in policy:
        policy = {**policy, "Owner": {"ID": owner}}
    assert refused(s3.put_bucket_acl, Bucket=open_bucket, AccessControlPolicy=policy) == MALFORMED


@pytest.mark.parametrize(
    ("given_owner", "grantee", "name", "value", "message"),
    [
        ("wrong-id", {"Type": "Group", "URI": LOGS}, "CanonicalUser/ID", "wrong-id", "Invalid id"),
        (None, {"Type": "Group", "URI": FAKE}, "Group/URI", FAKE, "Invalid group uri"),
        (None, {"Type": "CanonicalUser", "ID": "wrong-id"}, "CanonicalUser/ID", "wrong-id", "Invalid id"),
    ],
)
def test_a_document_must_name_who_there_is(s3, open_bucket, refused, owner, given_owner, grantee, name, value, message):
    policy = {"Owner": {"ID": given_owner or owner}, "Grants": [{"Grantee": grantee, "Permission": "WRITE"}]}
    assert refused(s3.put_bucket_acl, Bucket=open_bucket, AccessControlPolicy=policy) == {
        "Code": "InvalidArgument",
        "Message": message,
        "ArgumentName": name,
        "ArgumentValue": value,
        "Status": 400,
    }


def test_delete_markers_have_no_acls(s3, versioned, refused):
    s3.put_object(Bucket=versioned, Key="k")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    answer = refused(s3.get_object_acl, Bucket=versioned, Key="k")
    assert (answer["Code"], answer["Key"], answer["Status"]) == ("NoSuchKey", "k", 404)
    assert refused(s3.get_object_acl, Bucket=versioned, Key="k", VersionId=marker) == {
        "Code": "MethodNotAllowed",
        "Message": "The specified method is not allowed against this resource.",
        "Method": "GET",
        "ResourceType": "DeleteMarker",
        "Status": 405,
    }


def test_ownership_comes_changes_and_goes(s3, bucket, refused):
    def rules(name):
        return {"Rules": [{"ObjectOwnership": name}]}

    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == rules("BucketOwnerEnforced")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules("BucketOwnerPreferred"))
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == rules("BucketOwnerPreferred")
    answer = s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_ownership_controls, Bucket=bucket) == {
        "Code": "OwnershipControlsNotFoundError",
        "Message": "The bucket ownership controls were not found",
        "BucketName": bucket,
        "Status": 404,
    }


def test_a_bucket_with_acls_can_not_enforce_ownership(s3, open_bucket, refused):
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    answer = refused(s3.put_bucket_ownership_controls, Bucket=open_bucket, OwnershipControls=controls)
    assert answer == {
        "Code": "InvalidBucketAclWithObjectOwnership",
        "Message": "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        "Status": 400,
    }
    assert refused(s3.create_bucket, Bucket="other", ACL="public-read")["Code"] == "InvalidBucketAclWithObjectOwnership"


def test_an_object_that_others_write_is_theirs(s3, open_bucket, client, owner):
    other = client(account="222222222222")
    other.put_object(Bucket=open_bucket, Key="theirs")
    other.put_object(Bucket=open_bucket, Key="both", ACL="bucket-owner-full-control")
    their_id = other.list_buckets()["Owner"]["ID"]
    assert s3.get_object_acl(Bucket=open_bucket, Key="theirs")["Owner"] == {"ID": their_id}
    grants = s3.get_object_acl(Bucket=open_bucket, Key="both")["Grants"]
    assert grants == [to(their_id, "FULL_CONTROL"), to(owner, "FULL_CONTROL")]


def test_public_access_is_blocked_by_parts(s3, bucket, refused):
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert found == dict.fromkeys(blocks, True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert found == {name: name == "IgnorePublicAcls" for name in blocks}
    s3.delete_public_access_block(Bucket=bucket)
    assert refused(s3.get_public_access_block, Bucket=bucket) == {
        "Code": "NoSuchPublicAccessBlockConfiguration",
        "Message": "The public access block configuration was not found",
        "BucketName": bucket,
        "Status": 404,
    }
    assert refused(s3.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration={}) == {
        "Code": "InvalidRequest",
        "Message": "Must specify at least one configuration.",
        "Status": 400,
    }
