"""Text messages: the account's settings, numbers that opted out, and the sandbox."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import sns as api
from sundog.core import AwsError, Tx, op
from sundog.services.sns.refusal import invalid
from sundog.services.sns.state import OptedOut, SandboxNumber, SmsSettings

NAMES = (
    "MonthlySpendLimit",
    "DeliveryStatusIAMRole",
    "DeliveryStatusSuccessSamplingRate",
    "DefaultSenderID",
    "DefaultSMSType",
    "UsageReportS3Bucket",
)
LANGUAGES = (
    "en-US",
    "en-GB",
    "es-419",
    "es-ES",
    "de-DE",
    "fr-CA",
    "fr-FR",
    "it-IT",
    "ja-JP",
    "pt-BR",
    "kr-KR",
    "zh-CN",
    "zh-TW",
)
_NUMBER = re.compile(r"\+?[0-9]{4,20}\Z")
_E164 = re.compile(r"\+[1-9][0-9]{5,14}\Z")


def _checked(number: str) -> str:
    if _NUMBER.match(number) is None:
        raise invalid("PhoneNumber", "input incorrectly formatted")
    return number


@op
def set_sms_attributes(tx: Tx, req: api.SetSMSAttributesInput) -> api.SetSMSAttributesResponse:
    for name, value in req.attributes.items():
        if name not in NAMES:
            raise AwsError("InvalidParameter", f"{name} is not a valid attribute")
        if name == "DefaultSMSType" and value not in ("Promotional", "Transactional"):
            raise AwsError(
                "InvalidParameter", f"Invalid parameter: Invalid value for attribute: DefaultSMSType: {value}"
            )
        old = tx.find(SmsSettings, name)
        if old is None:
            tx.add(SmsSettings(name=name, value=value))
        else:
            tx.update(old, value=value)
    return api.SetSMSAttributesResponse()


@op
def get_sms_attributes(tx: Tx, req: api.GetSMSAttributesInput) -> api.GetSMSAttributesResponse:
    found = {"MonthlySpendLimit": "1", **{row.name: row.value for row in tx.select(SmsSettings)}}
    wanted = req.attributes
    return api.GetSMSAttributesResponse(
        attributes={name: value for name, value in found.items() if not wanted or name in wanted}
    )


@op
def check_if_phone_number_is_opted_out(
    tx: Tx, req: api.CheckIfPhoneNumberIsOptedOutInput
) -> api.CheckIfPhoneNumberIsOptedOutResponse:
    return api.CheckIfPhoneNumberIsOptedOutResponse(
        is_opted_out=tx.find(OptedOut, _checked(req.phone_number)) is not None
    )


@op(page_size=100)
def list_phone_numbers_opted_out(tx: Tx, _: api.ListPhoneNumbersOptedOutInput) -> api.ListPhoneNumbersOptedOutResponse:
    return api.ListPhoneNumbersOptedOutResponse(phone_numbers=tx.select(OptedOut).map(lambda row: row.number))


@op
def opt_in_phone_number(tx: Tx, req: api.OptInPhoneNumberInput) -> api.OptInPhoneNumberResponse:
    row = tx.find(OptedOut, _checked(req.phone_number))
    if row is not None:
        tx.delete(row)
    return api.OptInPhoneNumberResponse()


# -- the sandbox


@op
def get_sms_sandbox_account_status(
    tx: Tx, _: api.GetSMSSandboxAccountStatusInput
) -> api.GetSMSSandboxAccountStatusResult:
    """An account is in the sandbox until AWS lets it out, which nobody can do here."""
    return api.GetSMSSandboxAccountStatusResult(is_in_sandbox=True)


@op
def create_sms_sandbox_phone_number(
    tx: Tx, req: api.CreateSMSSandboxPhoneNumberInput
) -> api.CreateSMSSandboxPhoneNumberResult:
    """Name a number that may be sent to; it gets a password by which it is verified."""
    number, language = req.phone_number, req.language_code or "en-US"
    if _E164.match(number) is None:
        raise invalid("PhoneNumber", "input incorrectly formatted")
    if language not in LANGUAGES:
        raise invalid("LanguageCode", f"{language} is not supported")
    password = tx.ids.choose("0123456789", 6)
    row = tx.find(SandboxNumber, number)
    if row is not None and row.verified:
        raise api.UserErrorException("This phone number is already verified")
    if row is None:
        tx.add(SandboxNumber(number=number, password=password, language=language))
    else:
        tx.update(row, password=password, language=language)
    from sundog.services.sns.message import Message
    from sundog.services.sns.sent import send

    message = Message(message_id=tx.ids.uuid(), text=password, time=tx.now.timestamp())
    send(tx, "sms", number, message, f"{password} is your verification code", "Verification")
    return api.CreateSMSSandboxPhoneNumberResult()


def _number(tx: Tx, number: str) -> SandboxNumber:
    row = tx.find(SandboxNumber, number)
    if row is None:
        raise api.ResourceNotFoundException("Phone number does not exist in the sandbox")
    return row


@op
def verify_sms_sandbox_phone_number(
    tx: Tx, req: api.VerifySMSSandboxPhoneNumberInput
) -> api.VerifySMSSandboxPhoneNumberResult:
    row = _number(tx, req.phone_number)
    if req.one_time_password != row.password:
        raise api.VerificationException("One-time password is not valid", status="Invalid")
    tx.update(row, verified=True)
    return api.VerifySMSSandboxPhoneNumberResult()


@op
def delete_sms_sandbox_phone_number(
    tx: Tx, req: api.DeleteSMSSandboxPhoneNumberInput
) -> api.DeleteSMSSandboxPhoneNumberResult:
    tx.delete(_number(tx, req.phone_number))
    return api.DeleteSMSSandboxPhoneNumberResult()


@op(page_size=100)
def list_sms_sandbox_phone_numbers(
    tx: Tx, _: api.ListSMSSandboxPhoneNumbersInput
) -> api.ListSMSSandboxPhoneNumbersResult:
    def view(row: SandboxNumber) -> Any:
        return api.SMSSandboxPhoneNumber(phone_number=row.number, status="Verified" if row.verified else "Pending")

    return api.ListSMSSandboxPhoneNumbersResult(phone_numbers=tx.select(SandboxNumber).map(view))


@op
def list_origination_numbers(tx: Tx, _: api.ListOriginationNumbersRequest) -> api.ListOriginationNumbersResult:
    """Numbers are bought elsewhere (Pinpoint); an account begins with none."""
    return api.ListOriginationNumbersResult(phone_numbers=[])
