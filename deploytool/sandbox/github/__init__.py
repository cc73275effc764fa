"""A GitHub of our own on 127.0.0.1: the part of its REST API a release uses, and the pull request as a page."""
