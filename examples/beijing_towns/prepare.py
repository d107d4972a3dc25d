"""Make the two tables that study.yml reads: sub-districts with a key, and town offices as resources.

    XZZ_REAL_DATA=/folder/that/holds/them python examples/beijing_towns/prepare.py

Nothing that is made here belongs into git: it goes under outputs/prepared.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd

from xzz_analysis.places.directory import match_names

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("XZZ_REAL_DATA") or HERE.parents[2] / "shared" / "data")
MADE = HERE.parents[1] / "outputs" / "prepared" / HERE.name


def sub_districts() -> gpd.GeoDataFrame:
    """Polygons with the modelled population; the key is district and sub-district, since one name is there twice."""
    layer = gpd.read_file(DATA / "beijing_subdistricts" / "beijing_subdistricts_wgs84.gpkg")
    layer["key"] = layer["district"] + "-" + layer["subdistrict"]
    twice = layer["subdistrict"].duplicated(keep=False)
    layer["name"] = layer["subdistrict"].where(~twice, layer["subdistrict"] + "（" + layer["district"] + "）")
    return layer[["key", "name", "district", "subdistrict", "worldpop", "geometry"]]


def towns() -> pd.DataFrame:
    """Town offices of Beijing that have a point, as the file gives it: in GCJ-02."""
    table = pd.read_csv(DATA / "vonng_adcode_points" / "adcode_bj_nc_zh_nj_qd.csv.gz", dtype=str, keep_default_na=False)
    kept = (table["level"] == "town") & (table["province"] == "北京市") & (table["longitude"] != "")
    return table[kept].set_index("code")


def resources(areas: gpd.GeoDataFrame, offices: pd.DataFrame) -> pd.DataFrame:
    """Town offices as a table of resources; the sub-district beside each is the one of the same name."""
    ours = offices[["name", "county"]].set_axis(["name", "within"], axis=1)
    theirs = areas.set_index("key")[["subdistrict", "district"]].set_axis(["name", "within"], axis=1)
    match = match_names(ours, theirs).table["match"]
    return pd.DataFrame(
        {
            "id": offices.index,
            "name_zh": offices["name"].to_numpy(),
            "category": "general.government",
            "lon": offices["longitude"].to_numpy(),
            "lat": offices["latitude"].to_numpy(),
            "community": match.reindex(offices.index).fillna("").to_numpy(),
            "source": "Vonng/adcode",
        }
    )


def main() -> None:
    """Write both tables and say what is in them."""
    MADE.mkdir(parents=True, exist_ok=True)
    areas, offices = sub_districts(), towns()
    table = resources(areas, offices)
    areas.to_file(MADE / "sub_districts.gpkg", layer="sub_districts")
    table.to_csv(MADE / "town_offices.csv", index=False)
    named = int((table["community"] != "").sum())
    sys.stdout.write(f"{len(areas)} sub-districts; {len(table)} town offices with a point, {named} of them named\n")


if __name__ == "__main__":
    main()
