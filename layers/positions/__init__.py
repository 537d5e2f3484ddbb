"""Where points lie: degrees, VN-2000, and whatever a file calls them."""
