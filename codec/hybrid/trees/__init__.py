"""Pictures as trees of blocks, which look as another picture predicts or as their neighbours do, transformed, and coded
in mixed contexts: key pictures on their own, anchors on top of their prediction."""
