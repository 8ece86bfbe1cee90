"""What the sensors saw: batches and flows as they came, and the counts made of them.

Flows and packet samples are partitioned tables made by SQL (migration 0002, `partitions.py`); the models of them
here only name their columns. Counts are written by `counting/` alone and read by `planning/` alone.
"""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.sensors.models import Sensor


class Signature(models.IntegerChoices):
    """One label per packet, by precedence; part of a flow's key. The labels are the names on the wire."""

    NONE = 0, "none"
    MIRAI = 1, "mirai"
    MASSCAN = 2, "masscan"
    ZMAP = 3, "zmap"
    BACKSCATTER = 4, "backscatter"
    BOGON = 5, "bogon"
    CANARY = 6, "canary"
    NOT_COMPUTABLE = 7, "not_computable"  # the input lacks what the rules test


UNCOUNTED = (Signature.BACKSCATTER, Signature.BOGON, Signature.CANARY)
COUNTED = tuple(s for s in Signature if s not in UNCOUNTED)


class Batch(models.Model):
    """One accepted delivery of a sensor. The unique (sensor, uuid) is what makes sending it twice harmless."""

    sensor = models.ForeignKey(Sensor, models.PROTECT, related_name="batches")
    uuid = models.UUIDField()
    digest = models.BinaryField()  # SHA-256 of the bytes sent
    start = models.DateTimeField()  # the interval watched, [start, end), UTC
    end = models.DateTimeField()
    sequence = models.BigIntegerField()
    flows = models.PositiveIntegerField()
    packets = models.BigIntegerField()
    header = models.JSONField(default=dict)  # as sent: agent, capture counters, sampling
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sensor", "uuid"], name="batch_once"),
            models.CheckConstraint(condition=Q(end__gt=models.F("start")), name="batch_interval"),
        ]
        indexes = [models.Index(fields=["sensor", "start"], name="batch_coverage")]  # rollup: what covered a day


class Mark(models.Model):
    """That (sensor, reporting day) has changed `version` times. Written by ingest and by changes of reference data,
    last in their transaction and in key order. `raised_at` is when it first ran ahead of its fill; `rolled_version` repeats what
    the fill says, so that an index knows the few marks that wait."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="+")
    day = models.DateField()
    version = models.BigIntegerField(default=1)
    raised_at = models.DateTimeField()
    rolled_version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "day"], name="mark_once")]
        indexes = [models.Index(fields=["sensor", "day"], condition=Q(version__gt=models.F("rolled_version")), name="mark_waiting")]


class Fill(models.Model):
    """That (sensor, reporting day) has been rolled up as of `rolled_version` of its mark. Written by rollup alone."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="+")
    day = models.DateField()
    rolled_version = models.BigIntegerField()
    rolled_at = models.DateTimeField()
    region_as_of = models.DateField(null=True)  # the RIR snapshot in force; None where none is loaded

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "day"], name="fill_once")]
        indexes = [models.Index(fields=["sensor", "rolled_at"], name="fill_newest")]


class MonthStamp(models.Model):
    """Another `stamp` whenever a day of the month has been rolled up, so that processes may keep what fills and coverage say. Written by
    whoever writes these, last in the transaction.

    `body` is all that they say of the month as of this stamp (`storage/sensormonths.py`), once it is over; the next stamp takes it away."""

    month = models.DateField(primary_key=True)  # its first day
    stamp = models.UUIDField()
    body = models.BinaryField(null=True)


class Segment(models.Model):
    """All flows of one sensor on one reporting day as a zstd Arrow file: exact, and enough to rebuild every count.

    `flows` is how many flow rows it was made of. Flows are only ever added, so a day that has fewer now has lost some to
    retention, and what this holds is the better copy."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="+")
    day = models.DateField()
    flows = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField()  # summed by hour
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "day"], name="segment_once")]


class Coverage(models.Model):
    """In which hours of a reporting day a sensor was watching: `seconds[i]` of the day's i-th hour (23 to 25 hours)."""

    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="+")
    day = models.DateField()
    seconds = ArrayField(models.PositiveSmallIntegerField())
    covered_hours = models.PositiveSmallIntegerField()  # hours with at least 50 minutes

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sensor", "day"], name="coverage_once")]


