"""WeChat by iLink, Tencent's own channel for bots."""
