"""Voicemail: which greeting to play and how a message is recorded."""
