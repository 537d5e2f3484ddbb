"""The tables ``[plan]`` of the project file: what a plan of sites assumes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _PlanTable(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )


class FundingRule(_PlanTable):
    """``[[plan.sites.funding]]``: who pays for a site; the first rule that fits decides.

    A rule fits where one of the villages that the site newly serves meets every condition that the rule
    states; one without conditions fits every site.
    """

    source: str = Field(min_length=1, max_length=120)
    disadvantaged: bool | None = None
    """Villages marked so in their layer (column ``disadvantaged``)."""
    has_grid_power: bool | None = None
    """Villages with grid power (column ``has_grid_power``)."""


class MicrowaveTable(_PlanTable):
    """``[plan.sites.microwave]``: links by radio to a site that has backhaul already."""

    frequency_mhz: float = Field(default=15000.0, ge=4000.0, le=90000.0)
    max_km: float = Field(default=20.0, gt=0.0, le=80.0)
    clearance: float = Field(default=0.6, ge=0.0, le=1.0)
    """Share of the first Fresnel zone that must be free (Rec. ITU-R P.530-18, clause 2.2.2)."""
    hops: int = Field(default=3, ge=1, le=10)
    """Links one after the other at most."""


class PlanSitesTable(_PlanTable):
    """``[plan.sites]``: where sites may stand and what they would carry.

    What is not given of the antennas is the default of the technology (``data/technologies.csv``).
    """

    tower_height_m: float = Field(default=42.0, gt=0.0, le=200.0)
    """Of a new tower; antennas stand ``antenna_height_m`` high, or at its top where that is lower."""
    antenna_height_m: float | None = Field(default=None, gt=0.0, le=200.0)
    sectors: int = Field(default=3, ge=1, le=6)
    first_azimuth_deg: float = Field(default=0.0, ge=0.0, lt=360.0)
    frequency_mhz: float | None = Field(default=None, ge=100.0, le=100000.0)
    bandwidth_mhz: float | None = Field(default=None, gt=0.0, le=2000.0)
    eirp_dbm: float | None = Field(default=None, ge=0.0, le=100.0)
    tilt_deg: float | None = Field(default=None, ge=-90.0, le=90.0)
    beamwidth_deg: float | None = Field(default=None, gt=0.0, le=360.0)
    share_masts: bool = True
    """Existing masts, of any operator, are candidates."""
    spacing_m: float = Field(default=500.0, ge=0.0, le=10000.0)
    """Candidates for new towers nearer to each other than this are one."""
    road_spacing_m: float = Field(default=1000.0, gt=0.0, le=20000.0)
    """Points along roads stand so far apart; they are candidates near people without the service."""
    hilltop_radius_m: float = Field(default=1000.0, gt=0.0, le=10000.0)
    """A hilltop is the highest ground within this radius."""
    most_candidates: int = Field(default=6000, ge=10, le=100000)
    """Of more, those with the most uncovered people around are kept, existing masts first."""
    max_road_m: float = Field(default=3000.0, gt=0.0, le=50000.0)
    """New towers stand no farther from a road."""
    max_slope_percent: float = Field(default=40.0, gt=0.0, le=200.0)
    """New towers stand on no steeper ground."""
    protected: bool = False
    """New towers may stand in protected areas."""
    excluded_zones: tuple[str, ...] = ()
    """Layers of ``[zones]`` in which no new tower may stand."""
    grid_km: float = Field(default=0.3, ge=0.0, le=50.0)
    """Distance to the power line that is assumed at a village with grid power and along roads."""
    solar_from_km: float = Field(default=3.0, ge=0.0, le=100.0)
    """Beyond this distance to a place with grid power a site runs on the sun."""
    microwave: MicrowaveTable = MicrowaveTable()
    funding: tuple[FundingRule, ...] = ()


class PlanTable(_PlanTable):
    """``[plan]``."""

    sites: PlanSitesTable = PlanSitesTable()
