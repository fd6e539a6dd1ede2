"""Passwords for the console, and the rules that they keep."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op
from sundog.services.iam.common import invalid, now
from sundog.services.iam.state import LoginProfile, User, account_row, update_account
from sundog.services.iam.user import get_user_row, user_or_caller

SYMBOLS = set("!@#$%^&*()_+-=[]{}|'")
DEFAULT_LENGTH = 8


def hashed(password: str, salt: bytes) -> bytes:
    # A mock's passwords guard nothing: few rounds, so that making a user stays cheap; salted all the same.
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 10)


def get_profile(tx: Tx, user: User) -> LoginProfile:
    row = tx.find(LoginProfile, user.key)
    if row is None:
        raise api.NoSuchEntityException(f"Login Profile for User {user.user_name} cannot be found.")
    return row


def _view(row: LoginProfile) -> api.LoginProfile:
    return api.LoginProfile(
        user_name=row.user_name,
        create_date=row.create_date,
        password_reset_required=row.password_reset_required,
    )


def check_password(tx: Tx, password: str, row: LoginProfile | None = None) -> None:
    """Hold a new password against the account's policy, and against the user's former ones."""
    policy = account_row(tx).password_policy
    rules = policy or {}
    if len(password) < rules.get("MinimumPasswordLength", DEFAULT_LENGTH if policy is None else 6):
        raise _weak(f"Password should have a minimum length of {rules.get('MinimumPasswordLength', DEFAULT_LENGTH)}")
    if rules.get("RequireSymbols") and not SYMBOLS & set(password):
        raise _weak("Password should have at least one symbol")
    if rules.get("RequireNumbers") and not any(char.isdigit() for char in password):
        raise _weak("Password should have at least one number")
    if rules.get("RequireUppercaseCharacters") and not any(char.isupper() for char in password):
        raise _weak("Password should have at least one uppercase letter")
    if rules.get("RequireLowercaseCharacters") and not any(char.islower() for char in password):
        raise _weak("Password should have at least one lowercase letter")
    kept = rules.get("PasswordReusePrevention")
    if row is not None and kept and hashed(password, row.salt) in row.digests[-kept:]:
        raise _weak("Password does not conform to the account password policy: it was used before")


def _weak(message: str) -> AwsError:
    return api.PasswordPolicyViolationException(message)


@op
def create_login_profile(tx: Tx, req: api.CreateLoginProfileRequest) -> api.CreateLoginProfileResponse:
    """Give a user a password."""
    user = user_or_caller(tx, req.user_name)
    if tx.find(LoginProfile, user.key) is not None:
        raise api.EntityAlreadyExistsException(f"Login Profile for user {user.user_name} already exists.")
    if req.password is None:
        raise invalid("Must specify password")
    check_password(tx, req.password)
    salt = tx.ids.random.randbytes(16)
    row = tx.add(
        LoginProfile(
            key=user.key,
            user_name=user.user_name,
            create_date=now(tx),
            password_reset_required=bool(req.password_reset_required),
            salt=salt,
            digests=(hashed(req.password, salt),),
            changed=now(tx),
        )
    )
    return api.CreateLoginProfileResponse(login_profile=_view(row))


@op
def get_login_profile(tx: Tx, req: api.GetLoginProfileRequest) -> api.GetLoginProfileResponse:
    return api.GetLoginProfileResponse(login_profile=_view(get_profile(tx, user_or_caller(tx, req.user_name))))


@op
def update_login_profile(tx: Tx, req: api.UpdateLoginProfileRequest) -> None:
    """Change a user's password, or whether it must be changed at the next login."""
    row = get_profile(tx, get_user_row(tx, req.user_name))
    changes: dict[str, Any] = {}
    if req.password is not None:
        check_password(tx, req.password, row)
        changes = {"digests": (*row.digests, hashed(req.password, row.salt))[-24:], "changed": tx.now}
    if req.password_reset_required is not None:
        changes["password_reset_required"] = req.password_reset_required
    tx.update(row, **changes)


@op
def delete_login_profile(tx: Tx, req: api.DeleteLoginProfileRequest) -> None:
    user = user_or_caller(tx, req.user_name)
    row = tx.find(LoginProfile, user.key)
    if row is None:
        raise api.NoSuchEntityException(f"Cannot find Login Profile for User {user.user_name}")
    tx.delete(row)


@op
def change_password(tx: Tx, req: api.ChangePasswordRequest) -> None:
    """A user's own new password, for the old one."""
    key = tx.caller.key
    if key is None or key.kind != "user" or key.user_name is None:
        raise api.InvalidUserTypeException("Only IAM Users can change their own password")
    row = get_profile(tx, get_user_row(tx, key.user_name))
    if not hmac.compare_digest(hashed(req.old_password, row.salt), row.digests[-1]):
        raise AwsError("AccessDenied", "The old password was incorrect.", 403)
    check_password(tx, req.new_password, row)
    digests = (*row.digests, hashed(req.new_password, row.salt))[-24:]
    tx.update(row, digests=digests, changed=now(tx), password_reset_required=False)


# -- the account's rules


@op
def update_account_password_policy(tx: Tx, req: api.UpdateAccountPasswordPolicyRequest) -> None:
    """Set the rules; what isn't said falls back to its default."""
    age = req.max_password_age
    policy = {
        "MinimumPasswordLength": req.minimum_password_length or 6,
        "RequireSymbols": bool(req.require_symbols),
        "RequireNumbers": bool(req.require_numbers),
        "RequireUppercaseCharacters": bool(req.require_uppercase_characters),
        "RequireLowercaseCharacters": bool(req.require_lowercase_characters),
        "AllowUsersToChangePassword": bool(req.allow_users_to_change_password),
        "ExpirePasswords": bool(age),
        "MaxPasswordAge": age or None,
        "PasswordReusePrevention": req.password_reuse_prevention or None,
        "HardExpiry": req.hard_expiry,
    }
    update_account(tx, password_policy={key: value for key, value in policy.items() if value is not None})


@op
def get_account_password_policy(
    tx: Tx, req: api.GetAccountPasswordPolicyRequest
) -> api.GetAccountPasswordPolicyResponse:
    policy = account_row(tx).password_policy
    if policy is None:
        raise _no_policy(tx)
    return api.GetAccountPasswordPolicyResponse(password_policy=policy)


@op
def delete_account_password_policy(tx: Tx, req: api.DeleteAccountPasswordPolicyRequest) -> None:
    if account_row(tx).password_policy is None:
        raise api.NoSuchEntityException("The account policy with name PasswordPolicy cannot be found.")
    update_account(tx, password_policy=None)


def _no_policy(tx: Tx) -> AwsError:
    return api.NoSuchEntityException(f"The Password Policy with domain name {tx.account} cannot be found.")
