"""Writing of the sample province: the same values give the same bytes, and the folder comes whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd

    from phusong.data.sample.rasters import Layer

WHEN = "2026-06-30T00:00:00Z"
"""Written into GeoPackages in place of the time of writing."""


def write_raster(layer: Layer, path: Path) -> None:
    """Write a GeoTIFF, tiled and compressed."""
    import rasterio

    rows, cols = layer.values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=cols, count=1, dtype=str(layer.values.dtype),
        crs=layer.crs, transform=layer.transform, nodata=layer.nodata, tiled=True, blockxsize=256,
        blockysize=256, compress="deflate", predictor=3 if layer.values.dtype.kind == "f" else 2,
    ) as target:  # fmt: skip
        target.write(layer.values, 1)


def write_gpkg(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write a GeoPackage whose bytes do not depend on the clock."""
    import pyogrio

    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WHEN})
    try:
        frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoJSON in longitude and latitude, a feature per line."""
    import shapely

    columns = [name for name in frame.columns if name != "geometry"]
    lines = []
    for values, geometry in zip(
        frame[columns].to_dict("records"), shapely.to_geojson(frame.geometry.to_numpy()), strict=True
    ):
        feature: dict[str, Any] = {"type": "Feature", "properties": values, "geometry": json.loads(geometry)}
        lines.append(json.dumps(feature, ensure_ascii=False))
    body = ",\n".join(lines)
    path.write_text(f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n', encoding="utf-8")


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into a temporary sibling of ``folder``, then put it in its place.

    What else lay in ``folder`` is kept; a failure leaves everything as it was.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fill(made)
        made.chmod(0o777 & ~_umask())
        if not folder.exists():
            os.replace(made, folder)
            return
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        os.replace(folder, old)
        try:
            os.replace(made, folder)
        except OSError:
            os.replace(old, folder)
            raise
        for entry in old.iterdir():
            if not (folder / entry.name).exists():
                os.replace(entry, folder / entry.name)
        shutil.rmtree(old)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
