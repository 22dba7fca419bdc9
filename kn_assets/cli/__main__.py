"""`python -m kn_assets.cli` is `kn`."""

import sys

from kn_assets.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
