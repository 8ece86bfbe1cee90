"""Cohorts: sources that did this and that and not the other, by set algebra over source sets. Exact."""
