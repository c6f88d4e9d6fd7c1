"""The one reader of the environment. docs/configuration.md lists every name."""

import os
from dataclasses import dataclass
from functools import cache

PAGERS = frozenset({"none", "sns-sms"})
"""How staff are paged beside e-mail and push: not, or by text messages through SNS."""


class ConfigError(RuntimeError):
    """A setting is missing or can't be right; the function must not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that differs between stages."""

    stage: str
    function: str | None
    table: str
    deliver_queue_url: str
    page_queue_url: str
    sweep_queue_url: str
    import_queue_url: str
    fan_out_queue_url: str
    report_queue_url: str
    public_url: str
    issuer: str
    jwks_url: str
    client_id: str
    keys_secret: str
    from_address: str
    reply_to: str
    configuration_set: str
    push_origins: frozenset[str]
    fcm_application: str | None
    apns_application: str | None
    web_origin: str
    pager: str
    clock_offset_file: str | None

    @classmethod
    def from_env(cls) -> "Config":
        """
        Read the settings.

        :raises ConfigError: names the setting that is missing, or that the stage forbids
        """
        stage = _required("CAIRN_STAGE")
        clock_offset_file = os.environ.get("CAIRN_CLOCK_OFFSET_FILE") or None
        if clock_offset_file and stage != "local":
            raise ConfigError("CAIRN_CLOCK_OFFSET_FILE moves the clock and is for the local stage only")
        issuer = _required("CAIRN_ISSUER")
        push_origins = frozenset(filter(None, _required("CAIRN_PUSH_ORIGINS").split(",")))
        if stage != "local" and any(not origin.startswith("https://") for origin in push_origins):
            raise ConfigError("CAIRN_PUSH_ORIGINS may hold an origin without TLS on the local stage only")
        pager = os.environ.get("CAIRN_PAGER") or "none"
        if pager not in PAGERS:
            raise ConfigError(f"CAIRN_PAGER must be one of {', '.join(sorted(PAGERS))}")
        return cls(
            stage=stage,
            function=os.environ.get("CAIRN_FUNCTION") or None,
            table=_required("CAIRN_TABLE"),
            deliver_queue_url=_required("CAIRN_DELIVER_QUEUE_URL"),
            page_queue_url=_required("CAIRN_PAGE_QUEUE_URL"),
            sweep_queue_url=_required("CAIRN_SWEEP_QUEUE_URL"),
            import_queue_url=_required("CAIRN_IMPORT_QUEUE_URL"),
            fan_out_queue_url=_required("CAIRN_FAN_OUT_QUEUE_URL"),
            report_queue_url=_required("CAIRN_REPORT_QUEUE_URL"),
            public_url=_required("CAIRN_PUBLIC_URL").rstrip("/"),
            issuer=issuer,
            jwks_url=os.environ.get("CAIRN_JWKS_URL") or f"{issuer}/.well-known/jwks.json",
            client_id=_required("CAIRN_CLIENT_ID"),
            keys_secret=_required("CAIRN_KEYS_SECRET"),
            from_address=_required("CAIRN_FROM_ADDRESS"),
            reply_to=_required("CAIRN_REPLY_TO"),
            configuration_set=_required("CAIRN_CONFIGURATION_SET"),
            push_origins=push_origins,
            fcm_application=os.environ.get("CAIRN_FCM_APPLICATION") or None,
            apns_application=os.environ.get("CAIRN_APNS_APPLICATION") or None,
            web_origin=_required("CAIRN_WEB_ORIGIN"),
            pager=pager,
            clock_offset_file=clock_offset_file,
        )


@cache
def config() -> Config:
    """Return the settings of this process, read once."""
    return Config.from_env()


def function_name() -> str | None:
    """
    Return which of Cairn's functions this process is (``CAIRN_FUNCTION``); None where all are wanted at once.

    Known before the rest of the settings is: packaging imports app.py without any.
    """
    return os.environ.get("CAIRN_FUNCTION") or None


def wants_subsegments() -> bool:
    """Say whether this function records X-Ray subsegments (``CAIRN_TRACE=on``)."""
    return os.environ.get("CAIRN_TRACE") == "on"


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ConfigError(f"{name} is not set")
    return value
