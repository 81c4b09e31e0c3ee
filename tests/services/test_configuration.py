from __future__ import annotations

import getpass
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services import configuration
from bifrost_sdk.services.configuration import load, studio_file, user_file, workspace_above


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_stronger_layer_wins_when_several_give_a_value(tmp_path: Path) -> None:
    studio = write(tmp_path / "studio.yaml", "timeout: 5\nproject: studio-one\nuser: from-studio\n")
    workspace = write(tmp_path / "show/bifrost.yaml", "\nproject: show-one\ntimeout: 6\n").parent
    user = write(tmp_path / "config/bifrost-sdk/user.yaml", "timeout: 7\n")
    environment = {"BIFROST_SDK_STUDIO": str(studio), "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": "/nowhere"}
    assert user == user_file(environment, platform="linux") or configuration.sys.platform != "linux"
    settings = load(workspace, environment={"BIFROST_SDK_STUDIO": str(studio), "HOME": "/nowhere"})
    assert (settings["timeout"].value, settings["timeout"].origin) == (6, f"{workspace / 'bifrost.yaml'}:3")
    assert (settings["project"].value, settings["project"].origin) == ("show-one", f"{workspace / 'bifrost.yaml'}:2")
    assert (settings.user, settings["user"].origin) == ("from-studio", f"{studio}:3")
    assert (settings["catalog"].value, settings["catalog"].origin) == ("catalog.sqlite", "default")
    assert load(workspace, environment={**environment, "BIFROST_SDK_TIMEOUT": "8"})["timeout"].origin == (
        "BIFROST_SDK_TIMEOUT"
    )
    chosen = load(workspace, environment={**environment, "BIFROST_SDK_TIMEOUT": "8"}, explicit={"timeout": 9})
    assert (chosen["timeout"].value, chosen["timeout"].origin) == (9.0, "argument")


