"""The services of a session, named after what they hold, each made when it is first asked for."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from bifrost_sdk.services.assets import Assets
from bifrost_sdk.services.configuration import Settings
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.links import Links
from bifrost_sdk.services.products import Products
from bifrost_sdk.services.projects import Projects
from bifrost_sdk.services.roots import PLATFORMS
from bifrost_sdk.services.shots import Episodes, Sequences, Shots
from bifrost_sdk.services.tasks import Tasks
from bifrost_sdk.services.users import Users
from bifrost_sdk.services.versions import Versions

if TYPE_CHECKING:  # loaded when they are needed
    from bifrost_sdk.services.adoption import Adoption
    from bifrost_sdk.services.folders import Folders
    from bifrost_sdk.services.following import Followers
    from bifrost_sdk.services.sync import Sync
    from bifrost_sdk.services.tables import Tables
    from bifrost_sdk.services.templates import Templates
    from bifrost_sdk.services.workfiles import Workfiles


class Services:
    """What there is, noun by noun; `context` says who asks which catalog, `settings` what the workspace says."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self.context = context
        self.settings = settings

    @functools.cached_property
    def projects(self) -> Projects:
        """Productions."""
        return Projects(self.context)

    @functools.cached_property
    def assets(self) -> Assets:
        """What is built once and used often."""
        return Assets(self.context)

    @functools.cached_property
    def episodes(self) -> Episodes:
        """The parts of series."""
        return Episodes(self.context)

    @functools.cached_property
    def sequences(self) -> Sequences:
        """Shots that belong together."""
        return Sequences(self.context)

    @functools.cached_property
    def shots(self) -> Shots:
        """Shots and their casting."""
        return Shots(self.context)

    @functools.cached_property
    def tasks(self) -> Tasks:
        """Who works on what."""
        return Tasks(self.context)

    @functools.cached_property
    def users(self) -> Users:
        """People, teams and roles."""
        return Users(self.context)

    @functools.cached_property
    def products(self) -> Products:
        """Output streams of nodes."""
        return Products(self.context)

    @functools.cached_property
    def versions(self) -> Versions:
        """What was published."""
        return Versions(self.context)

    @functools.cached_property
    def links(self) -> Links:
        """Annotations between any two things."""
        return Links(self.context)

    @functools.cached_property
    def templates(self) -> Templates:
        """How projects make and read paths."""
        from bifrost_sdk.services.templates import Templates

        return Templates.of(self.context)

    @functools.cached_property
    def folders(self) -> Folders:
        """Folders on disk, and what paths are."""
        from bifrost_sdk.services.folders import Folders

        elsewhere = {platform: self.settings.folders(platform) for platform in PLATFORMS if platform != sys.platform}
        named = (each for folders in elsewhere.values() for each in folders.items())
        return Folders(self.context, self.templates, tuple(dict.fromkeys(named)))

    @functools.cached_property
    def workfiles(self) -> Workfiles:
        """Scenes that people work in."""
        from bifrost_sdk.services.workfiles import Workfiles

        return Workfiles(self.folders)

    @functools.cached_property
    def sync(self) -> Sync:
        """What lies on disk against what the catalog says."""
        from bifrost_sdk.services.sync import Sync

        return Sync(self.folders)

    @functools.cached_property
    def followers(self) -> Followers:
        """What a studio does after each publish."""
        from bifrost_sdk.services.following import Followers

        return Followers(self.context)

    @functools.cached_property
    def adoption(self) -> Adoption:
        """Existing shows, taken in where they lie."""
        from bifrost_sdk.services.adoption import Adoption

        return Adoption(self.context, self.templates)

    @functools.cached_property
    def tables(self) -> Tables:
        """Tables of assets and shots, brought into the catalog."""
        from bifrost_sdk.services.tables import Tables

        return Tables(self.context)
