"""Settings in layers, each value with where it comes from.

From the weakest to the strongest: defaults, the studio's file, ``bifrost.yaml`` of the workspace, the user's file, the
environment, explicit arguments. Files are read strictly: what is not understood is refused with its place.
"""

from __future__ import annotations

import difflib
import getpass
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.validation import SEVERITIES
from bifrost_sdk.domain.versions import ALGORITHMS
from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services import plugins, roots
from bifrost_sdk.services.documents import Item, read_file
from bifrost_sdk.services.plugins import Plugins

#: The file that makes a folder a workspace.
WORKSPACE_FILE = "bifrost.yaml"

_DAY = 86_400


@attrs.frozen
class Setting:
    """A value and where it comes from: ``default``, a file with its line, a variable, or ``argument``.

    `folder` is what a relative path in it is relative to.
    """

    value: Any  # Any: a text, a number, or a root's paths by platform
    origin: str
    folder: Path | None = None


@attrs.frozen
class Settings:
    """All settings of one session; ``settings["user"].origin`` tells where the user's name comes from."""

    folder: Path
    values: Mapping[str, Setting]

    def __getitem__(self, name: str) -> Setting:
        setting = self.values.get(name)
        if setting is None:
            known = ", ".join(sorted(self.values))
            raise ConfigurationError(f"there is no setting {name!r}; the settings are {known}", setting=name)
        return setting

    @property
    def user(self) -> str:
        """The login of whoever asks; the operating system's user unless configured.

        Raises:
            ConfigurationError: when the operating system knows no name either.
        """
        setting = self["user"]
        if setting.value:
            return str(setting.value)
        try:
            return getpass.getuser()
        except (KeyError, OSError, ImportError) as error:
            raise ConfigurationError(
                "the operating system has no name for this user; set BIFROST_SDK_USER or 'user:' in the user's file",
                setting="user",
                source=setting.origin,
            ) from error

    @property
    def site(self) -> str | None:
        """Where this machine stands, which chooses among the folders of roots; None where nothing says."""
        return self["site"].value or None

    @property
    def plugins(self) -> Plugins:
        """The studio's own code that takes part in publishing; what is remembered of it lies in the workspace."""
        return Plugins(
            validators=tuple(self["validators"].value),
            followers=tuple(self["followers"].value),
            disabled=frozenset(self["disabled"].value),
            severity=self["severity"].value,
            folder=self.folder / ".bifrost",
            latest_copy=self["latest_copy"].value,
        )

    def roots(self) -> dict[str, Path]:
        """The folder of each root on this machine; a root without a folder here is left out.

        Raises:
            ConfigurationError: when the site is one that no root knows, while some know others.
        """
        return {name: Path(folder) for name, folder in self.folders().items()}

    def folders(self, platform: str = sys.platform) -> dict[str, PurePath]:
        """The folder of each root on a platform (``linux``, ``darwin``, ``win32``) at this site.

        What is relative is left out for other platforms than this machine's own.

        Raises:
            ConfigurationError: when the site is one that no root knows, while some know others.
        """
        given = {name.removeprefix("roots."): item for name, item in self.values.items() if name.startswith("roots.")}
        self._check_site({site for setting in given.values() for site in roots.site_names(setting.value)})
        found = {name: self._folder(setting, platform) for name, setting in given.items()}
        return {name: folder for name, folder in found.items() if folder is not None}

    def _folder(self, setting: Setting, platform: str) -> PurePath | None:
        named = roots.PLATFORMS.get(platform, platform)
        text = roots.text_for(setting.value, named, self.site)
        path = None if text is None else roots.path_for(text, named)
        if path is None or path.is_absolute():
            return path
        return _absolute(path, setting) if platform == sys.platform else None

    def _check_site(self, known: set[str]) -> None:
        """A site that is misspelt must not lead to the folders of everywhere else."""
        if self.site and known and self.site not in known:
            setting = self["site"]
            near = difflib.get_close_matches(self.site, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the sites are {', '.join(sorted(known))}"
            raise _wrong("site", setting.origin, f"is {self.site!r}, which no root knows; {hint}")


def load(
    folder: Path, *, explicit: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:  # Any: values of every setting
    """The settings that hold for the workspace `folder`.

    `explicit` are arguments by name, None for not given; `environment` is that of the process unless given.

    Raises:
        ConfigurationError: when a file or a variable cannot be understood, with its place.

    >>> settings = load(Path("shows"), explicit={"user": "anna"}, environment={})
    >>> settings.user, settings["user"].origin, settings["timeout"].origin
    ('anna', 'argument', 'default')
    """
    environment = os.environ if environment is None else environment
    values = {
        name: Setting(value, "default", folder)
        for name, value in {**_DEFAULTS, "roots.publish": "publish", "roots.work": "work"}.items()
    }
    studio = environment.get("BIFROST_SDK_STUDIO")
    if studio and not is_file(Path(studio)):
        raise ConfigurationError(
            f"BIFROST_SDK_STUDIO names {studio}, which is no file", setting="studio", source="BIFROST_SDK_STUDIO"
        )
    values.update(_file_layer(Path(studio) if studio else studio_file(environment)))
    values.update(_file_layer(folder / WORKSPACE_FILE))
    values.update(_file_layer(user_file(environment)))
    values.update(_environment_layer(environment, folder))
    values.update(_argument_layer(explicit or {}))
    return Settings(folder, values)


def workspace_above(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds ``bifrost.yaml``.

    Raises:
        ConfigurationError: when one of them may not be looked into.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - resolve() would follow links, and lead out of the workspace
    return next((folder for folder in (start, *start.parents) if is_file(folder / WORKSPACE_FILE)), None)


def studio_file(environment: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """Where the studio's settings lie unless BIFROST_SDK_STUDIO says otherwise; it need not exist."""
    if platform == "win32":
        return Path(environment.get("PROGRAMDATA") or "C:/ProgramData", "Bifrost SDK", "studio.yaml")
    if platform == "darwin":
        return Path("/Library/Application Support/Bifrost SDK/studio.yaml")
    return Path("/etc/bifrost-sdk/studio.yaml")


def user_file(environment: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """Where the user's settings lie; it need not exist."""
    home = Path(environment.get("USERPROFILE" if platform == "win32" else "HOME") or "~").expanduser()
    if platform == "win32":
        return Path(environment.get("APPDATA") or home / "AppData/Roaming", "Bifrost SDK", "user.yaml")
    if platform == "darwin":
        return home / "Library/Application Support/Bifrost SDK/user.yaml"
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "bifrost-sdk", "user.yaml")


def is_file(path: Path) -> bool:
    """Whether there is a file of that name.

    Raises:
        ConfigurationError: when the operating system does not let it be looked at.
    """
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigurationError(f"cannot look at {path}: {error.strerror or error}", source=str(path)) from error


def _text(value: Any) -> str:  # Any: judged here
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is a text")
    return value


def _site(value: Any) -> str:  # Any: judged here
    if not isinstance(value, str) or not roots.SITE_NAME.fullmatch(value):
        raise ValueError("is a name of a-z, 0-9, _ and -, starting with a letter")
    return value


def _seconds(value: Any) -> float:  # Any: judged here
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _DAY:
        raise ValueError(f"is a number of seconds, 0 to {_DAY}")
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:  # Any: judged here
    if not isinstance(value, (list, tuple)) or not all(isinstance(text, str) and text for text in value):
        raise ValueError("is a list of texts")
    return tuple(value)


def _code(value: Any) -> tuple[str, ...]:  # Any: judged here
    if wrong := [text for text in _texts(value) if not plugins.is_name(text)]:
        raise ValueError(f"is a list of names as in package.module:name, which {wrong[0]!r} is not")
    return _texts(value)


def _algorithm(value: Any) -> str:  # Any: judged here
    if value not in ALGORITHMS:
        raise ValueError(f"is one of {', '.join(ALGORITHMS)}")
    return str(value)


def _severities(value: Any) -> dict[str, str]:  # Any: judged here
    if not isinstance(value, dict) or not all(level in SEVERITIES for level in value.values()):
        raise ValueError(f"gives ids of validators one of {', '.join(SEVERITIES)}")
    return dict(value)


def _ways(value: Any) -> dict[str, str]:  # Any: judged here
    ways = {plugins.EVERY_PRODUCT: value} if isinstance(value, str) else value
    if not isinstance(ways, dict) or not all(way in plugins.COPIES for way in ways.values()):
        raise ValueError(f"is {', '.join(plugins.COPIES)}, or gives one of these for codes of products")
    return {codes.fold(str(code)): way for code, way in ways.items()}


_CHECKS: Mapping[str, Callable[[Any], Any]] = {  # Any: judged by the check
    "catalog": _text,
    "hash": _algorithm,
    "project": _text,
    "user": _text,
    "site": _site,
    "timeout": _seconds,
    "token_file": _text,
    "validators": _code,
    "disabled": _texts,
    "severity": _severities,
    "followers": _code,
    "latest_copy": _ways,
}
_DEFAULTS: Mapping[str, Any] = {  # Any: values of every setting
    "catalog": "catalog.sqlite",
    "hash": ALGORITHMS[0],
    "project": None,
    "user": None,
    "site": None,
    "timeout": 30.0,
    "token_file": None,
    "validators": (),
    "disabled": (),
    "severity": {},
    "followers": (),
    "latest_copy": None,
}
_NAMES = (*_CHECKS, "roots")


def _file_layer(path: Path) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for name, item in read_file(path).items():
        _known(name, _NAMES, item.place, "setting")
        if name == "roots":
            found.update(_roots_layer(item, path.parent))
        else:
            found[name] = _setting(name, item.plain(), item.place, folder=path.parent)
    return found


def _roots_layer(item: Item, folder: Path) -> dict[str, Setting]:
    if not isinstance(item.value, dict):
        raise _wrong("roots", item.place, "is a table of names and folders")
    found: dict[str, Setting] = {}
    for name, root in item.value.items():
        found[f"roots.{name}"] = _root(name, root.plain(), root.place, folder=folder)
    return found


def _environment_layer(environment: Mapping[str, str], folder: Path) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for name in ("project", "user", "site", "timeout"):
        variable = f"BIFROST_SDK_{name.upper()}"
        value: Any = environment.get(variable)  # Any: a text, or the number that it spells
        if value:
            if name == "timeout":
                value = _number(value)
            found[name] = _setting(name, value, variable, folder=folder)
    prefix = "BIFROST_SDK_ROOT_"
    for variable, value in environment.items():
        if variable.startswith(prefix) and value:
            root = variable.removeprefix(prefix).lower()
            found[f"roots.{root}"] = _root(root, value, variable, folder=folder)
    return found


def _argument_layer(explicit: Mapping[str, Any]) -> dict[str, Setting]:  # Any: values of every setting
    found: dict[str, Setting] = {}
    for name, value in explicit.items():
        _known(name, _NAMES, "argument", "setting")
        if value is None:
            continue
        if name == "roots":
            for root, path in value.items():
                value_of = os.fspath(path) if isinstance(path, os.PathLike) else path
                found[f"roots.{root}"] = _root(root, value_of, "argument", folder=Path.cwd())
        else:
            found[name] = _setting(name, value, "argument", folder=Path.cwd())
    return found


def _setting(name: str, value: Any, origin: str, *, folder: Path) -> Setting:  # Any: judged here
    try:
        return Setting(_CHECKS[name](value), origin, folder)
    except ValueError as error:
        raise _wrong(name, origin, f"{error}, not {value!r:.80}") from error


def _root(name: str, value: Any, origin: str, *, folder: Path) -> Setting:  # Any: judged here
    if not roots.ROOT_NAME.fullmatch(name):
        raise _wrong(f"roots.{name}", origin, "has a name of a-z, 0-9 and _, starting with a letter")
    try:
        roots.check(value)
    except ValueError as error:
        raise _wrong(f"roots.{name}", origin, str(error)) from error
    return Setting(value, origin, folder)


def _absolute(path: PurePath, setting: Setting) -> Path:
    expanded = Path(path).expanduser()
    return expanded if expanded.is_absolute() or setting.folder is None else setting.folder.absolute() / expanded


def _known(name: str, names: tuple[str, ...], place: str, what: str) -> None:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the {what}s are {', '.join(names)}"
        raise ConfigurationError(f"{place}: there is no {what} {name!r}; {hint}", setting=name, source=place)


def _number(text: str) -> Any:  # Any: the number, or the text for the check to refuse
    try:
        return float(text)
    except ValueError:
        return text


def _wrong(name: str, place: str, message: str) -> ConfigurationError:
    return ConfigurationError(f"{place}: {name} {message}", setting=name, source=place)
