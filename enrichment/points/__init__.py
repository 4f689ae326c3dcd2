"""Points of a text: what was decided, and who has to do what until when."""

from enrichment.points._point import LISTENER, SPEAKER, TOGETHER, DateFound, Kind, Point, Written
from enrichment.points.finding import LANGUAGES, find_points

__all__ = ["LANGUAGES", "LISTENER", "SPEAKER", "TOGETHER", "DateFound", "Kind", "Point", "Written", "find_points"]
