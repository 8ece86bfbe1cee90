"""What each page shows, as dataclasses ready to render: one module per page, one function per module to call."""
