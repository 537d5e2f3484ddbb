"""The generator of the sample province, 'Tỉnh Mẫu (minh họa)', and of a country of them."""

from phusong.data.sample.country import make_country
from phusong.data.sample.make import make_sample

__all__ = ["make_country", "make_sample"]
