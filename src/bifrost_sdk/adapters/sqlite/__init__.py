"""The embedded catalog: a Store in one SQLite file on a local disk, shared by every process of one machine."""
