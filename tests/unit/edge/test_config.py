"""Settings that can't be right stop a function before it does anything."""

import pytest

from chalicelib.edge.config import Config, ConfigError


def test_apps_on_phones_need_no_setting(settings: dict[str, str]) -> None:
    del settings
    found = Config.from_env()

    assert (found.fcm_application, found.apns_application) == (None, None)


@pytest.mark.parametrize(
    ("stage", "origins", "allowed"),
    [
        ("local", "http://127.0.0.1:8601", True),
        ("prod", "https://fcm.googleapis.com,https://*.push.apple.com", True),
        ("prod", "https://fcm.googleapis.com,http://127.0.0.1:8601", False),
        ("dev", "http://push.example", False),
    ],
)
def test_only_a_laptop_pushes_without_tls(
    settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    origins: str,
    allowed: bool,  # noqa: FBT001 (a column of the table above)
) -> None:
    del settings
    monkeypatch.setenv("CAIRN_STAGE", stage)
    monkeypatch.setenv("CAIRN_PUSH_ORIGINS", origins)

    if allowed:
        assert Config.from_env().push_origins == frozenset(origins.split(","))
    else:
        with pytest.raises(ConfigError, match="CAIRN_PUSH_ORIGINS"):
            Config.from_env()
