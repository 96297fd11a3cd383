"""The display: text for whoever holds the device."""
