"""The command `kn`: `kn_assets.cli.start` is where it begins."""
