"""The paths of the stand-in, one file per GitHub resource."""
