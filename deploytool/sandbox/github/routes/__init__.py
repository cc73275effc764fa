"""The paths of the local GitHub, one file per resource."""
