"""WeChat through BotMatrix' WxBot, a dialect of OneBot 11."""
