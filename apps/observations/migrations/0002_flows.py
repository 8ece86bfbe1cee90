"""Flows and packet samples: tables partitioned by UTC day of the bucket, made by plain SQL.

No default partition (a row for a day without one is a mistake, and a default one would block attaching), no primary
key and no foreign keys: flows are append-only and made idempotent by their batch, and a key costs four fifths of the
speed of COPY. The columns stand in the order in which they pack tightest, not in the order in which one tells them.
"""

from django.db import migrations

FLOW = """
CREATE TABLE observations_flow (
    bucket timestamptz NOT NULL,         -- the minute (UTC) the packets fell into
    packets bigint NOT NULL,
    bytes bigint NOT NULL,               -- sum of IP total lengths, 0 where the input does not tell
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    sensor_id int NOT NULL,
    port int NOT NULL,                   -- as in apps.common.ports
    first_src_port int NOT NULL,         -- 0 for protocols without ports
    last_src_port int NOT NULL,
    syn_window int,                      -- of the first SYN; NULL where there was none or the input does not tell
    protocol smallint NOT NULL,
    signature smallint NOT NULL,         -- apps.observations.models.Signature
    ttl_min smallint,
    src inet NOT NULL
) PARTITION BY RANGE (bucket)
"""

SAMPLE = """
CREATE TABLE observations_sample (
    bucket timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    sensor_id int NOT NULL,
    port int NOT NULL,
    src_port int NOT NULL,
    length int NOT NULL,                 -- IP total length
    payload_length int NOT NULL,         -- as sent; `payload` holds its first 256 bytes
    tcp_window int,
    protocol smallint NOT NULL,
    signature smallint NOT NULL,
    ttl smallint,
    tcp_flags smallint,
    src inet NOT NULL,
    tcp_options bytea,
    payload bytea NOT NULL
) PARTITION BY RANGE (bucket)
"""


class Migration(migrations.Migration):
    dependencies = [("observations", "0001_initial")]

    operations = [
        migrations.RunSQL(FLOW, "DROP TABLE observations_flow"),
        migrations.RunSQL(SAMPLE, "DROP TABLE observations_sample"),
    ]
