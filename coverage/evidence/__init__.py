"""From prediction to evidence: measurements, declared coverage and field reports beside what is computed."""
