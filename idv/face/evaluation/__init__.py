"""How good an engine is on a folder of labelled pictures: what calibration and benchmark share."""
