"""DingTalk robots, in Stream mode."""
