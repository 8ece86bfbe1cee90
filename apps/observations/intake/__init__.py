"""From the bytes a sensor sent to rows of flows: decoding, validation, COPY."""
