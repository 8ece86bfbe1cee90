"""How much of a region's change between two periods is address blocks that changed their region, how much sensors that
came, went or were dark, and how much traffic. Every term is defined in docs/subsystems/labelmoves.md."""
