"""One clip, several takes, one page: measured curves, crops and the commands that encoded them."""
