"""Who administers networks, as one party: identity, kind, merges, pseudonyms, and the holders behind sets of sources."""
