from __future__ import annotations

import csv
import io
import json

import boto3


def test_the_summary_counts_what_there_is(iam, help):
    iam.create_user(UserName="u")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["Roles"], summary["Groups"]) == (1, 1, 0)
    assert summary["UsersQuota"] == 5000


def test_an_alias_belongs_to_one_account(iam, help):
    iam.create_account_alias(AccountAlias="acme")
    iam.create_account_alias(AccountAlias="acme-2")
    assert iam.list_account_aliases()["AccountAliases"] == ["acme-2"]
    other = boto3.client("iam", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="x")
    assert help.refusal(other.create_account_alias, AccountAlias="acme-2")[0] == "EntityAlreadyExists"
    other.create_account_alias(AccountAlias="acme")
    iam.delete_account_alias(AccountAlias="acme-2")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_authorization_details_hold_everything(iam, help):
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u", Tags=[{"Key": "a", "Value": "b"}])
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=help.document())
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    found = iam.get_account_authorization_details()
    (user,) = found["UserDetailList"]
    assert user["GroupList"] == ["g"]
    assert user["UserPolicyList"] == [{"PolicyName": "p", "PolicyDocument": json.loads(help.document())}]
    assert found["RoleDetailList"][0]["AttachedManagedPolicies"][0]["PolicyName"] == "ReadOnlyAccess"
    assert [one["PolicyName"] for one in found["Policies"]] == ["ReadOnlyAccess"]
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert only["UserDetailList"] == []
    assert len(only["GroupDetailList"]) == 1


def test_the_credential_report_is_asked_for_first(iam, help):
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    iam.update_access_key(UserName="u", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert help.refusal(iam.get_credential_report)[0] == "ReportNotPresent"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    rows = list(csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode())))
    assert [row["user"] for row in rows] == ["<root_account>", "u"]
    assert rows[1]["access_key_1_active"] == "false"
    assert rows[1]["access_key_1_last_rotated"] != "N/A"


def test_the_credential_report_ages(iam, aws, help):
    iam.generate_credential_report()
    iam.get_credential_report()
    aws.clock.advance(hours=5)
    assert help.refusal(iam.get_credential_report)[0] == "ReportExpired"


