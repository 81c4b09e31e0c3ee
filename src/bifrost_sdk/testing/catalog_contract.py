"""The contract of `ports.Catalog`, as one suite."""

from __future__ import annotations

from bifrost_sdk.testing.catalog_access import CatalogAccess
from bifrost_sdk.testing.catalog_commits import CatalogCommits
from bifrost_sdk.testing.catalog_kinds import CatalogKinds
from bifrost_sdk.testing.catalog_reads import CatalogReads


class CatalogContract(CatalogCommits, CatalogReads, CatalogKinds, CatalogAccess):
    """All that a catalog promises; an implementation overrides `catalog`."""
