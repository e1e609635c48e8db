"""The user's choices on this machine (``settings.toml``) and their secrets (the system's keyring)."""

import os
import tomllib
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from pathlib import Path
from typing import Any
from typing import Literal

import platformdirs
import tomli_w

from app.errors import BadKnobValue
from app.errors import DamagedSettings
from app.errors import NoKeyring
from app.knobs import checked
from app.knobs import unknown
from app.write_done import write_done


HOME_VARIABLE = "SPLATROOM_HOME"
"""Names a folder that then holds the settings and the library: for tests, and for a whole program on one stick."""
SERVICE = "splatroom"


def config_folder() -> Path:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) if home else platformdirs.user_config_path("splatroom", appauthor=False)


def _default_library() -> str:
    home = os.environ.get(HOME_VARIABLE)
    return str(Path(home) / "library" if home else platformdirs.user_pictures_path() / "Splatroom")


@dataclass(frozen=True, slots=True)
class Settings:
    """What belongs to this person and machine; nothing here changes what a result is made of."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 0
    """Cores that the work may use; 0: all of them."""
    library: str = field(default_factory=_default_library)
    """Where new projects go."""

    @property
    def library_folder(self) -> Path:
        return Path(self.library).expanduser()

    def write(self) -> None:
        """Only what differs from the defaults is kept."""
        config_folder().mkdir(parents=True, exist_ok=True)
        standard = asdict(Settings())
        content = {name: value for name, value in asdict(self).items() if value != standard[name]}
        write_done(settings_path(), tomli_w.dumps(content))


def settings_path() -> Path:
    return config_folder() / "settings.toml"


def read_settings() -> Settings:
    """As the file says; the defaults where it says nothing, or where there is none."""
    path = settings_path()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark first
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DamagedSettings(path, str(error)) from error
    return Settings(**_checked(content, path))


def secret(name: str) -> str | None:
    """The secret kept under that name; None where there is none."""
    return _keyring().get_password(SERVICE, name)


def keep_secret(name: str, value: str) -> None:
    """Kept by the system for this user; Raises NoKeyring."""
    _keyring().set_password(SERVICE, name, value)


def forget_secret(name: str) -> None:
    if secret(name) is not None:
        _keyring().delete_password(SERVICE, name)


def _checked(content: dict[str, Any], path: Path) -> dict[str, Any]:
    for name in content:
        if name not in {each.name for each in fields(Settings)}:
            nearest = unknown(name, tuple(each.name for each in fields(Settings))).nearest
            hint = f", perhaps {nearest} is meant" if nearest else ""
            raise DamagedSettings(path, f"there is no setting {name!r}{hint}")
    try:
        return checked({"settings": content}, {"settings": Settings}).get("settings", {})
    except BadKnobValue as error:
        raise DamagedSettings(path, f"{error.name} has to be {error.expected}, not {error.value!r}") from error


def _keyring() -> Any:
    """The system's keyring; raises NoKeyring where only a stand-in answers."""
    import keyring  # a tenth of a second that only publishing needs
    from keyring.backends import fail

    if isinstance(keyring.get_keyring(), fail.Keyring):
        raise NoKeyring("none is running on this system")
    return keyring
