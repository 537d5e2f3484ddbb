"""What is there: the user's files, read, checked and laid on one grid."""
