"""What people see: maps, report, workbook and exports. Reads results, computes none."""
