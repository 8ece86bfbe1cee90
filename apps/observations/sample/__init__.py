"""The honeypot log that the demo and the tests use; LICENSE.md beside it says whose it is."""

from pathlib import Path

LOG = Path(__file__).parent / "marx-2013.csv.xz"
SENSORS = (
    "groucho-eu", "groucho-norcal", "groucho-oregon", "groucho-sa", "groucho-singapore", "groucho-sydney", "groucho-tokyo",
    "groucho-us-east", "zeppo-norcal",
)  # fmt: skip
