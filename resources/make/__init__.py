"""Where the files beside this folder come from: each module makes some of them anew, by command. Does not ship."""
