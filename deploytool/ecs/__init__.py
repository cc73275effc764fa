"""Amazon ECS: its objects, the status of a deployment, and why tasks fail."""
