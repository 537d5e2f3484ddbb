"""People, relief and land cover on a grid."""
