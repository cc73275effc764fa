"""The ledger of releases, the lock, and recovery of interrupted releases."""