@pytest.mark.skipif(configuration.sys.platform != "linux", reason="the place is that of Linux")
def test_user_file_is_read_when_it_lies_in_its_place(tmp_path: Path) -> None:
    write(tmp_path / "bifrost-sdk/user.yaml", "user: anna\n")
    assert load(tmp_path, environment={"XDG_CONFIG_HOME": str(tmp_path)}).user == "anna"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("projct: demo\n", r"bifrost\.yaml:1: there is no setting 'projct'; did you mean 'project'\?"),
        (
            "zzz: demo\n",
            r"the settings are catalog, .*project, user, .*followers, .*latest_copy, .*roots",
        ),
        ("user: anna\nproject: 12\n", r"bifrost\.yaml:2: project is a text, not 12"),
        ("project: ''\n", "project is a text"),
        ("latest_copy: true\n", "latest_copy is copy, link, symlink, or gives one of these for codes of products"),
        ("latest_copy: {model: move}\n", "latest_copy is copy, link, symlink, or gives"),
        ("site: Berlin\n", "site is a name of a-z"),
        ("roots:\n  publish: {windows: /mnt}\n", r"bifrost\.yaml:2: roots\.publish has a folder of windows with"),
        ("timeout: soon\n", "timeout is a number of seconds"),
        ("timeout: true\n", "timeout is a number of seconds"),
        ("timeout: -1\n", "timeout is a number of seconds"),
        ("roots: here\n", "roots is a table"),
        ("roots:\n  publish: 12\n", r"bifrost\.yaml:2: roots\.publish is a folder"),
        ("roots:\n  publish: {}\n", "is a folder"),
        (
            "roots:\n  publish: {linx: /a}\n",
            r"bifrost\.yaml:2: roots\.publish knows no platform 'linx'; did you mean 'linux'",
        ),
        ("roots:\n  publish: {linux: [a]}\n", "is a folder"),
        ("validators: studio:check\n", r"bifrost\.yaml:1: validators is a list of texts"),
        ("validators: [studio.check]\n", "which 'studio.check' is not"),
        ("followers: ['studio:2']\n", "which 'studio:2' is not"),
        ("disabled: [1]\n", "disabled is a list of texts"),
        ("severity: {files.type: fatal}\n", "severity gives ids of validators one of error, warning, info"),
        ("severity: [files.type]\n", "severity gives ids of validators"),
        ("roots:\n  Publish: /a\n", "has a name of a-z"),
    ],
)
def test_file_is_refused_with_its_place_when_a_setting_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    write(tmp_path / "bifrost.yaml", text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(tmp_path, environment={})
    assert "bifrost.yaml:" in caught.value.source


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"BIFROST_SDK_TIMEOUT": "soon"}, "BIFROST_SDK_TIMEOUT: timeout is a number of seconds"),
        ({"BIFROST_SDK_STUDIO": "/no/such/file"}, "BIFROST_SDK_STUDIO names"),
        ({"BIFROST_SDK_ROOT_": "/a"}, "has a name of a-z"),
        ({"BIFROST_SDK_ROOT_WORK": "P:x"}, "BIFROST_SDK_ROOT_WORK: roots.work has a folder of windows with"),
        ({"BIFROST_SDK_SITE": "-"}, "BIFROST_SDK_SITE: site is a name of a-z"),
    ],
)
def test_variable_is_refused_when_it_is_wrong(environment: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load(tmp_path, environment=environment)


def test_plugins_are_what_the_strongest_layer_says_when_several_name_some(tmp_path: Path) -> None:
    studio = write(tmp_path / "studio.yaml", "validators: [studio:one]\nfollowers: ['studio.tell:Chat.post']\n")
    text = "validators: ['show:two', 'show:three']\ndisabled: [files.type]\nseverity: {sequences.whole: warning}\n"
    folder = write(tmp_path / "show/bifrost.yaml", text).parent
    plugins = load(folder, environment={"BIFROST_SDK_STUDIO": str(studio), "HOME": "/nowhere"}).plugins
    assert plugins.validators == ("show:two", "show:three")
    assert plugins.followers == ("studio.tell:Chat.post",)
    assert plugins.disabled == {"files.type"}
    assert plugins.severity == {"sequences.whole": "warning"}
    assert plugins.folder == folder / ".bifrost"


def test_argument_is_refused_when_there_is_no_such_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'user'"):
        load(tmp_path, explicit={"usr": "anna"}, environment={})
    with pytest.raises(ConfigurationError, match="there is no setting 'colour'"):
        load(tmp_path, environment={})["colour"]


def test_user_is_that_of_the_operating_system_when_not_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(tmp_path, environment={})
    monkeypatch.setattr(getpass, "getuser", lambda: "someone")
    assert settings.user == "someone"

    def nobody() -> str:
        raise KeyError("uid")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(ConfigurationError, match="BIFROST_SDK_USER"):
        _ = settings.user


def test_roots_are_those_of_the_platform_when_it_has_some(tmp_path: Path) -> None:
    text = (
        "roots:\n  publish: {linux: /mnt/pub, windows: 'P:\\pub', macos: /Volumes/pub}\n  cache: files\n  w: 'W:\\x'\n"
    )
    write(tmp_path / "bifrost.yaml", text)
    settings = load(
        tmp_path, environment={"BIFROST_SDK_ROOT_CACHE_TWO": "/two"}, explicit={"roots": {"given": Path("g")}}
    )
    assert settings.folders("linux") == {
        "publish": PurePosixPath("/mnt/pub"),
        "work": tmp_path / "work",
        "cache": tmp_path / "files",
        "cache_two": PurePosixPath("/two"),
        "given": Path.cwd() / "g",
    }
    assert settings.folders("darwin")["publish"] == PurePosixPath("/Volumes/pub")
    assert settings.folders("win32") == {"publish": PureWindowsPath("P:\\pub"), "w": PureWindowsPath("W:\\x")}
    assert "publish" not in settings.folders("freebsd13")
    assert settings.roots() == settings.folders()
    assert {type(folder) for folder in settings.roots().values()} == {type(tmp_path)}


SITES = """
site: berlin
roots:
  publish:
    linux: /mnt/shows
    sites:
      berlin: {linux: /fs1/shows, windows: '\\\\fs1\\shows'}
      vancouver: {linux: /yvr/shows, windows: 'V:\\shows'}
  work: /mnt/work
"""


def test_root_is_that_of_the_site_when_it_has_one(tmp_path: Path) -> None:
    write(tmp_path / "bifrost.yaml", SITES)
    berlin = load(tmp_path, environment={})
    assert (berlin.site, berlin["site"].origin) == ("berlin", f"{tmp_path / 'bifrost.yaml'}:2")
    assert berlin.folders("linux") == {"publish": PurePosixPath("/fs1/shows"), "work": PurePosixPath("/mnt/work")}
    assert berlin.folders("win32") == {"publish": PureWindowsPath("\\\\fs1\\shows")}
    vancouver = load(tmp_path, environment={"BIFROST_SDK_SITE": "vancouver"})
    assert vancouver.folders("win32")["publish"] == PureWindowsPath("V:\\shows")
    overridden = load(tmp_path, environment={"BIFROST_SDK_ROOT_PUBLISH": "\\\\nas\\x"})
    assert overridden.folders("win32")["publish"] == PureWindowsPath("\\\\nas\\x")
    assert "publish" not in overridden.folders("linux")


def test_site_is_refused_when_no_root_knows_it_while_some_know_others(tmp_path: Path) -> None:
    write(tmp_path / "bifrost.yaml", SITES)
    settings = load(tmp_path, environment={"BIFROST_SDK_SITE": "berlni"})
    with pytest.raises(ConfigurationError, match=r"BIFROST_SDK_SITE: site is 'berlni'.*did you mean 'berlin'"):
        settings.roots()
    with pytest.raises(ConfigurationError, match="the sites are berlin, vancouver"):
        load(tmp_path, environment={"BIFROST_SDK_SITE": "zzz"}).folders("win32")
    elsewhere = load(tmp_path / "none", environment={"BIFROST_SDK_SITE": "zzz"})
    assert set(elsewhere.roots()) == {"publish", "work"}
    assert load(tmp_path / "none", environment={}).site is None


def test_none_leaves_the_setting_when_given_as_argument(tmp_path: Path) -> None:
    assert load(tmp_path, explicit={"user": None, "roots": None}, environment={})["user"].origin == "default"


def test_places_of_files_are_the_platforms_own_when_asked() -> None:
    assert studio_file({}, platform="linux") == Path("/etc/bifrost-sdk/studio.yaml")
    assert studio_file({}, platform="darwin") == Path("/Library/Application Support/Bifrost SDK/studio.yaml")
    assert studio_file({"PROGRAMDATA": "/pd"}, platform="win32") == Path("/pd/Bifrost SDK/studio.yaml")
    assert user_file({"HOME": "/h"}, platform="linux") == Path("/h/.config/bifrost-sdk/user.yaml")
    assert user_file({"HOME": "/h"}, platform="darwin") == Path("/h/Library/Application Support/Bifrost SDK/user.yaml")
    assert user_file({"USERPROFILE": "/u"}, platform="win32") == Path("/u/AppData/Roaming/Bifrost SDK/user.yaml")
    assert user_file({"APPDATA": "/a"}, platform="win32") == Path("/a/Bifrost SDK/user.yaml")


def test_workspace_is_the_nearest_above_when_started_inside(tmp_path: Path) -> None:
    write(tmp_path / "bifrost.yaml", "")
    write(tmp_path / "a/bifrost.yaml", "")
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert workspace_above(tmp_path / "a/b/c") == tmp_path / "a"
    assert workspace_above(tmp_path) == tmp_path
    assert workspace_above(Path(tmp_path.anchor)) is None


def test_workspace_is_refused_when_a_folder_may_not_be_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(ConfigurationError, match=r"cannot look at .*bifrost\.yaml: Permission denied"):
        configuration.workspace_above(tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot look at .*Permission denied"):
        configuration.load(tmp_path, environment={"BIFROST_SDK_STUDIO": str(tmp_path / "studio.yaml")})
