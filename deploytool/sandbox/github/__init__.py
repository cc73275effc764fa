"""A local GitHub: the part of its REST API that a release uses, and the pull request as a page."""
