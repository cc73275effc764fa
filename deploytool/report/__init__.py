"""What people and programs read: plans, progress and outcomes as text, Markdown and JSON."""
