"""`python -m kn_assets.cli.parser` is `kn`."""

from kn_assets.cli.parser import main

main()
