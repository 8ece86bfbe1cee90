"""The explorer: any filter × any split × any bin, as a chart of any kind. What it asks and how it shows the answers."""
