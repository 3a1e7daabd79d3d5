"""The key we hand over: the Temporary Access Pass, its policy, its passcode and the ways it is spent."""