def test_a_simulation_points_at_the_statement(iam, help):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}]}'
    )
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text)
    results = iam.simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::111111111111:role/r",
        ActionNames=["s3:PutObject", "s3:GetObjectVersion"],
        ResourceArns=["arn:aws:s3:::bucket"],
    )["EvaluationResults"]
    allowed, denied = results
    (statement,) = allowed["MatchedStatements"]
    assert allowed["EvalDecision"] == "allowed"
    assert statement["SourcePolicyId"] == "p"
    assert statement["StartPosition"] == {"Line": 1, "Column": 41}
    assert statement["EndPosition"] == {"Line": 1, "Column": len(text) - 1}
    assert allowed["ResourceSpecificResults"][0]["EvalResourceDecision"] == "allowed"
    assert denied["EvalDecision"] == "implicitDeny"
    assert denied["MatchedStatements"] == []
    assert denied["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}


def test_a_simulation_knows_boundaries_conditions_and_denials(iam, help):
    policies = [help.document("s3:*"), help.document("s3:Delete*", effect="Deny")]
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    found = iam.simulate_custom_policy(
        PolicyInputList=policies,
        PermissionsBoundaryPolicyInputList=[help.document("s3:*", Condition=condition)],
        ActionNames=["s3:GetObject", "s3:DeleteObject"],
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in found] == ["implicitDeny", "explicitDeny"]
    assert found[0]["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert found[0]["MissingContextValues"] == ["aws:RequestedRegion"]
    entries = [{"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": ["us-east-1"], "ContextKeyType": "string"}]
    found = iam.simulate_custom_policy(
        PolicyInputList=policies, ActionNames=["s3:GetObject"], ContextEntries=entries,
        PermissionsBoundaryPolicyInputList=[help.document("s3:*", Condition=condition)],
    )["EvaluationResults"]  # fmt: skip
    assert found[0]["EvalDecision"] == "allowed"


def test_a_simulation_leaves_out_what_it_is_told_to(iam, help):
    arn = iam.create_user(UserName="u")["User"]["Arn"]
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=help.document())
    ask = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"]}

    def decision(*excluded):
        found = iam.simulate_principal_policy(**ask, PolicyExclusionList=list(excluded))
        return found["EvaluationResults"][0]["EvalDecision"]

    assert decision({"PolicyType": "aws-managed"}) == "allowed"
    assert decision({"PolicyType": "inline"}) == "implicitDeny"
    inline = {"PolicyName": "p", "AttachmentType": "user", "AttachmentName": "u"}
    assert decision({"InlinePolicyIdentifier": inline}) == "implicitDeny"


def test_a_simulation_needs_its_entity(iam, help):
    wrong = {"PolicySourceArn": "arn:aws:iam::111111111111:user/nobody", "ActionNames": ["s3:GetObject"]}
    assert help.refusal(iam.simulate_principal_policy, **wrong) == (
        "NoSuchEntity",
        "Unable to retrieve specified IAM entity.",
    )


def test_context_keys_are_named_by_conditions_and_variables(iam, help):
    text = help.document(resource="arn:aws:s3:::b/${aws:username}", Condition={"Bool": {"aws:SecureTransport": "true"}})
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"]
    assert sorted(keys) == ["aws:SecureTransport", "aws:username"]


def test_oidc_providers_are_known_by_their_url(iam, help):
    made = iam.create_open_id_connect_provider(
        Url="https://token.example.com/a", ClientIDList=["x"], ThumbprintList=["b" * 40]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == "arn:aws:iam::111111111111:oidc-provider/token.example.com/a"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="y")
    read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert read["Url"] == "token.example.com/a"
    assert read["ClientIDList"] == ["x", "y"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert help.refusal(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn) == (
        "NoSuchEntity",
        f"OpenIDConnect Provider not found for arn {arn}",
    )


def test_saml_providers_come_and_go(iam, help):
    arn = iam.create_saml_provider(SAMLMetadataDocument="x" * 1024, Name="corp")["SAMLProviderArn"]
    assert iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"] == "x" * 1024
    assert [one["Arn"] for one in iam.list_saml_providers()["SAMLProviderList"]] == [arn]
    iam.delete_saml_provider(SAMLProviderArn=arn)
    assert help.refusal(iam.get_saml_provider, SAMLProviderArn=arn)[1] == f"Manifest not found for arn {arn}"


def test_a_server_certificate_is_kept_under_its_name(iam, help):
    iam.upload_server_certificate(ServerCertificateName="c", CertificateBody="body", PrivateKey="key")
    read = iam.get_server_certificate(ServerCertificateName="c")["ServerCertificate"]
    assert read["CertificateBody"] == "body"
    assert read["ServerCertificateMetadata"]["Arn"] == "arn:aws:iam::111111111111:server-certificate/c"
    iam.delete_server_certificate(ServerCertificateName="c")
    assert help.refusal(iam.get_server_certificate, ServerCertificateName="c") == (
        "NoSuchEntity",
        "The Server Certificate with name c cannot be found.",
    )


def test_outbound_federation_signs_tokens(iam, aws):
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    sts = boto3.client("sts", "us-east-1", aws_access_key_id="111111111111", aws_secret_access_key="x")
    answer = sts.get_web_identity_token(Audience=["https://api.example.com"], SigningAlgorithm="ES384")
    import base64

    claims = answer["WebIdentityToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert claims["iss"] == issuer
    assert claims["aud"] == "https://api.example.com"


def test_last_access_is_told_from_calls(iam, help):
    arn = iam.create_user(UserName="u")["User"]["Arn"]
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=help.document(["sts:*", "s3:*"]))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    boto3.client(
        "sts", "us-east-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    ).get_caller_identity()
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    services = iam.get_service_last_accessed_details(JobId=job)["ServicesLastAccessed"]
    found = {one["ServiceNamespace"]: one["TotalAuthenticatedEntities"] for one in services}
    assert found == {"s3": 0, "sts": 1}


def test_a_delegation_is_asked_for_accepted_and_traded_in(iam, help, aws):
    asked = iam.create_delegation_request(
        OwnerAccountId="222222222222",
        Description="set up",
        Permissions={"PolicyTemplateArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        RequestorWorkflowId="workflow-1",
        NotificationChannel="arn:aws:sns:us-east-1:111111111111:channel",
        SessionDuration=900,
    )
    request = asked["DelegationRequestId"]
    owner = boto3.client("iam", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="x")
    owner.associate_delegation_request(DelegationRequestId=request)
    owner.accept_delegation_request(DelegationRequestId=request)
    assert iam.get_delegation_request(DelegationRequestId=request)["DelegationRequest"]["State"] == "ACCEPTED"
    owner.send_delegation_token(DelegationRequestId=request)
    from sundog.core.credential import TradeInToken

    (token,) = (row.token for _, _, row in aws.store.everywhere(TradeInToken))
    sts = boto3.client("sts", "us-east-1", aws_access_key_id="111111111111", aws_secret_access_key="x")
    answer = sts.get_delegated_access_token(TradeInToken=token)
    assert answer["AssumedPrincipal"] == "arn:aws:iam::222222222222:root"
    assert help.refusal(sts.get_delegated_access_token, TradeInToken=token)[0] == "InvalidParameterValue"


def test_preferences_and_properties_are_kept(iam):
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2
    assert iam.get_account_properties()["Properties"] == {}
    iam.put_account_properties(Properties={"iam/a/b": "c"})
    assert iam.get_account_properties()["Properties"] == {"iam/a/b": "c"}


def test_features_of_organizations_need_one(iam, help):
    for call in (
        iam.list_organizations_features,
        iam.enable_organizations_root_credentials_management,
        iam.disable_organizations_root_credentials_management,
        iam.enable_organizations_root_sessions,
        iam.disable_organizations_root_sessions,
    ):
        assert help.refusal(call)[0] == "OrganizationNotFoundException"


def test_outbound_federation_is_switched_once(iam, help):
    assert help.refusal(iam.get_outbound_web_identity_federation_info)[0] == "FeatureDisabled"
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert help.refusal(iam.enable_outbound_web_identity_federation)[0] == "FeatureEnabled"
    assert iam.get_outbound_web_identity_federation_info()["IssuerIdentifier"] == issuer
    iam.disable_outbound_web_identity_federation()
    assert help.refusal(iam.disable_outbound_web_identity_federation)[0] == "FeatureDisabled"


def test_providers_are_changed(iam, help):
    oidc = iam.create_open_id_connect_provider(Url="https://x.example.com", ClientIDList=["a", "b"])
    arn = {"OpenIDConnectProviderArn": oidc["OpenIDConnectProviderArn"]}
    iam.remove_client_id_from_open_id_connect_provider(**arn, ClientID="a")
    iam.update_open_id_connect_provider_thumbprint(**arn, ThumbprintList=["a" * 40])
    read = iam.get_open_id_connect_provider(**arn)
    assert (read["ClientIDList"], read["ThumbprintList"]) == (["b"], ["a" * 40])
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [
        {"Arn": arn["OpenIDConnectProviderArn"]}
    ]
    saml = iam.create_saml_provider(SAMLMetadataDocument="x" * 1024, Name="corp")["SAMLProviderArn"]
    iam.update_saml_provider(SAMLProviderArn=saml, SAMLMetadataDocument="y" * 1024)
    assert iam.get_saml_provider(SAMLProviderArn=saml)["SAMLMetadataDocument"] == "y" * 1024


def test_instance_profiles_are_listed_by_path(iam):
    iam.create_instance_profile(InstanceProfileName="a", Path="/x/")
    iam.create_instance_profile(InstanceProfileName="b")
    (listed,) = iam.list_instance_profiles(PathPrefix="/x/")["InstanceProfiles"]
    assert listed["InstanceProfileName"] == "a"


def test_context_keys_of_an_entity_include_its_groups(iam, help):
    arn = iam.create_user(UserName="u")["User"]["Arn"]
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="u")
    text = help.document(Condition={"Bool": {"aws:SecureTransport": "true"}})
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=text)
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"]
    assert keys == ["aws:SecureTransport"]


def test_entities_and_policies_behind_a_service_are_named(iam, help):
    policy = iam.create_policy(PolicyName="p", PolicyDocument=help.document("s3:*"))["Policy"]["Arn"]
    user = iam.create_user(UserName="u")["User"]["Arn"]
    iam.attach_user_policy(UserName="u", PolicyArn=policy)
    (entry,) = iam.list_policies_granting_service_access(Arn=user, ServiceNamespaces=["s3"])[
        "PoliciesGrantingServiceAccess"
    ]
    assert entry["Policies"] == [{"PolicyName": "p", "PolicyType": "MANAGED", "PolicyArn": policy}]
    job = iam.generate_service_last_accessed_details(Arn=policy)["JobId"]
    found = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="s3")
    assert [one["EntityInfo"]["Name"] for one in found["EntityDetailsList"]] == ["u"]


def test_an_organizations_report_names_what_its_account_used(iam):
    path = "o-a1b2c3d4e5/r-f6g7h8/111111111111"
    job = iam.generate_organizations_access_report(EntityPath=path)["JobId"]
    report = iam.get_organizations_access_report(JobId=job)
    assert report["JobStatus"] == "COMPLETED"
    assert [one["ServiceNamespace"] for one in report["AccessDetails"]] == ["iam"]


def test_a_delegation_may_be_handed_on_and_refused(iam, help):
    request = iam.create_delegation_request(
        OwnerAccountId="111111111111",
        Description="set up",
        Permissions={"PolicyTemplateArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        RequestorWorkflowId="workflow-1",
        NotificationChannel="arn:aws:sns:us-east-1:111111111111:channel",
        SessionDuration=900,
    )["DelegationRequestId"]
    iam.associate_delegation_request(DelegationRequestId=request)
    iam.update_delegation_request(DelegationRequestId=request, Notes="please look")
    arn = f"arn:aws:iam::111111111111:delegation-request/{request}"
    assert "set up" in iam.get_human_readable_summary(EntityArn=arn)["SummaryContent"]
    iam.reject_delegation_request(DelegationRequestId=request, Notes="no")
    (listed,) = iam.list_delegation_requests()["DelegationRequests"]
    assert (listed["State"], listed["RejectionReason"]) == ("REJECTED", "no")
    assert help.refusal(iam.accept_delegation_request, DelegationRequestId=request)[0] == "InvalidInput"


def test_there_are_no_role_templates(iam, help):
    arn = "arn:aws:iam::aws:role-template/none"
    assert help.refusal(iam.acquire_role, TemplateArn=arn)[0] == "NoSuchEntity"
    assert help.refusal(iam.get_role_template_version, TemplateArn=arn)[0] == "NoSuchEntity"