class Grain(models.IntegerChoices):
    HOUR = 1  # kept in bodies, one a day (SensorHours, NetworkHours)
    DAY = 2
    MONTH = 3


class Slice(models.IntegerChoices):
    """Which of the columns protocol+port and region a count row has; the others hold 0. Signature is always there."""

    TOTAL = 1
    PORT = 2
    REGION = 3
    PORT_REGION = 4
    EXCLUDED = 5  # by port: what exclusions keep out of the slices above


class Axis(models.IntegerChoices):
    """By what small cells are put together: all ports without a row, neighbouring ports by region, ports of one region."""

    PORTS = 1
    PORT = 2
    REGION = 3


class CountRow(models.Model):
    """Packets and distinct sources in one bin and cell. `bucket` is the instant (UTC) at which the bin begins; days and
    months are those of the reporting zone. `source_set` as in `sourcesets.py`."""

    grain = models.PositiveSmallIntegerField()
    slice = models.PositiveSmallIntegerField()
    bucket = models.DateTimeField()
    protocol = models.PositiveSmallIntegerField(default=0)
    port = models.PositiveIntegerField(default=0)
    region = models.PositiveSmallIntegerField(default=0)  # common.regions.encode
    signature = models.PositiveSmallIntegerField()
    packets = models.BigIntegerField()
    sources = models.PositiveIntegerField()
    source_set = models.BinaryField()

    class Meta:
        abstract = True


class SensorCount(CountRow):
    """A count of one sensor. The key begins with the sensor, so the table distributes by it."""

    pk = models.CompositePrimaryKey("sensor_id", "grain", "slice", "bucket", "protocol", "port", "region", "signature")
    # The key begins with the sensor, so an index of its own would only slow down COPY.
    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="+", db_index=False)


class NetworkCount(CountRow):
    """A count over all sensors of a panel, with the number of sensors that contributed and the largest one's packets.

    `by_sensor` says who contributed what, so that rankings can tell it exactly over any period although the per-sensor
    cross slices are pruned: for each of them its id, distinct sources and packets in this bin and cell
    (`storage/bysensor.py`)."""

    pk = models.CompositePrimaryKey("panel", "grain", "slice", "bucket", "protocol", "port", "region", "signature")
    panel = models.PositiveSmallIntegerField()
    sensors = models.PositiveSmallIntegerField()
    largest_sensor_packets = models.BigIntegerField()
    # Of day rows, over sensors: sources that the sensor did not see that day (in slices with ports: at this port) under an
    # earlier counted signature. Sums over signatures and regions are therefore Σ of the distinct sources of sensor-days.
    sensor_sources = models.PositiveIntegerField(default=0)
    by_sensor = models.BinaryField()

    class Meta(CountRow.Meta):
        abstract = False
        # The ports of a region: the key has the port first.
        indexes = [
            models.Index(fields=["panel", "grain", "region", "bucket"], condition=Q(slice=Slice.PORT_REGION), name="networkcount_of_region")
        ]


class SmallCells(models.Model):
    """The cells of one panel and bin that are too small to be rows of its ports and of port × region, many in one body
    (`storage/smallcells.py`). `block` is protocol << 8 | port >> 8, or the region."""

    pk = models.CompositePrimaryKey("panel", "grain", "axis", "bucket", "block")
    panel = models.PositiveSmallIntegerField()
    grain = models.PositiveSmallIntegerField()
    axis = models.PositiveSmallIntegerField()
    bucket = models.DateTimeField()
    block = models.PositiveIntegerField()
    cells = models.BinaryField()
    members = models.BinaryField()


class SensorHours(models.Model):
    """Packets of one sensor by hour of one reporting day, in one body (`storage/numberbodies.py`): key (0), signature, hour (index
    into `hours.hour_starts`), packets. `bucket` is the instant at which the day begins."""

    pk = models.CompositePrimaryKey("sensor_id", "bucket")
    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="+", db_index=False)
    bucket = models.DateTimeField()
    body = models.BinaryField()


