"""QQ through NapCat: OneBot 11 and its WebUI."""
