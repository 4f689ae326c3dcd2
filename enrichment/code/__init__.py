"""Code in texts: which language it is in, what it defines and imports, and how branched its functions are."""

from enrichment.code.blocks import Block, code_blocks
from enrichment.code.languages import label

__all__ = ["Block", "code_blocks", "label"]
