"""The yardstick scenario: generated flows from which every number of three published reports comes out.

J20 and J23 are JPCERT/CC's Internet fixed-point observation reports of October to December 2020 and January to March
2023, T05 is IPA's TALOT2 observation of November 2005. The numbers they state stand in `j20.py`, `j23.py` and `t05.py`;
what they do not state is invented (docs/yardstick.md). Everything is made from one seed, so every load is the same.
"""

SEED = 20_050_601
