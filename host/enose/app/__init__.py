"""The desktop app: pages around one device and one project file. Everything here needs the extra `app` (Qt)."""
