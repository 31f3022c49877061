"""Pretrained models and hand-made features behind one protocol; see `fuserank.encoders.base`."""
