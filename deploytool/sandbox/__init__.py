"""A whole cloud on one machine: MiniStack, a GitHub stand-in, and the example's database, all on 127.0.0.1."""
