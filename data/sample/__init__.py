"""The generator of the sample province, 'Tỉnh Mẫu (minh họa)'."""

from phusong.data.sample.make import make_sample

__all__ = ["make_sample"]
