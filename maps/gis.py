"""Files for geographic information systems: GeoPackage, GeoJSON and cloud-optimised GeoTIFF."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import describe
from phusong.coverage.result import ANY, Reach, Result
from phusong.coverage.store import digest_of
from phusong.layers.grid import Raster
from phusong.maps.citation import cited_sources, gpkg_metadata, member, tags
from phusong.maps.kept import kept_file
from phusong.maps.safe import ascii_keys
from phusong.maps.tables import code_vintage, plain_value, version

if TYPE_CHECKING:
    import geopandas as gpd

    from phusong.coverage.store import Store

NODATA = -9999.0
"""In the signal rasters: no server within reach. Neither a level nor a distance can have this value."""

GEOJSON_VERSION = "1.0"
"""Of ``communes.geojson``: the first number changes when a reader of the old form would break."""

_DECIMALS = 6
_ROWS = 512
"""Of a raster that are in memory at once, if it holds less than all."""
_CLOCK = threading.Lock()


@contextmanager
def still_clock(as_of: datetime.date) -> Iterator[None]:
    """Let GDAL stamp GeoPackages with the day of the data, so that the bytes depend on the inputs only."""
    import pyogrio

    option = "OGR_CURRENT_DATE"
    with _CLOCK:
        before = pyogrio.get_gdal_config_option(option)
        pyogrio.set_gdal_config_options({option: f"{as_of.isoformat()}T00:00:00.000Z"})
        try:
            yield
        finally:
            pyogrio.set_gdal_config_options({option: before})


def commune_table(result: Result) -> gpd.GeoDataFrame:
    """Return the communes (EPSG:4326) with their figures as columns.

    ``commune_code commune_name population_official population area_km2``, then for every service and
    operator ``<service>_<operator>_people`` (covered), ``<service>_<operator>_pct`` (of ``population``)
    and ``<service>_any_area_pct``, names in lower-case ASCII; a figure that has no denominator is empty.
    """
    import geopandas as gpd

    communes = result.layers.communes
    codes = communes["commune_code"].astype(str)
    columns: dict[str, Any] = {
        "commune_code": codes.to_numpy(), "commune_name": communes["commune_name"].astype(str).to_numpy(),
        "population_official": communes["population"].astype(float).to_numpy(),
    }
    table = result.indicators[result.indicators["level"] == "commune"]
    grouped = {
        key: frame.set_index("code").reindex(codes)
        for key, frame in table[table["indicator"].isin(["population", "area"])].groupby(
            ["service", "operator", "indicator"], sort=False
        )
    }
    for name, indicator in (("population", "population"), ("area_km2", "area")):
        frame = next((f for (_, _, i), f in grouped.items() if i == indicator), None)
        if frame is not None:
            columns[name] = frame["denominator"].to_numpy(float)
    services = ascii_keys(result.layers.project.services)
    operators = ascii_keys(dict.fromkeys([ANY, *sorted({o for _, o in result.reaches})]))
    for service, service_key in services.items():
        for operator, operator_key in operators.items():
            stem = f"{service_key}_{operator_key}".lower()
            frame = grouped.get((service, operator, "population"))
            if frame is not None:
                columns[f"{stem}_people"] = frame["numerator"].to_numpy(float)
                columns[f"{stem}_pct"] = frame["percent"].to_numpy(float)
            frame = grouped.get((service, operator, "area"))
            if frame is not None and operator == ANY:
                columns[f"{stem}_area_pct"] = frame["percent"].to_numpy(float)
    return gpd.GeoDataFrame(columns, geometry=communes.geometry.to_crs(4326).to_numpy(), crs=4326)


def _write_gpkg(frame: gpd.GeoDataFrame, path: Path, layer: str, result: Result) -> None:
    import pyogrio

    with still_clock(result.layers.project.province.as_of):
        pyogrio.write_dataframe(
            frame, path, layer=layer, driver="GPKG", geometry_type="MultiPolygon", promote_to_multi=True,
            layer_options={"FID": "fid"}, **gpkg_metadata(cited_sources(result.layers.sources)),
        )


def write_communes_gpkg(result: Result, path: Path) -> None:
    """Write `commune_table` as the layer ``communes``."""
    _write_gpkg(commune_table(result), path, "communes", result)


def write_gaps_gpkg(result: Result, path: Path) -> None:
    """Write the gaps as the layer ``gaps``; it is there, empty, where there are none."""
    _write_gpkg(result.gaps.set_geometry("geometry"), path, "gaps", result)


def write_communes_geojson(result: Result, path: Path) -> None:
    """Write `commune_table` as GeoJSON (RFC 7946): WGS 84, six decimals, outer rings anticlockwise."""
    import shapely

    frame = commune_table(result)
    province = result.layers.project.province
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, _DECIMALS))
    rounded = shapely.orient_polygons(rounded, exterior_cw=False)
    names = [c for c in frame.columns if c != "geometry"]
    values = zip(*(frame[c].tolist() for c in names), strict=True)
    # Shapely writes the coordinates as text already, shortest form: read back, they would only be written
    # again.
    lines = [
        f'{{"type":"Feature","id":{_compact(str(row[0]))},'
        f'"properties":{_compact(dict(zip(names, map(plain_value, row), strict=True)))},"geometry":{shape}}}'
        for row, shape in zip(values, shapely.to_geojson(rounded), strict=True)
    ]
    head = {
        "schema": "phusong.communes",
        "version": GEOJSON_VERSION,
        "province": {
            "code": province.code, "name": province.name, "code_vintage": code_vintage(result),
            "as_of": province.as_of.isoformat(),
        },
        "generator": {"name": "phusong", "version": version()},
        **member(cited_sources(result.layers.sources)),
    }
    start = f'{{"type":"FeatureCollection",{_compact(head)[1:-1]},"features":[\n'
    path.write_bytes((start + ",\n".join(lines) + "\n]}\n").encode())


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def signal_names(result: Result) -> Mapping[str, str]:
    """Return the name of the signal raster's file for every service."""
    services = [
        service
        for (service, operator), reach in result.reaches.items()
        # A public result has blank rasters where they would show sites: not written, lest one believe them.
        if operator == ANY and not (result.public and np.isnan(reach.signal.values).all())
    ]
    return {service: f"signal_{key}.tif" for service, key in ascii_keys(services).items()}


