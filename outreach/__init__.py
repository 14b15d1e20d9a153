"""Outreach: plan multi-day programmes, invite people and organisations, collect answers, and send reminders by e-mail.

Start with docs/architecture.md. This file makes the app.
"""

__version__ = "0.1.0"

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from outreach import logs, settings
from outreach.settings import PACKAGE, TEMPLATES, Settings, SettingsError, check_for_serving

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Settings | None = None, *, serving: bool = True, pages: bool | None = None) -> "Flask":
    """Return the Flask app. config: read from the environment and instance/ by default.

    serving: False for commands that make no links (migrations, backup); they need no secret key.
    pages: whether the app has pages; without them it is made in half the time. By default what `serving` is.
    Raise SettingsError if serving with these settings would be unsafe.
    """
    # Imported here, so that the command's help does not wait for Flask and SQLAlchemy.
    import structlog
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from outreach import disk_full
    from outreach.extensions import babel, csrf, db, mail, migrate, prepare_engine

    config = config or settings.load()
    if serving:
        check_for_serving(config)
    logs.configure()
    if not (TEMPLATES / "layout.html").exists():
        raise SettingsError(
            f"The folder {TEMPLATES} is missing, and with it every page and mail. "
            "Install Outreach again, from its clone with  pip install -e .  or from a wheel."
        )
    if serving and config.https and not config.proxies:
        structlog.get_logger().warning(
            "base_url is https but proxies is 0: all requests seem to come from one address. Set OUTREACH_PROXIES=1 "
            "where one reverse proxy stands before the pages."
        )
    if serving:
        for stranger in settings.strangers(os.environ):
            structlog.get_logger().warning(stranger)
    app = Flask(
        __name__,
        instance_path=str(config.instance),
        template_folder=str(TEMPLATES),
        static_folder=str(PACKAGE / "static"),
    )
    try:
        config.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"OUTREACH_INSTANCE is “{config.instance}”, but this user cannot make or use that folder: {error.strerror}."
        ) from error
    app.config.from_mapping(_flask_config(config))
    app.extensions["outreach"] = config
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        disk_full.watch(db.engine)
    migrate.init_app(app, db, directory=str(PACKAGE / "migrations"), render_as_batch=True)
    mail.init_app(app)

    from outreach import web

    babel.init_app(app, locale_selector=web.choose_locale)
    if not (serving if pages is None else pages):
        return app
    # What a request passes, in this order: its size, the rate limits, the access rules, and only then its form's token.
    app.before_request(web.measure)
    _count_requests(app, config)
    web.register(app)
    csrf.init_app(app)
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, config.proxies, config.proxies, config.proxies, config.proxies)  # type: ignore[method-assign]
    return app


def _count_requests(app: "Flask", config: Settings) -> None:
    """Let the rate limits count. Raise SettingsError if their storage is on a server that is away already."""
    from outreach.extensions import limiter

    try:
        limiter.init_app(app)
    except Exception as error:  # whatever that client raises; its text may hold a password
        raise SettingsError(
            f"The storage in OUTREACH_RATE_STORAGE, which begins with “{config.rate_store.partition('://')[0]}://”, cannot be "
            f"used ({type(error).__name__}). Start its server, or correct its address."
        ) from None


def _flask_config(config: Settings) -> dict[str, Any]:
    prefix = "__Host-" if config.https else ""
    return {
        "SECRET_KEY": config.secret_key or None,
        "SECRET_KEY_FALLBACKS": [k for k in config.previous_secret_keys.split(",") if k],
        "SQLALCHEMY_DATABASE_URI": config.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "MAX_CONTENT_LENGTH": config.upload_limit_mb * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 5000,
        "BABEL_DEFAULT_LOCALE": "id",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Jakarta",
        "BABEL_TRANSLATION_DIRECTORIES": str(PACKAGE / "translations"),
        "SESSION_COOKIE_NAME": f"{prefix}outreach",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.https,
        "SESSION_COOKIE_PATH": "/",
        # The cookie's age at most. The session's row on the server says when it ends.
        "PERMANENT_SESSION_LIFETIME": timedelta(days=max(1, config.stay_signed_in_days), hours=config.session_hours),
        "PREFERRED_URL_SCHEME": "https" if config.https else "http",
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_STORAGE_URI": config.rate_store,
        "RATELIMIT_HEADERS_ENABLED": False,
        "MAIL_SERVER": config.mail_server,
        "MAIL_PORT": config.mail_port,
        "MAIL_USE_TLS": config.mail_use_tls,
        "MAIL_USE_SSL": config.mail_use_ssl,
        "MAIL_USERNAME": config.mail_username or None,
        "MAIL_PASSWORD": config.mail_password or None,
        "MAIL_DEFAULT_SENDER": config.mail_sender,
        "MAIL_TIMEOUT": config.mail_timeout_s,
    }
