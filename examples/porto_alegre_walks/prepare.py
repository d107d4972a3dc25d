"""Make the two tables that study.yml reads: hexagons, and the schools and clinics inside them.

    XZZ_REAL_DATA=/folder/that/holds/them python examples/porto_alegre_walks/prepare.py

Nothing that is made here belongs into git: it goes under outputs/prepared. The streets are read as they are published.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("XZZ_REAL_DATA") or HERE.parents[2] / "shared" / "data")
MADE = HERE.parents[1] / "outputs" / "prepared" / HERE.name
UTM = 32722
KINDS = {
    "schools": ("education.school", "学校（{}所）", "Schools ({})"),
    "healthcare": ("health.facility", "医疗机构（{}处）", "Health facilities ({})"),
}
"""Column of the grid → category and names of what it counts."""


def grid() -> pd.DataFrame:
    """Centres of the hexagons with people, schools and health facilities; a number tells them apart."""
    table = pd.read_csv(DATA / "accessibility_reference" / "poa_hexgrid.csv").sort_values("id", ignore_index=True)
    table["cell"] = [f"h{number:04d}" for number in range(1, len(table) + 1)]
    return table


def hexagons(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Hexagons around the centres: what is nearest to each centre, cut off where the grid ends.

    The grid is H3's of resolution 9; a hexagon has its corners where three neighbouring centres are equally far.
    """
    middles = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs=4326).to_crs(UTM)
    xy = shapely.get_coordinates(middles.to_numpy())
    nearest = shapely.voronoi_polygons(shapely.MultiPoint(xy), ordered=True)
    cells = np.array([*nearest.geoms], dtype=object)
    whole = cells[np.argsort(shapely.area(cells))[len(cells) // 2]]  # one in the middle of the grid, like all others
    own = shapely.get_coordinates(whole) - shapely.get_coordinates(shapely.centroid(whole))
    frames = [shapely.Polygon(own * 1.02 + place) for place in xy]
    shapes = gpd.GeoSeries(shapely.intersection(cells, frames), crs=UTM).to_crs(4326)
    names = {"cell": table["cell"], "name_zh": "格" + table["cell"], "name_en": "cell " + table["cell"]}
    return gpd.GeoDataFrame({**names, "population": table["population"]}, geometry=shapes)


def places(table: pd.DataFrame) -> pd.DataFrame:
    """One resource for each hexagon with a school or a health facility, at its centre: more is not published."""
    rows = []
    for column, (category, zh, en) in KINDS.items():
        for row in table[table[column] > 0].to_dict("records"):
            count = int(row[column])
            told = {"id": f"{column}-{row['cell']}", "category": category, "community": row["cell"]}
            names = {"name_zh": zh.format(count), "name_en": en.format(count)}
            rows.append({**told, **names, "lon": row["lon"], "lat": row["lat"], "precision": "community"})
    return pd.DataFrame(rows)


def main() -> None:
    """Write both tables and say what is in them."""
    MADE.mkdir(parents=True, exist_ok=True)
    table = grid()
    cells, found = hexagons(table), places(table)
    cells.to_file(MADE / "hexagons.gpkg", layer="hexagons")
    found.to_csv(MADE / "places.csv", index=False)
    counted = ", ".join(f"{count} of {name}" for name, count in found["category"].value_counts().items())
    sys.stdout.write(f"{len(cells)} hexagons with {table['population'].sum():,} people; with places: {counted}\n")


if __name__ == "__main__":
    main()
