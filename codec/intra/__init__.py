"""Key pictures on their own: blocks predicted from their neighbours, transformed, and coded in mixed contexts."""
