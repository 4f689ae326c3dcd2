"""Signs of an intrusion: noticed, recorded, shown to whom they concern, mailed, and, if wished, answered by a block."""
