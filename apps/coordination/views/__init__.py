"""Pages about tickets: `lists` (list, open), `tickets` (one ticket and what is done with it), `mail` (draft to sent mail)."""