class NetworkHours(models.Model):
    """Likewise of a panel: everything, each region, and of ports the busy ones. The key is 0, the region, or protocol << 16 | port."""

    pk = models.CompositePrimaryKey("panel", "slice", "bucket")
    panel = models.PositiveSmallIntegerField()
    slice = models.PositiveSmallIntegerField()
    bucket = models.DateTimeField()
    body = models.BinaryField()


class Tally(models.Model):
    """Numbers of a network or a half of it in one bin, all sensors and counted signatures together: what most figures ask for. One body
    (`storage/numberbodies.py`) for each axis and block of keys: key, packets, sources, sensor_sources.

    `sources` are distinct over all sensors and signatures; of everything (TOTAL) `source_set` says which. `sensor_sources` is
    Σ over sensor-days of their distinct sources, also of months. `block` is the key >> BLOCK_BITS, so that a question about
    few ports reads little."""

    class Axis(models.IntegerChoices):
        """What the keys are: 0, protocol << 16 | port, region, signature (uncounted ones as well), side of the network,
        region << REGION_SHIFT | protocol << 16 | port (months only)."""

        TOTAL = 1
        PORT = 2
        REGION = 3
        SIGNATURE = 4
        PANEL = 5
        REGION_PORT = 6

    COLUMNS = ("key", "packets", "sources", "sensor_sources")
    BLOCK_BITS = 14
    REGION_SHIFT = 24

    pk = models.CompositePrimaryKey("network", "grain", "axis", "bucket", "block")
    network = models.PositiveSmallIntegerField()  # sensors.Network
    grain = models.PositiveSmallIntegerField()
    axis = models.PositiveSmallIntegerField()
    bucket = models.DateTimeField()
    block = models.PositiveIntegerField(default=0)
    body = models.BinaryField()
    source_set = models.BinaryField(default=b"")  # as in `sourcesets.py`


class Recency(models.Model):
    """Of the sources that a network, or a half of it, saw in one day or month under a key: how many it had last seen how many days before.
    What a longer period has seen are the sources of its first bin, and of each other bin those that were not seen since the period began.

    The keys are those of tallies of days; of ports only those a month tracks (`LastSeen`) are there. `part` is 0 for ages of up to a month
    and all that is no age, 1 for the others (`storage/recencies.py`). Rows exist only while all days before them are as they were:
    rolling a day deletes the rows from that day on."""

    pk = models.CompositePrimaryKey("network", "grain", "axis", "bucket", "part")
    network = models.PositiveSmallIntegerField()
    grain = models.PositiveSmallIntegerField()
    axis = models.PositiveSmallIntegerField()
    bucket = models.DateTimeField()
    part = models.PositiveSmallIntegerField()
    body = models.BinaryField()


class LastSeen(models.Model):
    """On which day of a month a network, or a half of it, last saw each source under each key of an axis, `through` being the last day
    that is counted. Of ports the `keys`, which are `known_since` these days; of other axes all."""

    pk = models.CompositePrimaryKey("network", "axis", "month")
    network = models.PositiveSmallIntegerField()
    axis = models.PositiveSmallIntegerField()
    month = models.DateField()  # its first day
    through = models.DateField()
    keys = ArrayField(models.IntegerField(), default=list)
    known_since = ArrayField(models.DateField(), default=list)
    body = models.BinaryField()


class KeptRows(models.Model):
    """Rows of segments that were read ahead for a question over a long period (`planning/longreads.py`): those of some days,
    as they were when the days were rolled up as `stamp` says. Computed, and thrown away after a while."""

    digest = models.BinaryField(primary_key=True)  # of what was asked of which days
    stamp = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    body = models.BinaryField()  # planning/keptrows.py
    made_at = models.DateTimeField(auto_now=True)


class Computation(models.Model):
    """That somebody asked for a view which needs more rows than may be read at once, and how far they have been read ahead."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        EXPIRED = "expired"

    UNFINISHED = (State.QUEUED, State.RUNNING)

    uuid = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.BinaryField()  # of spec, days and columns
    spec = models.JSONField()  # planning/rowspecs.py
    days = ArrayField(models.DateField())
    columns = ArrayField(models.CharField(max_length=20), null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)  # of `total` days
    total = models.PositiveIntegerField()
    error = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asked_by", "digest"], name="computation_once")]
        indexes = [models.Index(fields=["state", "touched_at"], name="computation_waiting")]

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED
