"""The one way in which a benchmark ends without figures."""


class MeasurementFailed(Exception):
    """Something that is measured did not do what it is measured at: a figure from it would be worth nothing."""
