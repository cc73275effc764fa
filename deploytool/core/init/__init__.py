"""`deploytool init`: from what a project and a cluster say to the files that release it."""
