"""GitHub, as a release needs it: who runs us, deployments, the pull request's comment. Never fails a release."""
