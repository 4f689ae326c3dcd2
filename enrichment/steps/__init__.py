"""The steps that come with the product, one file each, found by themselves: `STEP` in every module of this folder."""
