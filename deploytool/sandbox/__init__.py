"""A local AWS and GitHub: MiniStack, a GitHub server and the databases of the example, all on 127.0.0.1."""
