"""Settings are this person's and machine's; secrets are the keyring's."""

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from app.errors import DamagedSettings
from app.errors import NoKeyring
from app.settings import HOME_VARIABLE
from app.settings import Settings
from app.settings import config_folder
from app.settings import forget_secret
from app.settings import keep_secret
from app.settings import read_settings
from app.settings import secret
from app.settings import settings_path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    assert read_settings() == Settings()
    assert read_settings().library_folder == home / "library"


def test_what_is_written_is_read_and_only_what_differs_is_written() -> None:
    Settings(device="cpu", threads=3).write()
    assert read_settings() == Settings(device="cpu", threads=3)
    assert "library" not in settings_path().read_text()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("thread = 2", DamagedSettings),
        ("threads = 'two'", DamagedSettings),
        ("device = 'gpu'", DamagedSettings),
        ("threads = ", DamagedSettings),
    ],
)
def test_a_settings_file_that_cannot_be_taken_is_refused(text: str, error: type[Exception]) -> None:
    settings_path().write_text(text)
    with pytest.raises(error):
        read_settings()


def test_an_unknown_setting_names_the_nearest() -> None:
    settings_path().write_text("thread = 2")
    with pytest.raises(DamagedSettings) as raised:
        read_settings()
    assert "threads" in raised.value.reason


class MemoryKeyring(KeyringBackend):
    """Keeps secrets as long as the test lasts."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_a_secret_lies_in_the_keyring_and_in_no_file() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        keep_secret("r2", "s3cr3t-value")
        Settings(threads=1).write()
        assert secret("r2") == "s3cr3t-value"
        assert all("s3cr3t" not in path.read_text() for path in config_folder().rglob("*") if path.is_file())
        forget_secret("r2")
        forget_secret("r2")
        assert secret("r2") is None
    finally:
        keyring.set_keyring(before)


def test_a_system_without_a_keyring_says_so() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    try:
        with pytest.raises(NoKeyring):
            keep_secret("r2", "s3cr3t-value")
    finally:
        keyring.set_keyring(before)
