"""What a table looks like: a small picture where one helps, and its first rows."""

from kn_assets.defs.plots.picture import plot
from kn_assets.defs.plots.preview import preview

__all__ = ["plot", "preview"]
