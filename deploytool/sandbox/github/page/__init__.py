"""What people see of the local GitHub in a browser."""
