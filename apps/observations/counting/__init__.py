"""From flows to segments, counts and coverage: rollup, closing months, and what makes days be rolled up again."""
