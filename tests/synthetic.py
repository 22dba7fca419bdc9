"""Small made-up lakes for tests: `from tests.synthetic import make_lake`."""

from kn_assets.synthetic import Shape, city_of, dense_blocks, lengths, make_lake, token_ids

__all__ = ["Shape", "city_of", "dense_blocks", "lengths", "make_lake", "token_ids"]
