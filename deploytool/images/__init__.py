"""Container images: build, push, registries and build secrets."""
