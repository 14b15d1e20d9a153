"""Flask-Security's second factors, fitted to our rules: codes of an app, drawn by segno, each taken once; recovery codes.

The rules are services/sign_in/factors.py and recovery.py.
"""

import hmac
import json
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, abort, g, render_template, session
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import (
    MfRecoveryCodesUtil,
    Security,
    Totp,
    TwoFactorSetupForm,
    TwoFactorVerifyCodeForm,
    WebauthnUtil,
    tf_disabled,
    tf_profile_changed,
    user_authenticated,
    wan_deleted,
    wan_registered,
)
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.utils import get_message, login_user
from flask_security.webauthn import WebAuthnDeleteForm, WebAuthnRegisterResponseForm, WebAuthnSigninResponseForm
from passlib.exc import TokenError
from passlib.totp import TOTP, AppWallet

from outreach import clock
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import Office, User, the_office
from outreach.services.sign_in import factors, recovery
from outreach.services.sign_in.events import security_event
from outreach.settings import Settings
from outreach.transactions import begin_writing
from outreach.web.frame.accounts.password_forms import Passwords
from outreach.web.frame.say import say

PRODUCT = "Outreach"
CHALLENGE = "passkey_challenge"
LONGEST_NAME = 64  # letters of a passkey's name
_SEALED = 2  # the form of our wallet; libpass's own is 1
_NONCE = 12  # bytes (NIST SP 800-38D, 5.2.1.1)
CLOCK_OFF_S = 30  # how far the clock of a phone may be off
FINISH = "security.two_factor_setup_validate"
ONLY_ITSELF = frozenset({"security.two_factor_rescue"})  # of Flask-Security's pages, those that we leave out


class FactorDemanded(Problem):
    message = "Your role needs a second factor. Set up another one before you remove this one."
    field = "setup"


class Wallet(AppWallet):
    """Encrypts the secrets of apps by AES-256-GCM, which also shows a change. libpass's own way, AES-CTR, does not."""

    def encrypt_key(self, key: bytes) -> dict[str, Any]:
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher(self.default_tag).encrypt(nonce, key, None)
        return {"v": _SEALED, "t": self.default_tag, "s": b64encode(nonce).decode(), "k": b64encode(sealed).decode()}

    def decrypt_key(self, enckey: dict[str, Any]) -> tuple[bytes, bool]:
        """Return the secret, and whether it should be encrypted again, by the present key. Raise KeyError, ValueError."""
        if enckey["v"] != _SEALED:
            raise ValueError("not encrypted in our way")
        try:
            key = self._cipher(enckey["t"]).decrypt(b64decode(enckey["s"]), b64decode(enckey["k"]), None)
        except InvalidTag:
            raise ValueError("changed, or of another key") from None
        return key, enckey["t"] != self.default_tag

    def _cipher(self, tag: str) -> AESGCM:
        return AESGCM(hmac.digest(self.get_secret(tag), b"outreach second factors", sha256))


