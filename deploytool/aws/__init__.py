"""AWS: each module wraps one service and translates botocore's errors into ours."""
