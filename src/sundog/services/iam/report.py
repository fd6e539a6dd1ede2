"""The credential report: every user's credentials as CSV."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.core.credential import AccessKey
from sundog.services.iam.access_key import keys_of
from sundog.services.iam.common import now
from sundog.services.iam.state import LoginProfile, MfaDevice, SigningCertificate, User, account_row, update_account
from sundog.services.iam.used import key_last_used

LIFETIME = datetime.timedelta(hours=4)
DELAY = datetime.timedelta(seconds=5)
COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active",
    "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
    "additional_credentials_info",
)  # fmt: skip


def _time(value: datetime.datetime | None, lacking: str = "N/A") -> str:
    return lacking if value is None else value.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _flag(value: object) -> str:
    return "true" if value else "false"


def _key_cells(tx: Tx, key: AccessKey | None) -> list[str]:
    if key is None:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    used: Any = key_last_used(tx, key.access_key)
    return [_flag(key.active), _time(key.created), _time(used.last_used_date), used.region, used.service_name]


def _tail(tx: Tx, user_id: str, key: str) -> list[str]:
    keys: list[AccessKey | None] = [*keys_of(tx, user_id)][:2]
    certificates = list(tx.select(SigningCertificate, user=key))[:2] if key else []
    cells: list[str] = []
    for index in range(2):
        cells.extend(_key_cells(tx, keys[index] if index < len(keys) else None))
    for index in range(2):
        row = certificates[index] if index < len(certificates) else None
        cells.extend(["false", "N/A"] if row is None else [_flag(row.status == "Active"), _time(row.upload_date)])
    return [*cells, ""]


def _user_cells(tx: Tx, user: User) -> list[str]:
    profile = tx.find(LoginProfile, user.key)
    age = (account_row(tx).password_policy or {}).get("MaxPasswordAge")
    rotation = "N/A"
    if profile is not None and age and profile.changed is not None:
        rotation = _time(profile.changed + datetime.timedelta(days=age))
    return [
        user.user_name,
        user.arn,
        _time(user.create_date),
        _flag(profile),
        "N/A" if profile is None else _time(user.password_last_used, "no_information"),
        "N/A" if profile is None else _time(profile.changed),
        rotation,
        _flag(tx.select(MfaDevice, user=user.key)),
        *_tail(tx, user.user_id, user.key),
    ]


def make(tx: Tx) -> str:
    """The report, the root user first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    created = min((user.create_date for user in tx.select(User)), default=now(tx))
    writer.writerow(
        [
            "<root_account>",
            f"arn:{tx.partition}:iam::{tx.account}:root",
            _time(created),
            "not_supported",
            "no_information",
            "not_supported",
            "not_supported",
            _flag(tx.select(MfaDevice, user="")),
            *_tail(tx, tx.account, ""),
        ]
    )
    for user in tx.select(User):
        writer.writerow(_user_cells(tx, user))
    return out.getvalue().rstrip("\n")


@op
def generate_credential_report(
    tx: Tx, req: api.GenerateCredentialReportRequest
) -> api.GenerateCredentialReportResponse:
    """Ask for a report: the first call starts it, the next finds it done. One of the last four hours is kept."""
    row = account_row(tx)
    if row.report_time is not None and tx.now - row.report_time < LIFETIME:
        return api.GenerateCredentialReportResponse(state="COMPLETE")
    delayed = tx.setting("delays")
    if row.report_asked is None or (row.report_time is not None and row.report_asked <= row.report_time):
        update_account(tx, report_asked=now(tx))
        return api.GenerateCredentialReportResponse(
            state="STARTED", description="No report exists. Starting a new report generation task"
        )
    if delayed and tx.now - row.report_asked < DELAY:
        return api.GenerateCredentialReportResponse(state="INPROGRESS")
    update_account(tx, report=make(tx), report_time=now(tx), report_asked=None)
    return api.GenerateCredentialReportResponse(state="COMPLETE")


@op
def get_credential_report(tx: Tx, req: api.GetCredentialReportRequest) -> api.GetCredentialReportResponse:
    """The report as CSV."""
    row = account_row(tx)
    if row.report_asked is not None and (not tx.setting("delays") or tx.now - row.report_asked >= DELAY):
        row = update_account(tx, report=make(tx), report_time=now(tx), report_asked=None)
    if row.report_asked is not None:
        raise api.CredentialReportNotReadyException("")
    if row.report is None or row.report_time is None:
        raise api.CredentialReportNotPresentException("")
    if tx.now - row.report_time > LIFETIME:
        raise api.CredentialReportExpiredException("")
    return api.GetCredentialReportResponse(
        content=row.report.encode(), report_format="text/csv", generated_time=row.report_time
    )
