-- Versions of plugins that all processes on one database have (kagami/plugins/parcels.py).
CREATE TABLE packages (
    plugin TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    added_ms INTEGER NOT NULL,
    removed_ms INTEGER NOT NULL,     -- 0 while it is installed
    node TEXT NOT NULL,              -- who brought it
    record TEXT NOT NULL,            -- JSON
    seal TEXT NOT NULL,
    PRIMARY KEY (plugin, version)
);
CREATE TABLE package_parts (
    sha256 TEXT NOT NULL,            -- of the whole
    part INTEGER NOT NULL,
    content TEXT NOT NULL,           -- base64
    PRIMARY KEY (sha256, part)
);
