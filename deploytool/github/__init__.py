"""GitHub: deployments, comments, and the rollback checkbox."""
