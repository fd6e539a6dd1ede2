"""Role templates, which only AWS and its partners publish: a mock cloud knows none."""

from __future__ import annotations

from sundog.api import iam as api
from sundog.core import Tx, op


def _unknown(arn: str) -> api.NoSuchEntityException:
    return api.NoSuchEntityException(f"Role template {arn} cannot be found.")


@op
def acquire_role(tx: Tx, req: api.AcquireRoleRequest) -> api.AcquireRoleResponse:
    raise _unknown(req.template_arn)


@op
def get_role_template_version(tx: Tx, req: api.GetRoleTemplateVersionRequest) -> api.GetRoleTemplateVersionResponse:
    raise _unknown(req.template_arn)