class Codes(Totp):
    """Codes of an app (TOTP). Secrets are encrypted by the secret key, and can be read with the earlier ones."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:  # Flask-Security calls them so
        self._totp = TOTP.using(issuer=issuer, wallet=Wallet(secrets=secrets, default_tag=next(iter(secrets))))

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        try:
            if "enckey" not in json.loads(totp_secret):
                return False  # libpass would take a secret that somebody wrote into the row in plain text
            found = self._totp.verify(token, totp_secret, time=clock.now(), window=window)
        except (TokenError, ValueError, KeyError):  # ValueError, KeyError: the secret key was changed
            return False
        return factors.take_counter(user.id, found.counter)

    def renewed(self, totp_secret: str) -> str:
        """Return a secret encrypted by the present key, if an earlier one encrypted it; the same if none of them did."""
        try:
            known = self._totp.from_source(totp_secret)
        except (ValueError, KeyError):
            return totp_secret
        return str(known.to_json(encrypt=True)) if known.changed else totp_secret

    def get_totp_uri(self, username: str, totp_secret: str) -> str:
        office = db.session.scalar(the_office(Office.short_name))
        uri: str = self._totp.from_source(totp_secret).to_uri(username, issuer=(office or PRODUCT).replace(":", " "))
        return uri

    def generate_qrcode(self, username: str, totp: str) -> str:
        code = segno.make(self.get_totp_uri(username, totp), error="m", micro=False)
        return str(code.svg_data_uri(border=2, light="white", scale=5))

    def generate_recovery_codes(self, number: int) -> list[str]:
        raise NotImplementedError("services/sign_in/recovery.py makes them")


class RecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes in a table of their own. Only hashes are stored, so nobody can see the codes again."""

    def create_recovery_codes(self, user: Any) -> list[str]:
        return recovery.make(user.id, now=clock.now())

    def get_recovery_codes(self, user: Any) -> list[str]:
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Use the code up at once: a second request with it would pass otherwise, before the first has deleted it."""
        return recovery.take(user.id, code, now=clock.now())

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        return True


class FlaskSecurity(Security):
    def _check_modules(self, module: str, config_name: str) -> Any:
        """Say what is not needed: segno draws the codes, and names of passkeys are checked below."""
        return module in ("qrcode", "nh3") or super()._check_modules(module, config_name)


class Passkeys(WebauthnUtil):
    """Passkeys follow a password, so a device need not ask who uses it. A challenge counts once, in the session that asked."""

    def generate_challenge(self, nbytes: int | None = None) -> str:
        session[CHALLENGE] = super().generate_challenge(nbytes)
        made: str = session[CHALLENGE]
        return made

    def name_svn(self, value: str) -> tuple[str | None, str | None]:
        name = " ".join(unicodedata.normalize("NFKC", value).split())
        if not name.isprintable() or len(name) > LONGEST_NAME:
            return _("A name has at most %(count)s letters.", count=LONGEST_NAME), None
        return None, name


class PasskeyMadeForm(WebAuthnRegisterResponseForm):
    def validate(self, **given: Any) -> bool:
        if not _is_asked(self) or not super().validate(**given):
            return False
        self.extensions = ""  # whatever a browser writes there, nothing reads it
        return True


class PasskeyForm(WebAuthnSigninResponseForm):
    """The answer of a passkey: only the account may get in by it whose password was given, or who is signed in."""

    user: Any

    def validate(self, **given: Any) -> bool:
        asked_of = current_user.fs_uniquifier if self.is_verify else session.get("tf_user_id")
        if _is_asked(self) and super().validate(**given):
            if self.user.is_active and self.user.fs_uniquifier == asked_of:
                return True
            self.credential.errors = [get_message("WEBAUTHN_UNKNOWN_CREDENTIAL_ID")[0]]
        of = security.datastore.find_user(fs_uniquifier=asked_of) if asked_of else None
        _note_failure(of, SecurityKind.ASKED_ANEW_FAILED if self.is_verify else SecurityKind.FACTOR_FAILED)
        return False


class PasskeyRemovalForm(WebAuthnDeleteForm):
    def validate(self, **given: Any) -> bool:
        if factors.is_demanded(current_user) and factors.is_last(current_user, self.name.data or ""):
            self.name.errors = [say(FactorDemanded())]
            return False
        return super().validate(**given)


def _is_asked(form: Any) -> bool:
    if session.pop(CHALLENGE, None) == form.challenge:
        return True
    form.credential.errors = [get_message("API_ERROR")[0]]
    return False


class SetupForm(TwoFactorSetupForm):
    user: Any

    def validate(self, **given: Any) -> bool:
        if self.setup.data == "disable" and factors.is_demanded(self.user) and factors.is_last(self.user):
            self.setup.errors = [say(FactorDemanded())]
            return False
        return super().validate(**given)


class CodeForm(TwoFactorVerifyCodeForm):
    def validate(self, **given: Any) -> bool:
        self.code.data = "".join((self.code.data or "").split())  # apps show it in two groups
        if not self._is_own():
            return False
        if _is_written(self.code):
            if super().validate(**given):
                g.second_factor = "authenticator"
                return True
            if not self.is_setup:
                _note_failure(self.user)
        if self.is_setup:
            g.shown_again = self.tf_totp_secret
        return False

    def _is_own(self) -> bool:
        """Return whether the secret of a new app was made in this session, for which the password was given lately.

        Flask-Security's token with the secret counts in every session, so a stranger could bring one of their own account.
        """
        if not self.is_setup or session.get("tf_totp_secret") == self.tf_totp_secret:
            return True
        self.code.errors = [get_message("API_ERROR")[0]]
        return False


class RecoveryForm(MfRecoveryForm):
    def validate(self, **given: Any) -> bool:
        if not _is_written(self.code):
            return False
        if super().validate(**given):
            g.second_factor = "recovery_code"
            return True
        _note_failure(self.user)
        return False


def _note_failure(user: Any, kind: SecurityKind = SecurityKind.FACTOR_FAILED) -> None:
    db.session.rollback()  # looking whether a code was used has begun to write
    security_event(kind, user, now=clock.now())


def _is_written(field: Any) -> bool:
    if (field.data or "").strip():
        return True
    field.errors = [_("Please write the code.")]
    return False


security = FlaskSecurity(
    password_util_cls=Passwords, totp_cls=Codes, mf_recovery_codes_util_cls=RecoveryCodes, webauthn_util_cls=Passkeys
)
FORMS: dict[str, Any] = {
    "two_factor_setup_form": SetupForm,
    "two_factor_verify_code_form": CodeForm,
    "mf_recovery_form": RecoveryForm,
    "wan_register_response_form": PasskeyMadeForm,
    "wan_signin_response_form": PasskeyForm,
    "wan_delete_form": PasskeyRemovalForm,
}


def configuration(settings: Settings) -> dict[str, Any]:
    """Return Flask-Security's settings for second factors."""
    keys = [settings.secret_key, *(key for key in settings.previous_secret_keys.split(",") if key)]
    return {
        "SECURITY_STATIC_FOLDER": None,  # our own pages need none of its scripts
        "SECURITY_FRESHNESS": timedelta(days=36_500),  # web/sign_in/anew.py asks once more, by a setting
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": CLOCK_OFF_S,
        "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,  # no cookie lets a device off the second factor
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_SETUP_URL": "/account/app",
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/login/code",
        "SECURITY_TWO_FACTOR_RESCUE_URL": "/login/rescue",
        "SECURITY_TWO_FACTOR_SELECT_URL": "/login/factor",
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/account",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/account/recovery-codes",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/login/recovery",
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": False,  # a passkey follows the password
        "SECURITY_WAN_ALLOW_AS_VERIFY": ["secondary"],
        "SECURITY_WAN_RP_NAME": PRODUCT,
        "SECURITY_WAN_REGISTER_URL": "/account/passkey",
        "SECURITY_WAN_DELETE_URL": "/account/passkey/remove",
        "SECURITY_WAN_SIGNIN_URL": "/login/passkey",
        "SECURITY_WAN_VERIFY_URL": "/verify/passkey",
        "SECURITY_WAN_POST_REGISTER_VIEW": "/account",
        "SECURITY_TOTP_SECRETS": {_tag(key): f"second factors {key}" for key in keys},
        "SECURITY_TOTP_ISSUER": PRODUCT,
    }


