"""What changes tickets: `tickets` (open, note, state, plan), `contacts` (look-up, choice) and `mail` (draft to outbox)."""
