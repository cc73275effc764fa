"""Images: build them, push them, ask the registry what it holds."""
