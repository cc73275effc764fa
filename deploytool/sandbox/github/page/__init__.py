"""What people see of the stand-in in a browser."""
