"""The `.gop` file: a header that names its codec, then one checked record a GoP."""
