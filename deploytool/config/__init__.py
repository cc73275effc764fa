"""deploytool.yml: its schema, its errors with line and column, and what it means for one environment."""
