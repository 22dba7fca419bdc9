"""The command `kn`."""

from kn_assets.cli.parser import main

__all__ = ["main"]
