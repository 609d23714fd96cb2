"""The command line."""


def main() -> int:
    """Run the `pretzel` command."""
    from pretzel import __version__

    print(f"pretzel {__version__}")
    return 0
