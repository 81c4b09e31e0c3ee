"""The contract of `ports.Catalog`, as one suite."""

from __future__ import annotations

from bifrost_sdk.testing.catalog_access import CatalogAccess
from bifrost_sdk.testing.catalog_commits import CatalogCommits
from bifrost_sdk.testing.catalog_kinds import CatalogKinds
from bifrost_sdk.testing.catalog_reads import CatalogReads
from bifrost_sdk.testing.catalog_rules import CatalogRules
from bifrost_sdk.testing.catalog_versions import CatalogVersions


class CatalogContract(CatalogCommits, CatalogRules, CatalogVersions, CatalogReads, CatalogKinds, CatalogAccess):
    """All that a catalog promises; an implementation overrides `catalog`."""
