"""Where `kn` starts: what a signal does is settled before anything else is imported."""

from __future__ import annotations

from kn_assets.cli import stopping


def main() -> int:
    """Run the command that the process was started with; returns the exit code."""
    stopping.at_once()
    from kn_assets.cli import parser

    code = parser.main()
    if code in stopping.CODES.values():
        stopping.end(code)
    return code