def _tag(key: str) -> str:
    """Return a name for a secret key that stays the same when a newer one comes."""
    return sha256(f"name of {key}".encode()).hexdigest()[:8]


def init_app(app: Flask) -> None:
    """Leave out pages of Flask-Security, and note what it changes."""
    for endpoint in ONLY_ITSELF & app.view_functions.keys():
        app.view_functions[endpoint] = _nothing_here
    app.view_functions[FINISH] = _showing_again(app.view_functions[FINISH])
    user_authenticated.connect(_encrypt_by_present_key, app)
    tf_profile_changed.connect(_app_added, app)
    tf_disabled.connect(_app_removed, app)
    wan_registered.connect(_passkey_added, app)
    wan_deleted.connect(_passkey_removed, app)


def _encrypt_by_present_key(_app: Flask, user: Any, **_more: Any) -> None:
    """Encrypt the secret of an account's app by the present key, in the transaction of its sign-in.

    Flask-Security writes the secret that it has read while it looks at a code, so verify_totp is too early.
    """
    codes = cast(Codes, security.totp_factory)
    if user.tf_totp_secret and (renewed := codes.renewed(user.tf_totp_secret)) != user.tf_totp_secret:
        begin_writing()
        user.tf_totp_secret = renewed


def _showing_again(finish: Callable[..., Any]) -> Callable[..., Any]:
    """Return the view that ends a set-up. After a wrong code it shows the same QR code: the app on the phone has it already."""

    def finish_or_show(token: str) -> Any:
        answer = finish(token=token)
        secret = g.pop("shown_again", None)
        if secret is None:
            return answer
        shown = security.totp_factory.fetch_setup_values(secret, current_user)
        page = render_template(
            "security/two_factor_setup.html", two_factor_setup_form=SetupForm(formdata=None),
            two_factor_verify_code_form=CodeForm(formdata=None), chosen_method="authenticator",
            authr_qrcode=shown["image"], authr_key=shown["key"], state_token=token,
        )  # fmt: skip
        return page, 422

    return finish_or_show


def _nothing_here(**_parts: Any) -> Any:
    abort(404)


def _app_added(_app: Flask, user: Any, **_more: Any) -> None:
    _end_other_sessions(user)
    factors.note_added(user, "", now=clock.now())


def _app_removed(_app: Flask, user: Any, **_more: Any) -> None:
    _end_other_sessions(user)
    factors.note_removed(user, "", now=clock.now())


def _passkey_added(_app: Flask, user: Any, name: str, **_more: Any) -> None:
    _end_other_sessions(user)
    factors.note_added(user, name, now=clock.now())


def _passkey_removed(_app: Flask, user: Any, name: str, **_more: Any) -> None:
    _end_other_sessions(user)
    factors.note_removed(user, name, now=clock.now())


def _end_other_sessions(user: Any) -> None:
    """End what was signed in without the new factor or by the removed one, also where somebody stays signed in. This device
    stays.
    """
    user = db.session.get_one(User, user.id)  # not the proxy current_user, which would become itself
    security.datastore.set_uniquifier(user)
    security.datastore.put(user)
    login_user(user, remember=False, authn_via=["authenticator"])
