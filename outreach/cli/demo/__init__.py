"""The demo: made-up people and organisations of Kota Metro, loaded through the services."""
