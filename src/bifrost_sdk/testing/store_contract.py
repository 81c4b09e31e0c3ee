"""The contract of `ports.Store` and of its transactions, as one suite."""

from __future__ import annotations

from bifrost_sdk.testing.store_queries import StoreQueries
from bifrost_sdk.testing.store_reads import StoreReads
from bifrost_sdk.testing.store_relations import StoreRelations
from bifrost_sdk.testing.store_writes import StoreWrites


class StoreContract(StoreWrites, StoreReads, StoreQueries, StoreRelations):
    """All that a store promises; an implementation overrides `store` and, where it can, `another`."""
