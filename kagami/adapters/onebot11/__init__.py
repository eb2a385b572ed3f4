"""OneBot 11 implementations (NapCat and its kin), whichever side dials."""