def servers_names(result: Result) -> Mapping[str, str]:
    """Return the name of the file with the number of servers for every service that counts them."""
    return _names_where(result, "servers", lambda reach: reach.servers is not None)


def sinr_names(result: Result) -> Mapping[str, str]:
    """Return the name of the file with the SINR for every service that asks for it."""
    return _names_where(result, "sinr", lambda reach: reach.sinr is not None)


def _names_where(result: Result, stem: str, has: Callable[[Reach], bool]) -> Mapping[str, str]:
    keys = ascii_keys([service for service, operator in result.reaches if operator == ANY])
    return {s: f"{stem}_{key}.tif" for s, key in keys.items() if has(result.reaches[s, ANY])}


def write_signal(result: Result, service: str, path: Path, *, store: Store | None = None) -> None:
    """Write the signal of the best server of any operator as a cloud-optimised GeoTIFF.

    One band of float32 in dBm or metres, `NODATA` where nothing reaches, tiles of 512, overviews down to
    one tile, deflate. Overviews take the value of one of the cells: an average of levels in decibels
    would be a level that nowhere exists. With a ``store``, the file is kept there between runs.
    """
    reach: Reach = result.reaches[service, ANY]
    what = "RSRP" if reach.unit == "dBm" else "distance"
    said = f"{service} {what}, best server of any operator"
    _write_cog(result, service, path, reach.signal, said, reach.unit, store, nodata=NODATA)


def write_sinr(result: Result, service: str, path: Path, *, store: Store | None = None) -> None:
    """Write the SINR in dB at the load of the service, in the form of `write_signal`.

    Raises
    ------
    ValueError
        The service has none.
    """
    sinr = result.reaches[service, ANY].sinr
    if sinr is None:
        raise ValueError(f"service {service!r} has no SINR")
    load = getattr(result.layers.project.services[service], "load", 1.0)
    said = f"{service} SINR at load {load:g}, best server of any operator"
    _write_cog(result, service, path, sinr, said, "dB", store, nodata=NODATA)


def write_servers(result: Result, service: str, path: Path, *, store: Store | None = None) -> None:
    """Write how many cells of any operator cover a place, uint16, in the form of `write_signal`.

    Zero is a count like any other: no value stands for 'nothing known'.

    Raises
    ------
    ValueError
        The service counts none.
    """
    servers = result.reaches[service, ANY].servers
    if servers is None:
        raise ValueError(f"service {service!r} counts no servers")
    said = f"{service} number of cells that cover, any operator"
    counts = Raster(servers.values.astype(np.uint16), servers.grid)
    _write_cog(result, service, path, counts, said, "1", store)


def _bands(raster: Raster[Any], nodata: float | None) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield some rows of a raster after others, each with the number of its first, ``nodata`` for NaN."""
    rows, cols = raster.grid.shape
    for row in range(0, rows, _ROWS):
        values = raster.window((row, min(row + _ROWS, rows), 0, cols))
        yield row, values if nodata is None else np.where(np.isnan(values), values.dtype.type(nodata), values)


def _write_cog(
    result: Result, service: str, path: Path, raster: Raster[Any], said: str, unit: str,
    store: Store | None, *, nodata: float | None = None,
) -> None:
    province = result.layers.project.province
    told = dict(
        province_code=province.code, service=service, operator=ANY, as_of=province.as_of.isoformat(),
        criterion=describe(result.layers.project.services[service]).en, software=f"phusong {version()}",
        **tags(cited_sources(result.layers.sources)),
    )
    held = () if store is None else tuple(digest_of(values) for _, values in _bands(raster, nodata))
    parts = "raster", raster.dtype.str, held, *raster.grid.place, said, unit, nodata, sorted(told.items())
    kept_file(store, parts, lambda p: _make_cog(p, raster, said, unit, nodata, told), path)


def _make_cog(
    path: Path, raster: Raster[Any], said: str, unit: str, nodata: float | None, told: Mapping[str, str]
) -> None:
    import rasterio
    from rasterio.windows import Window

    grid = raster.grid
    predictor = 3 if raster.dtype.kind == "f" else 2
    with rasterio.open(
        path, "w", driver="COG", width=grid.shape[1], height=grid.shape[0], count=1,
        dtype=raster.dtype.name, crs=grid.crs.to_wkt(), transform=grid.transform, nodata=nodata,
        compress="DEFLATE", predictor=predictor, blocksize=_block(grid.shape), overviews="AUTO",
        overview_resampling="NEAREST", num_threads=1,
    ) as dataset:
        for row, values in _bands(raster, nodata):
            dataset.write(values, 1, window=Window(0, row, grid.shape[1], len(values)))
        dataset.set_band_description(1, said)
        dataset.units = (unit,)
        dataset.update_tags(**told)


def _block(shape: tuple[int, int]) -> int:
    """Return the side of a tile: smaller for small rasters, so that they too have an overview."""
    side = 512
    while side > 128 and max(shape) <= side:
        side //= 2
    return side
