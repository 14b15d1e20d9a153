"""The demo: made-up people and offices of Kota Metro, loaded through the services that users work with."""
