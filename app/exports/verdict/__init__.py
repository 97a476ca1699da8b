"""The verdict: one page, HTML or PDF, that says which rate was found good enough, shows it, and proves it."""
