"""What people and scripts read: terminal, log, Markdown and JSON."""
