"""What the pages and the bundles of Kota Layak Anak (KLA) show. It only reads. Start with year.py."""
