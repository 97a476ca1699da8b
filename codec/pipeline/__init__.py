"""What codecs work with: GoPs on threads, reading ahead, the spool of decoded pictures, joining GoPs."""
